// How long to wait before asking again: exponential, up to a cap, with jitter, so that thousands of participants that saw the
// same thing at the same moment do not come back at the same moment (participant 1.8).

import type { RandomBytes } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';

/** Waiting times in milliseconds. */
export interface PollOptions {
  /** First wait after progress. Default 100. */
  readonly min?: number | undefined;
  /** Longest wait. Default 10 000. */
  readonly max?: number | undefined;
}

const GROWTH = 1.5;

/** Waiting times that grow from `min` to `max`, each drawn from the upper half of its length. */
export class Backoff {
  readonly #min: number;
  readonly #max: number;
  readonly #random: RandomBytes;
  #next: number;

  /** Throws `option-invalid` unless 0 < min <= max. */
  constructor(options: PollOptions, random: RandomBytes) {
    const { min = 100 } = options;
    const { max = Math.max(min, 10_000) } = options;
    if (!(min > 0) || !(max >= min) || max === Infinity)
      throw new XaynetError('option-invalid', `poll: 0 < min <= max expected, min ${min} and max ${max} given`);
    this.#min = min;
    this.#max = max;
    this.#random = random;
    this.#next = min;
  }

  /** The next waiting time in milliseconds. */
  next(): number {
    const length = this.#next;
    this.#next = Math.min(this.#max, length * GROWTH);
    const [high, low] = this.#random(2);
    return length * (0.5 + (high! * 256 + low!) / 131_072);
  }

  /** There was progress: begin with `min` again. */
  reset(): void {
    this.#next = this.#min;
  }
}
