// The engines on which the portable packages are tested: where each is found, how to get it, and how a script is started in it. All give
// the lines that the script prints; what an engine lacks of a platform is given by an embedder of ours (suite/embedder.js, quickjs-host.mjs).
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, chromium } from 'playwright-core';
import { FLAGS, findChromium, HOW } from '../../bench/chromium-path.ts';
import { forHermes } from './hermes-code.ts';

const here: string = fileURLToPath(new URL('.', import.meta.url));
const require: NodeJS.Require = createRequire(import.meta.url);
const INSTALL = 'npm ci --prefix tests/runtimes';

/** A script that runs: its lines, and its end. */
export interface Running {
  /** Lines that were printed, until it ends. */
  readonly lines: AsyncIterable<string>;
  /** Sends a line to its standard input, where it has one. */
  write(line: string): void;
  /** Ends it. */
  kill(): void;
  /** Its process, where it is one alone. */
  readonly pid?: number | undefined;
}

/** An engine. */
export interface Engine {
  readonly name: string;
  /** How to get it. */
  readonly how: string;
  /** Conditions by which its users' tools resolve packages. */
  readonly conditions: readonly string[];
  /** Where it is, or undefined. */
  find(): string | undefined;
  /** Its version; empty where the engine does not tell. */
  version(): string;
  /** Runs a script; `megabytes` bounds the heap where the engine can. */
  run(script: string, options?: { readonly megabytes?: number }): Running;
}

function firstOf(paths: readonly (string | undefined)[]): string | undefined {
  return paths.find((path) => path !== undefined && path !== '' && existsSync(path));
}

function inPath(name: string): string | undefined {
  return firstOf((process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name)));
}

/** A file of a package of tests/runtimes, if it is installed for this machine. */
function packaged(...files: string[]): string | undefined {
  return firstOf(files.map((file) => join(here, 'node_modules', file)));
}

function firstLine(path: string, ...args: string[]): string {
  return /\d+\.\d+[.\d]*/.exec(execFileSync(path, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))?.[0] ?? '';
}

/** Lines of a stream of text. */
export async function* linesOf(stream: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== '') yield rest;
}

const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/** Runs a process on files in a folder of its own, which goes with it. */
function runProcess(files: Readonly<Record<string, string>>, start: (folder: string) => readonly [string, readonly string[]]): Running {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-engine-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const [command, args] = start(folder);
  const child = spawn(command, args, { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: process.env.PATH, HOME: folder, TMPDIR: folder } });
  children.add(child);
  child.stdout.setEncoding('utf8');
  child.stdin.on('error', () => undefined);
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => {
      children.delete(child);
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
      resolve();
    });
  });
  async function* lines(): AsyncGenerator<string> {
    yield* linesOf(child.stdout!);
    await ended;
    if (errors !== '') yield* errors.trimEnd().split('\n');
  }
  return { lines: lines(), write: (line) => void child.stdin.write(`${line}\n`), kill: () => void child.kill('SIGKILL'), pid: child.pid };
}

const embedder: string = readFileSync(join(here, 'suite/embedder.js'), 'utf8');

/** An engine like Node, which runs a file. */
function likeNode(name: string, how: string, find: () => string | undefined, args: readonly string[] = []): Engine {
  return {
    name,
    how,
    conditions: ['node'],
    find,
    version: () => firstLine(find()!, '--version'),
    run: (script) => runProcess({ 'script.mjs': script }, (folder) => [find()!, [...args, join(folder, 'script.mjs')]]),
  };
}

/** Isolated from other origins, so that there is SharedArrayBuffer. */
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

/** Lines in bundles, as each way out of the page takes some 20 ms. */
const PRINT = `globalThis.print = ((lines) => (line) => {
  if (lines.push(line) === 1) setTimeout(() => tell(lines.splice(0)), 20);
})([]);`;

/** A page of Chromium, whose console is the output. */
function runPage(script: string): Running {
  const queue: (string | undefined)[] = [];
  let wake: () => void = () => undefined;
  const say = (line: string | undefined): void => {
    queue.push(line);
    wake();
  };
  const profile = mkdtempSync(join(tmpdir(), 'xaynet-engine-'));
  const server = createServer(
    (_, response) => void response.writeHead(200, { 'content-type': 'text/html', ...ISOLATED }).end('<!doctype html><title>engine</title>'),
  );
  let context: BrowserContext | undefined;
  const opening = (async () => {
    context = await chromium.launchPersistentContext(profile, {
      executablePath: findChromium()!,
      headless: true,
      args: [...FLAGS],
    });
    const page = await context.newPage();
    // A page of this machine: one that comes from nowhere has no crypto.subtle and may not ask a coordinator of this machine.
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    await page.exposeFunction('tell', (lines: string[]) => {
      for (const line of lines) say(line);
    });
    page.on('pageerror', (error) => {
      say(String(error.stack ?? error));
      say(undefined);
    });
    page.on('crash', () => say(undefined));
    await page.evaluate(`${PRINT}\n${script}`);
  })();
  opening.catch((error: unknown) => {
    say(String(error));
    say(undefined);
  });
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> => {
    ending ??= close();
    return ending;
  };
  const close = async (): Promise<void> => {
    await opening.catch(() => undefined);
    await context?.close();
    server.close();
    server.closeAllConnections();
    rmSync(profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  async function* lines(): AsyncGenerator<string> {
    try {
      yield* said();
    } finally {
      await end();
    }
  }
  async function* said(): AsyncGenerator<string> {
    for (;;) {
      while (queue.length > 0) {
        const line = queue.shift();
        if (line === undefined) return;
        yield line;
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  return {
    lines: lines(),
    write: () => undefined,
    kill: () => {
      say(undefined);
      void end();
    },
  };
}

/** The compiler and the shell of Hermes, for this machine. */
function hermes(tool: 'hermes' | 'hermesc'): string | undefined {
  const folder = { linux: 'linux64-bin', darwin: 'osx-bin', win32: 'win64-bin' }[process.platform as string];
  return process.arch === 'x64' || process.platform === 'darwin' ? packaged(`hermes-engine-cli/${folder}/${tool}`) : undefined;
}

/** Compiles a script to the bytecode of Hermes. */
function hermesBytecode(script: string, out: string): void {
  writeFileSync(`${out}.js`, script);
  execFileSync(hermes('hermesc')!, ['-O', '-w', '-emit-binary', '-out', out, `${out}.js`]);
}

/** How Hermes is called: `-b` for bytecode, `-lazy` for sources. */
export function hermesCall(kind: '-b' | '-lazy', file: string): readonly [string, readonly string[]] {
  return [hermes('hermes')!, ['-w', '-Xes6-proxy', '-Xmicrotask-queue', kind, file]];
}

const jsc = (): string | undefined =>
  firstOf([process.env.XAYNET_JSC, inPath('jsc'), '/System/Library/Frameworks/JavaScriptCore.framework/Versions/A/Helpers/jsc']);

/** All engines, the one of all other suites first. */
export const ENGINES: readonly Engine[] = [
  likeNode('Node 24', 'npm install', () => process.execPath),
  likeNode('Node 22', INSTALL, () =>
    firstOf([process.env.XAYNET_NODE22, packaged('node22-linux-x64/bin/node', 'node22-linux-arm64/bin/node', 'node22-darwin-arm64/bin/node')]),
  ),
  likeNode('Bun', INSTALL, () =>
    firstOf([process.env.XAYNET_BUN, packaged('@oven/bun-linux-x64/bin/bun', '@oven/bun-linux-aarch64/bin/bun', '@oven/bun-darwin-aarch64/bin/bun')]),
  ),
  likeNode(
    'Deno',
    INSTALL,
    () => firstOf([process.env.XAYNET_DENO, packaged('@deno/linux-x64-glibc/deno', '@deno/linux-arm64-glibc/deno', '@deno/darwin-arm64/deno')]),
    ['run', '--no-config', '--no-lock', '--no-remote', '--no-npm', '--allow-all', '--quiet'],
  ),
  {
    name: 'Chromium',
    how: HOW,
    conditions: ['browser'],
    find: findChromium,
    version: () => firstLine(findChromium()!, '--version'),
    run: runPage,
  },
  {
    name: 'JavaScriptCore',
    how: 'Debian: apt-get install libjavascriptcoregtk-4.0-bin; or set XAYNET_JSC to the path of jsc',
    conditions: ['browser'],
    find: jsc,
    version: () => '',
    run: (script) =>
      runProcess({ 'embedder.js': embedder, 'script.js': script }, (folder) => [jsc()!, [join(folder, 'embedder.js'), join(folder, 'script.js')]]),
  },
  {
    name: 'Hermes',
    how: INSTALL,
    conditions: ['react-native'],
    find: () => hermes('hermes'),
    version: () => (require('./node_modules/hermes-engine-cli/package.json') as { version: string }).version,
    run: (script) =>
      runProcess({}, (folder) => {
        hermesBytecode(`${embedder}\n${forHermes(script)}`, join(folder, 'script.hbc'));
        return hermesCall('-b', join(folder, 'script.hbc'));
      }),
  },
  {
    name: 'QuickJS',
    how: INSTALL,
    conditions: ['react-native'],
    find: () => packaged('quickjs-emscripten/package.json'),
    version: () => `of quickjs-emscripten ${(require('./node_modules/quickjs-emscripten/package.json') as { version: string }).version}`,
    run: (script, { megabytes = 512 } = {}) =>
      runProcess({ 'script.js': script }, (folder) => [
        process.execPath,
        ['--stack-size=3900', join(here, 'quickjs-host.mjs'), join(folder, 'script.js'), String(megabytes)],
      ]),
  },
];
