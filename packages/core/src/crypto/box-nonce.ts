// The nonce of a sealed box: BLAKE2b (RFC 7693) of two public keys, 64 bytes that make one block, shortened to 24 (wire 1.2). The hash is
// written out here for this one length, in loops: noble's, unrolled for streams of any length, would be a twentieth of a page's bundle.
// What goes in and comes out is public, so that nothing is to be hidden; the test compares with noble's.

import { START_WORDS } from './noble-cut/sha2.ts';

/** Places of words, a hexadecimal digit each, in arrays that have two numbers a word. */
const places = (digits: string): Uint8Array => Uint8Array.from(digits, (digit) => 2 * Number.parseInt(digit, 16));

/** The order in which each of ten rounds takes the words of the block; the last two are the first two again. */
const SIGMA = places(
  '0123456789abcdefea489fd61c02b753b8c052fdae3671947931dcbe265a40f8905724afe1bc683d' +
    '2c6a0b834d75fe19c51fed4a0763928bdb7ec13950f4862a6fe9b308c2d714a5a2847615fb9e3cd0',
);

/** The four words that each of the eight steps of a round mixes: columns, then diagonals. */
const STEPS = places('048c159d26ae37bf05af16bc278d349e');

/** BLAKE2b-192 of both keys, 32 bytes each, one after the other. */
export function boxNonce(ephemeralKey: Uint8Array, recipient: Uint8Array): Uint8Array {
  // Words of 64 bits are two of 32 here, the lower one first.
  const block = new Uint32Array(32);
  [ephemeralKey, recipient].forEach((key, half) => {
    for (let i = 0; i < 32; i++) block[8 * half + (i >> 2)]! |= key[i]! << (8 * (i & 3));
  });
  const state = new Uint32Array(32).map((_, i) => START_WORDS[(i & 15) ^ 1]!); // the same eight words, twice
  state[0]! ^= 0x01010018; // 24 bytes, no key, no tree
  const start = state.slice(0, 6);
  state[24]! ^= 64; // bytes so far
  state[28]! ^= -1; // the last block
  state[29]! ^= -1;

  const add = (into: number, words: Uint32Array, from: number): void => {
    const low = state[into]! + words[from]!;
    state[into] = low;
    state[into + 1]! += words[from + 1]! + (low > 0xffff_ffff ? 1 : 0);
  };
  /** Rotates `turned ^ by` to the right: by `bits`, and where `half`, by 32 more. */
  const turn = (turned: number, by: number, bits: number, half: 0 | 1): void => {
    const low = state[turned + half]! ^ state[by + half]!;
    const high = state[turned + 1 - half]! ^ state[by + 1 - half]!;
    state[turned] = bits === 0 ? low : (low >>> bits) | (high << (32 - bits));
    state[turned + 1] = bits === 0 ? high : (high >>> bits) | (low << (32 - bits));
  };
  for (let i = 0; i < 96; i++) {
    const at = 4 * (i % 8);
    const a = STEPS[at]!;
    const b = STEPS[at + 1]!;
    const c = STEPS[at + 2]!;
    const d = STEPS[at + 3]!;
    add(a, state, b);
    add(a, block, SIGMA[(2 * i) % 160]!);
    turn(d, a, 0, 1);
    add(c, state, d);
    turn(b, c, 24, 0);
    add(a, state, b);
    add(a, block, SIGMA[(2 * i + 1) % 160]!);
    turn(d, a, 16, 0);
    add(c, state, d);
    turn(b, c, 31, 1);
  }

  const nonce = new Uint8Array(24);
  for (let i = 0; i < 24; i++) nonce[i] = (start[i >> 2]! ^ state[i >> 2]! ^ state[16 + (i >> 2)]!) >>> (8 * (i & 3));
  return nonce;
}
