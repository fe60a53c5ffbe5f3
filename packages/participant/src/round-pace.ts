// How fast a coordinator begins rounds. Parameters that change with every answer make every tick a progress, so nothing else in a
// participant would ever wait: it would ask, sign and ask again as fast as the network allows, and all others with it.

import type { RandomBytes } from '@xaynet/core/crypto';
import { Backoff } from './backoff.ts';

/** Milliseconds between two new rounds that nobody calls fast. */
const CALM = 5_000;
/** Fast rounds in a row that are taken as they come: tests, demonstrations, a coordinator that fails and starts again. */
const BURST = 10;

/** Counts the rounds that began fast one after another without this participant finishing its task in one of them. */
export class RoundPace {
  readonly #backoff: Backoff;
  #fast = 0;
  #last: number | undefined;

  constructor(random: RandomBytes) {
    this.#backoff = new Backoff({ min: 100, max: 2 * CALM }, random);
  }

  /** A round began: the milliseconds to wait before doing anything in it, or undefined when it may go on at once. */
  began(now: number): number | undefined {
    const since = this.#last === undefined ? Number.POSITIVE_INFINITY : now - this.#last;
    this.#last = now;
    // One fast round is forgiven for each calm time between two: after an hour all are, but waiting for this one does not undo it.
    this.#fast = since < CALM ? this.#fast + 1 : Math.max(0, this.#fast - Math.floor(since / CALM));
    if (this.#fast === 0) this.#backoff.reset();
    return this.#fast > BURST ? this.#backoff.next() : undefined;
  }

  /** The participant delivered what its task is for: rounds like this one may be as fast as they are. */
  finished(): void {
    this.#fast = 0;
    this.#backoff.reset();
  }
}
