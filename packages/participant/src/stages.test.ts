// Participants at the places where tests begin: selected for update, or waiting for seeds.

import assert from 'node:assert/strict';
import { type EncryptedMaskSeed, KeyMap, MaskSeed, type PublicSigningKey } from '@xaynet/core/bytes';
import { type SigningKeyPair, sealMaskSeed } from '@xaynet/core/crypto';
import type { RoundParams } from '@xaynet/core/round';
import { countingRandom, FakeCoordinator, keysFor, sumOnce } from './fake-coordinator.test.ts';
import type { ParticipantOptions } from './options.ts';
import { Participant } from './participant.ts';

export function create(coordinator: FakeCoordinator, keys: SigningKeyPair, options: Partial<ParticipantOptions> = {}): Promise<Participant> {
  return Participant.create({ transport: coordinator, keys, random: countingRandom('participant'), ...options });
}

export async function ticks(participant: Participant, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await participant.tick();
}

/** A participant in Update; the sum dictionary has one entry and is there. */
export async function inUpdate(
  options: Partial<ParticipantOptions> = {},
  round: Partial<RoundParams> = {},
): Promise<{ coordinator: FakeCoordinator; participant: Participant }> {
  const coordinator = new FakeCoordinator(round);
  await sumOnce(coordinator, keysFor('sum', coordinator.params_, 's'));
  coordinator.advance();
  const participant = await create(coordinator, keysFor('update', coordinator.params_), options);
  await ticks(participant, 2);
  assert.equal(participant.state, 'update');
  return { coordinator, participant };
}

/** A sum participant that has sent its message, with seeds for it sealed by the test. */
export async function inSum2(
  options: Partial<ParticipantOptions> = {},
): Promise<{ coordinator: FakeCoordinator; participant: Participant; file: (seeds: readonly number[]) => void }> {
  const coordinator = new FakeCoordinator();
  const participant = await create(coordinator, keysFor('sum', coordinator.params_), options);
  await participant.runFor({ ms: 60_000 });
  assert.equal(participant.state, 'sum2');
  coordinator.advance();
  coordinator.advance();
  const own = coordinator.sums_.get(participant.publicKey)!;
  const file = (seeds: readonly number[]): void => {
    const entry = (seed: number, i: number): [PublicSigningKey, EncryptedMaskSeed] => [
      keysFor('update', coordinator.params_, `${i}`).publicKey,
      sealMaskSeed(MaskSeed(new Uint8Array(32).fill(seed)), own, countingRandom(`${seed} ${i}`)),
    ];
    coordinator.seedsOverride = new KeyMap(seeds.map(entry));
  };
  return { coordinator, participant, file };
}
