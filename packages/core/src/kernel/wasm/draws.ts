// The keystream of a seed as the kernel reads it: in pieces, into an instance's memory. Between operations only the position is kept,
// so that draws of different groups, in different instances, follow one another; the unit is drawn before the vector (wire 2.4).

import { BLOCK_WORDS } from '../keystream.ts';
import type { KeystreamSource } from '../keystream-source.ts';
import type { Instance } from './engine.ts';
import { KEYSTREAM, KEYSTREAM_BYTES, STATE } from './layout.ts';

const BLOCK_BYTES = 4 * BLOCK_WORDS;
const FOUR_BLOCKS = 4 * BLOCK_BYTES; // the kernel computes four at a time

/** The keystream of one mask seed and how far it was consumed. */
export class Stream {
  readonly seed: Uint8Array;
  readonly source: KeystreamSource | undefined;
  /** Words consumed so far. */
  position = 0;

  /** Starts at the first word; `seed` has 32 bytes and is kept by reference. */
  constructor(seed: Uint8Array, source: KeystreamSource | undefined) {
    this.seed = seed;
    this.source = source;
  }
}

/** Reads on in a stream: unread keystream lies in the instance from address `at` to `end`, as whole words, and may be none. */
export class Cursor {
  readonly #stream: Stream;
  readonly #bytes: Uint8Array;
  readonly #instance: Instance;
  readonly #next: ((length: number) => Uint8Array) | undefined;
  #block: number;
  #expected: number;
  #used: number = KEYSTREAM;
  #moved: number = KEYSTREAM;
  at: number = KEYSTREAM;
  end: number = KEYSTREAM;

  /** Reads on where the stream stands; about `expected` bytes will be read. Nothing else reads the stream until {@link Cursor.close}. */
  constructor(stream: Stream, instance: Instance, expected: number) {
    this.#stream = stream;
    this.#instance = instance;
    this.#bytes = instance.bytes;
    this.#block = Math.floor(stream.position / BLOCK_WORDS);
    const skipped = 4 * (stream.position % BLOCK_WORDS);
    this.#expected = expected + skipped;
    if (stream.source !== undefined && expected >= stream.source.worthwhile) {
      this.#next = stream.source.open(stream.seed, this.#block);
    } else {
      this.#bytes.set(stream.seed, STATE);
      const counter = new DataView(this.#bytes.buffer, STATE + 32, 8);
      counter.setUint32(0, this.#block % 0x1_0000_0000, true);
      counter.setUint32(4, Math.floor(this.#block / 0x1_0000_0000), true);
    }
    if (skipped > 0) {
      this.refill();
      this.at += skipped;
    }
  }

  /** Brings more keystream behind what is left, which is moved and must be less than the slack in front. */
  refill(): void {
    const left = this.end - this.at;
    if (left > 0) this.#bytes.copyWithin(KEYSTREAM - left, this.at, this.end);
    const length = Math.min(Math.max(Math.ceil(this.#expected / FOUR_BLOCKS), 1) * FOUR_BLOCKS, KEYSTREAM_BYTES);
    if (this.#next !== undefined) this.#bytes.set(this.#next(length), KEYSTREAM);
    else this.#instance.exports.keystream(STATE, KEYSTREAM, length / BLOCK_BYTES);
    this.#block += length / BLOCK_BYTES;
    this.#expected -= length;
    this.at = KEYSTREAM - left;
    this.#moved = Math.min(this.#moved, this.at);
    this.end = KEYSTREAM + length;
    this.#used = Math.max(this.#used, this.end);
  }

  /** Leaves the stream behind the last word that was read, and no secret in the memory. */
  close(): void {
    this.#stream.position = this.#block * BLOCK_WORDS - (this.end - this.at) / 4;
    this.#bytes.fill(0, STATE, STATE + 40);
    this.#bytes.fill(0, this.#moved, this.#used);
  }
}
