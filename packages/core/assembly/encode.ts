// Weights to elements, floor((clamp(s·w) + A)·E) = A·E + floor(s·E·w) between 0 and 2·A·E (wire 4.3), on doubles with more bits than a
// double has: the factor s·E is two doubles, the first so short that its product with a weight (or with the upper half of one) is
// exact. What the proven margin cannot decide is listed for the caller, who decides it on big integers. See src/kernel/wasm/encoding.ts
// for the margin; A·E is below 2^47.

import { FACTOR, FACTOR_REST, IS_SHORT, LEAST, LIMIT, MARGIN, MIDDLE, MOST, NARROW, ORDER, ROUNDED_FACTOR, ROUNDED_MARGIN, WIDTH } from './parameters';

/** Splits a double into two halves of 26 bits (Veltkamp). */
const SPLIT: f64 = 134217729;
/** Listed instead of a number when a weight is no number; only what is not clamped first is noticed. */
const NOT_FINITE: u32 = 0xffffffff;

class Floats {}
class Doubles {}
class Words {}
class Longs {}

/** Encodes binary32 weights into lanes; returns how many numbers of undecided weights it wrote to `list`. */
export function encodeF32(p: usize, weights: usize, count: usize, lanes: usize, list: usize): i32 {
  return encode<Floats>(p, weights, count, lanes, list);
}

/** The same for binary64 weights. */
export function encodeF64(p: usize, weights: usize, count: usize, lanes: usize, list: usize): i32 {
  return encode<Doubles>(p, weights, count, lanes, list);
}

/** The same for 32-bit integers. */
export function encodeI32(p: usize, weights: usize, count: usize, lanes: usize, list: usize): i32 {
  return encode<Words>(p, weights, count, lanes, list);
}

/** The same for 64-bit integers. */
export function encodeI64(p: usize, weights: usize, count: usize, lanes: usize, list: usize): i32 {
  return encode<Longs>(p, weights, count, lanes, list);
}

/** Encodes weights whose products with the factor are doubles: none is undecided. */
export function encodeExactF32(p: usize, weights: usize, count: usize, lanes: usize): void {
  encodeExact<Floats>(p, weights, count, lanes);
}

/** The same for 32-bit integers. */
export function encodeExactI32(p: usize, weights: usize, count: usize, lanes: usize): void {
  encodeExact<Words>(p, weights, count, lanes);
}

/** The same for 64-bit integers. */
export function encodeExactI64(p: usize, weights: usize, count: usize, lanes: usize): void {
  encodeExact<Longs>(p, weights, count, lanes);
}

// @ts-expect-error: decorator
@inline
function encode<Type>(p: usize, weights: usize, count: usize, lanes: usize, list: usize): i32 {
  const factor = v128.load64_splat(p + FACTOR);
  const rest = v128.load64_splat(p + FACTOR_REST);
  const limit = v128.load64_splat(p + LIMIT);
  const middle = v128.load64_splat(p + MIDDLE);
  const least = v128.load64_splat(p + LEAST);
  const most = v128.load64_splat(p + MOST);
  const low = v128.load64_splat(p + MARGIN);
  const high = f64x2.sub(f64x2.splat(1), low);
  const start = list;
  for (let i: usize = 0; i < count; i += 2, lanes += 16) {
    let weight = load2<Type>(weights, i);
    let product: v128;
    let tail: v128;
    if (idof<Type>() == idof<Doubles>() || idof<Type>() == idof<Longs>()) {
      weight = f64x2.pmax(f64x2.pmin(weight, limit), f64x2.neg(limit)); // splitting must not overflow
      const spread = f64x2.mul(weight, f64x2.splat(SPLIT));
      const upper = f64x2.sub(spread, f64x2.sub(spread, weight));
      product = f64x2.mul(upper, factor);
      tail = f64x2.add(f64x2.mul(weight, rest), f64x2.mul(f64x2.sub(weight, upper), factor));
    } else {
      product = f64x2.mul(weight, factor);
      tail = f64x2.mul(weight, rest);
    }
    const floor = f64x2.floor(f64x2.add(product, tail)); // perhaps of a sum that was rounded up: then the fraction is not one
    const fraction = f64x2.add(f64x2.sub(product, floor), tail);
    v128.store(lanes, toLanes(floor, middle, least, most));
    const unsure = i64x2.bitmask(v128.and(f64x2.ge(fraction, low), f64x2.le(fraction, high))) ^ 3; // so that NaN is
    if (unsure) list = settle(p, weight, product, tail, unsure, <u32>i, lanes, list);
  }
  return <i32>((list - start) >> 2);
}

/** Decides single weights with more care, and lists the rest; returns the end of the list. */
function settle(p: usize, weight: v128, product: v128, tail: v128, unsure: i32, i: u32, lanes: usize, list: usize): usize {
  if (unsure & 1) {
    list = settleOne(p, f64x2.extract_lane(weight, 0), f64x2.extract_lane(product, 0), f64x2.extract_lane(tail, 0), i, lanes, list);
  }
  if (unsure & 2) {
    list = settleOne(p, f64x2.extract_lane(weight, 1), f64x2.extract_lane(product, 1), f64x2.extract_lane(tail, 1), i + 1, lanes + 8, list);
  }
  return list;
}

function settleOne(p: usize, weight: f64, product: f64, tail: f64, i: u32, lane: usize, list: usize): usize {
  const middle = load<f64>(p, MIDDLE) - load<f64>(p, LEAST);
  const margin = load<f64>(p, MARGIN);
  const size = Math.abs(product + tail);
  if (!isFinite(size)) {
    store<u32>(list, NOT_FINITE);
    return list + 4;
  }
  if (size > middle + 4) return list; // clamped for certain
  let floor = Math.floor(product);
  const above = product - floor + tail;
  const carry = Math.floor(above);
  const fraction = above - carry;
  floor += carry;
  if (size < 0.25) {
    floor = weight < 0 ? -1 : 0; // the exact product is below a half: its sign decides
  } else if ((fraction < margin || fraction > 1 - margin) && (load<u64>(p, IS_SHORT) == 0 || tail != 0)) {
    store<u32>(list, i);
    return list + 4;
  }
  store<u64>(lane, <u64>Math.min(Math.max(floor + middle, 0), 2 * middle));
  return list;
}

// @ts-expect-error: decorator
@inline
function encodeExact<Type>(p: usize, weights: usize, count: usize, lanes: usize): void {
  const factor = v128.load64_splat(p + FACTOR);
  const middle = v128.load64_splat(p + MIDDLE);
  const least = v128.load64_splat(p + LEAST);
  const most = v128.load64_splat(p + MOST);
  for (let i: usize = 0; i < count; i += 2, lanes += 16) {
    v128.store(lanes, toLanes(f64x2.floor(f64x2.mul(load2<Type>(weights, i), factor)), middle, least, most));
  }
}

/**
 * Encodes binary32 weights, followed by zeros up to a multiple of four, adds draws modulo the order, and packs: all in one pass, with
 * the factor as one double. False, and `out` undefined, when a weight is no number, or a product comes so near an integer that its two
 * roundings matter; then the functions above decide.
 */
export function maskF32(p: usize, weights: usize, count: usize, draws: usize, out: usize): bool {
  return maskFloats<Rounded>(p, weights, count, draws, out);
}

/** The same for weights whose products with the factor are doubles. */
export function maskExactF32(p: usize, weights: usize, count: usize, draws: usize, out: usize): bool {
  return maskFloats<Exact>(p, weights, count, draws, out);
}

class Rounded {}
class Exact {}

// @ts-expect-error: decorator
@inline
function maskFloats<Product>(p: usize, weights: usize, count: usize, draws: usize, out: usize): bool {
  const factor = v128.load64_splat(p + ROUNDED_FACTOR);
  const middle = v128.load64_splat(p + MIDDLE);
  const least = v128.load64_splat(p + LEAST);
  const most = v128.load64_splat(p + MOST);
  const order = v128.load64_splat(p + ORDER);
  const places = v128.load(p, NARROW);
  const step = <usize>load<u32>(p, WIDTH) << 1;
  const beyond = i64x2.add(least, order); // what is too much in the bits of a double, and the order
  let strange = i64x2.splat(0);
  let smallest = f64x2.splat(0.5);
  let largest = smallest;
  for (const end = weights + 4 * count; weights < end; weights += 16, draws += 32) {
    const four = v128.load(weights);
    strange = v128.or(strange, f32x4.sub(four, four)); // all bits are zero, but where one is not finite
    const a = f64x2.mul(load2<Floats>(weights, 0), factor);
    const b = f64x2.mul(load2<Floats>(weights, 2), factor);
    const floorA = f64x2.floor(a);
    const floorB = f64x2.floor(b);
    if (idof<Product>() == idof<Rounded>()) {
      const fractionA = f64x2.sub(a, floorA);
      const fractionB = f64x2.sub(b, floorB);
      smallest = f64x2.pmin(smallest, f64x2.pmin(fractionA, fractionB));
      largest = f64x2.pmax(largest, f64x2.pmax(fractionA, fractionB));
    }
    const sumA = i64x2.add(cut(floorA, middle, least, most), i64x2.sub(v128.load(draws), beyond));
    const sumB = i64x2.add(cut(floorB, middle, least, most), i64x2.sub(v128.load(draws, 16), beyond));
    v128.store(out, i8x16.swizzle(i64x2.add(sumA, v128.and(order, i64x2.lt_s(sumA, i64x2.splat(0)))), places));
    out += step;
    v128.store(out, i8x16.swizzle(i64x2.add(sumB, v128.and(order, i64x2.lt_s(sumB, i64x2.splat(0)))), places));
    out += step;
  }
  if (v128.any_true(strange)) return false;
  if (idof<Product>() == idof<Exact>()) return true;
  const margin = v128.load64_splat(p + ROUNDED_MARGIN);
  return i64x2.all_true(v128.and(f64x2.ge(smallest, margin), f64x2.le(largest, f64x2.sub(f64x2.splat(1), margin))));
}

/** Weights number i and i + 1, as doubles; longs rounded. */
// @ts-expect-error: decorator
@inline
function load2<Type>(weights: usize, i: usize): v128 {
  if (idof<Type>() == idof<Floats>()) return f64x2.promote_low_f32x4(v128.load64_zero(weights + 4 * i));
  if (idof<Type>() == idof<Words>()) return f64x2.convert_low_i32x4_s(v128.load64_zero(weights + 4 * i));
  if (idof<Type>() == idof<Longs>()) return f64x2.replace_lane(f64x2.splat(<f64>load<i64>(weights + 8 * i)), 1, <f64>load<i64>(weights + 8 * i, 8));
  return v128.load(weights + 8 * i);
}

/** Lanes from floors: shifted, cut, and as integers, which lie in the lowest bits of a double when 2^52 is added. */
// @ts-expect-error: decorator
@inline
function toLanes(floor: v128, middle: v128, least: v128, most: v128): v128 {
  return i64x2.sub(cut(floor, middle, least, most), least);
}

// @ts-expect-error: decorator
@inline
function cut(floor: v128, middle: v128, least: v128, most: v128): v128 {
  return f64x2.pmin(f64x2.pmax(f64x2.add(floor, middle), least), most);
}

/**
 * Whether all of `count` binary32 numbers, followed by 16 zero bytes, are finite: no exponent of all ones, which an addition carries
 * into the sign.
 */
export function areFiniteF32(weights: usize, count: usize): bool {
  const magnitude = i32x4.splat(0x7fffffff);
  const one = i32x4.splat(0x800000);
  let seen = i32x4.splat(0);
  let also = seen;
  const end = weights + 4 * count;
  for (; weights + 32 <= end; weights += 32) {
    seen = v128.or(seen, i32x4.add(v128.and(v128.load(weights), magnitude), one));
    also = v128.or(also, i32x4.add(v128.and(v128.load(weights, 16), magnitude), one));
  }
  for (; weights < end; weights += 16) seen = v128.or(seen, i32x4.add(v128.and(v128.load(weights), magnitude), one));
  return i32x4.bitmask(v128.or(seen, also)) == 0;
}

/** The same for binary64 numbers. */
export function areFiniteF64(weights: usize, count: usize): bool {
  const magnitude = i64x2.splat(0x7fffffffffffffff);
  const one = i64x2.splat(0x10000000000000);
  let seen = i64x2.splat(0);
  for (const end = weights + 8 * count; weights < end; weights += 16) {
    seen = v128.or(seen, i64x2.add(v128.and(v128.load(weights), magnitude), one));
  }
  return i64x2.bitmask(seen) == 0;
}
