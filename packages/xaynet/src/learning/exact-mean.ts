// The plain weighted mean that the unmasked model is held against, and the bound of the difference. Both sides are exact
// rationals, so the comparison itself rounds nothing: what remains is the truncation of the masking, which wire 4.6 bounds.

import { type MaskConfigPair, type Model, modelToWeights, type Rational, rational } from '@xaynet/core/mask';

/** One participant's contribution as it was before masking. */
export interface PlainUpdate {
  /** Trained weights, padding included. */
  readonly weights: Float32Array;
  /** Examples it was trained on: the numerator of its scalar, all scalars having the same denominator. */
  readonly examples: number;
}

const SHIFT = 149n; // a binary32 is an integer times 2^-149

/** The finite binary32 `value` times 2^149, exact: below 2^277, so the product is exact in binary64 too. */
function scaled(value: number): bigint {
  return value === 0 ? 0n : BigInt(value * 2 ** 149);
}

/** Σ nᵢ·wᵢ / Σ nᵢ for every weight, exact; throws an ordinary Error without updates. */
export function weightedMean(updates: readonly PlainUpdate[]): Model {
  const first = updates[0];
  if (first === undefined) throw new Error('a mean of no updates');
  const examples = BigInt(updates.reduce((sum, update) => sum + update.examples, 0));
  return Array.from(first.weights, (_, i) => {
    const sum = updates.reduce((total, update) => total + BigInt(update.examples) * scaled(update.weights[i]!), 0n);
    return rational(sum, examples << SHIFT);
  });
}

/** The largest difference of any weight between two models, and the largest absolute value in the second. */
export function compareModels(unmasked: Model, plain: Model): { difference: number; largestMean: Rational } {
  if (unmasked.length !== plain.length) throw new Error(`models of ${unmasked.length} and ${plain.length} weights cannot be compared`);
  const apart = plain.map(({ numerator, denominator }, i) => {
    const other = unmasked[i]!;
    return { numerator: other.numerator * denominator - numerator * other.denominator, denominator: other.denominator * denominator };
  });
  const sizes = doubles(plain);
  const at = sizes.reduce((best, size, i) => (Math.abs(size) > Math.abs(sizes[best]!) ? i : best), 0);
  const { numerator, denominator } = plain[at]!;
  return {
    difference: doubles(apart).reduce((largest, value) => Math.max(largest, Math.abs(value)), 0),
    largestMean: { numerator: numerator < 0n ? -numerator : numerator, denominator },
  };
}

/**
 * What the difference of any weight must stay under (wire 4.6). With k updates the unmasked sum of a weight is less than k/E
 * below the true one, and so is the unmasked sum S of the scalars below its own; dividing the two moves the mean by less than
 * (k/E_vect + |mean|·k/E_unit)/S, with S as it was unmasked. Valid when no scaled weight was clamped.
 */
export function differenceBound(config: MaskConfigPair, updates: number, scalarSum: Rational, largestMean: Rational): number {
  const { numerator: m, denominator: d } = largestMean;
  const [vect, unit] = [config.vect.expShift, config.unit.expShift];
  return doubles([{ numerator: BigInt(updates) * (d * unit + m * vect) * scalarSum.denominator, denominator: d * vect * unit * scalarSum.numerator }])[0]!;
}

/** The nearest double of each fraction; fractions need not be in lowest terms for that. */
function doubles(fractions: readonly Rational[]): Float64Array {
  return modelToWeights(fractions, 'F64') as Float64Array;
}
