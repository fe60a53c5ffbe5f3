// A look at masked numbers: whatever weights are under the mask, the same picture of noise; without a mask, the picture is the model's.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MaskSeed } from '@xaynet/core/bytes';
import { maskModel, parseMaskConfig, rational } from '@xaynet/core/mask';
import { BINS, sampleOf } from './masked-sample.ts';

const LENGTH = 8192;
/** Expected in each part of the histogram, and five standard deviations. */
const [EXPECTED, FAR] = [4096 / BINS, 5 * Math.sqrt(4096 / BINS)];

for (const name of ['Power2/F32/B0/M6', 'Prime/F32/B0/M3', 'Integer/F64/Bmax/M12', 'Prime/I64/B2/M3']) {
  test(`${name}: masked zeros and masked ones give the same flat picture`, () => {
    const vect = parseMaskConfig(name);
    for (const value of [0, 1]) {
      const model = new Array(LENGTH).fill(rational(value));
      const masked = maskModel({ config: { vect, unit: vect }, seed: MaskSeed(new Uint8Array(32).fill(7 + value)), scalar: rational(1), model });
      const { histogram, levels, elements, bytesPerElement, hex } = sampleOf(masked);
      assert.deepEqual([histogram.length, elements, bytesPerElement, levels.length, hex.length], [BINS, LENGTH, vect.bytesPerNumber, 1024, 128]);
      for (const count of histogram) assert.ok(Math.abs(count - EXPECTED) < FAR, `${value}: ${histogram}`);
      assert.ok(Math.max(...levels) > 250 && Math.min(...levels) < 5);
    }
  });
}

test('numbers without a mask lie where they are: zeros all in one place', () => {
  const vect = parseMaskConfig('Power2/F32/B0/M6');
  const { histogram, levels, elements } = sampleOf({
    config: { vect, unit: vect },
    length: 100,
    vect: new Uint8Array(100 * vect.bytesPerNumber),
    unit: new Uint8Array(7),
  });
  assert.deepEqual([histogram[0], Math.max(...levels), elements], [100, 0, 100]);
});
