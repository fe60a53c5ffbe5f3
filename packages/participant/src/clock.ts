// The clock and the generator of the platform: the only places of this package that touch globals, besides the default `fetch`.

import type { RandomBytes } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import type { Clock } from './ports.ts';

/** The clock of the platform: `Date.now` and `setTimeout`. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Random bytes of the platform's `crypto.getRandomValues`; throws `random-missing` where there is none. */
export const systemRandom: RandomBytes = (length) => {
  const source = typeof crypto === 'undefined' ? undefined : crypto;
  if (source === undefined || typeof source.getRandomValues !== 'function') throw new XaynetError('random-missing');
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) source.getRandomValues(bytes.subarray(at, Math.min(length, at + 65_536)));
  return bytes;
};

/** A promise that resolves after `ms` milliseconds, or at once when the signal aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const wake = (): void => {
      cancel();
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const cancel = clock.after(ms, wake);
    signal?.addEventListener('abort', wake);
  });
}

/** A pause for long computations: gives way to others when `ms` milliseconds of work have gone by, and otherwise costs nothing. */
export function breather(clock: Clock, ms = 16): () => Promise<void> {
  let since = clock.now();
  return async () => {
    if (clock.now() - since < ms) return;
    await sleep(clock, 0);
    since = clock.now();
  };
}

/** Milliseconds after which a computation counts as long. */
export const LONG_COMPUTATION = 250;

/** Passes on how far a computation is when it takes long, once each {@link LONG_COMPUTATION} milliseconds, and then its end too. */
export function ifLong<P extends { readonly done: number; readonly total: number }>(clock: Clock, tell: (progress: P) => void): (progress: P) => void {
  let last = clock.now();
  let told = false;
  return (progress) => {
    const now = clock.now();
    const ends = told && progress.done === progress.total;
    if (now - last < LONG_COMPUTATION && !ends) return;
    last = now;
    told = true;
    tell(progress);
  };
}
