// XSalsa20-Poly1305, libsodium's secretbox: put together as in @noble/ciphers 2.4.0 (MIT License, Copyright (c) 2022 Paul Miller; see LICENSE
// here), for the one layout that sealed boxes have. With blocks.ts and poly1305.ts it is 2.9 instead of 4.5 kB of a page's bundle, compressed.

import { salsaBlock } from './blocks.ts';
import { poly1305 } from './poly1305.ts';

/** Whether words lie in memory as messages have them: then data is worked on four bytes at a time. */
const isLittleEndian: boolean = /* @__PURE__ */ (() => new Uint8Array(Uint16Array.of(1).buffer)[0] === 1)();

/** Little-endian words of bytes. */
export function wordsOf(bytes: Uint8Array): Uint32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return new Uint32Array(bytes.length / 4).map((_, i) => view.getUint32(4 * i, true));
}

/** HSalsa20: 8 words of a key of 8 and an input of 4. */
export function hsalsa(key: Uint32Array, input: Uint32Array): Uint32Array {
  const block = new Uint32Array(16);
  salsaBlock(key, input, block, 0);
  // The block function has added what it began with; here it is taken off again.
  const zero = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
  const out = Uint32Array.from([0, 5, 10, 15, 6, 7, 8, 9], (at, i) => block[at]! - (i < 4 ? zero[i]! : input[i - 4]!));
  block.fill(0);
  return out;
}

/** Adds the keystream of XSalsa20, from its start, to `data`. */
function addKeystream(key: Uint8Array, nonce: Uint8Array, data: Uint8Array): void {
  const words = wordsOf(nonce);
  const secret = wordsOf(key);
  const subkey = hsalsa(secret, words.subarray(0, 4));
  const input = Uint32Array.of(words[4]!, words[5]!, 0, 0);
  const block = new Uint32Array(16);
  const aligned = isLittleEndian && data.byteOffset % 4 === 0 ? new Uint32Array(data.buffer, data.byteOffset, data.length >> 2) : undefined;
  for (let at = 0; at < data.length; at += 64) {
    salsaBlock(subkey, input, block, 0);
    if (++input[2]! === 0) input[3]!++;
    if (aligned !== undefined && at + 64 <= data.length) for (let i = 0, to = at / 4; i < 16; i++) aligned[to + i]! ^= block[i]!;
    else for (let i = 0, end = Math.min(64, data.length - at); i < end; i++) data[at + i]! ^= block[i >> 2]! >>> (8 * (i & 3));
  }
  for (const used of [subkey, secret, block]) used.fill(0);
}

/** `sealed` has 32 bytes of scratch, 16 for the tag, and the plaintext, which becomes the ciphertext. */
export function encrypt(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): void {
  const scratch = sealed.subarray(16, 48).fill(0);
  addKeystream(key, nonce, sealed.subarray(16)); // its first 32 bytes are the key of the tag
  const tag = poly1305(scratch, sealed.subarray(48));
  scratch.fill(0);
  sealed.set(tag, 32);
}

/** The same the other way round: the plaintext, as a view of `sealed`; undefined, and `sealed` zeros, when the tag does not fit. */
export function decrypt(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  const tagKey = new Uint8Array(32);
  addKeystream(key, nonce, tagKey);
  const tag = poly1305(tagKey, sealed.subarray(48));
  tagKey.fill(0);
  let difference = 0;
  for (let i = 0; i < 16; i++) difference |= tag[i]! ^ sealed[32 + i]!;
  tag.fill(0);
  if (difference !== 0) {
    sealed.fill(0);
    return undefined;
  }
  const scratch = sealed.subarray(16, 48).fill(0);
  addKeystream(key, nonce, sealed.subarray(16));
  scratch.fill(0);
  return sealed.subarray(48);
}
