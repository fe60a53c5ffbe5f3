// The keystream under a mask: ChaCha20 in its original layout, key = seed, nonce 0, 64-bit block counter from 0 (wire 2.1).

import { chachaBlock } from '../crypto/noble-cut/blocks.ts';
import { wordsOf } from '../crypto/noble-cut/secretbox.ts';

/** Words of one block. */
export const BLOCK_WORDS = 16;

/** Writes the blocks `block`, `block + 1`, … of the keystream of `seed` over all of `out`, which holds whole blocks (wire 2.1). */
export function writeKeystream(seed: Uint8Array, block: number, out: Uint32Array): void {
  const key = wordsOf(seed);
  for (let at = 0; at < out.length; at += BLOCK_WORDS, block++) chachaBlock(key, block >>> 0, Math.floor(block / 0x1_0000_0000), out, at);
  key.fill(0);
}
