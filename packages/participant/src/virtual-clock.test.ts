// Time for tests: it goes by when a test says so, and everybody who waits for it gets their turn.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from './ports.ts';

/** A clock that stands still until it is told to go on. */
export class VirtualClock implements Clock {
  #now = 0;
  #timers: { at: number; run: () => void }[] = [];
  now = (): number => this.#now;
  get timers(): number {
    return this.#timers.length;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Lets `ms` go by; everybody who is woken by a timer gets to where it waits for the next one. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await new Promise(setImmediate);
      const next = this.#timers.reduce<{ at: number; run: () => void } | undefined>(
        (first, timer) => (first && first.at <= timer.at ? first : timer),
        undefined,
      );
      if (next === undefined || next.at > end) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = end;
  }
}

test('timers run in order, at their time, unless cancelled', async () => {
  const clock = new VirtualClock();
  const ran: string[] = [];
  clock.after(20, () => ran.push(`b ${clock.now()}`));
  clock.after(10, () => ran.push(`a ${clock.now()}`));
  clock.after(15, () => ran.push('never'))();
  await clock.pass(19);
  assert.deepEqual([ran, clock.timers], [['a 10'], 1]);
  await clock.pass(1);
  assert.deepEqual([ran, clock.timers, clock.now()], [['a 10', 'b 20'], 0, 20]);
});
