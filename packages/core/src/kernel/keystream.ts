// The keystream under a mask: ChaCha20 in its original layout, key = seed, nonce 0, 64-bit block counter from 0 (wire 2.1).
// noble counts blocks with 32 bits and refuses the last of them; its nonce argument carries our upper 32 bits (word 13 of the state
// is counter or nonce, the cipher does not care), and the refused block, 256 GiB into a stream, is computed by the plain loop below.

import { chacha20 } from '@noble/ciphers/chacha.js';
import { swap32IfBE } from '@noble/ciphers/utils.js';

/** Words of one block. */
export const BLOCK_WORDS = 16;
const REFUSED = 0xffff_ffff;

/** Writes the blocks `block`, `block + 1`, … of the keystream of `seed` over all of `out`, which holds whole blocks (wire 2.1). */
export function writeKeystream(seed: Uint8Array, block: number, out: Uint32Array): void {
  out.fill(0);
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  for (let at = 0; at < out.length; ) {
    const low = block % 0x1_0000_0000;
    const high = Math.floor(block / 0x1_0000_0000);
    const blocks = Math.min((out.length - at) / BLOCK_WORDS, Math.max(REFUSED - low, 1));
    const words = out.subarray(at, at + blocks * BLOCK_WORDS);
    if (low === REFUSED) {
      writeBlock(seed, low, high, words);
    } else {
      const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
      view.setUint32(0, high, true);
      chacha20(seed, nonce, bytes, bytes, low);
      swap32IfBE(words);
    }
    at += words.length;
    block += blocks;
  }
}

/** One block, word by word as the specification writes it. */
export function writeBlock(seed: Uint8Array, low: number, high: number, out: Uint32Array): void {
  const key = new DataView(seed.buffer, seed.byteOffset, seed.byteLength);
  const start = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, 0, 0, 0, 0, 0, 0, 0, 0, low, high, 0, 0);
  for (let i = 0; i < 8; i++) start[4 + i] = key.getUint32(4 * i, true);
  out.set(start);
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 4; i++) quarterRound(out, i, 4 + i, 8 + i, 12 + i);
    for (let i = 0; i < 4; i++) quarterRound(out, i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4));
  }
  for (let i = 0; i < BLOCK_WORDS; i++) out[i]! += start[i]!;
}

function quarterRound(x: Uint32Array, a: number, b: number, c: number, d: number): void {
  mix(x, a, b, d, 16);
  mix(x, c, d, b, 12);
  mix(x, a, b, d, 8);
  mix(x, c, d, b, 7);
}

function mix(x: Uint32Array, into: number, from: number, turned: number, bits: number): void {
  x[into]! += x[from]!;
  const word = x[turned]! ^ x[into]!;
  x[turned] = (word << bits) | (word >>> (32 - bits));
}
