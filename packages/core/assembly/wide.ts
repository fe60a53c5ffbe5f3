// Elements of more than 64 bits, packed: draws, sums, differences and the range check. Groups of up to 128 bits, most of them, take
// pairs of limbs; the others loops. Results go elsewhere than operands: writing a number's last limb spoils up to 8 bytes behind it,
// and reading what was just written at another alignment would stall.

import { isBelow } from './limbs';

// A group, as the caller lays it out: limbs of its order, bytes of an element, 32-bit words of a candidate, the bits of the last word
// that count (all u32), the bits of the last limb that are an element's or a candidate's own; then the order, and room for two numbers.
const LIMBS: usize = 0;
const WIDTH: usize = 4;
const WORDS: usize = 8;
const WORD_MASK: usize = 12;
const MASK: usize = 16;
const DRAW_MASK: usize = 24;
const ORDER: usize = 64;
/** Only for the range check; differences have a number there. */
const LEAST: usize = 512;
const SPARE: usize = LEAST;

/**
 * Looks for candidates below the order from `at` up to `end`, writes the addresses of at most `most` of them to `list` and their number
 * in front of it; returns where it stopped. Only the last word of a candidate is looked at, unless it equals that of the order: where
 * almost every candidate is rejected, this is the loop that runs.
 */
export function sieveWide(group: usize, at: usize, end: usize, list: usize, most: u32): usize {
  const size = (<usize>load<u32>(group, WORDS)) << 2;
  const mask = load<u32>(group, WORD_MASK);
  const order = group + ORDER;
  const limit = load<u32>(order + size - 4);
  const last = list + ((<usize>most) << 2);
  const start = list;
  for (end -= size; at <= end && list < last; at += size) {
    const top = load<u32>(at + size - 4) & mask;
    store<u32>(list, <u32>at);
    let isDraw = top < limit;
    if (top === limit) {
      for (let i = size - 8; ; i -= 4) {
        const x = load<u32>(at + i);
        const y = load<u32>(order + i);
        if (x !== y) {
          isDraw = x < y;
          break;
        }
        if (i === 0) break;
      }
    }
    list += (<usize>isDraw) << 2;
  }
  store<u32>(start - 4, <u32>((list - start) >> 2));
  return at;
}

/** Packs the `count` draws listed at `list`; spoils up to 8 bytes behind. */
export function packWide(group: usize, list: usize, count: u32, out: usize): void {
  const width = <usize>load<u32>(group, WIDTH);
  for (const end = list + ((<usize>count) << 2); list < end; list += 4, out += width) {
    const from = <usize>load<u32>(list);
    store<u64>(out, load<u64>(from));
    store<u64>(out, load<u64>(from, 8), 8);
    for (let i: usize = 16; i < width; i += 8) store<u64>(out + i, load<u64>(from + i));
  }
}

/** Writes packed elements plus the `count` draws listed at `list`. */
export function addListedWide(group: usize, elements: usize, list: usize, count: u32, out: usize): void {
  const width = <usize>load<u32>(group, WIDTH);
  const mask = load<u64>(group, MASK);
  const drawMask = load<u64>(group, DRAW_MASK);
  const isPair = load<u32>(group, LIMBS) === 2;
  const low = load<u64>(group, ORDER);
  const high = load<u64>(group, ORDER + 8);
  for (const end = list + ((<usize>count) << 2); list < end; list += 4, elements += width, out += width) {
    const from = <usize>load<u32>(list);
    if (isPair) addPair(elements, mask, load<u64>(from), load<u64>(from, 8) & drawMask, low, high, out);
    else addLimbs(group, elements, mask, from, drawMask, out);
  }
}

/** Writes sums of packed elements; whether all of the second are below the order. */
export function addWide(group: usize, elements: usize, addends: usize, count: u32, out: usize): bool {
  const width = <usize>load<u32>(group, WIDTH);
  const mask = load<u64>(group, MASK);
  const isPair = load<u32>(group, LIMBS) === 2;
  const low = load<u64>(group, ORDER);
  const high = load<u64>(group, ORDER + 8);
  let isValid = true;
  for (const end = addends + <usize>count * width; addends < end; addends += width, elements += width, out += width) {
    if (isPair) {
      const x = load<u64>(addends);
      const y = load<u64>(addends, 8) & mask;
      isValid = isValid & isBelowPair(x, y, low, high);
      addPair(elements, mask, x, y, low, high, out);
    } else {
      isValid = isValid & addLimbs(group, elements, mask, addends, mask, out);
    }
  }
  return isValid;
}

/** Writes differences of packed elements, as sums with the order less the second; whether all of these are below the order. */
export function subtractWide(group: usize, elements: usize, subtrahends: usize, count: u32, out: usize): bool {
  const width = <usize>load<u32>(group, WIDTH);
  const mask = load<u64>(group, MASK);
  const isPair = load<u32>(group, LIMBS) === 2;
  const low = load<u64>(group, ORDER);
  const high = load<u64>(group, ORDER + 8);
  let isValid = true;
  for (const end = subtrahends + <usize>count * width; subtrahends < end; subtrahends += width, elements += width, out += width) {
    if (isPair) {
      const x = load<u64>(subtrahends);
      const y = load<u64>(subtrahends, 8) & mask;
      isValid = isValid & isBelowPair(x, y, low, high);
      addPair(elements, mask, low - x, high - y - u64(low < x), low, high, out);
    } else {
      isValid = isValid & subtractLimbs(group, elements, subtrahends, mask, out);
    }
  }
  return isValid;
}

/** Whether every element is below the order, and not below the number behind it. */
export function inRangeWide(group: usize, elements: usize, count: u32): bool {
  const width = <usize>load<u32>(group, WIDTH);
  const mask = load<u64>(group, MASK);
  const last = (<usize>load<u32>(group, LIMBS) - 1) << 3;
  const least = load<u64>(group + last, LEAST);
  for (const end = elements + <usize>count * width; elements < end; elements += width) {
    const top = load<u64>(elements + last) & mask;
    if (!isBelowOrder(group, top, elements, last)) return false;
    if (top < least || (top === least && isBelow(elements, group + LEAST, <u32>(last >> 3)))) return false;
  }
  return true;
}

// @ts-expect-error: decorator
@inline
function isBelowPair(low: u64, high: u64, limitLow: u64, limitHigh: u64): bool {
  return (high < limitHigh) | ((high === limitHigh) & (low < limitLow));
}

/** Writes the element at `at` plus a pair below the order; without branches, as half of the sums are beyond the order. */
// @ts-expect-error: decorator
@inline
function addPair(at: usize, mask: u64, x: u64, y: u64, low: u64, high: u64, out: usize): void {
  const top = load<u64>(at, 8) & mask;
  const sum = load<u64>(at) + x;
  const half = top + y;
  const upper = half + u64(sum < x);
  const isOver = (half < top) | (upper < half) | !isBelowPair(sum, upper, low, high);
  store<u64>(out, sum - (isOver ? low : 0));
  store<u64>(out, upper - (isOver ? high + u64(sum < low) : 0), 8);
}

/** Writes the element at `at` plus the number at `from`; whether that is below the order. */
function addLimbs(group: usize, at: usize, mask: u64, from: usize, fromMask: u64, out: usize): bool {
  const last = (<usize>load<u32>(group, LIMBS) - 1) << 3;
  let carry: u64 = 0;
  for (let i: usize = 0; i < last; i += 8) {
    const x = load<u64>(at + i);
    const sum = x + load<u64>(from + i);
    store<u64>(out + i, sum + carry);
    carry = u64(sum < x) | (u64(sum === u64.MAX_VALUE) & carry);
  }
  const addend = load<u64>(from + last) & fromMask;
  const half = (load<u64>(at + last) & mask) + addend;
  let top = half + carry;
  if ((half < addend) | (top < half) | !isBelowOrder(group, top, out, last)) {
    let borrow: u64 = 0;
    for (let i: usize = 0; i < last; i += 8) {
      const x = load<u64>(out + i);
      const y = load<u64>(group + i, ORDER);
      store<u64>(out + i, x - y - borrow);
      borrow = u64(x < y) | (u64(x === y) & borrow);
    }
    top -= load<u64>(group + last, ORDER) + borrow;
  }
  store<u64>(out + last, top);
  return isBelowOrder(group, addend, from, last);
}

/** Writes the element at `at` less the one at `from`; whether that is below the order. */
function subtractLimbs(group: usize, at: usize, from: usize, mask: u64, out: usize): bool {
  const last = (<usize>load<u32>(group, LIMBS) - 1) << 3;
  const subtrahend = load<u64>(from + last) & mask;
  let borrow: u64 = 0;
  for (let i: usize = 0; i < last; i += 8) {
    const x = load<u64>(group + i, ORDER);
    const y = load<u64>(from + i);
    store<u64>(group + i, x - y - borrow, SPARE);
    borrow = u64(x < y) | (u64(x === y) & borrow);
  }
  store<u64>(group + last, load<u64>(group + last, ORDER) - subtrahend - borrow, SPARE);
  addLimbs(group, at, mask, group + SPARE, u64.MAX_VALUE, out);
  return isBelowOrder(group, subtrahend, from, last);
}

/** Whether a number is below the order: its last limb is `top`, the others lie at `at`. */
// @ts-expect-error: decorator
@inline
function isBelowOrder(group: usize, top: u64, at: usize, last: usize): bool {
  const limit = load<u64>(group + last, ORDER);
  return top !== limit ? top < limit : isBelow(at, group + ORDER, <u32>(last >> 3));
}
