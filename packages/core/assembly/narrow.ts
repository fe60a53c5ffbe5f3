// Elements of at most eight bytes in lanes of 64 bits, two at a time: widening, checks, sums, differences, packing. Orders are at most
// 2^62, so sums of two and differences keep a sign. All loops go over pairs: an odd vector is followed by room for one more element,
// which callers set to zero where it is read and ignore where it is written.

import { ELEMENT_MASK, NARROW, ORDER, WIDEN, WIDTH } from './parameters';

/** Packs lanes that are below the order. */
export function packLanes(p: usize, lanes: usize, count: usize, out: usize): void {
  const width = <usize>load<u32>(p, WIDTH);
  const places = v128.load(p, NARROW);
  for (const end = lanes + 8 * count; lanes < end; lanes += 16, out += 2 * width) v128.store(out, i8x16.swizzle(v128.load(lanes), places));
}

/** Packs the sums of lanes and other lanes, all below the order, modulo the order. */
export function packSums(p: usize, lanes: usize, others: usize, count: usize, out: usize): void {
  const width = <usize>load<u32>(p, WIDTH);
  const places = v128.load(p, NARROW);
  const order = v128.load64_splat(p + ORDER);
  for (const end = lanes + 8 * count; lanes < end; lanes += 16, others += 16, out += 2 * width) {
    const sum = i64x2.add(v128.load(lanes), v128.load(others));
    v128.store(out, i8x16.swizzle(i64x2.sub(sum, v128.andnot(order, i64x2.lt_s(sum, order))), places));
  }
}

/** Adds packed elements to lanes, without reduction; elements not below the order are left out and make the result other than zero. */
export function addElements(p: usize, lanes: usize, elements: usize, count: usize): i32 {
  return change<Adding>(p, lanes, elements, count);
}

/** The same for lanes that are and stay below the order. */
export function addElementsReduced(p: usize, lanes: usize, elements: usize, count: usize): i32 {
  return change<AddingReduced>(p, lanes, elements, count);
}

/** Takes back what {@link addElements} added. */
export function subtractElements(p: usize, lanes: usize, elements: usize, count: usize): i32 {
  return change<Subtracting>(p, lanes, elements, count);
}

/** Takes back what {@link addElementsReduced} added. */
export function subtractElementsReduced(p: usize, lanes: usize, elements: usize, count: usize): i32 {
  return change<SubtractingReduced>(p, lanes, elements, count);
}

class Adding {}
class AddingReduced {}
class Subtracting {}
class SubtractingReduced {}

// @ts-expect-error: decorator
@inline
function change<Way>(p: usize, lanes: usize, elements: usize, count: usize): i32 {
  const width = <usize>load<u32>(p, WIDTH);
  const widen = v128.load(p, WIDEN);
  const order = v128.load64_splat(p + ORDER);
  const last = i64x2.sub(order, i64x2.splat(1));
  let bad = i64x2.splat(0);
  for (const end = lanes + 8 * count; lanes < end; lanes += 16, elements += 2 * width) {
    let element = i8x16.swizzle(v128.load(elements), widen);
    const isBeyond = beyond(element, last);
    bad = v128.or(bad, isBeyond);
    element = v128.andnot(element, i64x2.lt_s(isBeyond, i64x2.splat(0)));
    const lane = v128.load(lanes);
    if (idof<Way>() == idof<Adding>()) v128.store(lanes, i64x2.add(lane, element));
    if (idof<Way>() == idof<AddingReduced>()) v128.store(lanes, wrap(i64x2.sub(i64x2.add(lane, element), order), order));
    if (idof<Way>() == idof<Subtracting>()) v128.store(lanes, i64x2.sub(lane, element));
    if (idof<Way>() == idof<SubtractingReduced>()) v128.store(lanes, wrap(i64x2.sub(lane, element), order));
  }
  return i64x2.bitmask(bad);
}

/** Adds lanes below the order to other lanes, without reduction. */
export function addLanes(lanes: usize, others: usize, count: usize): void {
  for (const end = lanes + 8 * count; lanes < end; lanes += 16, others += 16) v128.store(lanes, i64x2.add(v128.load(lanes), v128.load(others)));
}

/** The same for lanes that are and stay below the order. */
export function addLanesReduced(p: usize, lanes: usize, others: usize, count: usize): void {
  const order = v128.load64_splat(p + ORDER);
  for (const end = lanes + 8 * count; lanes < end; lanes += 16, others += 16) {
    v128.store(lanes, wrap(i64x2.sub(i64x2.add(v128.load(lanes), v128.load(others)), order), order));
  }
}

/** Brings lanes below the order. */
export function reduceLanes(p: usize, lanes: usize, count: usize): void {
  const order = load<u64>(p, ORDER);
  const end = lanes + 8 * count;
  if (order & (order - 1)) {
    for (; lanes < end; lanes += 8) store<u64>(lanes, load<u64>(lanes) % order);
  } else {
    for (; lanes < end; lanes += 8) store<u64>(lanes, load<u64>(lanes) & (order - 1));
  }
}

/** Whether packed elements are all from `low` (64 bits at `bounds`) on and fewer than `span` (64 bits behind it) above it. */
export function areInRange(p: usize, bounds: usize, elements: usize, count: usize): bool {
  const width = <usize>load<u32>(p, WIDTH);
  const mask = load<u64>(p, ELEMENT_MASK);
  const low = load<u64>(bounds);
  const span = load<u64>(bounds, 8);
  let isInside = true;
  for (const end = elements + count * width; elements < end; elements += width) isInside &= (load<u64>(elements) & mask) - low < span;
  return isInside;
}

/** What is negative, plus the order. */
// @ts-expect-error: decorator
@inline
function wrap(lane: v128, order: v128): v128 {
  return i64x2.add(lane, v128.and(order, i64x2.lt_s(lane, i64x2.splat(0))));
}

/** A lane with its upmost bit set where an element of 64 bits is larger than `last`. */
// @ts-expect-error: decorator
@inline
function beyond(element: v128, last: v128): v128 {
  return v128.or(element, i64x2.sub(last, element));
}
