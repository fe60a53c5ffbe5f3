import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMaskConfig, rational } from '@xaynet/core/mask';
import { compareModels, differenceBound, weightedMean } from './exact-mean.ts';

test('the mean is exact, down to the smallest and up to the largest float32', () => {
  const tiny = 2 ** -149;
  const huge = (2 ** 24 - 1) * 2 ** 104;
  const mean = weightedMean([
    { weights: Float32Array.of(0.1, tiny, huge, -0), examples: 1 },
    { weights: Float32Array.of(0.7, 0, huge, 0), examples: 2 },
  ]);
  // 0.1f = 13421773/2^27, 0.7f = 11744051/2^24
  assert.deepEqual(mean[0], rational(13421773n + 2n * 8n * 11744051n, 3n << 27n));
  assert.deepEqual(mean[1], rational(1n, 3n << 149n));
  assert.deepEqual(mean[2], rational(BigInt(huge)));
  assert.deepEqual(mean[3], rational(0n));
  assert.throws(() => weightedMean([]), /no updates/);
});

test('the largest difference is found, whatever its sign and place', () => {
  const plain = [rational(1n, 3n), rational(-5n), rational(0n)];
  assert.deepEqual(compareModels(plain, plain), { difference: 0, largestMean: rational(5n) });
  const { difference } = compareModels([rational(1n, 3n), rational(-5n), rational(-1n, 10n ** 10n)], plain);
  assert.equal(difference, 1e-10);
  const far = compareModels([rational(1n, 3n), rational(-499n, 100n), rational(1n, 10n ** 10n)], plain);
  assert.equal(far.difference, 0.01);
  assert.throws(() => compareModels(plain.slice(1), plain), /2 and 3 weights cannot be compared/);
});

test('the bound is (k/E)(1 + |mean|)/S, also when the two configurations differ', () => {
  const narrow = parseMaskConfig('Power2/F32/B0/M6');
  const wide = parseMaskConfig('Prime/F64/B2/M3');
  const close = (actual: number, expected: number): void => assert.ok(Math.abs(actual - expected) < 1e-12 * expected, `${actual}, ${expected} expected`);
  close(differenceBound({ vect: narrow, unit: narrow }, 15, rational(3n, 5n), rational(2n)), (15e-10 * 3) / 0.6);
  close(differenceBound({ vect: wide, unit: narrow }, 4, rational(1n), rational(1n, 2n)), 4e-20 + 0.5 * 4e-10);
  const finest = parseMaskConfig('Power2/F64/Bmax/M3');
  assert.ok(differenceBound({ vect: finest, unit: finest }, 15, rational(1n), rational(0n)) > 0, 'E = 10^324 is beyond double, the bound is not');
});
