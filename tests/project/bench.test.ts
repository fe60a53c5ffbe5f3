// The benchmark works: its quick form measures every case, checks and all, and RESULTS.md explains every case that there is. Its own
// arithmetic is held against the tests' one: a benchmark whose oracle is wrong would call right results wrong.
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { measure, Unequal } from '../../bench/cases.ts';
import { commitOf, compareLines } from '../../bench/compare.ts';
import { growthPlot } from '../../bench/growth.ts';
import { digits, type Line, row } from '../../bench/lines.ts';
import { readOptions } from '../../bench/options.ts';
import { divide } from '../../bench/oracle.ts';
import { CASE_NAMES } from '../../bench/suite.ts';
import { oracleNearest } from '../oracle.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const main = fileURLToPath(new URL('../../bench/main.mjs', import.meta.url));

test('a quick run measures every case and says what is missing', async () => {
  const args = [main, '--quick', '--json', '--no-chromium', '--length', '2000', '--config', 'Power2/F32/B0/M6'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  const { lines, quick } = JSON.parse(stdout) as { lines: Line[]; quick: boolean };
  assert.equal(quick, true);
  for (const name of CASE_NAMES) {
    const own = lines.find((line) => line.case === name);
    assert.ok(own !== undefined && own.best! > 0 && own.median! <= own.best! && own.oracle! > 0, `${name}: ${own === undefined ? 'no line' : row(own)}`);
  }
  for (const line of lines.filter(({ missing }) => missing !== undefined))
    assert.match(`${line.where} ${line.source}`, /Chromium|sodium-native|wasm/, row(line));
});

test('RESULTS.md explains every case and has a place for every kind of numbers', () => {
  const text = readFileSync(new URL('../../bench/RESULTS.md', import.meta.url), 'utf8');
  const explained = text.slice(text.indexOf('| case | what'), text.indexOf('## Lines'));
  for (const name of CASE_NAMES) assert.ok(explained.includes(name), name);
  for (const section of ['lines', 'all', 'plot', 'memory']) assert.match(text, new RegExp(`<!-- ${section} -->[^]*<!-- /${section} -->`));
});

test('what it cannot do it says in a sentence, with exit code 2', () => {
  assert.throws(() => readOptions(['--colour']), { name: 'TypeError', message: /Unknown option '--colour'/ });
  assert.throws(() => readOptions(['--length', '0']), { name: 'TypeError', message: /--length: a whole number from 1/ });
  assert.throws(() => readOptions(['--compare', 'main', '--memory']), { name: 'TypeError', message: /does not go with/ });
  assert.throws(() => commitOf('no-such-commit'), { name: 'TypeError', message: /no-such-commit is no commit/ });
  const run = spawnSync(process.execPath, [main, '--no-chromium', '--config', 'Prime'], { cwd: root, encoding: 'utf8' });
  assert.equal(run.status, 2, run.stderr);
  assert.match(run.stderr, /^bench: .*no such masking configuration.*\n$/);
});

test('a case whose result is wrong is not timed', async () => {
  let runs = 0;
  const wrong = {
    name: 'wrong',
    config: '',
    unit: 'weights',
    amount: 1,
    check: () => {
      throw new Unequal('1 is 2');
    },
    run: () => runs++,
  } as const;
  await assert.rejects(measure(wrong, { where: '', source: '', chosen: false, patience: { budget: 0.001, sample: 0.0001 }, judged: true }), Unequal);
  assert.equal(runs, 0);
});

test('bars are judged by the figure that they name', async () => {
  const wait = (ms: number) => (): void => {
    for (const end = performance.now() + ms; performance.now() < end; );
  };
  const slow = { name: 'slow', config: '', unit: 'weights', amount: 1000, check: () => {}, run: wait(2), beside: { name: 'other', run: wait(1) } } as const;
  const setting = { where: '', source: '', chosen: false, patience: { budget: 0.01, sample: 0.0001 }, judged: true };
  const line = await measure(
    {
      ...slow,
      bars: [
        { of: 'time', atMost: 1.5 },
        { of: 'time', atMost: 1e6 },
        { of: 'speedup', atLeast: 1e-6 },
        { of: 'rate', atLeast: 100 },
      ],
    },
    setting,
  );
  assert.deepEqual(
    line.bars!.map(({ met }) => met),
    [false, true, true, false],
  );
});

test('one division rounds as the bisection of the tests does', () => {
  const fractions = fc.tuple(fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }), fc.bigInt({ min: 1n, max: 2n ** 80n }));
  const ties = fc.tuple(fc.bigInt({ min: 2n ** 23n, max: 2n ** 25n }), fc.nat(60)).map(([n, bits]) => [2n * n + 1n, 2n ** BigInt(bits)] as const);
  fc.assert(
    fc.property(fc.oneof(fractions, ties), fc.constantFrom('F32', 'F64'), ([numerator, denominator], data) => {
      assert.ok(Object.is(divide(numerator, denominator, data), oracleNearest({ numerator, denominator }, data)), `${numerator}/${denominator} as ${data}`);
    }),
    { numRuns: 1000 },
  );
});

test('lines of two commits meet by case, also where the backend has changed', () => {
  const base = { config: 'c', where: 'Node 24.0.0', unit: 'weights', median: 1, samples: 3 } as const;
  const limit = (ratio: number) => ({ name: 'memory copy', ratio });
  const here: Line[] = [
    { ...base, case: 'derive', source: 'wasm', best: 30, chosen: true },
    { ...base, case: 'derive', source: 'plain', best: 4, limit: limit(0.4) },
    { ...base, case: 'unmask', source: 'wasm', best: 1, chosen: true },
  ];
  const there: Line[] = [{ ...base, case: 'derive', source: 'plain', best: 2, chosen: true, limit: limit(0.1) }];
  assert.deepEqual(
    compareLines(here, there).map(({ source, ratio, steady }) => ({ source, ratio, steady })),
    [
      { source: 'plain → wasm', ratio: 15, steady: undefined },
      { source: 'plain', ratio: 2, steady: 4 },
    ],
  );
});

test('the plot draws every measured point and nothing else', () => {
  const points = [1e3, 1e4, 1e5].map((length) => ({ length, seconds: length * 1e-8 }));
  const svg = growthPlot({
    config: 'c',
    backend: 'plain',
    curves: [
      { name: 'derive', points, exponent: 1 },
      { name: 'mask', points: points.slice(0, 2) },
    ],
  });
  assert.equal(svg.match(/<circle /g)!.length, 5);
  assert.match(svg, />derive<\/text>/);
  assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
});

test('numbers keep the digits that count', () => {
  assert.deepEqual([0.00123, 0.123, 1.234, 12.34, 123.4, 12345.6].map(digits), ['0.0012', '0.123', '1.23', '12.3', '123', '12346']);
});
