// T12: precision is lost silently, not stolen. Weights are fixed-point numbers of scalar × weight, cut off at 10^-10, so a scalar that is a share
// of all examples (1/n) costs digits that a share of the largest number of examples (n_i/n_max) does not.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MaskSeed } from '@xaynet/core/bytes';
import { Aggregation, maskModel, parseMaskConfig, scalarFrom } from '@xaynet/core/mask';

/** Largest error of the mean of models that are all the same, with this scalar for everybody. */
function error(scalar: number, participants: number, weight: number): number {
  const config = parseMaskConfig('Power2/F32/B0/M6');
  const pair = { vect: config, unit: config };
  const sum = new Aggregation(pair, 1);
  const masks = new Aggregation(pair, 1);
  for (let i = 0; i < participants; i++) {
    const seed = MaskSeed(new Uint8Array(32).fill(i + 1));
    sum.add(maskModel({ config: pair, seed, scalar: scalarFrom(scalar), model: Float64Array.of(weight) }));
    masks.addMask(seed);
  }
  return Math.abs(sum.unmask(masks.object()).toWeights('F64')[0]! - weight);
}

const worst = (scalar: number): number => Math.max(...[1 / 3, 0.7777777, 0.1234567, -0.9].map((weight) => error(scalar, 10, weight)));

test('T12: scalars of 1, or of the share of the largest, keep nine digits; shares of the whole lose as many digits as they have zeros', () => {
  assert.ok(worst(1) < 2e-10);
  assert.ok(worst(0.37) < 1e-9);
  const lost = [1e-3, 1e-5, 1e-7].map((scalar) => worst(scalar));
  for (const [i, bound] of [1e-6, 1e-4, 1e-2].entries()) assert.ok(lost[i]! < bound, `${lost[i]}`);
  assert.ok(lost[2]! > 1e-5, 'seven zeros, and the mean is right in the third digit at best');
});
