// Patience with the store: a disk that is full for an hour, or a call that hangs, must cost time and not a round of other people's work.
// What failed is tried again after growing pauses until it works or the coordinator stops; meanwhile everybody can see that, and since when,
// the coordinator is paused. A pause soon after another is the same trouble still, so pauses grow from one to the next. What the store says about its contents (damaged, for example) is no failure to be waited out.

import { ERRORS, type ErrorCode, isXaynetError, XaynetError } from '@xaynet/core/errors';
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';
import { isDamage } from './stores/damage.ts';

/** Why a coordinator takes no messages for a while. */
export interface Pause {
  /** Milliseconds of the clock. */
  readonly since: number;
  readonly code: ErrorCode;
  readonly message: string;
  /** Seconds after which it makes sense to send a message again. */
  readonly retryAfter: number;
}

/** First pause between two tries, in milliseconds; it doubles from then on. */
export const FIRST_PAUSE = 1000;
/** Longest pause, in milliseconds. */
export const LONGEST_PAUSE = 30_000;

/** Milliseconds after a pause in which another failure counts as a relapse: waiting goes on where it ended, before anything is tried. */
export const RELAPSE = 10_000;

/** Thrown by what was under way when the coordinator stopped. */
export class Stopped extends Error {}

export interface PatienceOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Milliseconds that one call may take; undefined: as long as it likes. A call that took too long counts as failed, whatever it still does. */
  readonly timeout?: number | undefined;
  /** Told when a pause begins, and when it is over. */
  readonly onChange: (paused: Pause | undefined) => void;
}

/** See the head of the file. Calls are given as functions, because they are made more than once. */
export class Patience {
  readonly #options: PatienceOptions;
  #paused: Pause | undefined;
  /** The last wait, in milliseconds, and when the last pause was over. */
  #wait = 0;
  #resumedAt = Number.NEGATIVE_INFINITY;
  /** Milliseconds to be waited before the first try: the pause is a relapse. */
  #hold = 0;
  #stopped = false;
  #wake: () => void = () => {};

  constructor(options: PatienceOptions) {
    this.#options = options;
  }

  /** The pause that holds now. */
  get paused(): Pause | undefined {
    return this.#paused;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Ends every wait: what is retried rejects with {@link Stopped}. A call under way is left to end. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  /** Begins a pause; {@link Patience.retry} ends it. */
  pause(code: ErrorCode, message: string): void {
    if (this.#paused === undefined) {
      if (!this.#isRelapse()) this.#wait = 0;
      this.#hold = this.#isRelapse() ? this.#nextWait() : 0;
    }
    this.#begin(code, message, Math.max(this.#hold, FIRST_PAUSE) / 1000);
  }

  #begin(code: ErrorCode, message: string, retryAfter: number): void {
    const since = this.#paused?.since ?? this.#options.clock.now();
    const begins = this.#paused === undefined;
    // Participants are told this code, and come again for 503 only: whatever is wrong with the store in particular stands in the message.
    this.#paused = { since, code: ERRORS[code].status === 503 ? code : 'storage-failed', message, retryAfter };
    if (begins) this.#options.onChange(this.#paused);
  }

  /** One call, with the time limit; rejects with what it rejects with. */
  async once<T>(call: () => Promise<T>): Promise<T> {
    const { clock, timeout } = this.#options;
    if (timeout === undefined) return await call();
    let cancel = (): void => {};
    const late = new Promise<never>((_, reject) => {
      cancel = clock.setTimer(timeout, () => reject(new XaynetError('storage-failed', `no answer of the store within ${timeout / 1000} s`)));
    });
    try {
      return await Promise.race([call(), late]);
    } finally {
      cancel();
    }
  }

  /** The items of a store, each within the time limit. */
  async *each<T>(items: () => AsyncIterable<T>): AsyncGenerator<T> {
    const iterator = items()[Symbol.asyncIterator]();
    try {
      for (;;) {
        if (this.#stopped) throw new Stopped();
        const next = await this.once(() => iterator.next());
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      // A store that hangs must not hold us here; what it says about being left early is of no interest.
      iterator.return?.()?.then(undefined, () => {});
    }
  }

  /** One call of the store that is made until it works, each time within the limit. */
  call<T>(what: string, call: () => Promise<T>): Promise<T> {
    return this.retry(what, () => this.once(call));
  }

  /** Does it until it works. Rejects with {@link Stopped}, and with errors that are not of the store's machinery. `call` keeps its own time limits. */
  async retry<T>(what: string, call: () => Promise<T>): Promise<T> {
    const hold = this.#hold;
    this.#hold = 0;
    if (hold > 0) await this.#sleep(hold);
    for (let tries = 1; ; tries++) {
      if (this.#stopped) throw new Stopped();
      try {
        const result = await call();
        this.#resume();
        return result;
      } catch (error) {
        if (error instanceof Stopped || !isPassing(error)) {
          this.#resume();
          throw error;
        }
        const wait = tries > 1 || hold > 0 || this.#isRelapse() ? this.#nextWait() : this.#nextWait(0);
        this.#options.logger.error({ error, what, retryIn: wait / 1000 }, 'the store failed; trying again');
        this.#begin(isXaynetError(error) ? error.code : 'storage-failed', `${what}: ${messageOf(error)}`, wait / 1000);
        await this.#sleep(wait);
      }
    }
  }

  #resume(): void {
    if (this.#paused === undefined) return;
    this.#paused = undefined;
    this.#resumedAt = this.#options.clock.now();
    this.#options.onChange(undefined);
  }

  #isRelapse(): boolean {
    return this.#options.clock.now() - this.#resumedAt < RELAPSE;
  }

  #nextWait(last: number = this.#wait): number {
    this.#wait = Math.min(Math.max(2 * last, FIRST_PAUSE), LONGEST_PAUSE);
    return this.#wait;
  }

  #sleep(ms: number): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#options.clock.setTimer(ms, () => this.#wake());
      this.#wake = () => {
        cancel();
        this.#wake = () => {};
        resolve();
      };
    });
  }
}

/** Whether it may work another time: all that a store throws but its findings about what it keeps, and that another process has the word. */
export function isPassing(error: unknown): boolean {
  return !isXaynetError(error) || (error.code.startsWith('storage-') && error.code !== 'storage-fenced' && !isDamage(error));
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
