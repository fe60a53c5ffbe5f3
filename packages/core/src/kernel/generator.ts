// The generator of the protocol: it consumes keystream in whole 32-bit words and throws away the rest of each word and each rejected
// candidate whole (wire 2.2, 2.3). The buffer is open to the draw loops of this folder, which read candidates where they lie.

import { bytesToInteger } from './elements.ts';
import { BLOCK_WORDS, writeKeystream } from './keystream.ts';
import { bitLength } from './rational.ts';

/** Words kept in front of the buffer, so that a candidate never straddles its end; the widest has 68 words (wire 3.6). */
const SLACK = 128;
const FIRST_BLOCKS = 16; // a small model shall not pay for a large buffer
const MOST_BLOCKS = 512; // 32 KiB: small enough to stay in a core's first cache

/** The generator started from a mask seed, at one place of its keystream (wire 2). */
export class MaskGenerator {
  readonly #seed: Uint8Array;
  #block = 0;
  #blocks = FIRST_BLOCKS;
  #isStarted = false;
  /** Buffered keystream; the words from `at` to `end` are the next ones. */
  words: Uint32Array = new Uint32Array(SLACK + FIRST_BLOCKS * BLOCK_WORDS);
  at: number = SLACK;
  end: number = SLACK;

  /** Starts at the word `position`; `seed` has 32 bytes and is kept by reference. */
  constructor(seed: Uint8Array, position: number = 0) {
    this.#seed = seed;
    this.#block = Math.floor(position / BLOCK_WORDS);
    if (position % BLOCK_WORDS === 0) return;
    this.refill();
    this.at += position % BLOCK_WORDS;
  }

  /** Words consumed so far. */
  get position(): number {
    return this.#block * BLOCK_WORDS - (this.end - this.at);
  }

  /** Buffers more keystream behind what is left, of which there must be less than the slack. */
  refill(): void {
    const left = this.words.subarray(this.at, this.end);
    if (this.#isStarted && this.#blocks < MOST_BLOCKS) {
      this.#blocks *= 2;
      this.words = new Uint32Array(SLACK + this.#blocks * BLOCK_WORDS);
    }
    this.#isStarted = true;
    this.words.set(left, SLACK - left.length);
    this.at = SLACK - left.length;
    this.end = this.words.length;
    writeKeystream(this.#seed, this.#block, this.words.subarray(SLACK));
    this.#block += this.#blocks;
  }

  /** The next `length` bytes; consumes `ceil(length / 4)` words (wire 2.2). */
  fill(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; ) {
      if (this.at === this.end) this.refill();
      const word = this.words[this.at++]!;
      for (let shift = 0; shift < 32 && i < length; shift += 8) bytes[i++] = word >>> shift;
    }
    return bytes;
  }

  /** The next integer below `max`, drawn by rejection (wire 2.3); 0 consumes nothing. */
  generateInteger(max: bigint): bigint {
    if (max === 0n) return 0n;
    const length = Math.ceil(bitLength(max) / 8);
    for (;;) {
      const candidate = bytesToInteger(this.fill(length), 0, length);
      if (candidate < max) return candidate;
    }
  }
}
