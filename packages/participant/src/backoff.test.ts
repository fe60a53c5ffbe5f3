import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from './backoff.ts';
import { breather, sleep, systemClock, systemRandom } from './clock.ts';
import type { Clock } from './ports.ts';

test('waits grow from min to max, jittered to their upper half, and begin again after progress', () => {
  const longest = new Backoff({ min: 100, max: 1000 }, () => Uint8Array.of(255, 255));
  const shortest = new Backoff({ min: 100, max: 1000 }, () => Uint8Array.of(0, 0));
  let length = 100;
  for (let i = 0; i < 20; i++) {
    const [long, short] = [longest.next(), shortest.next()];
    assert.ok(long > 0.999 * length && long <= length, `${long} of ${length}`);
    assert.ok(Math.abs(short - length / 2) < 1e-9);
    length = Math.min(1000, length * 1.5);
  }
  longest.reset();
  assert.ok(longest.next() <= 100);
});

test('min and max are checked, and max defaults to no less than min', () => {
  const random = (): Uint8Array => Uint8Array.of(255, 255);
  for (const poll of [{ min: 0 }, { min: -1 }, { min: Number.NaN }, { min: 2, max: 1 }, { max: Number.POSITIVE_INFINITY }]) {
    assert.throws(() => new Backoff(poll, random), { code: 'option-invalid' }, JSON.stringify(poll));
  }
  assert.ok(new Backoff({ min: 20_000 }, random).next() > 19_000);
  assert.ok(new Backoff({}, random).next() <= 100);
});

test('the platform: random bytes of any length, a clock, sleep that an abort ends, pauses only when due', async () => {
  const bytes = systemRandom(70_000);
  assert.equal(bytes.length, 70_000);
  assert.ok(bytes.subarray(65_536).some((byte) => byte !== 0));
  const controller = new AbortController();
  const slept = sleep(systemClock, 60_000, controller.signal);
  controller.abort();
  await slept;
  await sleep(systemClock, 60_000, AbortSignal.abort());
  let now = 0;
  let sleeps = 0;
  const after: Clock['after'] = (_, run) => {
    sleeps++;
    queueMicrotask(run);
    return () => undefined;
  };
  const pause = breather({ now: () => now, after });
  await pause();
  now = 15;
  await pause();
  assert.equal(sleeps, 0);
  now = 16;
  await pause();
  await pause();
  assert.equal(sleeps, 1);
});
