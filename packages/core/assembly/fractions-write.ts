// Fractions of a published model (wire 7.3): sign, count of 32-bit words, words; numerator, then denominator. Written in lowest terms
// from elements of at most eight bytes.

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
