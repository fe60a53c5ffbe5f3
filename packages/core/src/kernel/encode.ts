// From weights to elements: floor((clamp(s·w) + A)·E), exactly (wire 4.3). As A·E is an integer, that is A·E + floor(s·E·w), cut to
// 0 … 2·A·E. Where 2·A·E is a safe integer the floor is found on doubles: one product with a proven error bound; the rare weight that
// lies too near an integer for the bound to decide goes through big integers. Elsewhere all weights do.

import { integerToBytes, writeWord } from './elements.ts';
import type { Encoding, Model, Weights } from './kernel.ts';
import { bitLength, decompose, exactly, FLOAT64, nearestFloat, type Rational, rational } from './rational.ts';

/** Writes the encoded weights, packed, over `out`; see {@link Kernel.encode}. */
export function encode(encoding: Encoding, scalar: Rational, weights: Weights | Model, out: Uint8Array): void {
  const factor = rational(scalar.numerator * encoding.expShift, scalar.denominator);
  const middle = encoding.addShift * encoding.expShift;
  if (2n * middle <= BigInt(Number.MAX_SAFE_INTEGER) && ArrayBuffer.isView(weights)) {
    if (encodeDoubles(factor, Number(middle), weights, encoding.bytesPerNumber, out)) return;
  }
  for (let i = 0; i < weights.length; i++) {
    integerToBytes(encodeWeight(factor, middle, weights[i]!), out, i * encoding.bytesPerNumber, encoding.bytesPerNumber);
  }
}

/** One weight, exactly: A·E + floor(factor · weight), cut; `factor` is s·E and `middle` A·E. */
export function encodeWeight(factor: Rational, middle: bigint, weight: number | bigint | Rational): bigint {
  const scaled = floorProduct(factor, weight);
  return scaled <= -middle ? 0n : scaled >= middle ? 2n * middle : scaled + middle;
}

/** floor(factor · weight), exactly; the weight is finite. */
function floorProduct(factor: Rational, weight: number | bigint | Rational): bigint {
  if (typeof weight === 'bigint') return floorQuotient(factor.numerator * weight, factor.denominator);
  if (typeof weight === 'object') return floorQuotient(factor.numerator * weight.numerator, factor.denominator * weight.denominator);
  const { significand, exponent } = decompose(weight);
  const product = factor.numerator * BigInt(significand);
  // Shifting right floors, and the floor of a floored quotient is the floor of the quotient.
  return floorQuotient(exponent >= 0 ? product << BigInt(exponent) : product >> BigInt(-exponent), factor.denominator);
}

function floorQuotient(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  return numerator < 0n && quotient * denominator !== numerator ? quotient - 1n : quotient;
}

// Error of `Number(weight) * multiplier` against factor · weight: three roundings of at most 2^-53 each (a 64-bit weight, the
// multiplier, the product), together below 2^-51.4 of the product. Distances to the neighbouring integers are computed with another
// 2^-53 of themselves at most, so a distance above 2^-51 of the product decides. Underflow cannot mislead: a product that is not
// zero has the right sign, and below 1/2 the sign is all that matters.
const MARGIN = 2 ** -51;

/** The same on doubles; false, and nothing written, when `factor` is outside the range for which the error bound is proven. */
function encodeDoubles(factor: Rational, middle: number, weights: Weights, width: number, out: Uint8Array): boolean {
  const multiplier = nearestFloat(factor.numerator, factor.denominator, FLOAT64);
  if (multiplier === undefined || (multiplier < 1e-200 && factor.numerator !== 0n)) return false;
  const isExact = isExactProduct(factor, multiplier, weights);
  const most = 2 * middle;
  for (let i = 0, offset = 0; i < weights.length; i++, offset += width) {
    const product = Number(weights[i]!) * multiplier;
    let shifted: number;
    if (product >= most) {
      shifted = most;
    } else if (product <= -most) {
      shifted = 0;
    } else {
      let floor = Math.floor(product);
      if (!isExact && product !== 0) {
        const margin = Math.abs(product) * MARGIN;
        if (product - floor <= margin || floor + 1 - product <= margin) floor = Number(floorProduct(factor, weights[i]!));
      } else if (product === 0 && weights[i]! < 0 && multiplier > 0) {
        floor = -1; // a product that underflowed
      }
      shifted = Math.min(Math.max(floor + middle, 0), most);
    }
    writeWord(shifted >>> 0, out, offset, width);
    writeWord(Math.floor(shifted / 0x1_0000_0000), out, offset + 4, width - 4);
    if (width > 8) out.fill(0, offset + 8, offset + width);
  }
  return true;
}

/** Whether every product that is not clamped anyway is exact: both factors together fit the 53 bits of a double. */
function isExactProduct(factor: Rational, multiplier: number, weights: Weights): boolean {
  const held = exactly(multiplier);
  if (held.numerator !== factor.numerator || held.denominator !== factor.denominator) return false;
  if (weights instanceof Int32Array || weights instanceof BigInt64Array) return held.denominator === 1n;
  return weights instanceof Float32Array && bitLength(BigInt(decompose(multiplier).significand)) <= 53 - 24;
}
