// The plain kernel: readable TypeScript for every engine, complete for all configurations. Elements of five to eight bytes take the
// two-word path, all others the limb path; big integers appear only where single elements are encoded or decoded exactly.

import { everyInRange } from './elements.ts';
import { encode } from './encode.ts';
import { areFinite } from './finite.ts';
import { readFractions } from './fractions.ts';
import { MaskGenerator } from './generator.ts';
import type { Draws, Encoding, Group, Kernel, Model, Weights } from './kernel.ts';
import { addDrawsNarrow, addNarrow, isNarrow, subtractNarrow } from './narrow.ts';
import { type PackedArithmetic, PackedSum } from './packed-sum.ts';
import type { Rational } from './rational.ts';
import { addDrawsWide, addWide, subtractWide } from './wide.ts';

class PlainDraws implements Draws {
  readonly #generator: MaskGenerator;

  constructor(seed: Uint8Array) {
    this.#generator = new MaskGenerator(seed);
  }

  /** Adds the next draws to packed elements. */
  add(group: Group, accumulator: Uint8Array): void {
    (isNarrow(group) ? addDrawsNarrow : addDrawsWide)(group, this.#generator, accumulator);
  }

  write(group: Group, out: Uint8Array): void {
    this.add(group, out.fill(0));
  }

  mask(encoding: Encoding, scalar: Rational, weights: Weights | Model, out: Uint8Array): boolean {
    if ((weights instanceof Float32Array || weights instanceof Float64Array) && !areFinite(weights)) return false;
    encode(encoding, scalar, weights, out);
    this.add(encoding, out);
    return true;
  }
}

const arithmetic: PackedArithmetic = {
  add: (group, accumulator, elements) => (isNarrow(group) ? addNarrow : addWide)(group, accumulator, elements),
  subtract: (group, accumulator, elements) => (isNarrow(group) ? subtractNarrow : subtractWide)(group, accumulator, elements),
  addDraws: (group, draws, accumulator) => (draws as PlainDraws).add(group, accumulator),
};

/** The portable kernel. */
export const plain: Kernel = {
  name: 'plain',
  draws: (seed) => new PlainDraws(seed),
  sum: (group, length) => new PackedSum(group, length, arithmetic),
  inRange: (group, elements, low, high) => everyInRange(group.bytesPerNumber, elements, low, high),
  areFinite,
  encode,
  readFractions,
};
