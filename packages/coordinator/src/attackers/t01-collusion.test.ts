// T1: a coordinator and one sum participant who talk to each other. Each update seals its seed to every sum participant, and the coordinator has
// the masked model: together they open it. Nothing here prevents that; the test keeps the sentence in docs/SECURITY.md true.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMaskSeed } from '@xaynet/core/crypto';
import { Aggregation } from '@xaynet/core/mask';
import type { UpdatePayload } from '@xaynet/core/message';
import { bodyOf, participants, playSum, playUpdate, Rig, updatePayload } from '../rig.test.ts';

test('T1: one of five sum participants and the coordinator open the model of anybody (inherent; documented)', async () => {
  const rig = await Rig.start();
  const sums = await playSum(rig, 5);
  const [victim] = participants(rig.params, 'update', 1);
  const payload = updatePayload(victim!, rig.sums, { weights: [0.125, -0.875] }) as UpdatePayload;
  assert.equal(await rig.send(bodyOf(payload, victim!)), 'accepted');
  await playUpdate(rig, [{ weights: [0, 0] }, { weights: [0, 0] }]);

  const corrupt = sums[3]!;
  const sealedSeed = rig.driver.bulletin.view.seeds!.get(corrupt.keys.publicKey)!.get(victim!.keys.publicKey)!;
  const mask = new Aggregation(rig.params.maskConfig, 2);
  mask.addMask(openMaskSeed(sealedSeed, corrupt.ephemeral));
  const masked = new Aggregation(rig.params.maskConfig, 2);
  masked.add(payload.maskedModel);
  assert.deepEqual([...masked.unmask(mask.object()).toWeights('F32')], [0.125, -0.875]);
  assert.throws(() => openMaskSeed(sealedSeed, sums[0]!.ephemeral), { code: 'sealed-box-open-failed' }, 'a seed opens for its participant only');
});
