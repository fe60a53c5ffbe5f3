// An unmasked model: the sums of the encoded weights, still packed, with what turns them into the mean (wire 4.6). Nothing is
// converted before somebody asks, and then directly into what is asked for.

import { XaynetError } from '../errors.ts';
import { kernel } from '../kernel/chosen.ts';
import type { DataType, Decoding, Group, Model, Weights } from '../kernel/kernel.ts';
import { type Rational, rational } from '../kernel/rational.ts';
import { unmasking } from '../kernel/unmasking.ts';
import type { MaskObject } from './object.ts';

/** Bytes of a piece of a published model: many of the largest fractions, which have 840 bytes. */
const PIECE = 0x20000;

/** The weighted mean of the aggregated models, exactly (wire 4.6). */
export interface UnmaskedModel {
  /** Number of weights. */
  readonly length: number;
  /** Number of models in the mean. */
  readonly count: number;
  /** S, the sum of the clamped and truncated scalars; positive. */
  readonly scalarSum: Rational;
  /** The mean as fractions in lowest terms. */
  toModel(): Model;
  /** The mean as primitives, rounded once (floats) or truncated (integers); throws `model-not-representable` (wire 4.7). */
  toWeights(data: 'F32'): Float32Array;
  toWeights(data: 'F64'): Float64Array;
  toWeights(data: 'I32'): Int32Array;
  toWeights(data: 'I64'): BigInt64Array;
  toWeights(data: DataType): Weights;
  /** The mean as fractions of a published model, without their count (wire 7.3): whole ones, some 128 KiB a piece. */
  fractions(): Iterable<Uint8Array>;
  /**
   * Whether the sums are such as `count` well-formed updates can have: 0 < S ≤ count · A of the unit, and for every weight
   * |sum of scaled weights| ≤ count · A of the vector, that is |mean| ≤ count · A / S. Both hold exactly, without any tolerance, for all
   * participants that clamp as wire 4.3 says, because each contributes an integer between 0 and 2·A·E before masking. (|mean| ≤ A is
   * narrower and would be wrong: the clamp acts on scalar · weight, so a scalar of 1/3 lets a weight of 3·A through, and flooring can
   * carry a mean of -A just below -A. It is the same when all scalars are A = 1.) A wrong mask fails this with probability
   * 1 - (count / maximum of models) per weight, roughly; a forged update inside the range passes.
   */
  withinBound(): boolean;
}

/** Reads the differences of sum and mask; throws `unmask-scalar-sum` when S is not positive. */
export function makeUnmaskedModel(sums: MaskObject, count: number): UnmaskedModel {
  const { vect, unit } = sums.config;
  const unitMiddle = BigInt(count) * unit.addShift * unit.expShift;
  const vectMiddle = BigInt(count) * vect.addShift * vect.expShift;
  const [scalars] = unmasking().decodeExactly(unit, sums.unit, { offset: unitMiddle, factor: rational(1) });
  const scalarSum = rational(scalars!.numerator, unit.expShift);
  if (scalarSum.numerator <= 0n) throw new XaynetError('unmask-scalar-sum', `${scalarSum.numerator}/${scalarSum.denominator}`);
  const decoding: Decoding = { offset: vectMiddle, factor: rational(scalarSum.denominator, scalarSum.numerator * vect.expShift) };
  return {
    length: sums.length,
    count,
    scalarSum,
    toModel: () => unmasking().decodeExactly(vect, sums.vect, decoding),
    toWeights: ((data: DataType) => unmasking().decode(vect, sums.vect, decoding, data)) as UnmaskedModel['toWeights'],
    fractions: () => fractionsOf(vect, sums.vect, decoding),
    withinBound: () => scalars!.numerator <= unitMiddle && kernel().inRange(vect, sums.vect, 0n, 2n * vectMiddle + 1n),
  };
}

function* fractionsOf(group: Group, elements: Uint8Array, decoding: Decoding): Generator<Uint8Array, void, undefined> {
  const length = elements.length / group.bytesPerNumber;
  for (let from = 0; from < length; ) {
    const piece = new Uint8Array(PIECE);
    const { count, bytes } = unmasking().writeFractions(group, elements, decoding, from, piece);
    yield piece.subarray(0, bytes);
    from += count;
  }
}
