// The deadline of the phase, on the clock: wakes the driver when it may have passed. Timers may wake up early, and cannot wait for ever: then
// they are set again.

import type { Clock } from './clock.ts';
import type { Deadline } from './round/deadline.ts';

/** One deadline at a time. */
export class DeadlineTimer {
  readonly #clock: Clock;
  readonly #wake: () => void;
  #deadline: Deadline | undefined;
  #cancel: () => void = () => {};

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** The deadline that is set. */
  get deadline(): Deadline | undefined {
    return this.#deadline;
  }

  /** Replaces the deadline: `after` milliseconds from now. With `orSooner` the one that is set stays if it comes first. */
  set(after: number, queuedFirst: boolean, orSooner = false): void {
    const at = this.#clock.now() + after;
    if (orSooner && this.#deadline !== undefined && this.#deadline.at <= at) return;
    this.clear();
    this.#deadline = { at, queuedFirst };
    this.#arm(this.#deadline);
  }

  clear(): void {
    this.#cancel();
    this.#cancel = () => {};
    this.#deadline = undefined;
  }

  #arm(deadline: Deadline): void {
    this.#cancel = this.#clock.setTimer(Math.max(0, deadline.at - this.#clock.now()), () => {
      if (this.#deadline !== deadline) return;
      if (this.#clock.now() < deadline.at) this.#arm(deadline);
      else this.#wake();
    });
  }
}
