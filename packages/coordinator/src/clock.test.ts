// A clock that stands still until a test moves it, and the test of the real one.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, systemClock } from './clock.ts';

/** Lets everything that is ready happen: promises first, then whatever they set off. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

/** Time as the test wants it. Timers go off in order, each at its exact moment. */
export class FakeClock implements Clock {
  #now: number;
  readonly #timers = new Set<{ readonly at: number; readonly callback: () => void }>();

  constructor(now = 1_700_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  setTimer(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Moves on by `ms` milliseconds; what becomes due on the way happens, and what it sets off as well. */
  async advance(ms: number): Promise<void> {
    await settle();
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

test('the system clock tells wall time and wakes up', async () => {
  const before = systemClock.now();
  assert.ok(Math.abs(before - Date.now()) < 5000);
  await new Promise<void>((resolve) => systemClock.setTimer(5, resolve));
  assert.ok(systemClock.now() > before);
});

test('a cancelled timer of the system clock does not go off, and one longer than Node can wait does not go off at once', async () => {
  const calls: string[] = [];
  const cancelShort = systemClock.setTimer(1, () => calls.push('short'));
  const cancelLong = systemClock.setTimer(1e12, () => calls.push('long'));
  cancelShort();
  await new Promise((resolve) => setTimeout(resolve, 10));
  cancelLong();
  assert.deepEqual(calls, []);
});
