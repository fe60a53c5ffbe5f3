// T7: sum participants that send another mask than the one they should. A mask needs more than half of the sum dictionary, however many have
// answered and however fast; what can never be a mask is refused on arrival.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '@xaynet/core/bytes';
import type { MaskObject } from '@xaynet/core/mask';
import { bodyOf, EXAMPLE_MODEL, EXAMPLE_UPDATES, maskOf, playSum, playUpdate, Rig, sum2Payload, testSettings } from '../rig.test.ts';

/** The mask with its first element changed by one: it shifts the model a little, and lies well within every range. */
function forged(mask: MaskObject): MaskObject {
  const vect = Uint8Array.from(mask.vect);
  vect[0]! ^= 1;
  return { ...mask, vect };
}

async function inSum2(sums: number, compat: object = {}) {
  const rig = await Rig.start({ settings: testSettings({ compat }) });
  const who = await playSum(rig, sums);
  await playUpdate(rig, EXAMPLE_UPDATES);
  assert.equal(rig.phase, 'sum2');
  const send = (i: number, mask: MaskObject): Promise<string> => rig.send(bodyOf(sum2Payload(who[i]!, mask), who[i]!));
  return { rig, who, send, honest: maskOf(who[0]!, rig) };
}

const model = (rig: Rig): string => toHex(rig.driver.bulletin.model() ?? new Uint8Array());

test('T7: a forger that answers in milliseconds does not end the phase, and loses against the majority', async () => {
  const { rig, send, honest } = await inSum2(3);
  assert.equal(await send(0, forged(honest)), 'accepted');
  await rig.seconds(10);
  assert.equal(rig.phase, 'sum2', 'one of three is no majority, and count.min = 1 does not make it one');
  for (const i of [1, 2]) assert.equal(await send(i, honest), 'accepted');
  await rig.seconds(1);
  assert.equal(model(rig), EXAMPLE_MODEL);
});

test('T7: one of two can force a tie: the round fails, nothing is published', async () => {
  const { rig, send, honest } = await inSum2(2);
  assert.equal(await send(0, forged(honest)), 'accepted');
  assert.equal(await send(1, honest), 'accepted');
  await rig.seconds(4);
  assert.equal(rig.failure, 'mask-ambiguous');
  assert.equal(model(rig), '');
});

test('T7: two forgers of four who agree are no majority either', async () => {
  const { rig, send, honest } = await inSum2(4);
  for (const i of [0, 1]) await send(i, forged(honest));
  await send(2, honest);
  await rig.seconds(20);
  assert.equal(rig.failure, 'mask-no-majority');
  assert.equal(model(rig), '');
});

test('T7: a majority of forgers chooses the model (inherent; documented): S/2 + 1 sum participants must be honest', async () => {
  const { rig, send, honest } = await inSum2(3);
  for (const i of [0, 1]) await send(i, forged(honest));
  await rig.seconds(4);
  assert.notEqual(model(rig), EXAMPLE_MODEL);
  assert.notEqual(model(rig), '');
});

test('T7: compat.plurality lets a lone forger win, as the original does', async () => {
  const { rig, send, honest } = await inSum2(3, { plurality: true });
  assert.equal(await send(0, forged(honest)), 'accepted');
  await rig.seconds(4);
  assert.notEqual(model(rig), '');
  assert.notEqual(model(rig), EXAMPLE_MODEL);
});

test('T7: what can never be a mask is refused on arrival: configuration, length, range', async () => {
  const { rig, send, honest } = await inSum2(3);
  const short = { ...honest, length: 1, vect: honest.vect.subarray(0, honest.vect.length / 2) };
  assert.notEqual(await send(0, short), 'accepted');
  assert.notEqual(await send(0, { ...honest, vect: new Uint8Array(honest.vect.length).fill(255) }), 'accepted');
  assert.equal(await send(0, honest), 'accepted', 'and its sender may still send a good one');
  assert.equal(rig.phase, 'sum2');
});
