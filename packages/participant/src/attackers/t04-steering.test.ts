// T4: a coordinator that steers what is learned: it lets a round fail and asks again, shows different models to different people, uses a seed
// again. The participant makes everything afresh in each round, and names what it was shown, so that people can compare.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { KeyMap, type MaskSeed, toHex } from '@xaynet/core/bytes';
import { type EncryptKeyPair, generateEncryptKeyPair, openMaskSeed } from '@xaynet/core/crypto';
import { encodeMaskObject, rational } from '@xaynet/core/mask';
import { encodeModel, encodeRoundParams, type RoundParams } from '@xaynet/core/round';
import { countingRandom, FakeCoordinator, keysFor } from '../fake-coordinator.test.ts';
import type { GlobalModel } from '../global-model.ts';
import { Participant } from '../participant.ts';
import { runParticipant } from '../run.ts';
import { create } from '../stages.test.ts';

/** A round in the update phase whose only sum participant is the attacker. */
function attackersRound(coordinator: FakeCoordinator, round: Partial<RoundParams> = {}): EncryptKeyPair {
  coordinator.newRound({ sum: 0, update: 1, ...round });
  const ephemeral = generateEncryptKeyPair(countingRandom('attacker'));
  coordinator.phase = 'update';
  coordinator.sums_ = new KeyMap([[keysFor('none', { ...coordinator.params_, update: 0 }).publicKey, ephemeral.publicKey]]);
  return ephemeral;
}

test('T4: a round that failed is not repeated: it is trained again and masked with another seed, also when the model comes out the same', async () => {
  const coordinator = new FakeCoordinator();
  let ephemeral = attackersRound(coordinator);
  const trainings: string[] = [];
  const run = runParticipant({
    transport: coordinator,
    poll: { min: 1, max: 4 },
    train: (_, { round }) => {
      trainings.push(round);
      return Float32Array.of(0.5, 0.25, 0, -1);
    },
  });
  const seeds: string[] = [];
  const objects: string[] = [];
  let rounds = 0;
  for await (const event of run.events()) {
    if (event.type !== 'sent') continue;
    const { payload } = coordinator.delivered.at(-1)!;
    assert.ok(payload.tag === 'update');
    seeds.push(toHex(openMaskSeed([...payload.localSeedDict][0]![1], ephemeral) as MaskSeed));
    objects.push(toHex(encodeMaskObject(payload.maskedModel)));
    if (++rounds === 4) break;
    ephemeral = attackersRound(coordinator, rounds === 2 ? { seed: coordinator.params_.seed } : {}); // no model is published: the round failed
  }
  await run.stop();
  assert.deepEqual([new Set(trainings).size, new Set(seeds).size, new Set(objects).size], [4, 4, 4]);
});

test('T4: parameters that differ in anything at all are another round, with another ephemeral key; a seed used again changes nothing in that', async () => {
  const coordinator = new FakeCoordinator({ sum: 1 });
  const participant = await create(coordinator, keysFor('sum', coordinator.params_));
  const first = coordinator.params_;
  const keys = new Set<string>();
  const ids = new Set<string>();
  for (const change of [{}, { update: 0.5 }, { sum: 0.999 }, { modelLength: 5 }, { seed: first.seed }]) {
    const { coordinatorKey } = coordinator;
    coordinator.newRound();
    coordinator.params_ = { ...first, publicKey: coordinator.coordinatorKey, ...change };
    assert.notDeepEqual(coordinatorKey, coordinator.coordinatorKey);
    await participant.runFor({ ms: 1e6 });
    assert.equal(participant.state, 'sum2');
    assert.equal(participant.round, createHash('sha256').update(encodeRoundParams(coordinator.params_)).digest('hex'), 'as the record of the round names it');
    keys.add(toHex(coordinator.sums_.get(participant.publicKey)!));
    ids.add(participant.round!);
  }
  assert.deepEqual([keys.size, ids.size], [5, 5]);
});

test('T4: what was shown has a name: the digest of the model, the id of the parameters; who was shown another model has another', async () => {
  const coordinator = new FakeCoordinator();
  coordinator.globalModel = [rational(1, 3), rational(-1), rational(0), rational(1)];
  const honest = encodeModel(coordinator.globalModel);
  const shown: GlobalModel[] = [];
  for (const name of ['a', 'b', 'victim']) {
    if (name === 'victim') coordinator.globalModel = [rational(1, 3), rational(-1), rational(0), rational(1000)];
    const participant = await Participant.create({ transport: coordinator, keys: keysFor('update', coordinator.params_, name) });
    await participant.tick();
    shown.push((await participant.globalModel())!);
  }
  const [a, b, victim] = shown;
  assert.equal(a!.digest, createHash('sha256').update(honest).digest('hex'));
  assert.equal(a!.digest, b!.digest);
  assert.notEqual(victim!.digest, a!.digest);
  assert.equal(victim!.round, a!.round);
});
