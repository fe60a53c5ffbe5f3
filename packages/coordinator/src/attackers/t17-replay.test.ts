// T17: messages sent again by somebody who has recorded them, in the same round, in a later phase, in a later round, after a restart. None counts
// twice, none counts where it was not meant.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@xaynet/core/bytes';
import { bodyOf, EXAMPLE_MODEL, EXAMPLE_UPDATES, maskOf, participants, Rig, sum2Payload, sumPayload, updatePayload } from '../rig.test.ts';
import { MemoryStore } from '../stores/memory.ts';

test('T17: every message of a round, sent again at once, in every later phase, in the next round and after a restart', async () => {
  const store = new MemoryStore({ keepsContributions: true });
  const rig = await Rig.start({ store });
  const recorded: Uint8Array[] = [];
  let honest = 0;
  const send = async (body: Uint8Array): Promise<void> => {
    assert.equal(await rig.send(Uint8Array.from(body)), 'accepted');
    honest++;
    recorded.push(Uint8Array.from(body));
    assert.notEqual(await rig.send(Uint8Array.from(body)), 'accepted', 'sent again at once');
  };
  const replay = async (to: Rig): Promise<void> => {
    const before = JSON.stringify(await store.counts());
    for (const body of recorded) assert.notEqual(await to.send(Uint8Array.from(body)), 'accepted', `in ${to.phase}`);
    assert.equal(JSON.stringify(await store.counts()), before, 'nothing is stored by it');
  };

  const sums = participants(rig.params, 'sum', 3);
  for (const who of sums) await send(bodyOf(sumPayload(who), who));
  await rig.seconds(4);
  await replay(rig);
  const updates = participants(rig.params, 'update', 3);
  for (const [i, who] of updates.entries()) await send(bodyOf(updatePayload(who, rig.sums, EXAMPLE_UPDATES[i]!), who));
  await rig.seconds(4);
  await replay(rig);
  for (const who of sums) await send(bodyOf(sum2Payload(who, maskOf(who, rig)), who));
  await rig.seconds(4);
  assert.equal(rig.driver.state.round, 2);
  assert.equal(toHex(rig.driver.bulletin.model()!), EXAMPLE_MODEL);
  await replay(rig);
  await rig.driver.stop();

  const after = await Rig.start({ store });
  await replay(after);
  assert.equal(honest, 9);
});

test('T17: one key, two updates: the first counts, whatever the second holds', async () => {
  const rig = await Rig.start();
  const who = participants(rig.params, 'sum', 1)[0]!;
  assert.equal(await rig.send(bodyOf(sumPayload(who), who)), 'accepted');
  await rig.seconds(4);
  const updater = participants(rig.params, 'update', 1)[0]!;
  assert.equal(await rig.send(bodyOf(updatePayload(updater, rig.sums, { weights: [0.25, 0] }), updater)), 'accepted');
  assert.equal(await rig.send(bodyOf(updatePayload(updater, rig.sums, { weights: [0.5, 0] }), updater)), 'update-already-submitted');
  assert.equal(rig.driver.updates, 1);
});
