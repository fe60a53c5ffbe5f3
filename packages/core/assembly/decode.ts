// Elements of at most eight bytes as primitives: (element - offset)·factor, rounded once (wire 4.6, 4.7), two at a time in doubles.
// What the error bound of the arithmetic does not decide is listed for the caller, who decides it exactly. Rounding to 32 bits needs
// one product; the other types need double-double arithmetic, good to 2^-100.

/** Where the parameters of a decoding lie: offset, then factor as the sum of two doubles, then 1 / denominator. */
const FACTOR = 8;
const FACTOR_LOW = 16;
const STEP = 24;

/** The double whose last place counts 2^32, and 2^63 more so that upper words of either sign lie in it: 2^84 + 2^63. */
const UPPER_ZERO: f64 = (1048576.0 * 4294967296.0 + 2147483648.0) * 4294967296.0;

/** Veltkamp: cuts a double into two halves whose products are exact. */
const SPLIT: f64 = 134217729;

/** Which bytes of a vector make two elements of `width` bytes, each widened by zeros to a word of 64 bits. */
function widening(width: u32): v128 {
  const byte = i8x16(0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7);
  const ofSecond = i8x16(0, 0, 0, 0, 0, 0, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1);
  const isInside = i8x16.lt_u(byte, i8x16.splat(<i8>width));
  return v128.bitselect(i8x16.add(byte, v128.and(ofSecond, i8x16.splat(<i8>width))), i8x16.splat(-128), isInside);
}

/** A signed integer below 2^63 as the multiple of 2^32 below it. */
function upperOf(n: v128): v128 {
  const biased = v128.xor(i64x2.shr_u(n, 32), i64x2.splat(0x4530000080000000)); // UPPER_ZERO + upper
  return f64x2.sub(biased, f64x2.splat(UPPER_ZERO));
}

/** The rest of it, below 2^32. */
function lowerOf(n: v128): v128 {
  const biased = v128.or(v128.and(n, i64x2.splat(0xffffffff)), i64x2.splat(0x4330000000000000)); // 2^52 + lower
  return f64x2.sub(biased, f64x2.splat(4503599627370496.0));
}

/**
 * Nearest floats, for a factor between 2^-120 and 2^60. The product has a relative error below 3.1 · 2^-53, four units in its last
 * place at most: unless it comes that near to the middle between two floats, where its low 29 bits are a one and zeros, it rounds as
 * the exact value does. Writes the numbers of the others to `doubts`; returns how many. Reads up to 16 bytes past the elements.
 */
export function decodeFloat32(elements: usize, width: u32, count: u32, parameters: usize, out: usize, doubts: usize): u32 {
  const shuffle = widening(width);
  const offset = v128.load64_splat(parameters);
  const factor = v128.load64_splat(parameters, FACTOR);
  const nearTie = i64x2.splat(4 - 0x10000000);
  const low29 = i64x2.splat(0x1fffffff);
  let doubted = doubts;
  for (let i: u32 = 0; i < count; i += 4) {
    const a = i64x2.sub(i8x16.swizzle(v128.load(elements), shuffle), offset);
    const b = i64x2.sub(i8x16.swizzle(v128.load(elements + 2 * width), shuffle), offset);
    elements += 4 * width;
    const p = f64x2.mul(f64x2.add(upperOf(a), lowerOf(a)), factor);
    const q = f64x2.mul(f64x2.add(upperOf(b), lowerOf(b)), factor);
    v128.store(out, i8x16.shuffle(f32x4.demote_f64x2_zero(p), f32x4.demote_f64x2_zero(q), 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
    out += 16;
    const near = i8x16.shuffle(
      v128.and(i64x2.add(p, nearTie), low29),
      v128.and(i64x2.add(q, nearTie), low29),
      0,
      1,
      2,
      3,
      8,
      9,
      10,
      11,
      16,
      17,
      18,
      19,
      24,
      25,
      26,
      27,
    );
    let bits = i32x4.bitmask(i32x4.lt_u(near, i32x4.splat(9)));
    while (bits !== 0) {
      const at = i + ctz(bits);
      bits &= bits - 1;
      if (at >= count) break;
      store<u32>(doubted, at);
      doubted += 4;
    }
  }
  return <u32>(doubted - doubts) >> 2;
}

/**
 * Nearest doubles (`kind` 1), or integers of 32 (2) or 64 bits (3) truncated toward zero, for a factor between 2^-120 and 2^60; the
 * rest as {@link decodeFloat32}. The integer n = element - offset is exactly two doubles, the factor two doubles with an error below
 * 2^-106 of it; their product keeps all terms but the smallest: its error is below 2^-103 of it.
 */
export function decodeOthers(kind: u32, elements: usize, width: u32, count: u32, parameters: usize, out: usize, doubts: usize): u32 {
  const shuffle = widening(width);
  const offset = v128.load64_splat(parameters);
  const factor = v128.load64_splat(parameters, FACTOR);
  const factorLow = v128.load64_splat(parameters, FACTOR_LOW);
  const split = f64x2.splat(SPLIT);
  const scaled = f64x2.mul(factor, split);
  const factorTop = f64x2.sub(scaled, f64x2.sub(scaled, factor));
  const factorRest = f64x2.sub(factor, factorTop);
  // A value that is no integer is a step away from one, at least: errors below a quarter of that cannot confuse the two.
  const largestError = f64x2.mul(v128.load64_splat(parameters, STEP), f64x2.splat(0.25));
  let doubted = doubts;
  for (let i: u32 = 0; i < count; i += 2) {
    const integer = i64x2.sub(i8x16.swizzle(v128.load(elements), shuffle), offset);
    elements += 2 * width;
    const upper = upperOf(integer);
    const lower = lowerOf(integer);
    const n = f64x2.add(upper, lower);
    const nLow = f64x2.sub(lower, f64x2.sub(n, upper));
    const nScaled = f64x2.mul(n, split);
    const nTop = f64x2.sub(nScaled, f64x2.sub(nScaled, n));
    const nRest = f64x2.sub(n, nTop);
    const product = f64x2.mul(n, factor);
    let rest = f64x2.sub(f64x2.mul(nTop, factorTop), product);
    rest = f64x2.add(f64x2.add(rest, f64x2.mul(nTop, factorRest)), f64x2.mul(nRest, factorTop));
    rest = f64x2.add(rest, f64x2.mul(nRest, factorRest));
    rest = f64x2.add(rest, f64x2.add(f64x2.mul(n, factorLow), f64x2.mul(nLow, factor)));
    const high = f64x2.add(product, rest);
    const low = f64x2.sub(rest, f64x2.sub(high, product));
    let isCertain: v128;
    if (kind === 1) {
      const error = f64x2.mul(f64x2.abs(high), f64x2.splat(7.888609052210118e-31)); // 2^-100
      isCertain = v128.and(f64x2.eq(f64x2.add(high, f64x2.sub(low, error)), high), f64x2.eq(f64x2.add(high, f64x2.add(low, error)), high));
      v128.store(out, high);
      out += 16;
    } else {
      const error = f64x2.mul(f64x2.abs(high), f64x2.splat(3.1554436208840472e-30)); // 2^-98
      const near = f64x2.nearest(high);
      const distance = f64x2.add(f64x2.sub(high, near), low);
      // Down to the integer below, unless it is the integer itself; then up again when the value is negative.
      const isWhole = f64x2.le(f64x2.abs(distance), error);
      const isNegative = f64x2.lt(high, f64x2.splat(0));
      const one = f64x2.splat(1);
      const down = v128.andnot(v128.and(f64x2.lt(distance, f64x2.splat(0)), one), v128.or(isWhole, isNegative));
      const up = v128.andnot(v128.and(v128.and(f64x2.gt(distance, f64x2.splat(0)), isNegative), one), isWhole);
      const truncated = f64x2.add(f64x2.sub(near, down), up);
      const limit = kind === 2 ? 2147483647.0 : 1125899906842624.0; // 2^31 - 1, which leaves -2^31 to the exact way, or 2^50
      isCertain = v128.and(f64x2.le(f64x2.abs(truncated), f64x2.splat(limit)), f64x2.lt(error, largestError));
      if (kind === 2) {
        v128.store64_lane(out, i32x4.trunc_sat_f64x2_s_zero(truncated), 0);
        out += 8;
      } else {
        const magic = f64x2.splat(6755399441055744.0); // 1.5 · 2^52: the sum holds the integer in its low bits
        v128.store(out, i64x2.sub(f64x2.add(truncated, magic), magic));
        out += 16;
      }
    }
    let bits = i64x2.bitmask(isCertain) ^ 3;
    while (bits !== 0) {
      const at = i + ctz(bits);
      bits &= bits - 1;
      if (at >= count) break;
      store<u32>(doubted, at);
      doubted += 4;
    }
  }
  return <u32>(doubted - doubts) >> 2;
}
