// Rejection sampling of candidates of at most 64 bits (wire 2.3): a candidate is the next one or two words under a mask, and what is
// below the order goes out, in order. Branches that depend on the keystream would be mispredicted, so the usual case has none: where
// many candidates are accepted, two are moved together by a table of the four cases, and the place moves on by what was accepted;
// where few are, sixteen are compared at once, and three places of what was accepted are written whether there are as many or not.
//
// What is written reaches up to 24 bytes beyond what counts, and the next store overwrites it: so elements are packed by their places
// alone, `stride` bytes apart, and a stride of eight gives lanes.

import { CANDIDATE_MASK, ORDER, READ, STEPS, STRIDE } from './parameters';

/**
 * Sieves two-word candidates from the keystream at `at` … `end` to elements at `out` … `outEnd`, until either is used up; returns the
 * end of what it wrote, and at READ how far it read. `isSparse` says that fewer than one in eight is accepted.
 */
export function sieve(p: usize, at: usize, end: usize, out: usize, outEnd: usize, isSparse: bool): usize {
  const order = load<u64>(p, ORDER);
  const mask = load<u64>(p, CANDIDATE_MASK);
  const stride = <usize>load<u32>(p, STRIDE);
  if (isSparse) {
    // Only the upper words are compared; where one equals the order's, which is rare, all sixteen take the exact way.
    const highMask = i32x4.splat(<i32>(mask >> 32));
    const limit = i32x4.splat(<i32>(order >> 32));
    const second = stride;
    const third = stride + stride;
    for (const last = outEnd - 16 * stride; at + 128 <= end && out <= last; at += 128) {
      const a = v128.and(highs(at), highMask);
      const b = v128.and(highs(at + 32), highMask);
      const c = v128.and(highs(at + 64), highMask);
      const d = v128.and(highs(at + 96), highMask);
      const ties = v128.or(v128.or(i32x4.eq(a, limit), i32x4.eq(b, limit)), v128.or(i32x4.eq(c, limit), i32x4.eq(d, limit)));
      if (v128.any_true(ties)) {
        for (let i: usize = 0; i < 128; i += 8) out = step(at + i, out, order, mask, stride);
        continue;
      }
      const low = i16x8.narrow_i32x4_s(isAbove(a, limit), isAbove(b, limit));
      const high = i16x8.narrow_i32x4_s(isAbove(c, limit), isAbove(d, limit));
      let few = ~i8x16.bitmask(i8x16.narrow_i16x8_s(low, high)) & 0xffff;
      const next = out + <usize>(<u32>popcnt(few)) * stride;
      store<u64>(out, load<u64>(at + (ctz(few | 0x8000) << 3)) & mask);
      few &= few - 1;
      store<u64>(out + second, load<u64>(at + (ctz(few | 0x8000) << 3)) & mask);
      few &= few - 1;
      store<u64>(out + third, load<u64>(at + (ctz(few | 0x8000) << 3)) & mask);
      few &= few - 1;
      if (few) {
        let place = out + third;
        do {
          place += stride;
          store<u64>(place, load<u64>(at + (ctz(few) << 3)) & mask);
          few &= few - 1;
        } while (few);
      }
      out = next;
    }
  } else {
    const masks = i64x2.splat(mask);
    const orders = i64x2.splat(order);
    for (const last = outEnd - 8 * stride; at + 64 <= end && out <= last; at += 64) {
      out = pair(p, at, out, orders, masks);
      out = pair(p, at + 16, out, orders, masks);
      out = pair(p, at + 32, out, orders, masks);
      out = pair(p, at + 48, out, orders, masks);
    }
  }
  for (; at + 8 <= end && out < outEnd; at += 8) out = step(at, out, order, mask, stride);
  store<u32>(p, at, READ);
  return out;
}

/** The same for candidates of one word. */
export function sieveWords(p: usize, at: usize, end: usize, out: usize, outEnd: usize): usize {
  const order = load<u64>(p, ORDER);
  const mask = load<u64>(p, CANDIDATE_MASK);
  const stride = <usize>load<u32>(p, STRIDE);
  for (; at + 4 <= end && out < outEnd; at += 4) {
    const candidate = <u64>load<u32>(at) & mask;
    store<u64>(out, candidate);
    out += stride & -(<usize>(candidate < order));
  }
  store<u32>(p, at, READ);
  return out;
}

/** Moves those of two candidates that are below the order; they are below 2^64, the order is at most 2^62. */
// @ts-expect-error: decorator
@inline
function pair(p: usize, at: usize, out: usize, orders: v128, masks: v128): usize {
  const candidates = v128.and(v128.load(at), masks);
  const entry = p + (i64x2.bitmask(v128.andnot(i64x2.sub(candidates, orders), candidates)) << 5);
  v128.store(out, i8x16.swizzle(candidates, v128.load(entry, STEPS)));
  return out + <usize>load<u32>(entry, STEPS + 16);
}

// @ts-expect-error: decorator
@inline
function step(at: usize, out: usize, order: u64, mask: u64, stride: usize): usize {
  const candidate = load<u64>(at) & mask;
  store<u64>(out, candidate);
  return out + (stride & -(<usize>(candidate < order)));
}

/** The upper words of four candidates. */
// @ts-expect-error: decorator
@inline
function highs(at: usize): v128 {
  return v128.shuffle<u32>(v128.load(at), v128.load(at, 16), 1, 3, 5, 7);
}

/** All ones where an unsigned word is at the limit or above. */
// @ts-expect-error: decorator
@inline
function isAbove(words: v128, limit: v128): v128 {
  return i32x4.eq(i32x4.min_u(words, limit), limit);
}
