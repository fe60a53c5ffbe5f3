// Fractions of a published model (wire 7.3): sign, count of 32-bit words, words; numerator, then denominator. Written in lowest terms
// from elements of at most eight bytes; read into primitives when they are usual, which is up to four words above and below.

/** Where the parameters of writing lie: offset, numerator and denominator of the factor, and the divisors of the denominator. */
const NUMERATOR = 8;
const DENOMINATOR = 16;
/** How often 2 divides it; then what is left of it without 2 and the primes below. */
const TWOS = 24;
const REST = 32;
/** For each odd prime: its inverse modulo 2^64, the largest quotient by it, how often it divides; a zero at the end. */
const PRIMES = 40;

/** Bytes of the largest fraction that is written, four words above and two below, and of what is overwritten behind it. */
const LARGEST = 42 + 8;

/** Writes sign, count and words of a magnitude; returns where it ends. Overwrites up to eight bytes behind it. */
function put(at: usize, sign: i32, magnitude: u64): usize {
  const words = <u32>(95 - clz(magnitude)) >> 5;
  store<u8>(at, <u8>sign);
  store<u64>(at, <u64>words, 1);
  store<u64>(at, magnitude, 9);
  return at + 9 + 4 * words;
}

/** The same of a product, which may need four words. */
function putProduct(at: usize, sign: i32, a: u64, b: u64): usize {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const low = aLow * bLow;
  const middle = aHigh * bLow + (low >> 32);
  const cross = aLow * bHigh + (middle & 0xffffffff);
  const high = aHigh * bHigh + (middle >> 32) + (cross >> 32);
  const end = put(at, sign, (cross << 32) | (low & 0xffffffff));
  if (high === 0) return end;
  const words = <u32>(95 - clz(high)) >> 5;
  store<u64>(at, <u64>(2 + words), 1);
  store<u64>(at, high, 17);
  return at + 17 + 4 * words;
}

/** Greatest common divisor of a positive integer and an odd one. */
function divisor(a: u64, b: u64): u64 {
  do {
    a >>= ctz(a);
    if (a < b) {
      const c = a;
      a = b;
      b = c;
    }
    a -= b;
  } while (a !== 0);
  return b;
}

/**
 * Writes (element - offset)·factor in lowest terms for as many of `count` elements as surely fit before `end`; numerator and
 * denominator of the factor are coprime. Returns how many in the low half, and the bytes in the high half.
 */
export function writeFractions(elements: usize, width: u32, count: u32, parameters: usize, out: usize, end: usize): u64 {
  const mask = <u64>-1 >> (64 - 8 * width);
  const offset = load<u64>(parameters);
  const numerator = load<u64>(parameters, NUMERATOR);
  const denominator = load<u64>(parameters, DENOMINATOR);
  const twos = load<u64>(parameters, TWOS);
  const rest = load<u64>(parameters, REST);
  let at = out;
  let written: u32 = 0;
  for (; written < count && at + LARGEST <= end; written++) {
    const n = <i64>((load<u64>(elements) & mask) - offset);
    elements += width;
    if (n === 0) {
      at = put(put(at, 0, 0), 1, 1);
      continue;
    }
    const sign = n < 0 ? -1 : 1;
    let above = <u64>(n < 0 ? -n : n);
    const shift = min(ctz(above), twos);
    above >>= shift;
    let below = denominator >> shift;
    for (let prime = parameters + PRIMES; load<u32>(prime, 16) !== 0; prime += 24) {
      // A multiple of an odd number times its inverse is the quotient; all else lands above the largest quotient.
      const inverse = load<u64>(prime);
      const largest = load<u64>(prime, 8);
      for (let times = load<u32>(prime, 16); times > 0; times--) {
        const quotient = above * inverse;
        if (quotient > largest) break;
        above = quotient;
        below *= inverse;
      }
    }
    if (rest > 1) {
      const common = divisor(above, rest);
      if (common !== 1) {
        above /= common;
        below /= common;
      }
    }
    at = numerator === 1 ? put(at, sign, above) : putProduct(at, sign, above, numerator);
    at = put(at, 1, below);
  }
  return ((<u64>(at - out)) << 32) | <u64>written;
}

const WORD: f64 = 4294967296.0;

/** The lower part of the magnitude read last. */
let low: f64 = 0;

/** A magnitude of `words` words, at most four, as the double returned plus `low`: exactly up to two words, else to 2^-104 of itself. */
function magnitude(at: usize, words: u32): f64 {
  if (words < 2) {
    low = 0;
    return words === 0 ? 0 : <f64>load<u32>(at);
  }
  const upper = <f64>load<u32>(at, 4) * WORD;
  const lower = <f64>load<u32>(at);
  let high = upper + lower;
  low = lower - (high - upper);
  for (let i: u32 = 2; i < words; i++) {
    const more = <f64>load<u32>(at + 4 * i) * (i === 2 ? WORD * WORD : WORD * WORD * WORD);
    // Two words and what is above them by factors of 2^64, 2^96: the larger number first, unless it is zero.
    if (more !== 0) {
      const sum = more + high;
      low += high - (sum - more);
      high = sum;
    }
  }
  const sum = high + low;
  low = low - (sum - high);
  return sum;
}

/** Veltkamp: cuts a double into two halves whose products are exact. */
const SPLIT: f64 = 134217729;

/**
 * Reads fractions from `at` on into `out` as floats of 32 (`kind` 0) or 64 bits (1), or integers of 32 (2) or 64 bits (3): `most` of
 * them, or until one is cut off by `end`, or is not read here because it is unusual or its rounding is not certain. Returns how many
 * in the low half, and the bytes in the high half; their topmost bit tells that the next one is not read here.
 */
export function readFractions(at: usize, end: usize, kind: u32, most: u32, out: usize): u64 {
  const start = at;
  let count: u32 = 0;
  let refused: u64 = 0;
  for (; count < most; count++) {
    if (at + 9 > end) break;
    const sign = <i32>load<i8>(at);
    const aboveWords = load<u64>(at, 1);
    refused = 0x8000000000000000;
    if (aboveWords > 4 || sign > 1 || sign < -1 || (sign === 0) !== (aboveWords === 0)) break;
    const next = at + 9 + 4 * <usize>aboveWords;
    refused = 0;
    if (next + 9 > end) break;
    const belowWords = load<u64>(next, 1);
    refused = 0x8000000000000000;
    if (belowWords > 4 || belowWords === 0 || load<i8>(next) !== 1) break;
    const after = next + 9 + 4 * <usize>belowWords;
    if (after > end) {
      refused = 0;
      break;
    }
    if (kind >= 2) {
      if (aboveWords > 2 || belowWords > 2) break;
      const above = aboveWords === 0 ? 0 : aboveWords === 1 ? <u64>load<u32>(at, 9) : load<u64>(at, 9);
      const below = belowWords === 1 ? <u64>load<u32>(next, 9) : load<u64>(next, 9);
      if (below === 0) break;
      const truncated = above / below;
      if (truncated >= (kind === 2 ? 0x80000000 : 0x8000000000000000)) break;
      if (kind === 2) store<i32>(out + 4 * count, sign * <i32>truncated);
      else store<i64>(out + 8 * count, <i64>sign * <i64>truncated);
    } else {
      const above = magnitude(at + 9, <u32>aboveWords);
      const aboveLow = low;
      const below = magnitude(next + 9, <u32>belowWords);
      const belowLow = low;
      if (below === 0) break;
      let value = above / below;
      if (kind === 0) {
        // The three roundings make an error of less than four units in the last place: see decodeFloat32.
        const bits = reinterpret<u64>(value);
        if (((bits + (4 - 0x10000000)) & 0x1fffffff) < 9) {
          value = quotient(value, above, aboveLow, below, belowLow);
          if (value < 0 || (reinterpret<u64>(value) & 0x1fffffff) === 0x10000000) break;
        }
        if (value !== 0 && !(value >= 1.1754943508222875e-38 && value < 1.7014118346046923e38)) break;
        store<f32>(out + 4 * count, <f32>(sign < 0 && value !== 0 ? -value : value));
      } else {
        value = value === 0 ? 0 : quotient(value, above, aboveLow, below, belowLow);
        if (value < 0) break;
        store<f64>(out + 8 * count, sign < 0 && value !== 0 ? -value : value);
      }
    }
    refused = 0;
    at = after;
  }
  return ((<u64>(at - start)) << 32) | refused | <u64>count;
}

/** The double nearest to (above + aboveLow) / (below + belowLow), given one near to it; -1 where the last bit is not certain. */
function quotient(near: f64, above: f64, aboveLow: f64, below: f64, belowLow: f64): f64 {
  const nearScaled = near * SPLIT;
  const nearTop = nearScaled - (nearScaled - near);
  const nearRest = near - nearTop;
  const belowScaled = below * SPLIT;
  const belowTop = belowScaled - (belowScaled - below);
  const belowRest = below - belowTop;
  const product = near * below;
  const productLow = nearTop * belowTop - product + nearTop * belowRest + nearRest * belowTop + nearRest * belowRest;
  const rest = (above - product - productLow + aboveLow - near * belowLow) / below;
  const high = near + rest;
  const lower = rest - (high - near);
  const error = high * 3.1554436208840472e-30; // 2^-98
  return high + (lower - error) === high && high + (lower + error) === high ? high : -1;
}
