// The queue in front of the round: first in, first out, bounded in messages and in bytes (weakness W-07). A full queue refuses, so that
// whoever sends faster than the round takes hears of it instead of filling the memory.

import type { Request } from './request.ts';
import type { Answer } from './round/state.ts';

/** How much may wait for the round. */
export interface QueueLimits {
  readonly messages: number;
  readonly bytes: number;
}

/** A request that waits for its answer. */
export interface Waiting {
  /** Number of the request: how the machine calls it. */
  readonly id: number;
  readonly request: Request;
  /** Milliseconds of the clock. */
  readonly arrivedAt: number;
  readonly resolve: (answer: Answer) => void;
}

/** The limits that hold unless others are given. One request always fits, however large. */
export const QUEUE_LIMITS: QueueLimits = { messages: 4096, bytes: 256 * 1024 * 1024 };

/** Requests in the order of their arrival. */
export class RequestQueue {
  readonly #limits: QueueLimits;
  readonly #waiting = new Map<number, Waiting>();
  #bytes = 0;

  constructor(limits: QueueLimits = QUEUE_LIMITS) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Whether a request of so many bytes would be one too many. */
  isFullFor(bytes: number): boolean {
    return this.size >= this.#limits.messages || (this.size > 0 && this.#bytes + bytes > this.#limits.bytes);
  }

  add(waiting: Waiting): void {
    this.#waiting.set(waiting.id, waiting);
    this.#bytes += waiting.request.bytes;
  }

  /** The one that has waited longest. */
  first(): Waiting | undefined {
    const [first] = this.#waiting.values();
    return first;
  }

  /** Takes out the one that has waited longest. */
  shift(): Waiting | undefined {
    const first = this.first();
    if (first !== undefined && this.#waiting.delete(first.id)) this.#bytes -= first.request.bytes;
    return first;
  }
}
