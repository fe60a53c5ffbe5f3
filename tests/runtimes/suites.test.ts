// The suites of the portable packages and of vectors/, in every engine: one bundle, the same list of tests, and whatever an engine leaves out
// is left out by a rule of left-out.ts. One test an engine, by default in the one that is quickest and not Node's; an engine that is missing
// is named with how to get it, in CI it is a failure.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { bundleSuites, ONLY_IN_NODE, root, unlisted } from './bundle.ts';
import { ENGINES, type Engine } from './engines.ts';
import { LEFT_OUT, PROCESSES, PROVIDERS, type Rule, SHARE, thorough } from './left-out.ts';
import type { Line, Orders } from './suite/tests.ts';

const bundles = new Map<string, Promise<string>>();

/** The bundle for these conditions, made once. */
function bundleFor(conditions: readonly string[]): Promise<string> {
  const key = conditions.join();
  const bundle = bundles.get(key) ?? bundleSuites(conditions);
  bundles.set(key, bundle);
  return bundle;
}

/** Interpreters take minutes. */
const SLOW: readonly string[] = ['Hermes', 'QuickJS'];
/** Milliseconds after which an engine is ended; the test then tells where it was. */
const limitOf = (name: string): number => (SLOW.includes(name) ? 600_000 : 180_000);

/** The engine that is tested by default: it has the language of JavaScriptCore, and takes seconds. */
const USUAL = 'Bun';

type Result = Extract<Line, { test: string }>;

/** Runs the suites in an engine: its results, or what it said instead. */
async function runSuites(engine: Engine, rules: readonly Rule[]): Promise<Result[]> {
  const orders: Orders = { leaveOut: rules, share: SHARE[engine.name] ?? 0.04, seed: Number(process.env.XAYNET_TEST_SEED ?? 20261122) };
  const running = engine.run(`globalThis.xaynetOrders = ${JSON.stringify(orders)};\n${await bundleFor(engine.conditions)}`);
  const limit = setTimeout(() => running.kill(), limitOf(engine.name));
  const results: Result[] = [];
  const said: string[] = [];
  let at = 'before the first test';
  let done: number | undefined;
  try {
    for await (const text of running.lines) {
      let line: Line;
      try {
        line = JSON.parse(text) as Line;
      } catch {
        said.push(text);
        continue;
      }
      if ('at' in line) at = line.at;
      else if ('done' in line) {
        done = line.done;
        break; // a timer that a test left behind need not be waited for
      }
      // Where Node's keystream is missing, the kernel's name is made of nothing.
      else results.push({ ...line, test: line.test.replace('wasm+undefined', 'wasm+openssl') });
    }
  } finally {
    clearTimeout(limit);
    running.kill();
  }
  assert.notEqual(done, undefined, `${engine.name} ended at: ${at}\n${said.slice(-20).join('\n')}`);
  return results;
}

let reference: string[] | undefined;

for (const engine of ENGINES) {
  const { name } = engine;
  const missing = engine.find() === undefined;
  const why = missing ? `to get it: ${engine.how}` : name !== USUAL && `takes ${SLOW.includes(name) ? 'minutes' : 'long'}: in CI and with XAYNET_RUNTIMES=all`;
  const skip = why !== false && process.env.CI !== 'true' && !(thorough && !missing) && why;
  if (skip) console.log(`  ${name} LEFT OUT, ${skip}`);
  test(`the suites in ${name}`, { skip, timeout: limitOf(name) + 20_000 }, async () => {
    assert.ok(!missing, `no ${name}; to get it: ${engine.how}`);
    const rules = LEFT_OUT[name]!;
    const began = Date.now();
    const results = await runSuites(engine, rules);
    const of = (result: Result['result']): Result[] => results.filter((line) => line.result === result);
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    console.log(`  ${`${name} ${engine.version()}`.padEnd(40)} ${of('passed').length} passed, ${of('left out').length} left out, ${seconds} s`);
    if (process.env.XAYNET_SLOWEST) for (const { ms, test } of [...results].sort((a, b) => b.ms - a.ms).slice(0, 12)) console.log(`    ${ms} ms ${test}`);

    assert.deepEqual(
      of('failed')
        .map(({ test, why }) => `${test}\n${why}`)
        .slice(0, 5),
      [],
    );
    for (const { test, why } of of('left out')) {
      const allowed = rules.some(([, reason]) => reason === why) || (PROVIDERS.test(test) && /is not installed$/.test(why!)) || PROCESSES.includes(test);
      assert.ok(allowed, `${test} was left out: ${why}`);
    }
    const left = of('left out').map((line) => line.test);
    const stale = rules.filter(([pattern]) => !left.some((path) => new RegExp(pattern).test(path)));
    assert.deepEqual(stale, [], 'rules that leave out nothing');
    // A kernel is named after its keystream; where there is no other than its own, it is tested twice.
    const names = results.map(({ test }) => test.replace(/: wasm(\+\w+)?: /, ': wasm: '));
    reference ??= names;
    assert.deepEqual(names, reference, `${name} has other tests than ${ENGINES[0]!.name}`);
    assert.ok(of('passed').length > 400, `${of('passed').length} tests`);
  });
}

test('only the listed files are for Node alone, and all of them exist', () => {
  assert.deepEqual(unlisted(), [], 'add a stand-in to tests/runtimes/suite, or the file with its reason to ONLY_IN_NODE in tests/runtimes/bundle.ts');
  assert.deepEqual(
    Object.keys(ONLY_IN_NODE).filter((file) => !existsSync(join(root, file))),
    [],
  );
});
