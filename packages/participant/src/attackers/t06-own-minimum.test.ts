// T6: rounds that are too small to hide anybody. The coordinator's own minimum is nothing that a participant is told, let alone could check:
// so it has its own, for the company in which its model is summed and for the sums that it helps to unmask.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeCoordinator, keysFor, updateOnce } from '../fake-coordinator.test.ts';
import { create, inSum2, inUpdate } from '../stages.test.ts';

test('T6: below its own minimum of updates a sum participant leaves the round; the empty dictionary always (Q-05)', async () => {
  for (const [seeds, options, code] of [
    [[], {}, 'updates-too-few'],
    [[], { minUpdates: 1 }, 'updates-too-few'],
    [[1], {}, 'updates-too-few'],
    [[1, 2], {}, 'updates-too-few'],
    [[1, 2, 3], {}, undefined],
    [[1], { minUpdates: 1 }, undefined],
    [[1, 2, 3], { minUpdates: 4 }, 'updates-too-few'],
    [[1, 2, 3, 4], { maxUpdates: 3 }, 'round-refused'],
  ] as const) {
    const { coordinator, participant, file } = await inSum2(options);
    file(seeds);
    assert.equal((await participant.tick()).failure?.code, code);
    await participant.runFor({ ms: 60_000 });
    assert.equal(coordinator.masks, code === undefined ? 1 : 0);
  }
});

test('T6: too few sum participants, and too many, end the update task before a model is asked for', async () => {
  for (const [options, code] of [
    [{ minSums: 2 }, 'sums-too-few'],
    [{ minSums: 1 }, undefined],
  ] as const) {
    const { participant } = await inUpdate(options);
    assert.equal((await participant.tick()).failure?.code, code);
  }
  const { coordinator, participant } = await inUpdate({ maxSums: 1 });
  coordinator.sums_.set(participant.publicKey, coordinator.coordinatorKey);
  assert.equal((await participant.tick()).failure?.code, 'round-refused');
});

test('T6: a victim alone among nobody: the sum of one update is never unmasked by a participant with the defaults', async () => {
  const coordinator = new FakeCoordinator();
  const summer = await create(coordinator, keysFor('sum', coordinator.params_));
  await summer.runFor({ ms: 1e6 });
  coordinator.advance();
  await updateOnce(coordinator, keysFor('update', coordinator.params_, 'victim'));
  coordinator.advance();
  assert.equal((await summer.tick()).failure?.code, 'updates-too-few');
  await summer.runFor({ ms: 1e6 });
  assert.deepEqual([coordinator.masks, summer.state], [0, 'awaiting']);
});
