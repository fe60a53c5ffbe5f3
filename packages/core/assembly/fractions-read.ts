// Fractions of a published model (see fractions-write.ts), read into primitives when they are usual, which is up to four words above and below.

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
