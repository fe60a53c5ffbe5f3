// From packed elements of more than 64 bits back to numbers: (element - offset) · factor, rounded once (wire 4.6, 4.7). The leading
// 128 bits of both are multiplied; the result lies between the product and 16 units of its last bit above. Where that leaves two
// answers, both ends are compared exactly, if the factor is the inverse of an integer; what is beyond that is left to the caller.

import { bitsAt, mulHigh, multiply } from './limbs';

// The job, as the caller lays it out: the factor is (high, low) · 2^exponent, or up to one unit more, with its highest bit set.
const WIDTH: usize = 0;
const LIMBS: usize = 4;
const EXPONENT: usize = 8;
/** Limbs of the inverse of the factor; 0 if that is no integer. */
const INVERSE_LIMBS: usize = 12;
const MASK: usize = 16;
const HIGH: usize = 24;
const LOW: usize = 32;
/** Sign of the last difference. */
const IS_NEGATIVE: usize = 40;
const OFFSET: usize = 64;
const INVERSE: usize = 64 + 320;
/** Element less offset, with zeros around. */
const DIFFERENCE: usize = 2048;
const MULTIPLE: usize = 4096;
const SLACK: u64 = 16;

/**
 * Decodes `count` elements to kind 0 to 3 for F32, F64, I32, I64. Writes the numbers of those that it could not decide, or that may
 * be out of range, to `undecided` and returns how many there are.
 */
export function decodeWide(kind: u32, from: usize, count: u32, job: usize, out: usize, undecided: usize): u32 {
  const width = <usize>load<u32>(job, WIDTH);
  const start = undecided;
  const factorHigh = load<u64>(job, HIGH);
  const factorLow = load<u64>(job, LOW);
  const inverseLimbs = load<u32>(job, INVERSE_LIMBS);
  for (let i: u32 = 0; i < count; i++, from += width) {
    const top = subtractOffset(from, job);
    const isNegative = load<u32>(job, IS_NEGATIVE) !== 0;
    let isDecided = true;
    let float: f64 = 0;
    let integer: u64 = 0;
    if (top >= 0) {
      const at = (top << 6) + 63 - <i32>clz(load<u64>(job + ((<usize>top) << 3), DIFFERENCE)); // the highest bit that is set
      const differenceHigh = bitsAt(job + DIFFERENCE, at - 63);
      const differenceLow = bitsAt(job + DIFFERENCE, at - 127);
      // Three of the four partial products; what is cut off everywhere is less than 6 units.
      const cross = mulHigh(differenceHigh, factorLow);
      const sum = cross + mulHigh(differenceLow, factorHigh);
      const product = differenceHigh * factorHigh;
      let low = product + sum;
      let high = mulHigh(differenceHigh, factorHigh) + u64(sum < cross) + u64(low < sum);
      let exponent = at - 127 + load<i32>(job, EXPONENT) + 255; // of the highest bit
      if (<i64>high >= 0) {
        high = (high << 1) | (low >> 63);
        low <<= 1;
        exponent--;
      }
      if (kind < 2) {
        const drop: u64 = kind === 0 ? 40 : 11;
        const most = kind === 0 ? 126 : 1022;
        if (exponent < -most || exponent > most) {
          isDecided = false;
        } else {
          let kept = high >> drop;
          const rest = high - (kept << drop);
          const half = (<u64>1) << (drop - 1);
          let isUp = rest >= half;
          if ((rest === half && low === 0) || (rest === half - 1 && low > u64.MAX_VALUE - SLACK)) {
            if (inverseLimbs === 0) {
              isDecided = false;
            } else {
              const order = compare(2 * kept + 1, exponent - 64 + <i32>drop, job, top);
              isUp = order > 0 || (order === 0 && (kept & 1) !== 0);
            }
          }
          kept += u64(isUp);
          // A carry out of the significand goes into the exponent, as it should.
          const bits = ((<u64>(exponent + 1022)) << 52) + (kind === 0 ? kept << 29 : kept);
          float = reinterpret<f64>(bits | (u64(isNegative) << 63));
        }
      } else if (exponent > 62) {
        isDecided = false;
      } else if (exponent >= -1) {
        const shift = <u64>(62 - exponent);
        integer = (high >> 1) >> shift;
        // All bits behind the point set: the true value may be the next integer.
        if ((high | ~(((<u64>2) << shift) - 1)) === u64.MAX_VALUE && low > u64.MAX_VALUE - SLACK) {
          if (inverseLimbs === 0) isDecided = false;
          else if (compare(integer + 1, 0, job, top) >= 0) integer++;
        }
        if (integer > (kind === 2 ? <u64>i32.MAX_VALUE : <u64>i64.MAX_VALUE)) isDecided = false;
      }
    }
    if (kind === 0) store<f32>(out + ((<usize>i) << 2), <f32>float);
    else if (kind === 1) store<f64>(out + ((<usize>i) << 3), float);
    else if (kind === 2) store<i32>(out + ((<usize>i) << 2), <i32>(isNegative ? -integer : integer));
    else store<u64>(out + ((<usize>i) << 3), isNegative ? -integer : integer);
    if (!isDecided) {
      store<u32>(undecided, i);
      undecided += 4;
    }
  }
  return <u32>((undecided - start) >> 2);
}

/**
 * Difference = |element - offset|; returns its highest limb that is not zero, or -1. Limbs above those that differ are not written,
 * but for the next.
 */
function subtractOffset(from: usize, job: usize): i32 {
  const offset = job + OFFSET;
  const difference = job + DIFFERENCE;
  let top = load<i32>(job, LIMBS) - 1;
  let at = (<usize>top) << 3;
  let x = load<u64>(from + at) & load<u64>(job, MASK);
  let y = load<u64>(offset + at);
  while (x === y) {
    if (at === 0) return -1;
    at -= 8;
    x = load<u64>(from + at);
    y = load<u64>(offset + at);
  }
  const isNegative = x < y;
  const minuend = isNegative ? offset : from;
  const subtrahend = isNegative ? from : offset;
  let borrow: u64 = 0;
  for (let i: usize = 0; i < at; i += 8) {
    const a = load<u64>(minuend + i);
    const b = load<u64>(subtrahend + i);
    store<u64>(difference + i, a - b - borrow);
    borrow = u64(a < b) | (u64(a === b) & borrow);
  }
  store<u64>(difference + at, (isNegative ? y - x : x - y) - borrow);
  store<u64>(difference + at, 0, 8);
  store<u32>(job, isNegative, IS_NEGATIVE);
  top = <i32>(at >> 3);
  while (top >= 0 && load<u64>(difference + ((<usize>top) << 3)) === 0) top--;
  return top;
}

/** The sign of difference · factor - value · 2^exponent, by difference - value · 2^exponent · inverse. */
function compare(value: u64, exponent: i32, job: usize, top: i32): i32 {
  const multiple = job + MULTIPLE;
  multiply(job + INVERSE, load<u32>(job, INVERSE_LIMBS), value, multiple);
  // Both are compared from above, limb by limb of the difference, down to where the multiple ends.
  for (let i = top + 1; i >= min(exponent >> 6, 0); i--) {
    const a = load<u64>(job + DIFFERENCE + (i << 3));
    const b = bitsAt(multiple, (i << 6) - exponent);
    if (a !== b) return a > b ? 1 : -1;
  }
  return 0;
}
