// Uses the packages as strangers do: packed, unpacked into the node_modules of a project in a temporary folder, compiled by strict
// programs for pages and for Node under both ways of finding modules, with their declarations checked too, and imported, once as a
// module and once by `require`. Every subpath of every manifest is in it. Called by check-packages.mjs, after the build; offline.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PACKAGES = ['core', 'participant', 'coordinator'];

/** Subpaths that run a worker when they are imported: they are compiled, not imported. */
const WORKERS = /\/worker$/;

/** What an application writes; types alone are checked. */
const APP = `
import { runParticipant, type ParticipantEvent, type RunOptions } from '@xaynet/participant';
import { isXaynetError } from '@xaynet/core/errors';
import { parseMaskConfig } from '@xaynet/core/mask';

const stop = new AbortController();
const options: RunOptions = {
  url: 'https://coordinator.example',
  fetch,
  signal: stop.signal,
  train: async (global, { length, signal }) => {
    if (signal.aborted) throw signal.reason;
    return (global?.toWeights('F32') ?? new Float32Array(length)).map((weight) => weight / 2);
  },
};
export async function take(): Promise<ParticipantEvent['type'] | undefined> {
  await using run = runParticipant(options);
  for await (const event of run.events({ signal: stop.signal })) {
    if (event.type === 'error' && isXaynetError(event.error, 'transport-busy')) continue;
    return event.type;
  }
  return undefined;
}
export const bytes: number = parseMaskConfig('Power2/F32/B0/M6').bytesPerNumber;
`;

const PAGE = `
import { runParticipant } from '@xaynet/participant';
import { runBrowserParticipant } from '@xaynet/participant/browser';
const train = (_: unknown, { length }: { length: number }): Float32Array => new Float32Array(length);
runParticipant({ url: '/', train, spawn: () => new Worker('/masks.js', { type: 'module' }) });
runBrowserParticipant({ url: '/', train, worker: () => new Worker('/engine.js', { type: 'module' }) });
`;

const SERVICE = `
import { Worker } from 'node:worker_threads';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { runParticipant } from '@xaynet/participant';
const coordinator = await Coordinator.start(parseSettings({ model: { length: 4 } }));
runParticipant({ url: coordinator.url, train: (_, { length }) => new Float64Array(length), spawn: () => new Worker('./masks.js') });
`;

/** Problems that somebody who installs the packages would have; prints what was tried. */
export function checkConsumers(root) {
  const problems = [];
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-consumer-'));
  try {
    const specifiers = PACKAGES.flatMap((name) => install(root, name, folder));
    const importAll = (list) =>
      `${list.map((specifier, i) => `import * as m${i} from '${specifier}';`).join('\n')}\nexport const all: unknown[] = [${list.map((_, i) => `m${i}`).join(', ')}];\n`;
    const forPages = specifiers.filter((specifier) => !/coordinator|\/node$/.test(specifier));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }');
    for (const [name, text] of [
      ['page/all.ts', importAll(forPages)],
      ['page/app.ts', APP],
      ['page/page.ts', PAGE],
      ['node/all.ts', importAll(specifiers)],
      ['node/app.ts', APP],
      ['node/service.ts', SERVICE],
    ]) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    for (const where of ['page', 'node']) {
      for (const [moduleResolution, module] of [
        ['bundler', 'esnext'],
        ['nodenext', 'nodenext'],
      ]) {
        const libs = where === 'page' ? { lib: ['ES2023', 'ESNext.Disposable', 'DOM'], types: [] } : { lib: ['ES2023', 'ESNext.Disposable'], types: ['node'] };
        const compilerOptions = {
          ...libs,
          module,
          moduleResolution,
          target: 'es2022',
          strict: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          verbatimModuleSyntax: true,
          skipLibCheck: false,
          noEmit: true,
        };
        const config = join(folder, `tsconfig.${where}.${moduleResolution}.json`);
        writeFileSync(config, JSON.stringify({ compilerOptions, include: [`${where}/*.ts`] }));
        const { status, stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config, '--pretty', 'false'], {
          cwd: folder,
          encoding: 'utf8',
        });
        if (status !== 0) for (const line of stdout.trim().split('\n').slice(0, 20)) problems.push(`a strict program (${where}, ${moduleResolution}): ${line}`);
      }
    }
    const importable = specifiers.filter((specifier) => !WORKERS.test(specifier));
    writeFileSync(join(folder, 'import.mjs'), importable.map((specifier) => `await import('${specifier}');`).join('\n'));
    writeFileSync(join(folder, 'require.cjs'), importable.map((specifier) => `require('${specifier}');`).join('\n'));
    for (const file of ['import.mjs', 'require.cjs']) {
      const { status, stderr } = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, NODE_OPTIONS: '' },
      });
      if (status !== 0) problems.push(`${file}: ${stderr.trim().split('\n').slice(0, 6).join(' ')}`);
    }
    console.log(`consumers: ${specifiers.length} subpaths, compiled for pages and Node by bundler and nodenext, imported and required`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return problems;
}

/** Packs a package and unpacks it, with links to what it depends on; gives what can be imported of it with types. */
function install(root, name, folder) {
  const source = join(root, 'packages', name);
  const target = join(folder, 'node_modules/@xaynet', name);
  mkdirSync(target, { recursive: true });
  execFileSync('npm', ['pack', '--loglevel=error', '--pack-destination', folder], { cwd: source, encoding: 'utf8', stdio: ['ignore', 'ignore', 'inherit'] });
  const [archive] = globSync(`xaynet-${name}-*.tgz`, { cwd: folder });
  execFileSync('tar', ['-xzf', archive, '-C', target, '--strip-components=1'], { cwd: folder });
  const { dependencies, exports } = JSON.parse(readFileSync(join(target, 'package.json'), 'utf8'));
  for (const dependency of ['@types/node', 'undici-types', ...Object.keys(dependencies ?? {})]) {
    const link = join(folder, 'node_modules', dependency);
    if (dependency.startsWith('@xaynet/') || existsSync(link)) continue;
    mkdirSync(join(link, '..'), { recursive: true });
    symlinkSync(join(root, 'node_modules', dependency), link, 'junction');
  }
  return Object.entries(exports)
    .filter(([, target]) => typeof target !== 'string')
    .map(([subpath]) => `@xaynet/${name}${subpath.slice(1)}`);
}
