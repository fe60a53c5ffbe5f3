// The plain kernel: readable TypeScript for every engine, complete for all configurations. Elements of five to eight bytes take the
// two-word path, all others the limb path; big integers appear only where single elements are encoded or decoded exactly.

import { decode, decodeExactly } from './decode.ts';
import { everyInRange } from './elements.ts';
import { encode } from './encode.ts';
import { MaskGenerator } from './generator.ts';
import type { Kernel } from './kernel.ts';
import { addDrawsNarrow, addNarrow, isNarrow, subtractNarrow } from './narrow.ts';
import { addDrawsWide, addWide, subtractWide } from './wide.ts';

/** The portable kernel. */
export const plain: Kernel = {
  name: 'plain',
  draws: (seed) => {
    const generator = new MaskGenerator(seed);
    return { add: (group, accumulator) => (isNarrow(group) ? addDrawsNarrow : addDrawsWide)(group, generator, accumulator) };
  },
  add: (group, accumulator, elements) => (isNarrow(group) ? addNarrow : addWide)(group, accumulator, elements),
  subtract: (group, accumulator, elements) => (isNarrow(group) ? subtractNarrow : subtractWide)(group, accumulator, elements),
  inRange: (group, elements, low, high) => everyInRange(group.bytesPerNumber, elements, low, high),
  encode,
  decode,
  decodeExactly,
};
