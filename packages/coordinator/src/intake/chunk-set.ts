// The chunks of one message on their way to a payload. All chunks of a message but the last are of one size with every known sender, so the
// place of each is known as soon as one of them is there, and the payload is written once, into a buffer that is as large as it must become.
// A set whose chunks differ in size is kept in pieces and joined at the end.

import { equalBytes } from '@xaynet/core/bytes';
import type { Chunk } from '@xaynet/core/message';
import { Buffers } from '../buffers.ts';

/** What a chunk does to a set: nothing new, kept, or a contradiction. */
export type ChunkEffect = 'repeated' | 'kept' | 'complete' | 'conflict' | 'too-many' | 'too-large';

/** Chunks that any payload may be cut into, and bytes of payload for each one more: far below what senders use (3720 and more). */
const CHUNKS_ALWAYS = 256;
const BYTES_PER_CHUNK = 512;

/** The most chunks that a payload of at most `size` bytes is taken in. */
export function mostChunks(size: number): number {
  return Math.min(65_536, CHUNKS_ALWAYS + Math.floor(size / BYTES_PER_CHUNK));
}

/** See the head of the file. */
export class ChunkSet {
  readonly #size: number;
  readonly #buffers: Buffers;
  readonly #most: number;
  /** Which ids are there. */
  readonly #there = new Set<number>();
  #buffer: Uint8Array | undefined;
  /** Bytes of every chunk but the last, once known. */
  #step: number | undefined;
  /** Chunks that have no place in the buffer. */
  readonly #pieces = new Map<number, Uint8Array>();
  #isLoose = false;
  #isOut = false;
  #last: number | undefined;
  #lastLength = 0;
  #highest = -1;
  #bytes = 0;

  /** `size`: bytes of the largest payload it may come to; `buffers`: where its memory comes from. */
  constructor(size: number, buffers: Buffers = new Buffers()) {
    this.#size = size;
    this.#buffers = buffers;
    this.#most = mostChunks(size);
  }

  /** Data bytes of all chunks. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Chunks that are there. */
  get count(): number {
    return this.#there.size;
  }

  get isComplete(): boolean {
    return this.#last !== undefined && this.#there.size === this.#last + 1;
  }

  /** Takes a chunk, whose data are copied unless it changes nothing. */
  add(chunk: Chunk): ChunkEffect {
    const { id, data, last } = chunk;
    if (this.#contradicts(chunk)) return 'conflict';
    if (this.#there.has(id)) return equalBytes(this.#dataOf(id), data) ? 'repeated' : 'conflict';
    if (id >= this.#most) return 'too-many';
    if (this.#bytes + data.length > this.#size) return 'too-large';
    this.#there.add(id);
    this.#bytes += data.length;
    this.#highest = Math.max(this.#highest, id);
    if (last) {
      this.#last = id;
      this.#lastLength = data.length;
    }
    this.#keep(id, data, last);
    return this.isComplete ? 'complete' : 'kept';
  }

  /** Forgets a chunk, as if it had never come. */
  remove(id: number): void {
    if (!this.#there.delete(id)) return;
    this.#bytes -= this.#lengthOf(id);
    this.#pieces.delete(id);
    if (id === this.#last) this.#last = undefined;
    this.#highest = Math.max(-1, ...this.#there);
  }

  /** Whoever has the payload has the chunks with it. */
  get isOut(): boolean {
    return this.#isOut;
  }

  /** The payload of a complete set: its own buffer, which is handed out, or a fresh one. `copied`: a fresh one in any case. */
  payload(copied = false): Uint8Array {
    if (!copied && !this.#isLoose && this.#buffer !== undefined) {
      this.#settle();
      if (this.#pieces.size === 0) {
        this.#isOut = true;
        return this.#buffer.subarray(0, this.#bytes);
      }
    }
    const payload = this.#buffers.take(this.#bytes);
    let at = 0;
    for (let id = 0; id <= this.#last!; id++) {
      const data = this.#dataOf(id);
      payload.set(data, at);
      at += data.length;
    }
    return payload;
  }

  /** Takes back the payload that {@link ChunkSet.payload} gave, in the memory it came back in. */
  restore(payload: ArrayBuffer): void {
    if (!this.#isOut) this.#buffers.give(payload);
    else {
      this.#buffer = new Uint8Array(payload);
      this.#isOut = false;
    }
  }

  /** The set is over, or given up; it must not be used any more. */
  drop(): void {
    if (!this.#isOut && this.#buffer !== undefined) this.#buffers.give(this.#buffer.buffer as ArrayBuffer);
    this.#buffer = undefined;
  }

  /** An id beyond the last, or another opinion on which is the last. */
  #contradicts({ id, last }: Chunk): boolean {
    if (this.#last !== undefined) return last ? id !== this.#last : id >= this.#last;
    return last && id <= this.#highest;
  }

  #keep(id: number, data: Uint8Array, last: boolean): void {
    if (!last && this.#step === undefined) this.#step = data.length;
    const isOdd = this.#step !== undefined && (last ? data.length > this.#step : data.length !== this.#step);
    if (isOdd && !this.#isLoose) this.#loosen(id);
    if (this.#isLoose || this.#step === undefined) this.#pieces.set(id, data.slice());
    else if (!this.#place(id, data)) {
      this.#loosen(id);
      this.#pieces.set(id, data.slice());
    }
  }

  /** Writes a chunk to its place; false when it has none: a payload of so many full chunks is larger than any. */
  #place(id: number, data: Uint8Array): boolean {
    const at = id * this.#step!;
    if (at + data.length > this.#size) return false;
    this.#buffer ??= this.#buffers.take(this.#size);
    this.#buffer.set(data, at);
    return true;
  }

  /** A last chunk that came before the size of the others was known. */
  #settle(): void {
    for (const [id, data] of this.#pieces) if (data.length <= this.#step! && this.#place(id, data)) this.#pieces.delete(id);
  }

  /** The chunks are not of one size: each becomes a piece of its own, except `id`, which is not there yet. */
  #loosen(id: number): void {
    for (const other of this.#there) if (other !== id && !this.#pieces.has(other)) this.#pieces.set(other, this.#dataOf(other).slice());
    this.#isLoose = true;
    this.drop();
  }

  #dataOf(id: number): Uint8Array {
    const piece = this.#pieces.get(id);
    if (piece !== undefined) return piece;
    const at = id * this.#step!;
    return this.#buffer!.subarray(at, at + this.#lengthOf(id));
  }

  #lengthOf(id: number): number {
    return this.#pieces.get(id)?.length ?? (id === this.#last ? this.#lastLength : this.#step!);
  }
}
