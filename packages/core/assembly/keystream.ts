// ChaCha20 in its original layout (wire 2.1), four blocks at a time, one in each lane of 32 bits; words are put in order at the end.

/** Writes `blocks` blocks (a multiple of four) of keystream to `out`; at `state`: key (32 bytes), block counter (8 bytes), which moves on. */
export function keystream(state: usize, out: usize, blocks: u32): void {
  for (const end = out + 64 * (<usize>blocks); out < end; out += 256) {
    const counter = load<u64>(state + 32);
    store<u64>(state + 32, counter + 4);
    const low = i32x4(<i32>counter, <i32>(counter + 1), <i32>(counter + 2), <i32>(counter + 3));
    const high = i32x4(<i32>(counter >> 32), <i32>((counter + 1) >> 32), <i32>((counter + 2) >> 32), <i32>((counter + 3) >> 32));
    let a0 = i32x4.splat(0x61707865);
    let a1 = i32x4.splat(0x3320646e);
    let a2 = i32x4.splat(0x79622d32);
    let a3 = i32x4.splat(0x6b206574);
    let b0 = v128.load32_splat(state);
    let b1 = v128.load32_splat(state + 4);
    let b2 = v128.load32_splat(state + 8);
    let b3 = v128.load32_splat(state + 12);
    let c0 = v128.load32_splat(state + 16);
    let c1 = v128.load32_splat(state + 20);
    let c2 = v128.load32_splat(state + 24);
    let c3 = v128.load32_splat(state + 28);
    let d0 = low;
    let d1 = high;
    let d2 = i32x4.splat(0);
    let d3 = i32x4.splat(0);
    for (let i = 0; i < 10; i++) {
      a0 = i32x4.add(a0, b0), d0 = turn16(v128.xor(d0, a0)), c0 = i32x4.add(c0, d0), b0 = turn(v128.xor(b0, c0), 12);
      a1 = i32x4.add(a1, b1), d1 = turn16(v128.xor(d1, a1)), c1 = i32x4.add(c1, d1), b1 = turn(v128.xor(b1, c1), 12);
      a2 = i32x4.add(a2, b2), d2 = turn16(v128.xor(d2, a2)), c2 = i32x4.add(c2, d2), b2 = turn(v128.xor(b2, c2), 12);
      a3 = i32x4.add(a3, b3), d3 = turn16(v128.xor(d3, a3)), c3 = i32x4.add(c3, d3), b3 = turn(v128.xor(b3, c3), 12);
      a0 = i32x4.add(a0, b0), d0 = turn8(v128.xor(d0, a0)), c0 = i32x4.add(c0, d0), b0 = turn(v128.xor(b0, c0), 7);
      a1 = i32x4.add(a1, b1), d1 = turn8(v128.xor(d1, a1)), c1 = i32x4.add(c1, d1), b1 = turn(v128.xor(b1, c1), 7);
      a2 = i32x4.add(a2, b2), d2 = turn8(v128.xor(d2, a2)), c2 = i32x4.add(c2, d2), b2 = turn(v128.xor(b2, c2), 7);
      a3 = i32x4.add(a3, b3), d3 = turn8(v128.xor(d3, a3)), c3 = i32x4.add(c3, d3), b3 = turn(v128.xor(b3, c3), 7);
      a0 = i32x4.add(a0, b1), d3 = turn16(v128.xor(d3, a0)), c2 = i32x4.add(c2, d3), b1 = turn(v128.xor(b1, c2), 12);
      a1 = i32x4.add(a1, b2), d0 = turn16(v128.xor(d0, a1)), c3 = i32x4.add(c3, d0), b2 = turn(v128.xor(b2, c3), 12);
      a2 = i32x4.add(a2, b3), d1 = turn16(v128.xor(d1, a2)), c0 = i32x4.add(c0, d1), b3 = turn(v128.xor(b3, c0), 12);
      a3 = i32x4.add(a3, b0), d2 = turn16(v128.xor(d2, a3)), c1 = i32x4.add(c1, d2), b0 = turn(v128.xor(b0, c1), 12);
      a0 = i32x4.add(a0, b1), d3 = turn8(v128.xor(d3, a0)), c2 = i32x4.add(c2, d3), b1 = turn(v128.xor(b1, c2), 7);
      a1 = i32x4.add(a1, b2), d0 = turn8(v128.xor(d0, a1)), c3 = i32x4.add(c3, d0), b2 = turn(v128.xor(b2, c3), 7);
      a2 = i32x4.add(a2, b3), d1 = turn8(v128.xor(d1, a2)), c0 = i32x4.add(c0, d1), b3 = turn(v128.xor(b3, c0), 7);
      a3 = i32x4.add(a3, b0), d2 = turn8(v128.xor(d2, a3)), c1 = i32x4.add(c1, d2), b0 = turn(v128.xor(b0, c1), 7);
    }
    a0 = i32x4.add(a0, i32x4.splat(0x61707865));
    a1 = i32x4.add(a1, i32x4.splat(0x3320646e));
    a2 = i32x4.add(a2, i32x4.splat(0x79622d32));
    a3 = i32x4.add(a3, i32x4.splat(0x6b206574));
    transpose(out, a0, a1, a2, a3);
    b0 = i32x4.add(b0, v128.load32_splat(state));
    b1 = i32x4.add(b1, v128.load32_splat(state + 4));
    b2 = i32x4.add(b2, v128.load32_splat(state + 8));
    b3 = i32x4.add(b3, v128.load32_splat(state + 12));
    transpose(out + 16, b0, b1, b2, b3);
    c0 = i32x4.add(c0, v128.load32_splat(state + 16));
    c1 = i32x4.add(c1, v128.load32_splat(state + 20));
    c2 = i32x4.add(c2, v128.load32_splat(state + 24));
    c3 = i32x4.add(c3, v128.load32_splat(state + 28));
    transpose(out + 32, c0, c1, c2, c3);
    transpose(out + 48, i32x4.add(d0, low), i32x4.add(d1, high), d2, d3);
  }
}

// @ts-expect-error: decorator
@inline
function turn(x: v128, bits: i32): v128 {
  return v128.or(i32x4.shl(x, bits), i32x4.shr_u(x, 32 - bits));
}

// @ts-expect-error: decorator
@inline
function turn16(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

// @ts-expect-error: decorator
@inline
function turn8(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);
}

/** Four words of each of four blocks, which lie 64 bytes apart. */
// @ts-expect-error: decorator
@inline
function transpose(out: usize, w0: v128, w1: v128, w2: v128, w3: v128): void {
  const low01 = v128.shuffle<u32>(w0, w1, 0, 4, 1, 5);
  const high01 = v128.shuffle<u32>(w0, w1, 2, 6, 3, 7);
  const low23 = v128.shuffle<u32>(w2, w3, 0, 4, 1, 5);
  const high23 = v128.shuffle<u32>(w2, w3, 2, 6, 3, 7);
  v128.store(out, v128.shuffle<u64>(low01, low23, 0, 2));
  v128.store(out, v128.shuffle<u64>(low01, low23, 1, 3), 64);
  v128.store(out, v128.shuffle<u64>(high01, high23, 0, 2), 128);
  v128.store(out, v128.shuffle<u64>(high01, high23, 1, 3), 192);
}
