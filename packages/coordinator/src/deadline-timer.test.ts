// The one deadline: replaced, kept when it comes sooner, taken back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from './clock.test.ts';
import { DeadlineTimer } from './deadline-timer.ts';

test('a deadline that is to come sooner never moves the one that is set away (W-30)', async () => {
  const clock = new FakeClock();
  const begun = clock.now();
  const woken: number[] = [];
  const timer = new DeadlineTimer(clock, () => woken.push(clock.now() - begun));
  timer.set(5, false, true);
  assert.deepEqual(timer.deadline, { at: begun + 5, queuedFirst: false }, 'nothing was set');
  timer.set(10, true);
  assert.deepEqual(timer.deadline, { at: begun + 10, queuedFirst: true }, 'replaced, later too');
  timer.set(11, false, true);
  timer.set(10, false, true);
  assert.deepEqual(timer.deadline, { at: begun + 10, queuedFirst: true }, 'the one that is set comes first');
  timer.set(9, false, true);
  assert.deepEqual(timer.deadline, { at: begun + 9, queuedFirst: false });
  assert.equal(clock.timers, 1);
  await clock.advance(20);
  assert.deepEqual(woken, [9]);
  timer.clear();
  assert.equal(timer.deadline, undefined);
});
