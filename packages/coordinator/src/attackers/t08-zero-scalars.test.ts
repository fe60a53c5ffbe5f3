// T8: a sum of scalars that is zero would be divided by. By updates that all have scalar zero, or by a mask whose unit cancels the scalars, in
// either case the round fails, the process lives, and the next round works.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@xaynet/core/bytes';
import { Aggregation, type MaskObject, maskModel, rational } from '@xaynet/core/mask';
import { bodyOf, EXAMPLE_MODEL, EXAMPLE_UPDATES, maskOf, playSum, playSum2, playUpdate, Rig, sum2Payload, type updatePayload } from '../rig.test.ts';

async function nextRoundWorks(rig: Rig): Promise<void> {
  assert.equal(rig.phase, 'sum');
  const sums = await playSum(rig);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, sums);
  assert.equal(toHex(rig.driver.bulletin.model()!), EXAMPLE_MODEL);
}

test('T8: updates with scalar zero', async () => {
  const rig = await Rig.start();
  const sums = await playSum(rig);
  await playUpdate(
    rig,
    [1, 2, 3].map(() => ({ weights: [0.5, 0.5], scalar: rational(0) })),
  );
  await playSum2(rig, sums);
  assert.equal(rig.failure, 'unmask-scalar-sum');
  assert.equal(rig.driver.bulletin.model(), undefined);
  await nextRoundWorks(rig);
});

test('T8: a sum participant that offers a mask unit by which the scalars cancel', async () => {
  const rig = await Rig.start();
  const sums = await playSum(rig);
  await playUpdate(rig, EXAMPLE_UPDATES);
  // The aggregate's unit itself as mask unit: their difference, the sum of the scalars, is zero.
  const honest = maskOf(sums[0]!, rig);
  const cancelling: MaskObject = { ...honest, unit: aggregateUnit(rig) };
  assert.equal(await rig.send(bodyOf(sum2Payload(sums[0]!, cancelling), sums[0]!)), 'accepted', 'nobody can see it in the mask');
  await rig.seconds(4);
  assert.ok(rig.failure !== undefined);
  assert.equal(rig.driver.bulletin.model(), undefined);
  await nextRoundWorks(rig);
});

/** The unit of the sum of the example's masked models. */
function aggregateUnit(rig: Rig): Uint8Array {
  const { maskConfig, modelLength } = rig.params;
  const sum = new Aggregation(maskConfig, modelLength);
  const who = { params: rig.params } as Parameters<typeof updatePayload>[0];
  for (const update of EXAMPLE_UPDATES) sum.add(maskedModel(who, update));
  return sum.object().unit;
}

function maskedModel(who: Parameters<typeof updatePayload>[0], update: (typeof EXAMPLE_UPDATES)[number]): MaskObject {
  const config = who.params.maskConfig;
  return maskModel({ config, seed: update.seed!, scalar: update.scalar!, model: Float32Array.from(update.weights) });
}
