// T1, what the page shows: a sum participant of the round has the mask of every update, so a look at one masked update is a look at its weights for
// her. Nothing of a single update is public unless a setting says so; what is public of the sum comes after the model and adds nothing to it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openMaskSeed } from '@xaynet/core/crypto';
import { Aggregation } from '@xaynet/core/mask';
import { Coordinator } from '../coordinator.ts';
import type { MaskedViewJson } from '../http/api/documents.ts';
import { sampleOf } from '../masked-sample.ts';
import { bodyOf, maskOf, participants, playSum, playUpdate, Rig, sum2Payload, updatePayload } from '../rig.test.ts';
import { parseSettings } from '../settings/settings.ts';

const WEIGHTS = [0.125, -0.875];

test('T1: the bytes of one masked update are its weights to a sum participant: so they are not public (succeeds where page.masked_update is on)', async () => {
  const rig = await Rig.start();
  const [sum] = await playSum(rig, 1);
  const [victim] = participants(rig.params, 'update', 1);
  const payload = updatePayload(victim!, rig.sums, { weights: WEIGHTS });
  assert.equal(payload.tag, 'update');
  assert.equal(await rig.send(bodyOf(payload, victim!)), 'accepted');
  await playUpdate(rig, [{ weights: [0, 0] }, { weights: [0, 0] }]);
  const { hex, bytesPerElement } = sampleOf((payload as Extract<typeof payload, { tag: 'update' }>).maskedModel);
  const seed = openMaskSeed(rig.driver.bulletin.view.seeds!.get(sum!.keys.publicKey)!.get(victim!.keys.publicKey)!, sum!.ephemeral);
  const masked = new Aggregation(rig.params.maskConfig, 2);
  const mask = new Aggregation(rig.params.maskConfig, 2);
  mask.addMask(seed);
  const { unit } = mask.object(); // the unit is not shown; any will do, it only gives the scalar
  masked.add({ config: rig.params.maskConfig, length: 2, vect: new Uint8Array(Buffer.from(hex, 'hex').subarray(0, 2 * bytesPerElement)), unit } as never);
  const shifted = masked.object();
  assert.notDeepEqual(shifted.vect, mask.object().vect);
  const order = rig.params.maskConfig.vect.order;
  const number = (bytes: Uint8Array, at: number): bigint =>
    Buffer.from(bytes.subarray(at, at + bytesPerElement)).reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const opened = [0, 1].map((i) => {
    const plain = (number(shifted.vect, i * bytesPerElement) - number(mask.object().vect, i * bytesPerElement) + order) % order;
    return Number(plain) / Number(rig.params.maskConfig.vect.expShift) - Number(rig.params.maskConfig.vect.addShift);
  });
  for (const [i, weight] of WEIGHTS.entries()) assert.ok(Math.abs(opened[i]! - weight) < 1e-9, `${opened}`);
});

test('T1: what is public of the masked sum is what every sum participant computes from public numbers: mean, scalars and her mask', async () => {
  const rig = await Rig.start();
  const [sum] = await playSum(rig, 1);
  await playUpdate(rig, [{ weights: WEIGHTS }, { weights: [0, 0] }, { weights: [0.5, 0.5] }]);
  assert.equal(
    rig.events.some(({ type }) => type === 'model'),
    false,
    'nothing before the model',
  );
  const mask = maskOf(sum!, rig);
  assert.equal(await rig.send(bodyOf(sum2Payload(sum!, mask), sum!)), 'accepted');
  await rig.seconds(4);
  const model = rig.events.find((event) => event.type === 'model')!;
  assert.equal(model.type, 'model');
  const { vect } = rig.params.maskConfig;
  // (mean × scalars + updates × shift) × scale + mask, modulo the order: nothing that she did not know.
  const { masked, updates } = model as Extract<typeof model, { type: 'model' }>;
  const number = (bytes: Uint8Array, at: number): bigint =>
    Buffer.from(bytes.subarray(at, at + vect.bytesPerNumber)).reduceRight((s, byte) => s * 256n + BigInt(byte), 0n);
  const sums = [WEIGHTS[0]! + 0.5, WEIGHTS[1]! + 0.5];
  for (const [i, weights] of sums.entries()) {
    const plain = BigInt(Math.round((weights + updates * Number(vect.addShift)) * Number(vect.expShift)));
    const computed = (plain + number(mask.vect, i * vect.bytesPerNumber)) % vect.order;
    assert.equal(number(Buffer.from(masked.hex, 'hex'), i * vect.bytesPerNumber), computed);
  }
});

test('T1: an API shows no single update unless the setting says so, whatever round it is in', async () => {
  for (const shown of [false, true]) {
    const settings = parseSettings({ api: { bind_address: '127.0.0.1:0' }, model: { length: 2 }, store: { kind: 'memory' }, page: { masked_update: shown } });
    const coordinator = await Coordinator.start(settings);
    const view = (await (await fetch(`${coordinator.url}/masked`)).json()) as MaskedViewJson;
    assert.deepEqual(view, { sum: null, shown, update: null });
    await coordinator.stop();
  }
  assert.equal(parseSettings({ model: { length: 2 } }).showMaskedUpdate, false);
});
