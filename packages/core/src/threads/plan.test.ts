import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MaskConfigPair, parseMaskConfig } from '../mask/config.ts';
import { planMasks, SMALL_WORK } from './plan.ts';

const pair = (name: string): MaskConfigPair => ({ vect: parseMaskConfig(name), unit: parseMaskConfig(name) });
const PRIME = pair('Prime/F32/B0/M3'); // 113 bytes of keystream a weight

function threads(length: number, seeds: number, most: number, kernel = 'wasm', small: number = SMALL_WORK): number {
  return planMasks(PRIME, length, seeds, { most, small, kernel }).threads;
}

test('threads come with work: none below 100 ms, then one for each 50 ms, as many as there are', () => {
  assert.equal(threads(10_000, 96, 4), 0, '99 ms');
  assert.equal(threads(10_000, 97, 4), 2, '100 ms');
  assert.equal(threads(10_000, 147, 4), 3, '152 ms');
  assert.equal(threads(10_000, 10_000, 4), 4);
  assert.equal(threads(10_000, 97, 1), 1);
  assert.equal(threads(10_000, 10_000, 0), 0);
});

test('a slower kernel is worth threads earlier, an unknown one counts as fast', () => {
  assert.deepEqual(
    ['plain', 'wasm', 'wasm+openssl', 'new'].map((kernel) => threads(10_000, 60, 4, kernel)),
    [4, 0, 0, 0],
  );
});

test('never more threads than seeds, nor than sums fit into a gigabyte', () => {
  assert.equal(threads(1_000_000, 3, 4), 3);
  assert.equal(threads(40_000_000, 100, 8), 3);
  assert.equal(threads(2 ** 32 - 1, 100, 8), 1);
});

test('without a bound every work has threads, one a seed', () => {
  assert.deepEqual(
    [0, 1, 2, 9].map((seeds) => threads(1, seeds, 4, 'wasm', 0)),
    [0, 1, 2, 4],
  );
});

test('pieces take some 4 ms, in whole tiles; a thread joins late work only when enough is left', () => {
  const plan = (length: number, config: MaskConfigPair = PRIME, small = 0) => planMasks(config, length, 1000, { most: 2, small, kernel: 'wasm' });
  assert.equal(plan(1).piece, 36_864);
  assert.equal(plan(1, pair('Power2/F32/B4/M12')).piece, 4096);
  assert.equal(Math.round(plan(1_000_000).seed), 103);
  assert.deepEqual([plan(1).join, plan(1, PRIME, 100).join], [0, 40]);
});
