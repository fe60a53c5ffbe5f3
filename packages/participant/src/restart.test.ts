// A participant that is killed: after every tick, and at every single call it makes. Whatever happens, one logical message is
// delivered, no seed masks two models, and sum2 is answered in one way only (participant 10 item 8; threats T3, T17).

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { equalBytes, KeyMap, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { encodeMaskObject } from '@xaynet/core/mask';
import { countingRandom, FakeCoordinator, keysFor, sumOnce, updateOnce } from './fake-coordinator.test.ts';
import type { ParticipantOptions } from './options.ts';
import { Participant } from './participant.ts';
import type { StateStore } from './ports.ts';

type Start = (options: ParticipantOptions) => Promise<Participant>;

/** Trace B, with `between` done after every tick; returns what the participant delivered. */
async function playSum(
  between: (participant: Participant, options: ParticipantOptions) => Promise<Participant>,
  maxMessageSize: number,
): Promise<Uint8Array[]> {
  const coordinator = new FakeCoordinator();
  const keys = keysFor('sum', coordinator.params_);
  const options = { transport: coordinator, random: countingRandom('restart') };
  let participant = await Participant.create({ ...options, keys, maxMessageSize });
  const updaters = ['a', 'b', 'c'].map((name) => keysFor('update', coordinator.params_, name));
  for (let ticks = 0; ticks < 400; ticks++) {
    coordinator.failures.send = ticks % 3 === 1 ? 1 : 0;
    const { outcome, waitingFor } = await participant.tick();
    participant = await between(participant, options);
    if (outcome === 'progress' || waitingFor === 'network') continue;
    if (waitingFor === 'round') break;
    coordinator.failures = {};
    coordinator.advance();
    for (const updater of updaters) await updateOnce(coordinator, updater);
    coordinator.advance();
  }
  return own(coordinator, keys.publicKey);
}

/** Trace C, likewise. */
async function playUpdate(
  between: (participant: Participant, options: ParticipantOptions) => Promise<Participant>,
  maxMessageSize: number,
): Promise<Uint8Array[]> {
  const coordinator = new FakeCoordinator();
  await sumOnce(coordinator, keysFor('sum', coordinator.params_, 's'));
  const keys = keysFor('update', coordinator.params_);
  const options = { transport: coordinator, random: countingRandom('restart') };
  let participant = await Participant.create({ ...options, keys, maxMessageSize });
  for (let ticks = 0; ticks < 400; ticks++) {
    coordinator.failures.send = ticks % 3 === 1 ? 1 : 0;
    const { waitingFor } = await participant.tick();
    participant = await between(participant, options);
    if (waitingFor === 'round') break;
    if (waitingFor === 'sums') coordinator.advance();
    if (waitingFor === 'model') {
      participant.setModel(Float32Array.of(1, -1, 0.1, 0), { round: participant.round, scalar: 0.5 });
      participant = await between(participant, options);
    }
  }
  return own(coordinator, keys.publicKey);
}

function own(coordinator: FakeCoordinator, key: PublicSigningKey): Uint8Array[] {
  return coordinator.delivered.filter(({ participant }) => equalBytes(participant, key)).map(({ bytes }) => bytes);
}

const undisturbed = async (participant: Participant): Promise<Participant> => participant;
const killed = async (participant: Participant, options: ParticipantOptions): Promise<Participant> => Participant.restore(participant.snapshot(), options);

for (const [name, play, messages, sizes] of [
  ['sum', playSum, 2, [0, 194]],
  ['update', playUpdate, 1, [0, 250]],
] as const) {
  for (const size of sizes) {
    test(`${name} task, maximum message size ${size}: killed and restored after every tick, the same messages arrive`, async () => {
      const expected = await play(undisturbed, size);
      assert.equal(expected.length, messages);
      assert.deepEqual(await play(killed, size), expected);
    });
  }
}

/** A store in memory that a "process" dies with or without having written. */
class MemoryStore implements StateStore {
  bytes: Uint8Array | undefined;
  before: () => void = () => undefined;
  async load(): Promise<Uint8Array | undefined> {
    return this.bytes;
  }
  async save(snapshot: Uint8Array): Promise<void> {
    this.before();
    this.bytes = snapshot.slice();
    this.before();
  }
}

class Killed extends Error {}

/** Lives until the `calls`-th call outside, dies there; then goes on from what the store holds, to the end. Returns the number of calls made. */
async function dieAtCall(
  calls: number,
  coordinator: FakeCoordinator,
  store: MemoryStore,
  start: Start,
  drive: (participant: Participant) => Promise<boolean>,
): Promise<number> {
  let made = 0;
  const controller = new AbortController();
  const call = (): void => {
    if (++made === calls) {
      controller.abort(new Killed());
      throw new Killed();
    }
  };
  coordinator.before = call;
  store.before = call;
  const options = { transport: coordinator, store, random: countingRandom(`life ${calls}`), maxMessageSize: 250 };
  let participant = await start(options);
  try {
    for (let i = 0; i < 60; i++) {
      if (await drive(participant)) break;
      await participant.tick({ signal: controller.signal });
    }
  } catch (error) {
    assert.ok(error instanceof Killed);
    coordinator.before = () => undefined;
    store.before = () => undefined;
    participant = store.bytes === undefined ? await start(options) : await Participant.restore(store.bytes, options);
    for (let i = 0; i < 60; i++) {
      if (await drive(participant)) break;
      await participant.tick();
    }
  }
  assert.equal(participant.state, 'awaiting');
  return made;
}

test('sum task, killed at any call: sum2 is answered in one way only, even when the coordinator asks again with other seeds', async () => {
  let calls = 0;
  let answered = 0;
  for (let at = 1; at <= calls + 1; at++) {
    const coordinator = new FakeCoordinator();
    const { params_ } = coordinator;
    const keys = keysFor('sum', params_);
    const store = new MemoryStore();
    // A malicious coordinator: each time it is asked, another selection of the updates that it holds.
    const seedsOf = coordinator.seeds.bind(coordinator);
    let asked = 0;
    coordinator.seeds = async (key, signal) => {
      const seeds = await seedsOf(key, signal);
      if (seeds === undefined) return undefined;
      const skip = asked++ % 4;
      return new KeyMap([...seeds].filter((_, i) => i !== skip));
    };
    const drive = async (participant: Participant): Promise<boolean> => {
      if (participant.state === 'sum2' && coordinator.phase === 'sum') {
        const { before } = coordinator;
        coordinator.before = () => undefined;
        coordinator.advance();
        for (const name of ['a', 'b', 'c', 'd']) await updateOnce(coordinator, keysFor('update', params_, name));
        coordinator.advance();
        coordinator.before = before;
      }
      return participant.state === 'awaiting' && participant.round !== undefined;
    };
    const made = await dieAtCall(at, coordinator, store, (options) => Participant.create({ ...options, keys }), drive);
    calls = Math.max(calls, Math.min(made, 60));
    const masks = coordinator.delivered
      .filter(({ payload }) => payload.tag === 'sum2')
      .map(({ payload }) => (payload.tag === 'sum2' ? toHex(encodeMaskObject(payload.mask)) : ''));
    assert.ok(new Set(masks).size <= 1, `killed at call ${at}: ${masks.length} different answers`);
    if (masks.length > 0) answered++;
    if (at > made) break;
  }
  assert.ok(calls > 10 && answered > 10, `${calls} calls, ${answered} answered`);
});

test('update task, killed at any call: one masked model for one seed, and the coordinator counts the participant once', async () => {
  let calls = 0;
  for (let at = 1; at <= calls + 1; at++) {
    const coordinator = new FakeCoordinator();
    await sumOnce(coordinator, keysFor('sum', coordinator.params_, 's'));
    coordinator.advance();
    const keys = keysFor('update', coordinator.params_);
    const store = new MemoryStore();
    let models = 0;
    const drive = async (participant: Participant): Promise<boolean> => {
      const { modelNeeded } = participant;
      // Every training ends differently, also the one that a restart repeats.
      if (modelNeeded !== undefined) participant.setModel(new Float32Array(4).fill(++models / 10), { round: modelNeeded.round });
      return participant.state === 'awaiting' && participant.round !== undefined;
    };
    const made = await dieAtCall(at, coordinator, store, (options) => Participant.create({ ...options, keys }), drive);
    calls = Math.max(calls, made);
    const payloads = coordinator.delivered.map(({ payload }) => payload).filter((payload) => payload.tag === 'update');
    const updates = new Set(payloads.map((payload) => toHex(encodeMaskObject(payload.maskedModel))));
    assert.equal(updates.size, 1, `killed at call ${at}`);
    assert.equal(coordinator.updates, 1, `killed at call ${at}`);
    if (at > made) break;
  }
  assert.ok(calls > 10, `${calls} calls`);
});

test('a store that fails keeps the participant from sending, and says so', async () => {
  const coordinator = new FakeCoordinator();
  const store = new MemoryStore();
  const participant = await Participant.create({ transport: coordinator, store, keys: keysFor('sum', coordinator.params_) });
  for (let i = 0; i < 3; i++) await participant.tick();
  assert.equal(participant.state, 'sending-sum');
  store.before = () => {
    throw new Error('disk full');
  };
  for (let i = 0; i < 2; i++) {
    const { outcome, waitingFor, error } = await participant.tick();
    assert.deepEqual([outcome, waitingFor, error?.code], ['pending', 'store', 'store-failed']);
    assert.match(error!.message, /disk full/);
  }
  assert.equal(coordinator.posts.length, 0);
  store.before = () => undefined;
  await participant.tick();
  assert.equal(coordinator.posts.length, 1);
  assert.equal((await Participant.restore(store.bytes!, { transport: coordinator })).state, 'sending-sum');
});
