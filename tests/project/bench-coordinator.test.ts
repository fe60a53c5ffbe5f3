// The coordinator's benchmark works: its quick form runs rounds under load, whole and chunked, and idle participants, and what it reports is
// possible. How fast it is, is not asked here.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readOptions } from '../../bench/coordinator/options.ts';
import { barsOf, loadText } from '../../bench/coordinator/report.ts';
import { type IdleResult, type LoadResult, quantiles } from '../../bench/coordinator/scenarios.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = fileURLToPath(new URL('../../bench/coordinator/main.mjs', import.meta.url));

test('a quick run: every update is accepted, the models are right, the numbers are possible', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [main, '--quick', '--json', '--length', '3000'], { cwd: root });
  const { loads, idle, bars, quick } = JSON.parse(stdout) as { loads: LoadResult[]; idle: IdleResult; bars: unknown[]; quick: boolean };
  assert.deepEqual([quick, bars], [true, []]);
  assert.deepEqual(
    loads.map(({ chunk, updates, messages }) => [chunk, updates, messages > updates]),
    [
      [0, 12, false],
      [8192, 12, true],
    ],
  );
  for (const load of loads) {
    assert.equal(load.bytes > 12 * 7 * 3000 && load.bytes < 12 * 8 * 3000, true);
    assert.ok(load.seconds > 0 && Math.abs(load.perSecond - load.updates / load.seconds) < 1e-6);
    assert.ok(load.update.p50 > 0 && load.update.p50 <= load.update.p99 && load.update.p99 <= load.update.max && load.update.max <= load.seconds);
    assert.match(load.probe.path, /^\/(status|params)$/);
    assert.ok(load.disk > 0 && load.unmasking > 0);
    if (load.memory !== undefined) assert.ok(load.memory.peak >= load.memory.before && load.memory.bar > 3 * 8 * 3000);
    if (load.cpu.coordinator !== undefined) assert.ok(load.cpu.coordinator.total >= 0 && load.cpu.coordinator.total < 60);
  }
  assert.ok(idle.requestsPerSecond > 0 && idle.notModified > 0.9 && idle.notModified <= 1, JSON.stringify(idle));
});

test('bars: what meets them, what misses them', () => {
  const load = (chunk: number, perSecond: number, p99: number, growth: number): LoadResult =>
    ({
      chunk,
      length: 1e6,
      updates: 10,
      messages: 10,
      connections: 2,
      bytes: 7e7,
      seconds: 1,
      perSecond,
      update: quantiles([0.1]),
      probe: { path: '/status', p50: 0.001, p99, max: p99 },
      memory: { before: 1e8, peak: 1e8 + growth, growth, bar: 4e7 },
      cpu: { coordinator: undefined, generator: 1 },
      disk: 1e8,
      unmasking: 1,
    }) as unknown as LoadResult;
  const idle = { participants: 10_000, cores: 0.6 } as IdleResult;
  const loads = [load(0, 25, 0.04, 3e7), load(262_144, 19, 0.06, 5e7)];
  assert.deepEqual(
    barsOf(loads, idle).map(({ met }) => met),
    [true, true, true, false, false, false, false],
  );
  assert.doesNotMatch(loadText(loads), /NaN|undefined/);
});

test('quantiles are values that were there', () => {
  const values = Array.from({ length: 200 }, (_, i) => 200 - i);
  assert.deepEqual(quantiles(values), { p50: 100, p99: 198, max: 200 });
  assert.deepEqual(quantiles([5]), { p50: 5, p99: 5, max: 5 });
});

test('what it cannot do it says in a sentence, with exit code 2', () => {
  assert.throws(() => readOptions(['--updates', '2']), { name: 'TypeError', message: /--updates: a whole number from 3/ });
  assert.throws(() => readOptions(['--updates', '1000']), { name: 'TypeError', message: /more than 2 GB/ });
  assert.throws(() => readOptions(['--set', 'intake']), { name: 'TypeError', message: /section\.key=value/ });
  assert.throws(() => readOptions(['--quick', '--write']), { name: 'TypeError', message: /does not go with --write/ });
  const run = spawnSync(process.execPath, [main, '--colour'], { cwd: root, encoding: 'utf8' });
  assert.equal(run.status, 2, run.stderr);
  assert.match(run.stderr, /^bench: Unknown option '--colour'/);
});

test('RESULTS.md has a place for its numbers', () => {
  const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  assert.match(read('bench/RESULTS.md'), /<!-- coordinator -->[\s\S]*<!-- \/coordinator -->/);
});
