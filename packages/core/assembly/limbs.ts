// What wide elements share: 64-bit limbs in memory, lowest first, and the products of two of them, for which WebAssembly has no
// instruction. An element has as many limbs as its group's order; the bytes of the last limb beyond the element are its neighbour's.

/** The upper half of a product of two limbs. */
// @ts-expect-error: decorator
@inline
export function mulHigh(a: u64, b: u64): u64 {
  const a0 = a & 0xffffffff;
  const a1 = a >> 32;
  const b0 = b & 0xffffffff;
  const b1 = b >> 32;
  const p01 = a0 * b1;
  const p10 = a1 * b0;
  const middle = ((a0 * b0) >> 32) + (p01 & 0xffffffff) + (p10 & 0xffffffff);
  return a1 * b1 + (p01 >> 32) + (p10 >> 32) + (middle >> 32);
}

/** `out = limbs * by`, one limb more than `count`; returns that limb. */
export function multiply(limbs: usize, count: u32, by: u64, out: usize): u64 {
  let carry: u64 = 0;
  for (const end = limbs + ((<usize>count) << 3); limbs < end; limbs += 8, out += 8) {
    const limb = load<u64>(limbs);
    const low = limb * by + carry;
    store<u64>(out, low);
    carry = mulHigh(limb, by) + u64(low < carry);
  }
  store<u64>(out, carry);
  return carry;
}

/** 64 bits of a number from bit `at` on, which may be negative: there must be zeros around it. */
// @ts-expect-error: decorator
@inline
export function bitsAt(limbs: usize, at: i32): u64 {
  const address = limbs + ((at >> 6) << 3);
  const shift = <u64>(at & 63);
  return (load<u64>(address) >> shift) | ((load<u64>(address, 8) << 1) << (63 - shift));
}

/** Whether a < b. */
export function isBelow(a: usize, b: usize, count: u32): bool {
  for (let at = (<usize>count) << 3; at !== 0; ) {
    at -= 8;
    const x = load<u64>(a + at);
    const y = load<u64>(b + at);
    if (x !== y) return x < y;
  }
  return false;
}
