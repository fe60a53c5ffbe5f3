// T5: whoever wants another role than chance gave it. Signatures can be ground and keys are free, which the protocol cannot prevent; what can be
// had by sending something that does not verify, or by many keys from one place, is refused.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Signature } from '@xaynet/core/bytes';
import type { Payload } from '@xaynet/core/message';
import { taskSignature } from '@xaynet/core/round';
import { bodyOf, participants, playSum, Rig, type TestParticipant, testSettings, updatePayload } from '../rig.test.ts';

/** An update of `who`, with a sum signature of which bit 0 is flipped if `broken`. */
function updateOf(who: TestParticipant, rig: Rig, broken: boolean): Uint8Array {
  const donor = participants(rig.params, 'update', 1)[0]!;
  const sumSignature = Uint8Array.from(taskSignature(who.params.seed, 'sum', who.keys.secretKey));
  if (broken) sumSignature[0]! ^= 1;
  const updateSignature = taskSignature(who.params.seed, 'update', who.keys.secretKey);
  return bodyOf({ ...updatePayload(donor, rig.sums, { weights: [0, 0] }), sumSignature: Signature(sumSignature), updateSignature } as Payload, who);
}

test('T5: a sum participant that also wants to update is refused, with its sum signature and with a broken one', async () => {
  const rig = await Rig.start();
  const [summer] = await playSum(rig, 2);
  assert.equal(await rig.send(updateOf(summer!, rig, false)), 'not-update-eligible');
  assert.equal(await rig.send(updateOf(summer!, rig, true)), 'not-update-eligible');
  const honest = participants(rig.params, 'update', 1)[0]!;
  assert.equal(await rig.send(updateOf(honest, rig, true)), 'not-update-eligible', 'an honest sum signature verifies');
  assert.equal(await rig.send(updateOf(honest, rig, false)), 'accepted');
  assert.equal(rig.driver.updates, 1);
});

test('T5: the signature of somebody who was selected is no use to somebody else', async () => {
  const rig = await Rig.start({ settings: testSettings({ sum: { count: { min: 1, max: 5 } } }) });
  const [winner, other] = participants(rig.params, 'sum', 2);
  const { sumPayload } = await import('../rig.test.ts');
  assert.equal(await rig.send(bodyOf(sumPayload(winner!), other!)), 'not-sum-eligible');
  assert.equal(await rig.send(bodyOf(sumPayload(winner!), winner!)), 'accepted');
});
