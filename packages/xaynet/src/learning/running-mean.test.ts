import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MaskSeed } from '@xaynet/core/bytes';
import { Aggregation, deriveMask, maskModel, modelToWeights, parseMaskConfig, rational } from '@xaynet/core/mask';
import { weightedMean } from './exact-mean.ts';
import { RunningMean } from './running-mean.ts';
import { seededRandom } from './seeded-random.ts';

const random = seededRandom(5, 'running mean');
const model = (length: number, scale: number): Float32Array => Float32Array.from({ length }, () => random.normal() * scale);

test('it is the exact mean of rationals, rounded, also where terms cancel', () => {
  const updates = Array.from({ length: 40 }, (_, i) => ({ weights: model(20, i % 2 === 0 ? 1 : 1e-12), examples: 1 + random.below(5000) }));
  updates.push({ weights: new Float32Array(20).fill(2 ** 60), examples: 7 }, { weights: new Float32Array(20).fill(-(2 ** 60)), examples: 7 });
  const mean = new RunningMean(20);
  for (const { weights, examples } of updates) mean.add(weights, examples);
  const exact = modelToWeights(weightedMean(updates), 'F64') as Float64Array;
  mean.weights().forEach((weight, i) => {
    assert.ok(Math.abs(weight - exact[i]!) <= 2 * Number.EPSILON * Math.abs(exact[i]!), `${weight} ${exact[i]}`);
  });
  assert.deepEqual([mean.count, mean.shares], [42, updates.reduce((sum, { examples }) => sum + examples, 0)]);
});

test('an unmasked round is within the bound, one that lacks an update, or is shifted by a thousandth, is not', () => {
  const vect = parseMaskConfig('Power2/F32/B2/M6');
  const config = { vect, unit: vect };
  const updates = Array.from({ length: 5 }, (_, i) => ({ weights: model(50, 1), share: i + 1 }));
  const sum = new Aggregation(config, 50);
  const masks = new Aggregation(config, 50);
  const mean = new RunningMean(50);
  const without = new RunningMean(50);
  updates.forEach(({ weights, share }, i) => {
    const seed = MaskSeed(new Uint8Array(32).fill(i + 1));
    sum.add(maskModel({ config, seed, scalar: rational(BigInt(share), 5n), model: weights }));
    masks.add(deriveMask({ config, seed, length: 50 }));
    mean.add(weights, share);
    if (i > 0) without.add(weights, share);
  });
  const unmasked = sum.unmask(masks.object()).toWeights('F64') as Float64Array;
  const scalarSum = rational(15n, 5n);
  const { difference, bound } = mean.compare(unmasked, config, scalarSum);
  assert.ok(difference > 0 && difference <= bound && bound < 1e-9, `${difference} ${bound}`);
  const other = without.compare(unmasked, config, rational(14n, 5n));
  assert.ok(other.difference > other.bound);
  const shifted = mean.compare(
    unmasked.map((weight) => weight + 0.001),
    config,
    scalarSum,
  );
  assert.ok(shifted.difference > shifted.bound);
  assert.throws(() => mean.compare(new Float64Array(3), config, scalarSum), /cannot be compared/);
});

test('products beyond the limit are cut, and an excess goes to every weight as it is, whatever the share', () => {
  const cut = new RunningMean(3);
  cut.add(Float32Array.of(1, -5, 5), 2, { limit: 3 });
  assert.deepEqual(cut.weights(), Float64Array.of(1, -1.5, 1.5));
  const mean = new RunningMean(2);
  mean.add(Float32Array.of(1, -1), 2, { excess: 30 });
  mean.add(Float32Array.of(0, 0), 1);
  assert.deepEqual(mean.weights(), Float64Array.of(32 / 3, 28 / 3));
});

test('a model with NaN is far from every mean', () => {
  const mean = new RunningMean(1);
  mean.add(Float32Array.of(1), 1);
  const vect = parseMaskConfig('Power2/F32/B0/M3');
  const { difference, bound } = mean.compare(Float64Array.of(Number.NaN), { vect, unit: vect }, rational(1n));
  assert.equal(difference <= bound, false);
});
