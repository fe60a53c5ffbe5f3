// Pauses by themselves, on a clock that stands still until it is told: when they begin and end, how they grow, and that recovery is not declared
// again and again while the same trouble lasts.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XaynetError } from '@xaynet/core/errors';
import { FakeClock, settle } from './clock.test.ts';
import { SILENT_LOGGER } from './log.ts';
import { LONGEST_PAUSE, Patience, RELAPSE } from './patience.ts';

function rig(): { clock: FakeClock; patience: Patience; changes: string[] } {
  const clock = new FakeClock();
  const changes: string[] = [];
  const onChange = (paused: unknown): void => void changes.push(paused === undefined ? 'over' : 'paused');
  return { clock, changes, patience: new Patience({ clock, logger: SILENT_LOGGER, onChange }) };
}

/** An act fails, and what recovers from it works at once: the milliseconds until the pause is over. */
async function lapse({ clock, patience }: ReturnType<typeof rig>): Promise<number> {
  const begun = clock.now();
  patience.pause('storage-failed', 'an act');
  const said = patience.paused!.retryAfter * 1000;
  let over = false;
  const recovered = patience.retry('recover', async () => {}).then(() => (over = true));
  await settle();
  while (!over) {
    await clock.advance(500);
    await settle();
  }
  await recovered;
  const took = clock.now() - begun;
  assert.ok(said >= took, `who waits is told to come again after ${said} ms, it took ${took}`);
  return took;
}

test('an act that fails again soon after a recovery waits before the next one, longer each time; calm forgets it', async () => {
  const world = rig();
  const waits: number[] = [];
  for (let i = 0; i < 8; i++) {
    waits.push(await lapse(world));
    await world.clock.advance(RELAPSE / 2);
  }
  assert.deepEqual(waits, [0, 1000, 2000, 4000, 8000, 16_000, LONGEST_PAUSE, LONGEST_PAUSE]);
  await world.clock.advance(RELAPSE);
  assert.equal(await lapse(world), 0);
  await world.clock.advance(RELAPSE / 2);
  assert.equal(await lapse(world), 1000, 'from the beginning');
});

test('tries that fail wait longer each time, from where a pause just before has ended', async () => {
  const { clock, patience, changes } = rig();
  let failing = true;
  const tries: number[] = [];
  const call = async (): Promise<void> => {
    tries.push(clock.now());
    if (failing) throw new XaynetError('storage-failed', 'on purpose');
  };
  const first = patience.retry('first', call);
  await clock.advance(7000);
  failing = false;
  await clock.advance(8000);
  await first;
  assert.deepEqual(
    tries.map((at) => at - tries[0]!),
    [0, 1000, 3000, 7000, 15_000],
  );
  failing = true;
  tries.length = 0;
  const second = patience.retry('second', call);
  await clock.advance(1);
  assert.equal(patience.paused?.retryAfter, 16);
  failing = false;
  await clock.advance(16_000);
  await second;
  assert.deepEqual(changes, ['paused', 'over', 'paused', 'over']);
});

test('a stop ends the wait before the first try', async () => {
  const world = rig();
  await lapse(world);
  world.patience.pause('storage-failed', 'an act');
  const waiting = world.patience.retry('recover', async () => assert.fail('not to be tried'));
  await settle();
  world.patience.stop();
  await assert.rejects(waiting);
});
