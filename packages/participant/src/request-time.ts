// How long a request may take. Silence alone is no measure: a server that drips a byte now and then is never silent and never done.
// So a request must also be fast on the whole: a fixed time, and beside it only what the bytes that arrived need at the slowest rate.

import type { Clock } from './ports.ts';

/** The times of a request. */
export interface RequestTimes {
  /** Milliseconds without a byte after which a request is given up. */
  readonly timeout: number;
  /** Milliseconds that a whole request may take, beside those for its bytes. */
  readonly deadline: number;
  /** Slowest rate in bytes a second: each byte that arrives, or is sent, adds its share to the deadline. */
  readonly minRate: number;
}

/** Longer timers fire at once on most platforms: 32 bits of milliseconds, 25 days. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Watches one request, on one timer. */
export class RequestTimer {
  readonly #clock: Clock;
  readonly #times: RequestTimes;
  readonly #expire: (why: string) => void;
  readonly #began: number;
  #bytes = 0;
  #cancel: () => void = () => undefined;

  /** Whether the request is over: nobody waits for its bytes any more. */
  over = false;

  /** Calls `expire` with what took too long, unless it is cancelled before. Runs from the first call of a method. */
  constructor(clock: Clock, times: RequestTimes, expire: (why: string) => void) {
    this.#clock = clock;
    this.#times = times;
    this.#expire = expire;
    this.#began = clock.now();
  }

  /** Something arrived, or the request begins, with so many bytes of the body: silence is counted from now on. */
  received(bytes: number): void {
    this.#bytes += bytes;
    const { timeout } = this.#times;
    const left = this.#left();
    if (left <= timeout) this.#after(left, () => this.#slow());
    else this.#after(timeout, () => `nothing arrived for ${Math.round(timeout)} ms (option timeout)`);
  }

  /** The rest comes in one piece that cannot be watched, and has at most so many bytes. */
  whole(bytes: number): void {
    this.#bytes += bytes;
    this.#after(this.#left(), () => this.#slow());
  }

  /** So many bytes are sent, unwatched, and then answered. */
  sending(bytes: number): void {
    const ms = this.#times.timeout + (bytes / this.#times.minRate) * 1000;
    this.#after(ms, () => `${bytes} bytes were not taken and answered in ${Math.round(ms)} ms (options timeout and minRate)`);
  }

  /** The request is over. */
  end(): void {
    this.over = true;
    this.#cancel();
  }

  #left(): number {
    const { deadline, minRate } = this.#times;
    return Math.max(0, this.#began + deadline + (this.#bytes / minRate) * 1000 - this.#clock.now());
  }

  #slow(): string {
    const { deadline, minRate } = this.#times;
    return `no end after ${Math.round(this.#clock.now() - this.#began)} ms: more than ${deadline} ms and a second for each ${minRate} bytes (options deadline and minRate)`;
  }

  #after(ms: number, why: () => string): void {
    this.#cancel();
    if (!this.over) this.#cancel = this.#clock.after(Math.min(ms, LONGEST_TIMER), () => this.#expire(why()));
  }
}
