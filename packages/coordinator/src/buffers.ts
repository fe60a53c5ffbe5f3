// Memory of messages of megabytes, used again instead of made anew. A fresh buffer is zeroed by the system page by page and, worse, given back
// by a collector that comes late and stops everybody when it comes; measured, that was a third of all the work of taking an update. Whoever
// has a buffer has it alone: it goes from hand to hand, also to other threads, and back here when nobody looks at it any more.

import type { Clock } from './clock.ts';

/** Smaller ones are not worth keeping. */
export const LEAST_KEPT: number = 64 * 1024;
/** Buffers are made in steps of this many bytes, so that messages of nearly one size share them. */
const STEP = 64 * 1024;
/** Milliseconds after which a buffer that nobody needed goes. */
const IDLE_MS = 5000;
/** Bytes that are kept for the next; a single larger buffer is kept as well. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * The memory behind a payload, which may be lent: whoever takes it sets `buffer` to undefined for that time, since all views of it are empty
 * then, and afterwards to the buffer that came back. Undefined at the end: it is lost.
 */
export interface Memory {
  buffer: ArrayBuffer | undefined;
}

export interface BufferOptions {
  readonly clock?: Pick<Clock, 'now' | 'setTimer'> | undefined;
  /** Bytes that are kept while nobody has them; 256 MiB when left out. */
  readonly mostBytes?: number | undefined;
}

interface Kept {
  readonly buffer: ArrayBuffer;
  readonly since: number;
}

/** See the head of the file. */
export class Buffers {
  readonly #clock: Pick<Clock, 'now' | 'setTimer'> | undefined;
  readonly #mostBytes: number;
  /** By size, the one given back last at the end. */
  readonly #kept = new Map<number, Kept[]>();
  readonly #isKept = new WeakSet<ArrayBuffer>();
  readonly #handedOut = new WeakSet<ArrayBuffer>();
  #bytes = 0;
  #cancel: (() => void) | undefined;

  /** Without a clock nothing is kept. */
  constructor({ clock, mostBytes = MOST_BYTES }: BufferOptions = {}) {
    this.#clock = clock;
    this.#mostBytes = mostBytes;
  }

  /** Bytes that wait to be used again. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * An array of exactly `length` bytes at the beginning of a buffer of its own, which may be a little larger. What is in it is not defined:
   * whoever takes it must write all of it before anybody reads it. Throws a RangeError when there is no memory.
   */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (length < LEAST_KEPT) return new Uint8Array(length);
    const size = Math.ceil(length / STEP) * STEP;
    const kept = this.#kept.get(size)?.pop();
    if (kept !== undefined) {
      this.#bytes -= size;
      this.#isKept.delete(kept.buffer);
    }
    const buffer = kept?.buffer ?? new ArrayBuffer(size);
    this.#handedOut.add(buffer);
    return new Uint8Array(buffer, 0, length);
  }

  /** Takes a buffer that nobody refers to any more, from {@link Buffers.take} or come back from a thread. */
  give(buffer: ArrayBuffer | undefined): void {
    if (buffer === undefined || this.#isKept.has(buffer)) return;
    const size = buffer.byteLength;
    if (size < LEAST_KEPT) return;
    const isOne = size % STEP === 0 && this.#clock !== undefined;
    if (!isOne || (this.#bytes > 0 && this.#bytes + size > this.#mostBytes)) {
      release(buffer);
      return;
    }
    const list = this.#kept.get(size) ?? [];
    list.push({ buffer, since: this.#clock.now() });
    this.#kept.set(size, list);
    this.#isKept.add(buffer);
    this.#bytes += size;
    this.#watch();
  }

  /** The same for an array that may be anybody's: does nothing unless {@link Buffers.take} made it and it has not gone to another thread. */
  giveOwn({ buffer }: Uint8Array): void {
    if (buffer instanceof ArrayBuffer && this.#handedOut.has(buffer)) this.give(buffer);
  }

  /** Frees what is kept; nothing waits for anything any more. */
  clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#drop(Number.POSITIVE_INFINITY);
  }

  #watch(): void {
    this.#cancel ??= this.#clock!.setTimer(IDLE_MS, () => {
      this.#cancel = undefined;
      this.#drop(this.#clock!.now() - IDLE_MS);
      if (this.#bytes > 0) this.#watch();
    });
  }

  /** Frees what has been there since `before`. */
  #drop(before: number): void {
    for (const [size, list] of this.#kept) {
      const fresh = list.findIndex(({ since }) => since > before);
      for (const { buffer } of list.splice(0, fresh < 0 ? list.length : fresh)) {
        this.#bytes -= size;
        release(buffer);
      }
      if (list.length === 0) this.#kept.delete(size);
    }
  }
}

/** Frees a buffer now, not when a collector comes by; whoever holds a view of it holds an empty one. */
export function release(buffer: ArrayBufferLike): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength > 0) (buffer as ArrayBuffer & { transfer(length: number): ArrayBuffer }).transfer(0);
}
