// Lanes of the plain kernel, reading the same streams: what families of groups without a faster way are left to.

import { everyInRange } from '../elements.ts';
import { encode } from '../encode.ts';
import { areFinite } from '../finite.ts';
import { MaskGenerator } from '../generator.ts';
import type { Group } from '../kernel.ts';
import { addDrawsNarrow, addNarrow, isNarrow, subtractNarrow } from '../narrow.ts';
import { PackedSum } from '../packed-sum.ts';
import { addDrawsWide, addWide, subtractWide } from '../wide.ts';
import type { Stream } from './draws.ts';
import type { Lanes } from './lanes.ts';

function addDraws(group: Group, stream: Stream, accumulator: Uint8Array): void {
  const generator = new MaskGenerator(stream.seed, stream.position);
  (isNarrow(group) ? addDrawsNarrow : addDrawsWide)(group, generator, accumulator);
  stream.position = generator.position;
}

/** All groups, at the speed of the plain kernel. */
export const portable: Lanes = {
  write: (stream, group, out) => addDraws(group, stream, out.fill(0)),
  mask(stream, encoding, scalar, weights, out) {
    if ((weights instanceof Float32Array || weights instanceof Float64Array) && !areFinite(weights)) return false;
    encode(encoding, scalar, weights, out);
    addDraws(encoding, stream, out);
    return true;
  },
  sum: (group, length) =>
    new PackedSum(group, length, {
      add: isNarrow(group) ? addNarrow : addWide,
      subtract: isNarrow(group) ? subtractNarrow : subtractWide,
      addDraws: (_, draws, accumulator) => addDraws(group, draws as unknown as Stream, accumulator),
    }),
  inRange: (group, elements, low, high) => everyInRange(group.bytesPerNumber, elements, low, high),
  encode,
};
