// A coordinator that is used by its own process: the five routes without HTTP, on a clock that jumps as soon as it only waits.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@xaynet/core/bytes';
import { openMaskSeed } from '@xaynet/core/crypto';
import { Aggregation } from '@xaynet/core/mask';
import { decodeRoundParams, decodeSumDict, decodeUpdateSeedDict } from '@xaynet/core/round';
import { FakeClock } from './clock.test.ts';
import { Coordinator } from './coordinator.ts';
import { bodyOf, EXAMPLE_MODEL, EXAMPLE_UPDATES, participants, sum2Payload, sumPayload, testSettings, updatePayload } from './rig.test.ts';

test('a whole round goes by direct calls on a clock that jumps while the coordinator waits, with a thread that judges', async () => {
  const clock = new FakeClock();
  const coordinator = await Coordinator.start({ ...testSettings(), store: { ...testSettings().store, kind: 'memory' }, intake: { workers: 1 } }, { clock });
  const { direct } = coordinator;
  const send = async (body: Uint8Array): Promise<string> => {
    const coming = direct.message(body, '');
    assert.equal(coordinator.isWaiting, false, 'a message has no verdict yet');
    const verdict = await coming;
    return verdict.accepted ? 'accepted' : verdict.code;
  };
  const jump = async (): Promise<void> => {
    while (!coordinator.isWaiting) await new Promise(setImmediate);
    await clock.advance(4000);
    while (!coordinator.isWaiting) await new Promise(setImmediate);
  };
  try {
    while (!coordinator.isWaiting || coordinator.status().phase !== 'sum') await new Promise(setImmediate);
    assert.equal(await send(new Uint8Array(200)), 'sealed-box-open-failed');
    const params = decodeRoundParams(direct.params());
    const [summer] = participants(params, 'sum', 1);
    assert.equal(await send(bodyOf(sumPayload(summer!), summer!)), 'accepted');
    assert.equal(direct.sums(), undefined);
    await jump();
    const sums = decodeSumDict(direct.sums()!);
    for (const [i, who] of participants(params, 'update', 3).entries()) {
      assert.equal(await send(bodyOf(updatePayload(who, sums, EXAMPLE_UPDATES[i]!), who)), 'accepted');
    }
    await jump();
    const masks = new Aggregation(params.maskConfig, params.modelLength);
    for (const [, seed] of decodeUpdateSeedDict(direct.seeds(summer!.keys.publicKey)!)) masks.addMask(openMaskSeed(seed, summer!.ephemeral));
    assert.equal(await send(bodyOf(sum2Payload(summer!, masks.object()), summer!)), 'accepted');
    await jump();
    assert.equal(toHex(direct.model()!), EXAMPLE_MODEL);
  } finally {
    await coordinator.stop();
  }
});
