// From weights to packed elements of more than 64 bits: middle ± floor(factor · |weight|), cut to 0 … 2·middle (wire 4.3). The factor
// is a fixed-point number of limbs: exact when its denominator is a power of two, else rounded down, and then a weight whose product
// lies too near an integer is either done again exactly or left to the caller.

import { bitsAt, isBelow, multiply } from './limbs';

// The job, as the caller lays it out. First two multipliers, the second of which is exact: limbs, fraction bits, bits, trailing zeros
// (all i32); then the numbers. Products have zeros around them, as much as they can be shifted.
const SECOND: usize = 16;
const IS_EXACT: usize = 32;
const MIDDLE_BITS: usize = 36;
const LIMBS: usize = 40;
const WIDTH: usize = 44;
/** Odd part of the denominator if it has 64 bits at most, else 0. */
const DIVISOR: usize = 48;
const MULTIPLIER: usize = 64;
const SECOND_MULTIPLIER: usize = 64 + 512;
const MIDDLE: usize = 64 + 1024;
const MOST: usize = 64 + 1024 + 320;
const PRODUCT: usize = 3072;
const SECOND_PRODUCT: usize = 5120;

/**
 * Encodes `count` weights at `from`, of kind 0 to 3 for F32, F64, I32, I64; spoils up to 8 bytes behind `out`. Writes the numbers of
 * the weights that it could not decide to `undecided` and returns how many there are.
 */
export function encodeWide(kind: u32, from: usize, count: u32, job: usize, out: usize, undecided: usize): u32 {
  const width = <usize>load<u32>(job, WIDTH);
  const start = undecided;
  for (let i: u32 = 0; i < count; i++, out += width) {
    let magnitude: u64;
    let exponent: i32 = 0;
    let isNegative: bool;
    if (kind < 2) {
      const bits = reinterpret<u64>(kind === 0 ? <f64>load<f32>(from + ((<usize>i) << 2)) : load<f64>(from + ((<usize>i) << 3)));
      const biased = <i32>(bits >> 52) & 0x7ff;
      magnitude = (bits & 0xf_ffff_ffff_ffff) | (u64(biased !== 0) << 52);
      exponent = max(biased, 1) - 1075;
      isNegative = <i64>bits < 0;
    } else {
      const value = kind === 2 ? <i64>load<i32>(from + ((<usize>i) << 2)) : load<i64>(from + ((<usize>i) << 3));
      isNegative = value < 0;
      magnitude = <u64>(isNegative ? -value : value);
    }
    if (!encodeOne(magnitude, exponent, isNegative, load<u32>(job, IS_EXACT) !== 0, job, job + MULTIPLIER, job + PRODUCT, job, out)) {
      const divisor = load<u64>(job, DIVISOR);
      // The product is near an integer. Where the divisor divides the weight, the quotient is encoded exactly; else it is no integer.
      if (divisor !== 0 && magnitude % divisor === 0) {
        encodeOne(magnitude / divisor, exponent, isNegative, true, job + SECOND, job + SECOND_MULTIPLIER, job + SECOND_PRODUCT, job, out);
      } else {
        store<u32>(undecided, i);
        undecided += 4;
      }
    }
  }
  return <u32>((undecided - start) >> 2);
}

/**
 * Encodes ± magnitude · 2^exponent; false when undecided. With x = factor · weight, V = multiplier · magnitude and sh the bits of V
 * below 1: x = V / 2^sh if the multiplier is exact, else V < x · 2^sh < V + magnitude. Limbs of the multiplier that lie more than 128
 * bits below the point are left out, which moves the bound up with the lowest limb used, so that magnitude < 2^64 always is less than
 * one unit of the 64 bits behind the point: only when these are all ones may x be beyond the next integer. An inexact x is never an
 * integer without that, as it is above V.
 */
function encodeOne(magnitude: u64, exponent: i32, isNegative: bool, isExact: bool, shape: usize, multiplier: usize, at: usize, job: usize, out: usize): bool {
  const limbs = load<u32>(job, LIMBS);
  const last = (<usize>limbs - 1) << 3;
  const below = load<i32>(shape, 4) - exponent;
  const bits = 64 - <i32>clz(magnitude) + load<i32>(shape, 8) - below; // of the integer part, or one less
  const count = load<u32>(shape);
  if (magnitude === 0 || count === 0) {
    memory.copy(out, job + MIDDLE, last + 8);
    return true;
  }
  if (bits - 2 >= load<i32>(job, MIDDLE_BITS)) {
    writeEnd(out, last, isNegative, job);
    return true;
  }
  let isInteger = false;
  if (bits > 0) {
    const skipped: u32 = isExact ? 0 : (below - 128) >> 6;
    multiply(multiplier + ((<usize>skipped) << 3), count - skipped, magnitude, at + ((<usize>skipped) << 3));
    if (isExact) isInteger = below <= <i32>ctz(magnitude) + load<i32>(shape, 12);
    else if (bitsAt(at, below - 64) === u64.MAX_VALUE) return false;
  }
  const shift = <u64>(below & 63);
  // Now where the limb with the lowest bit of the integer part lies.
  at = bits > 0 ? at + ((below >> 6) << 3) : at - 1024; // zeros
  let upper = load<u64>(at);
  if (isNegative) {
    let borrow = u64(!isInteger);
    for (let i: usize = 0; i <= last; i += 8) {
      const lower = upper;
      upper = load<u64>(at + i, 8);
      const limb = (lower >> shift) | ((upper << 1) << (63 - shift));
      const middle = load<u64>(job + i, MIDDLE);
      store<u64>(out + i, middle - limb - borrow);
      borrow = u64(middle < limb) | (u64(middle === limb) & borrow);
    }
    if (borrow !== 0) writeEnd(out, last, true, job);
  } else {
    let carry: u64 = 0;
    for (let i: usize = 0; i <= last; i += 8) {
      const lower = upper;
      upper = load<u64>(at + i, 8);
      const limb = (lower >> shift) | ((upper << 1) << (63 - shift));
      const half = limb + load<u64>(job + i, MIDDLE);
      const sum = half + carry;
      store<u64>(out + i, sum);
      carry = u64(half < limb) | u64(sum < half);
    }
    if (isBelow(job + MOST, out, limbs)) writeEnd(out, last, false, job);
  }
  return true;
}

/** Writes what weights at or beyond the bound become: 0 or twice the middle. */
function writeEnd(out: usize, last: usize, isNegative: bool, job: usize): void {
  if (isNegative) memory.fill(out, 0, last + 8);
  else memory.copy(out, job + MOST, last + 8);
}
