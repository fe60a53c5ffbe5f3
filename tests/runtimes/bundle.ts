// Makes one script of all portable tests, for an engine that has nothing but `print`: modules of Node that tests use are replaced by those
// of suite/, files of vectors/ are put in, and globals that tests use are imported into them, while the sources see the engine as it is.
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

export const root: string = fileURLToPath(new URL('../..', import.meta.url));
const here = fileURLToPath(new URL('.', import.meta.url));

/** The test files that no engine but Node can run, and why; whatever else is portable. suites.test.ts holds the list to what the files import. */
export const ONLY_IN_NODE: Readonly<Record<string, string>> = {
  'packages/core/src/crypto/chosen.test.ts': 'starts processes of Node from which providers were removed',
  'packages/core/src/kernel/chosen.test.ts': 'starts processes of Node from which WebAssembly was removed',
  'packages/core/src/kernel/wasm/module-text.test.ts': 'files of the package',
  'packages/core/src/threads/pool.test.ts': 'worker_threads of Node; Chromium has tests/browser/threads.test.ts',
  'packages/participant/src/attackers/t02-on-the-way.test.ts': 'a server on node:https',
  'packages/participant/src/attackers/t03-seed-dictionaries.test.ts': 'files of Node',
  'packages/participant/src/attackers/t14-exhaustion.test.ts': 'a server on node:http',
  'packages/participant/src/attackers/t16-secrets.test.ts': 'inspect of Node',
  'packages/participant/src/attackers/t17-reuse.test.ts': 'files of Node',
  'packages/participant/src/browser/conditions.test.ts': 'the globals of a page, by hand; tests/browser has real pages',
  'packages/participant/src/browser/pair.test.ts': 'both ends of a page, by hand; tests/browser has real pages',
  'packages/participant/src/http-transport.test.ts': 'a server on node:http',
  'packages/participant/src/long-work.test.ts': 'worker_threads of Node',
  'packages/participant/src/node/certificates.test.ts': 'the subpath for Node',
  'packages/participant/src/node/file-store.test.ts': 'the subpath for Node',
  'packages/participant/src/node/node-fetch.test.ts': 'the subpath for Node',
  'packages/participant/src/victim.test.ts': 'processes that are killed',
};

const STANDINS = ['node:fs', 'node:crypto', 'node:child_process'];
const PORTABLE = ['node:test', 'node:assert/strict', ...STANDINS];

/** The test files of the portable packages and of vectors/, in order. */
function allTests(): string[] {
  return ['packages/core/src/**/*.test.ts', 'packages/participant/src/**/*.test.ts', 'tests/vectors/*.test.ts']
    .flatMap((pattern) => globSync(pattern, { cwd: root }))
    .sort();
}

/** Test files that import modules of Node without a stand-in, and are not in ONLY_IN_NODE. */
export function unlisted(): string[] {
  return allTests().filter((file) => !(file in ONLY_IN_NODE) && foreign(file).length > 0);
}

function foreign(file: string): string[] {
  const modules = [...readFileSync(join(root, file), 'utf8').matchAll(/ from '(node:[^']+|node-forge)'/g)].map(([, name]) => name!);
  return modules.filter((name) => !PORTABLE.includes(name));
}

/** The test files that go into the bundle, in order. */
export function portableTests(): string[] {
  return allTests().filter((file) => !(file in ONLY_IN_NODE) && foreign(file).length === 0);
}

/** Globals that tests use and engines may lack. */
const GLOBALS = ['Buffer', 'process', 'setImmediate', 'AbortController', 'AbortSignal', 'queueMicrotask', 'performance', 'URL'];

/** Redirects what test files import. */
const forEngines: Plugin = {
  name: 'tests for engines',
  setup(build) {
    const isTest = (path: string): boolean => /\.test\.ts$/.test(path) || /\/tests\/(vectors\/|oracle\.ts)/.test(path);
    build.onResolve({ filter: /^node:buffer$/ }, ({ importer }) =>
      importer === join(here, 'suite/platform.ts') ? { path: createRequire(importer).resolve('buffer/') } : undefined,
    );
    build.onResolve({ filter: /^node:/ }, ({ path, importer }) => {
      if (!isTest(importer)) return { path, external: true };
      if (path === 'node:test') return { path: relative(root, importer), namespace: 'tests' };
      if (path === 'node:assert/strict') return { path: join(here, 'suite/assertions.ts') };
      if (STANDINS.includes(path)) return { path: join(here, 'suite/node-modules.ts') };
      return {
        errors: [{ text: `${relative(root, importer)} uses ${path}: add a stand-in to tests/runtimes/suite, or the file and the reason to ONLY_IN_NODE` }],
      };
    });
    // The packages say that they have no side effects, and tests are nothing else. (`ignoreAnnotations` would keep unused parts of noble.)
    build.onResolve({ filter: /\.test\.ts$/ }, ({ path, resolveDir }) => ({ path: join(resolveDir, path), sideEffects: true }));
    build.onResolve({ filter: /^fast-check$/ }, ({ importer }) => (isTest(importer) ? { path: join(here, 'suite/fast-check.ts') } : undefined));
    build.onLoad({ filter: /.*/, namespace: 'tests' }, ({ path }) => ({
      contents: `import { testsOf } from './suite/tests.ts';
        export const { test, it, describe, before, after, beforeEach, afterEach } = testsOf(${JSON.stringify(path)});`,
      resolveDir: here,
    }));
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      if (!isTest(path)) return undefined;
      const text = readFileSync(path, 'utf8').replaceAll('import.meta.url', JSON.stringify(`repository:///${relative(root, path)}`));
      const used = GLOBALS.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
      const prologue = used.length === 0 ? '' : `import { ${used.join(', ')} } from ${JSON.stringify(join(here, 'suite/platform.ts'))};\n`;
      return { contents: prologue + text, loader: 'ts', resolveDir: dirname(path) };
    });
  },
};

/** The script of all portable tests; `conditions` are those by which the engine's users resolve packages. */
export async function bundleSuites(conditions: readonly string[]): Promise<string> {
  const data = ['vectors/**/*.{json,md}', 'packages/*/src/**/fixtures/*.json'].flatMap((pattern) => globSync(pattern, { cwd: root }));
  const files = Object.fromEntries(data.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
  const { outputFiles } = await build({
    stdin: {
      contents: `import './tests/runtimes/suite/newer.ts';\n${portableTests()
        .map((file) => `import './${file}';`)
        .join(
          '\n',
        )}\nimport { runAll } from './tests/runtimes/suite/tests.ts';\nawait_(runAll());\nfunction await_(run) { run.catch((error) => { throw error; }); }`,
      resolveDir: root,
      loader: 'ts',
    },
    bundle: true,
    write: false,
    format: conditions.includes('node') ? 'esm' : 'iife',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2022',
    conditions: ['source', ...conditions],
    define: { XAYNET_FILES: JSON.stringify(files) },
    plugins: [forEngines],
    logLevel: 'silent',
  });
  return outputFiles[0]!.text;
}

/** A script of ours and all it imports, for an engine whose users resolve packages by these conditions. */
export async function bundleScript(entry: URL, conditions: readonly string[]): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(entry)],
    bundle: true,
    write: false,
    format: conditions.includes('node') ? 'esm' : 'iife',
    platform: 'neutral',
    external: ['node:*'],
    target: 'es2022',
    conditions: ['source', ...conditions],
    logLevel: 'error', // threads of pages, which nobody starts here, would be found by import.meta
  });
  return outputFiles[0]!.text;
}
