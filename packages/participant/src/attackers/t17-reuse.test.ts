// T17: a mask seed that masks two models gives away their difference. Seed and masked model come to be in one step and are kept together or not
// at all, so a participant that is killed at any await, and goes on from its newest state, never does it, whoever keeps that state.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { KeyMap, type MaskSeed, SigningKeySeed, toHex } from '@xaynet/core/bytes';
import { type EncryptKeyPair, generateEncryptKeyPair, openMaskSeed, signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { encodeMaskObject } from '@xaynet/core/mask';
import { countingRandom, FakeCoordinator, keysFor, seedOf } from '../fake-coordinator.test.ts';
import { fileStore } from '../node/file-store.node.ts';
import type { ParticipantOptions } from '../options.ts';
import { Participant } from '../participant.ts';
import { killAgainAndAgain } from '../victim.test.ts';

/** A round in the update phase whose sum participant is the attacker: it reads every seed. */
function attackersRound(): { coordinator: FakeCoordinator; ephemeral: EncryptKeyPair } {
  const coordinator = new FakeCoordinator({ sum: 0, update: 1 });
  const ephemeral = generateEncryptKeyPair(countingRandom('attacker'));
  coordinator.phase = 'update';
  coordinator.sums_ = new KeyMap([[signingKeyPairFromSeed(SigningKeySeed(seedOf('attacker'))).publicKey, ephemeral.publicKey]]);
  return { coordinator, ephemeral };
}

/** What the attacker found: each seed with the objects that were masked with it. */
function found(coordinator: FakeCoordinator, ephemeral: EncryptKeyPair, into = new Map<string, Set<string>>()): Map<string, Set<string>> {
  for (const { payload } of coordinator.delivered) {
    if (payload.tag !== 'update') continue;
    const seed = toHex(openMaskSeed([...payload.localSeedDict][0]![1], ephemeral) as MaskSeed);
    const objects = into.get(seed) ?? new Set();
    into.set(seed, objects.add(toHex(encodeMaskObject(payload.maskedModel))));
  }
  return into;
}

class Killed extends Error {}

test('T17: driven by its application, killed at every await, restored from the last snapshot: no seed masks two models', async () => {
  const seen = new Map<string, Set<string>>();
  let deliveries = 0;
  let calls = 1;
  for (let at = 1; at <= calls; at++) {
    const { coordinator, ephemeral } = attackersRound();
    let made = 0;
    const controller = new AbortController();
    // The process dies before the call, or after it has had its effect but before anybody knows.
    coordinator.before = () => {
      if (++made === at) {
        controller.abort(new Killed());
        throw new Killed();
      }
    };
    const send = coordinator.send.bind(coordinator);
    coordinator.send = async (bytes, signal) => {
      const verdict = await send(bytes, signal);
      if (++made === at) {
        controller.abort(new Killed());
        throw new Killed();
      }
      return verdict;
    };
    // The same chance in all lives: whoever drew the seed from what a state holds would draw it again.
    const options: ParticipantOptions = { transport: coordinator, maxMessageSize: 250, random: countingRandom(`device ${at}`) };
    let trained = 0;
    let participant = await Participant.create({ ...options, keys: keysFor('update', coordinator.params_) });
    let snapshot = participant.snapshot();
    for (let i = 0; i < 60; i++) {
      try {
        const wanted = participant.modelNeeded;
        if (wanted !== undefined) participant.setModel(new Float32Array(4).fill(++trained / 100), { round: wanted.round });
        await participant.tick({ signal: controller.signal.aborted ? undefined : controller.signal });
        snapshot = participant.snapshot();
      } catch (error) {
        assert.ok(error instanceof Killed);
        participant = await Participant.restore(snapshot, options);
      }
      if (participant.state === 'awaiting' && participant.round !== undefined) break;
    }
    calls = Math.max(calls, Math.min(made, 60));
    found(coordinator, ephemeral, seen);
    deliveries += coordinator.delivered.length;
    assert.equal(coordinator.updates, 1, `killed at call ${at}`);
  }
  assert.ok(calls > 10 && deliveries >= calls, `${calls} calls, ${deliveries} deliveries`);
  for (const [seed, objects] of seen) assert.equal(objects.size, 1, `${seed} masks ${objects.size} models`);
});

test('T17: a real process with its state in a file, killed with signal 9 at any moment, each training ending otherwise', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-t17-'));
  try {
    const seen = new Map<string, Set<string>>();
    let killed = 0;
    for (const [n, moments] of [[2, 5], [7]].entries()) {
      const { coordinator, ephemeral } = attackersRound();
      const path = join(folder, `state ${n}`);
      const store = fileStore(path);
      const keys = keysFor('update', coordinator.params_, `${n}`);
      const participant = await Participant.create({ transport: coordinator, keys, store, maxMessageSize: 250 });
      await participant.tick();
      await store.save(participant.snapshot());
      killed += await killAgainAndAgain(
        coordinator,
        path,
        moments.map((requests, i) => ({ requests, ms: (i * 3 + n) % 4 })),
      );
      found(coordinator, ephemeral, seen);
      assert.equal(coordinator.updates, 1);
    }
    assert.ok(killed >= 1 && seen.size >= 2, `${killed} killed, ${seen.size} seeds`);
    for (const [seed, objects] of seen) assert.equal(objects.size, 1, `${seed} masks ${objects.size} models`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
