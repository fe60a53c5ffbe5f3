// Rejection sampling of candidates of at most 64 bits (wire 2.3): a candidate is the next one or two words under a mask, and what is
// below the order goes to the lanes, in order. Branches that depend on the keystream would be mispredicted, so the usual case has
// none: where many candidates are accepted, each is stored and the place moves on or not; where few are, sixteen are compared at once,
// and three places of what was accepted are written whether there are as many or not.

import { CANDIDATE_MASK, ORDER, READ } from './parameters';

/**
 * Sieves two-word candidates from the keystream at `at` … `end` into lanes at `out` … `outEnd`, until either is used up; returns the
 * end of what it wrote, and at READ how far it read. `isSparse` says that fewer than one in eight is accepted.
 */
export function sieve(p: usize, at: usize, end: usize, out: usize, outEnd: usize, isSparse: bool): usize {
  const order = load<u64>(p, ORDER);
  const mask = load<u64>(p, CANDIDATE_MASK);
  if (isSparse) {
    // Only the upper words are compared; where one equals the order's, which is rare, all sixteen take the exact way.
    const highMask = i32x4.splat(<i32>(mask >> 32));
    const limit = i32x4.splat(<i32>(order >> 32));
    for (; at + 128 <= end && out + 128 <= outEnd; at += 128) {
      const a = v128.and(highs(at), highMask);
      const b = v128.and(highs(at + 32), highMask);
      const c = v128.and(highs(at + 64), highMask);
      const d = v128.and(highs(at + 96), highMask);
      const ties = v128.or(v128.or(i32x4.eq(a, limit), i32x4.eq(b, limit)), v128.or(i32x4.eq(c, limit), i32x4.eq(d, limit)));
      if (v128.any_true(ties)) {
        for (let i: usize = 0; i < 128; i += 8) out = step(at + i, out, order, mask);
        continue;
      }
      const low = i16x8.narrow_i32x4_s(isAbove(a, limit), isAbove(b, limit));
      const high = i16x8.narrow_i32x4_s(isAbove(c, limit), isAbove(d, limit));
      let few = ~i8x16.bitmask(i8x16.narrow_i16x8_s(low, high)) & 0xffff;
      const next = out + (popcnt(few) << 3);
      store<u64>(out, load<u64>(at + (ctz(few | 0x8000) << 3)) & mask);
      few &= few - 1;
      store<u64>(out, load<u64>(at + (ctz(few | 0x8000) << 3)) & mask, 8);
      few &= few - 1;
      store<u64>(out, load<u64>(at + (ctz(few | 0x8000) << 3)) & mask, 16);
      few &= few - 1;
      if (few) {
        let place = out + 24;
        do {
          store<u64>(place, load<u64>(at + (ctz(few) << 3)) & mask);
          few &= few - 1;
          place += 8;
        } while (few);
      }
      out = next;
    }
  } else {
    for (; at + 64 <= end && out + 64 <= outEnd; at += 64) {
      out = step(at, out, order, mask);
      out = step(at + 8, out, order, mask);
      out = step(at + 16, out, order, mask);
      out = step(at + 24, out, order, mask);
      out = step(at + 32, out, order, mask);
      out = step(at + 40, out, order, mask);
      out = step(at + 48, out, order, mask);
      out = step(at + 56, out, order, mask);
    }
  }
  for (; at + 8 <= end && out < outEnd; at += 8) out = step(at, out, order, mask);
  store<u32>(p, at, READ);
  return out;
}

/** The same for candidates of one word. */
export function sieveWords(p: usize, at: usize, end: usize, out: usize, outEnd: usize): usize {
  const order = load<u64>(p, ORDER);
  const mask = load<u64>(p, CANDIDATE_MASK);
  for (; at + 4 <= end && out < outEnd; at += 4) {
    const candidate = <u64>load<u32>(at) & mask;
    store<u64>(out, candidate);
    out += (<usize>(candidate < order)) << 3;
  }
  store<u32>(p, at, READ);
  return out;
}

// @ts-expect-error: decorator
@inline
function step(at: usize, out: usize, order: u64, mask: u64): usize {
  const candidate = load<u64>(at) & mask;
  store<u64>(out, candidate);
  return out + ((<usize>(candidate < order)) << 3);
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
