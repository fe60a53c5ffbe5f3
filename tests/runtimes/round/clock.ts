// A coordinator's clock that a test puts forward: phases have long windows, and end when everybody is ready, however slow the machine is.
import type { Clock } from '@xaynet/coordinator';

interface Waiting {
  readonly at: number;
  readonly callback: () => void;
  readonly timer: NodeJS.Timeout;
}

/** Time that goes by as ever, and by leaps. */
export class LeapingClock implements Clock {
  #ahead = 0;
  readonly #waiting = new Set<Waiting>();

  now = (): number => performance.timeOrigin + performance.now() + this.#ahead;

  setTimer = (ms: number, callback: () => void): (() => void) => {
    const run = (): void => {
      this.#waiting.delete(waiting);
      callback();
    };
    const waiting: Waiting = { at: this.now() + ms, callback: run, timer: setTimeout(run, Math.min(ms, 2 ** 31 - 1)) };
    this.#waiting.add(waiting);
    return () => {
      clearTimeout(waiting.timer);
      this.#waiting.delete(waiting);
    };
  };

  /** Puts the clock forward; what was due meanwhile happens now. */
  leap(ms: number): void {
    this.#ahead += ms;
    for (const waiting of [...this.#waiting]) {
      if (waiting.at > this.now() || !this.#waiting.has(waiting)) continue;
      clearTimeout(waiting.timer);
      waiting.callback();
    }
  }
}
