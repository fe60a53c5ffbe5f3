// What the operator hears of messages that were too large. A participant with another model length than the round never gets one through,
// and its own log says only "413": so it must be said here, with both sizes. But whoever floods must not fill the disk with it.

import type { Logger } from '../log.ts';

/** Tells of refusals: each at debug, and at info the first of a time with how many came since the last that was told. */
export class RefusalLog {
  readonly #logger: Logger;
  readonly #everyMs: number;
  readonly #now: () => number;
  #untold = 0;
  #next = Number.NEGATIVE_INFINITY;

  /** At most one line at info in `everyMs` milliseconds. */
  constructor(logger: Logger, everyMs: number, now: () => number = () => performance.now()) {
    this.#logger = logger;
    this.#everyMs = everyMs;
    this.#now = now;
  }

  /** A message of `bytes` (at least so many, while it has not all arrived) was refused because the round takes `limit` at most. */
  tooLarge(bytes: number, limit: number, remote: string | undefined): void {
    this.#logger.debug({ bytes, limit, remote }, 'a message that is too large was refused');
    const now = this.#now();
    if (now < this.#next) {
      this.#untold++;
      return;
    }
    const more = this.#untold === 0 ? {} : { refusedSince: this.#untold };
    this.#untold = 0;
    this.#next = now + this.#everyMs;
    this.#logger.info({ bytes, limit, ...more }, 'a message that is too large was refused with 413; is it made for another model length or configuration?');
  }
}
