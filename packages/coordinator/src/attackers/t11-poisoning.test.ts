// T11: an update is any element of the group, so one participant can move the mean. What lies outside of the bound is noticed after unmasking and
// thrown away, previous model kept; within the bound it stands, which is inherent and said so.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EncryptedMaskSeed, KeyMap, MaskSeed, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { sealMaskSeed } from '@xaynet/core/crypto';
import type { Payload, UpdatePayload } from '@xaynet/core/message';
import { decodeModel } from '@xaynet/core/round';
import { bodyOf, EXAMPLE_MODEL, EXAMPLE_UPDATES, participants, playSum, playSum2, playUpdate, Rig, seededRandom, updatePayload } from '../rig.test.ts';

const random = seededRandom('poison');

/** The honest masked model with `by` added to its first element, in the group, and with the seeds of its mask. */
function poisoned(rig: Rig, by: number): Uint8Array {
  const who = participants(rig.params, 'update', 1)[0]!;
  const seed = MaskSeed(random(32));
  const honest = updatePayload(who, rig.sums, { weights: [0, 0], seed }) as UpdatePayload;
  const { vect } = honest.maskedModel;
  const order = honest.maskedModel.config.vect.order;
  const width = vect.length / 2;
  let element = 0n;
  for (let i = width - 1; i >= 0; i--) element = element * 256n + BigInt(vect[i]!);
  element = (element + BigInt(Math.round(by * 1e10)) + order) % order;
  const changed = Uint8Array.from(vect);
  for (let i = 0; i < width; i++, element >>= 8n) changed[i] = Number(element & 255n);
  const localSeedDict = new KeyMap(
    [...rig.sums].map(([key, ephemeral]): [PublicSigningKey, EncryptedMaskSeed] => [key, sealMaskSeed(seed, ephemeral, random)]),
  );
  return bodyOf({ ...honest, maskedModel: { ...honest.maskedModel, vect: changed }, localSeedDict } as Payload, who);
}

test('T11: an update a hundred bounds away makes the mean leave the bound: the round fails, the previous model stays', async () => {
  const rig = await Rig.start();
  const before = await playSum(rig);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, before);
  assert.equal(toHex(rig.driver.bulletin.model()!), EXAMPLE_MODEL);

  const sums = await playSum(rig);
  assert.equal(await rig.send(poisoned(rig, 100)), 'accepted', 'a masked number says nothing');
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, sums);
  assert.equal(rig.failure, 'model-out-of-range');
  assert.equal(toHex(rig.driver.bulletin.model()!), EXAMPLE_MODEL);
});

test('T11: within the bound a single participant moves the mean (inherent; documented)', async () => {
  const rig = await Rig.start();
  const sums = await playSum(rig);
  assert.equal(await rig.send(poisoned(rig, 0.9)), 'accepted');
  await playUpdate(
    rig,
    [0, 0, 0].map(() => ({ weights: [0, 0] })),
  );
  await playSum2(rig, sums);
  const [first] = decodeModel(rig.driver.bulletin.model()!);
  assert.ok(Math.abs(Number(first!.numerator) / Number(first!.denominator) - 0.9 / 4) < 1e-6);
});

test('T11: elements outside of the group are refused on arrival', async () => {
  const rig = await Rig.start();
  await playSum(rig);
  const who = participants(rig.params, 'update', 1)[0]!;
  const payload = updatePayload(who, rig.sums, { weights: [0, 0] }) as UpdatePayload;
  const vect = new Uint8Array(payload.maskedModel.vect.length).fill(255);
  assert.equal(await rig.send(bodyOf({ ...payload, maskedModel: { ...payload.maskedModel, vect } } as Payload, who)), 'aggregate-invalid-object');
  assert.equal(rig.driver.updates, 0);
});
