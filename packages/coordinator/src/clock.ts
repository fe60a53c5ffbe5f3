// Time, by argument: the coordinator asks this and nothing else what time it is, so that a test can be its clock.

import { performance } from 'node:perf_hooks';

/** What tells the time and wakes up. */
export interface Clock {
  /** Milliseconds since 1970; never runs backwards. */
  now(): number;
  /** Calls back once after `ms` milliseconds or somewhat earlier; returns what cancels it. */
  setTimer(ms: number, callback: () => void): () => void;
}

// What a timer of Node can wait at most; longer waits wake up early and wait again.
const LONGEST_TIMER = 2 ** 31 - 1;

/** The machine's clock: wall time at the start of the process, monotonic from then on. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  setTimer(ms, callback) {
    const timer = setTimeout(callback, Math.min(Math.ceil(ms), LONGEST_TIMER));
    return () => clearTimeout(timer);
  },
};
