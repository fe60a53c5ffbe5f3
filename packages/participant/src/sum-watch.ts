// When a sum participant that waits for seeds doubts that its message arrived: soon, then ever later. A restart begins anew with the
// intervals; how often the message was sent again is part of the state.

const FIRST = 1_000;
const GROWTH = 3;
const LONGEST = 120_000;

/** The doubts of one round. */
export class SumWatch {
  #interval = FIRST;
  #next: number | undefined;

  /** Whether it is time to look; the first call, when the waiting begins, is not. */
  isDue(now: number): boolean {
    if (this.#next !== undefined && now < this.#next) return false;
    const due = this.#next !== undefined;
    this.#next = now + this.#interval;
    this.#interval = Math.min(LONGEST, this.#interval * GROWTH);
    return due;
  }
}
