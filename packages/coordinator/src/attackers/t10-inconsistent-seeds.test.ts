// T10: an update that is one thing for some and another for others: a seed for these sum participants and a second one for those, or a mask of
// a third. Nobody sees it alone. Votes split or the model is garbage; in either case it is noticed, thrown away, and the previous model stays.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EncryptedMaskSeed, KeyMap, MaskSeed, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { sealMaskSeed } from '@xaynet/core/crypto';
import type { UpdatePayload } from '@xaynet/core/message';
import { chooseRole } from '@xaynet/core/round';
import {
  bodyOf,
  EXAMPLE_MODEL,
  EXAMPLE_UPDATES,
  maskOf,
  participants,
  playSum,
  playSum2,
  playUpdate,
  Rig,
  seededRandom,
  sum2Payload,
  type TestParticipant,
  testSettings,
  updatePayload,
} from '../rig.test.ts';

const random = seededRandom('t10');
const seeds = Array.from({ length: 6 }, () => MaskSeed(random(32)));

/** An update masked with seed 0, whose sum participant number i gets the seed with the number `seedOf[i]`. */
function inconsistent(rig: Rig, sums: readonly TestParticipant[], seedOf: readonly number[]): Uint8Array {
  const [who] = participants(rig.params, 'update', 1);
  const honest = updatePayload(who!, rig.sums, { weights: [0.5, 0.5], seed: seeds[0] }) as UpdatePayload;
  const localSeedDict = new KeyMap(
    sums.map(({ keys, ephemeral }, i): [PublicSigningKey, EncryptedMaskSeed] => [
      keys.publicKey,
      sealMaskSeed(seeds[seedOf[i]!]!, ephemeral.publicKey, random),
    ]),
  );
  return bodyOf({ ...honest, localSeedDict }, who!);
}

/** A good round, then one with this attack, in which every sum participant computes what it is given. */
async function attacked(seedOf: readonly number[]): Promise<Rig> {
  const rig = await Rig.start();
  const before = await playSum(rig);
  await playUpdate(rig, EXAMPLE_UPDATES);
  await playSum2(rig, before);
  assert.equal(toHex(rig.driver.bulletin.model()!), EXAMPLE_MODEL);

  const sums = await playSum(rig, seedOf.length);
  assert.equal(await rig.send(inconsistent(rig, sums, seedOf)), 'accepted', 'sealed seeds say nothing');
  await playUpdate(rig, EXAMPLE_UPDATES);
  for (const who of sums) assert.equal(await rig.send(bodyOf(sum2Payload(who, maskOf(who, rig)), who)), 'accepted');
  while (rig.driver.state.round === 2) await rig.seconds(1);
  return rig;
}

for (const [what, seedOf, code] of [
  ['half of the sum participants get another seed: a tie', [0, 0, 1, 1], 'mask-ambiguous'],
  ['each gets its own: a tie of all', [0, 1, 2, 3, 4], 'mask-ambiguous'],
  ['two fifths, two fifths, one fifth: a tie', [0, 0, 1, 1, 2], 'mask-ambiguous'],
  ['two of five agree by the right seed, the others on nothing: no majority', [0, 0, 1, 2, 3], 'mask-no-majority'],
  ['most get a seed that is not that of the mask: garbage, caught by the range check', [0, 1, 1], 'model-out-of-range'],
  ['all get it: the same', [1, 1, 1], 'model-out-of-range'],
] as const) {
  test(`T10: ${what}; the round fails, the previous model stays`, async () => {
    const rig = await attacked(seedOf);
    assert.equal(rig.failure, code);
    assert.equal(toHex(rig.driver.bulletin.model()!), EXAMPLE_MODEL);
    const [record] = await rig.store.records(1);
    assert.deepEqual([record?.outcome, record?.code, record?.model], ['failure', code, undefined]);
  });
}

test('T10: where most get the right seed the round gives the right model: one update of four, and no harm', async () => {
  const rig = await attacked([0, 0, 1]);
  assert.equal(rig.failure, undefined);
  assert.notEqual(toHex(rig.driver.bulletin.model()!), EXAMPLE_MODEL);
  assert.equal(rig.events.filter((event) => event.type === 'model').at(-1)?.updates, 4);
});

test('T10: who spoils a round in sum2 has update participants sit out, never so many that a round starves (inherent; documented)', async () => {
  const rig = await Rig.start({ settings: testSettings({ sum: { prob: 0.1 }, update: { prob: 1 } }) });
  const sums = await playSum(rig, 2);
  const senders = await playUpdate(rig, [...EXAMPLE_UPDATES, ...EXAMPLE_UPDATES]);
  const honest = maskOf(sums[0]!, rig);
  const forged = { ...honest, vect: Uint8Array.from(honest.vect, (byte, i) => (i === 0 ? byte ^ 1 : byte)) };
  assert.equal(await rig.send(bodyOf(sum2Payload(sums[0]!, honest), sums[0]!)), 'accepted');
  assert.equal(await rig.send(bodyOf(sum2Payload(sums[1]!, forged), sums[1]!)), 'accepted');
  while (rig.driver.state.round === 1) await rig.seconds(1);
  assert.equal(rig.failure, 'mask-ambiguous');

  await playSum(rig);
  const verdicts: string[] = [];
  for (const { keys, ephemeral } of senders) {
    const who = { keys, ephemeral, params: rig.params };
    if (chooseRole(rig.params, keys).role === 'update') verdicts.push(await rig.send(bodyOf(updatePayload(who, rig.sums, { weights: [0, 0] }), who)));
  }
  const out = verdicts.filter((verdict) => verdict === 'update-quarantined').length;
  assert.ok(out > 0 && out <= senders.length - 3, `${verdicts}`);
  assert.equal(verdicts.length - out, rig.driver.updates);
});
