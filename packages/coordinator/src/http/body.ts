// Reads the body of POST /message within limits: a size known from the round, a budget of bytes shared by all connections, a time without
// progress, and a slowest pace. What a client does wrong is a returned outcome; the promise never rejects.

import type { IncomingMessage } from 'node:http';
import { type Buffers, release } from '../buffers.ts';

/** So many units (bytes, answers) for all, of which one address gets a share: neither all together nor one alone can fill the memory. */
export class Budget {
  readonly #limit: () => number;
  readonly #share: () => number;
  readonly #shares: Map<string, number> = new Map();
  #held = 0;

  /** `limit` for all and `share` of one address are asked each time, because the largest message changes with the round. */
  constructor(limit: () => number, share: () => number) {
    this.#limit = limit;
    this.#share = share;
  }

  /** Units held now. */
  get held(): number {
    return this.#held;
  }

  /** Takes `units` for an address (undefined: without a share) and answers true, or takes nothing and answers false. */
  take(address: string | undefined, units: number): boolean {
    if (this.#held + units > this.#limit()) return false;
    if (address !== undefined) {
      const held = (this.#shares.get(address) ?? 0) + units;
      if (held > this.#share()) return false;
      this.#shares.set(address, held);
    }
    this.#held += units;
    return true;
  }

  /** Gives back units taken before. */
  give(address: string | undefined, units: number): void {
    this.#held -= units;
    if (address === undefined) return;
    const held = (this.#shares.get(address) ?? 0) - units;
    if (held > 0) this.#shares.set(address, held);
    else this.#shares.delete(address);
  }
}

/** What reading came to: the bytes, or why there are none. Only bytes that are handed over stay taken, until the caller gives them back. */
export type BodyOutcome = { readonly bytes: Uint8Array<ArrayBuffer> } | BodyFailure;

/** Why there is no body, and how many bytes of it had come. */
export interface BodyFailure {
  readonly failed: 'too-large' | 'busy' | 'limited' | 'stalled' | 'aborted';
  readonly length: number;
}

/** The length that the request announces, in bytes; undefined for a chunked body. */
export function announcedLength(request: IncomingMessage): number | undefined {
  const text = request.headers['content-length'];
  return text === undefined ? undefined : Number(text);
}

/** What a body is held against. */
export interface BodyLimits {
  /** Bytes at most. */
  readonly limit: number;
  /** Takes so many bytes that came, or says why not. */
  readonly take: (bytes: number) => 'busy' | 'limited' | undefined;
  /** Gives back bytes that were taken. */
  readonly give: (bytes: number) => void;
  /** How long a client may send nothing, in milliseconds. */
  readonly stallMs: number;
  /** Slowest pace in bytes a second; the first `stallMs` are free, so that a slow start hurts nobody. */
  readonly slowest: number;
  /** Where memory comes from; made anew when left out. */
  readonly buffers?: Buffers | undefined;
}

/**
 * Reads a whole body of at most `limit` bytes into one buffer of its own, which nobody else refers to. Bytes count as they arrive, whatever
 * length was announced.
 */
export function readBody(request: IncomingMessage, limits: BodyLimits): Promise<BodyOutcome> {
  const { limit, stallMs, slowest, buffers } = limits;
  const announced = announcedLength(request);
  return new Promise((resolve) => {
    // One buffer, not a list of pieces: a body of one-byte chunks would cost hundreds of bytes of memory for each byte counted.
    let held: Uint8Array<ArrayBuffer> = new Uint8Array(0);
    let length = 0;
    const begun = performance.now();
    const finish = (outcome: BodyOutcome): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose);
      if ('failed' in outcome) {
        limits.give(length);
        buffers?.giveOwn(held);
      }
      resolve(outcome);
    };
    const fail = (failed: BodyFailure['failed'], came = length): void => finish({ failed, length: came });
    const onData = (piece: Uint8Array): void => {
      timer.refresh();
      const refused = length + piece.length > limit ? 'too-large' : limits.take(piece.length);
      if (refused !== undefined) {
        fail(refused, length + piece.length);
        return;
      }
      const larger = withRoom(held, length, length + piece.length, announced, limits);
      length += piece.length;
      if (larger === undefined) {
        fail('busy');
        return;
      }
      held = larger;
      held.set(piece, length - piece.length);
      forget(piece);
      // A client that sends just enough not to stand still is asked for more each time it sends.
      if (length !== announced && length < ((performance.now() - begun - stallMs) / 1000) * slowest) fail('stalled');
    };
    const onEnd = (): void => {
      const bytes = length === held.length ? held : held.slice(0, length);
      if (bytes !== held) buffers?.giveOwn(held);
      finish({ bytes });
    };
    const onClose = (): void => fail('aborted');
    // Not the timeout of the socket: what is sent beside a body (extensions of chunks) moves the socket and brings no byte of it.
    const timer = setTimeout(() => fail('stalled'), stallMs);
    request.on('data', onData).on('end', onEnd).on('close', onClose);
    request.on('error', () => {}); // 'close' follows and says what is needed
  });
}

const FIRST_SIZE = 64 * 1024;

/**
 * A buffer with room for `needed` bytes that begins with the first `length` of `held`: all that was announced once the first 64 KiB have
 * come, because whoever only announces must not make us allocate. Chunked bodies double. Undefined when there is no memory.
 */
function withRoom(
  held: Uint8Array<ArrayBuffer>,
  length: number,
  needed: number,
  announced: number | undefined,
  { limit, buffers }: BodyLimits,
): Uint8Array<ArrayBuffer> | undefined {
  if (needed <= held.length) return held;
  const most = announced ?? limit;
  const wanted = needed <= FIRST_SIZE ? FIRST_SIZE : announced === undefined ? Math.max(needed, 2 * held.length) : announced;
  try {
    const size = Math.max(needed, Math.min(most, wanted));
    const larger = buffers?.take(size) ?? new Uint8Array(size);
    larger.set(held.subarray(0, length));
    buffers?.giveOwn(held);
    return larger;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Bytes from which a piece of a body is worth the call. */
const LARGE_PIECE = 4096;

/** A piece that the parser made and nobody else has: a hundred of them to a message of megabytes would wait for the collector. */
function forget(piece: Uint8Array): void {
  if (piece instanceof Buffer && piece.length >= LARGE_PIECE && piece.length === piece.buffer.byteLength) release(piece.buffer);
}
