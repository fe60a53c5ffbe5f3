// Reads the body of POST /message within limits: a size known from the round, a budget of bytes shared by all connections, and a time
// without progress. What a client does wrong is a returned outcome; the promise never rejects.

import type { IncomingMessage } from 'node:http';

/** Bytes that bodies of all connections may hold at once; a body that does not fit is refused, so a flood cannot fill the memory. */
export class ByteBudget {
  readonly #limit: () => number;
  #held = 0;

  /** `limit` is asked each time, because the largest message changes with the round. */
  constructor(limit: () => number) {
    this.#limit = limit;
  }

  /** Bytes held now. */
  get held(): number {
    return this.#held;
  }

  /** Takes `bytes` and answers true, or takes nothing and answers false. */
  take(bytes: number): boolean {
    if (this.#held + bytes > this.#limit()) return false;
    this.#held += bytes;
    return true;
  }

  /** Gives back bytes taken before. */
  give(bytes: number): void {
    this.#held -= bytes;
  }
}

/** What reading came to: the bytes, or why there are none. Bytes stay taken from the budget until the caller gives them back. */
export type BodyOutcome = { readonly bytes: Uint8Array } | { readonly failed: 'busy' | 'stalled' | 'aborted' } | TooLarge;

/** More than the limit arrived: so many bytes, before nothing more was read. */
export interface TooLarge {
  readonly failed: 'too-large';
  readonly length: number;
}

/** The length that the request announces, in bytes; undefined for a chunked body. */
export function announcedLength(request: IncomingMessage): number | undefined {
  const text = request.headers['content-length'];
  return text === undefined ? undefined : Number(text);
}

/**
 * Reads a whole body of at most `limit` bytes; pieces count against `budget` as they arrive, whatever length was announced.
 * `stallMs` is how long a client may send nothing.
 */
export function readBody(request: IncomingMessage, limits: { limit: number; budget: ByteBudget; stallMs: number }): Promise<BodyOutcome> {
  const { limit, budget, stallMs } = limits;
  return new Promise((resolve) => {
    // One growing buffer, not a list of pieces: a body of one-byte chunks would cost hundreds of bytes of memory for each byte counted.
    let held: Uint8Array = new Uint8Array(0);
    let length = 0;
    const finish = (outcome: BodyOutcome): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('timeout', onTimeout);
      request.socket.setTimeout(0);
      if ('failed' in outcome) budget.give(length);
      resolve(outcome);
    };
    const onData = (piece: Uint8Array): void => {
      if (length + piece.length > limit) finish({ failed: 'too-large', length: length + piece.length });
      else if (!budget.take(piece.length)) finish({ failed: 'busy' });
      else {
        held = grown(held, length, length + piece.length, limit);
        held.set(piece, length);
        length += piece.length;
      }
    };
    const onEnd = (): void => finish({ bytes: held.subarray(0, length) });
    const onClose = (): void => finish({ failed: 'aborted' });
    const onTimeout = (): void => finish({ failed: 'stalled' });
    request.socket.setTimeout(stallMs);
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('timeout', onTimeout);
    request.on('error', () => {}); // 'close' follows and says what is needed
  });
}

const FIRST_SIZE = 16 * 1024;

/** A buffer with room for `needed` bytes that begins with the first `length` of `held`: at least twice as large, at most `limit`. */
function grown(held: Uint8Array, length: number, needed: number, limit: number): Uint8Array {
  if (needed <= held.length) return held;
  const larger = new Uint8Array(Math.max(needed, Math.min(limit, Math.max(FIRST_SIZE, 2 * held.length))));
  larger.set(held.subarray(0, length));
  return larger;
}
