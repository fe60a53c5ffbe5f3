// What a thread does for a sum of masks: adds some, and hands the sum over.

import { MaskSeed } from '../bytes/fixed.ts';
import type { ObjectSum } from '../mask/object-sum.ts';
import { pack, type SumValue } from './protocol.ts';

/** Adds the masks of the seeds, which are overwritten; the milliseconds that it took. */
export function addMasks(sum: ObjectSum, seeds: Uint8Array): number {
  const start = Date.now();
  try {
    for (let at = 0; at < seeds.length; at += MaskSeed.LENGTH) sum.addMask(MaskSeed(seeds.subarray(at, at + MaskSeed.LENGTH)));
    return Date.now() - start;
  } finally {
    seeds.fill(0);
  }
}

/** A copy of the sum, ready to travel. */
export function sumOf(sum: ObjectSum): SumValue {
  return { object: pack(sum.object()), count: sum.count };
}
