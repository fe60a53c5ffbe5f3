import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KeyMap, MaskSeed, toHex } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import { deriveMask, rational } from '@xaynet/core/mask';
import fc from 'fast-check';
import { countingRandom, FakeCoordinator, keysFor, sumOnce, updateOnce } from './fake-coordinator.test.ts';
import { Participant } from './participant.ts';
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts';
import type { Phase, State } from './state.ts';

/** Snapshots of a sum and of an update participant after every tick of a round, some of them with a failed part. */
async function snapshots(): Promise<Uint8Array[]> {
  const coordinator = new FakeCoordinator();
  const all: Uint8Array[] = [];
  await sumOnce(coordinator, keysFor('sum', coordinator.params_, 's'));
  const sum = await Participant.create({ transport: coordinator, keys: keysFor('sum', coordinator.params_), random: countingRandom('sum') });
  const update = await Participant.create({
    transport: coordinator,
    keys: keysFor('update', coordinator.params_),
    random: countingRandom('update'),
    maxMessageSize: 250,
    scalar: 0.3,
  });
  update.setModel(Float32Array.of(1, 2, 3, -4));
  for (let i = 0; i < 40; i++) {
    for (const participant of [sum, update]) {
      coordinator.failures.send = i % 2;
      all.push(participant.snapshot());
      await participant.tick();
      coordinator.failures = {};
    }
    if (sum.waitingFor === 'seeds' && coordinator.phase === 'sum') coordinator.advance();
    if (update.state === 'awaiting' && coordinator.phase === 'update') {
      for (const name of ['a', 'b']) await updateOnce(coordinator, keysFor('update', coordinator.params_, name));
      coordinator.advance();
    }
  }
  assert.equal(coordinator.masks, 1);
  return all;
}

test('decode and encode are inverse for every state of a round', async () => {
  const phases = new Set<string>();
  let failed = 0;
  for (const bytes of await snapshots()) {
    const snapshot = decodeSnapshot(bytes);
    const { phase } = snapshot.state;
    phases.add(phase.name);
    if ('failed' in phase && phase.failed !== undefined) failed++;
    assert.deepEqual(encodeSnapshot(snapshot), bytes);
  }
  assert.deepEqual([...phases].sort(), ['awaiting', 'new-round', 'sending-sum', 'sending-sum2', 'sending-update', 'sum', 'sum2', 'update']);
  assert.ok(failed > 2);
});

test('states that no tick shows alone survive too: exact models, waiting models, masks', async () => {
  const coordinator = new FakeCoordinator();
  const keys = keysFor('sum', coordinator.params_);
  const config = coordinator.params_.maskConfig;
  const seed = MaskSeed(new Uint8Array(32).fill(3));
  const participant = await Participant.create({ transport: coordinator, keys });
  await participant.tick();
  await participant.tick();
  const { state } = decodeSnapshot(participant.snapshot());
  const sum = state.phase as Phase & { name: 'sum' };
  const model = { weights: [rational(1, 3), rational(-(10n ** 40n))], scalar: rational(1, 7), mode: 'bounded' } as const;
  const phases: Phase[] = [
    {
      name: 'sum2',
      ephemeral: sum.ephemeral,
      sumSignature: sum.sumSignature,
      sealedSeeds: undefined,
      seeds: [seed, seed],
      mask: deriveMask({ config, seed, length: 4 }),
      accepted: true,
      counted: false,
      resent: 5,
    },
    {
      name: 'update',
      sumSignature: sum.sumSignature,
      updateSignature: sum.sumSignature,
      sums: new KeyMap(),
      localSeedDict: new KeyMap(),
      model,
      masked: { seed, object: deriveMask({ config, seed, length: 4 }) },
    },
  ];
  for (const phase of phases) {
    for (const round of [undefined, participant.round]) {
      const before = { state: { ...state, phase } as State, waiting: { ...model, weights: BigInt64Array.of(1n, -(2n ** 63n)), round }, newGlobalModel: true };
      assert.deepEqual(encodeSnapshot(decodeSnapshot(encodeSnapshot(before))), encodeSnapshot(before));
      assert.deepEqual(decodeSnapshot(encodeSnapshot(before)).waiting, before.waiting);
      assert.deepEqual(decodeSnapshot(encodeSnapshot(before)).state.phase, phase);
    }
  }
});

test('foreign bytes, newer versions and damage are told apart', async () => {
  const transport = new FakeCoordinator();
  const bytes = (await Participant.create({ transport })).snapshot();
  const code = (damaged: Uint8Array): string => {
    try {
      decodeSnapshot(damaged);
      return 'ok';
    } catch (error) {
      assert.ok(error instanceof XaynetError);
      return error.code;
    }
  };
  const changed = (at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 1 : byte));
  assert.equal(code(new Uint8Array(0)), 'snapshot-format');
  assert.equal(code(new Uint8Array(500)), 'snapshot-format');
  assert.equal(code('text' as unknown as Uint8Array), 'snapshot-format');
  assert.equal(code(changed(0)), 'snapshot-format');
  assert.equal(code(changed(7)), 'snapshot-version');
  for (let at = 8; at < bytes.length; at++) assert.equal(code(changed(at)), 'snapshot-corrupt', `byte ${at}`);
  assert.equal(code(bytes.subarray(0, -1)), 'snapshot-corrupt');
  assert.equal(code(Uint8Array.of(...bytes, 0)), 'snapshot-corrupt');
  await assert.rejects(Participant.restore(changed(9), { transport }), { code: 'snapshot-corrupt' });
});

test('any bytes: a snapshot or a coded error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.throws(() => decodeSnapshot(bytes), XaynetError);
    }),
  );
});

test('other keys than the saved ones are refused; scalar and message size may be changed', async () => {
  const transport = new FakeCoordinator();
  const participant = await Participant.create({ transport, keys: keysFor('sum', transport.params_), scalar: 2 });
  const bytes = participant.snapshot();
  await assert.rejects(Participant.restore(bytes, { transport, keys: keysFor('update', transport.params_) }), { code: 'snapshot-keys' });
  assert.deepEqual((await Participant.restore(bytes, { transport })).scalar, rational(2));
  assert.deepEqual((await Participant.restore(bytes, { transport, scalar: 0.5, keys: keysFor('sum', transport.params_) })).scalar, rational(1, 2));
  assert.equal(toHex((await Participant.restore(bytes, { transport })).publicKey), toHex(participant.publicKey));
});

test('a restored participant tells its host where it stands (participant 1.10, Q-17)', async () => {
  for (const bytes of await snapshots()) {
    const told: string[] = [];
    const participant = await Participant.restore(bytes, { transport: new FakeCoordinator(), notify: (notification) => told.push(notification) });
    const { phase } = decodeSnapshot(bytes).state;
    const expected = {
      'new-round': ['new-round'],
      awaiting: ['idle'],
      sum: ['sum'],
      sum2: [],
      'sending-sum': [],
      'sending-update': [],
      'sending-sum2': [],
    } as Record<string, string[]>;
    const inUpdate = phase.name === 'update' && phase.model === undefined && phase.masked === undefined ? ['update', 'load-model'] : ['update'];
    assert.deepEqual(told, expected[phase.name] ?? inUpdate);
    assert.equal(participant.task, phase.name === 'awaiting' || phase.name === 'new-round' ? 'none' : phase.name.includes('update') ? 'update' : 'sum');
  }
});

/** A sum participant that the version of the first release saved, before and after its message. */
const VERSION_1 = {
  'sending-sum':
    'WEFZTkVUUAFv3ySoPqyU3yAAAAAAAAAAn0wYZsxpixWy4UZLAxieGOu2p3EWRATgzdG9ouq0fU5AAAAAAAAAAKfGtPf/QeuQFWNGbjZry2y4fHtfBWQptZ6sQ8Drw5HHn0wYZsxpixWy4UZLAxieGOu2p3EWRATgzdG9ouq0fU4iAAAAAAAAAAEAAAAAAAAAAQEAAAAAAAAAAQAAAAEBAAAAAAAAAAEAAAAAAAQAAAAAAAEBiAAAAAAAAAAgAAAAAAAAAKeLb6Xb93sg6kJItMdq6GMlewuzlYiW05C/Hn/2FwMBmpmZmZmZ2T8AAAAAAADwPyAAAAAAAAAA4HF23dYGGz8QCeWflkcPjsx1nGPFRCBtZyhokWoqlGMBAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAUAAAAAAAAAAQAAAAAAAABgAAAAAAAAAGsPZU8pFYFi/jaXq+U6KWeud/DG+LBb4rQs0V8aHrJDJ9hTyx6WnSnzH1XErF5Z6TeRzXhejYCM3/eCKh17hwaXHTKfwLYQDD79D29CeDKB/frUYY4+Mnr6kcp+Zm9NfwAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAACAAAAAAAAAAlx0yn8C2EAw+/Q9vQngygf361GGOPjJ6+pHKfmZvTX8gAAAAAAAAALb7vnmV0TYEW534wYU2Vhqum1FIeGUpTZ76IPpwdWpsQAAAAAAAAABrD2VPKRWBYv42l6vlOilnrnfwxviwW+K0LNFfGh6yQyfYU8selp0p8x9VxKxeWek3kc14Xo2AjN/3giode4cGAAAA',
  sum2: 'WEFZTkVUUAG6XhodoAT4qCAAAAAAAAAAn0wYZsxpixWy4UZLAxieGOu2p3EWRATgzdG9ouq0fU5AAAAAAAAAAKfGtPf/QeuQFWNGbjZry2y4fHtfBWQptZ6sQ8Drw5HHn0wYZsxpixWy4UZLAxieGOu2p3EWRATgzdG9ouq0fU4iAAAAAAAAAAEAAAAAAAAAAQEAAAAAAAAAAQAAAAEBAAAAAAAAAAEAAAAAAAQAAAAAAAEBiAAAAAAAAAAgAAAAAAAAAKeLb6Xb93sg6kJItMdq6GMlewuzlYiW05C/Hn/2FwMBmpmZmZmZ2T8AAAAAAADwPyAAAAAAAAAA4HF23dYGGz8QCeWflkcPjsx1nGPFRCBtZyhokWoqlGMBAAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAAAQAAAAAAAAAIAAAAAAAAACXHTKfwLYQDD79D29CeDKB/frUYY4+Mnr6kcp+Zm9NfyAAAAAAAAAAtvu+eZXRNgRbnfjBhTZWGq6bUUh4ZSlNnvog+nB1amxAAAAAAAAAAGsPZU8pFYFi/jaXq+U6KWeud/DG+LBb4rQs0V8aHrJDJ9hTyx6WnSnzH1XErF5Z6TeRzXhejYCM3/eCKh17hwYAAAA=',
};

test('a snapshot of version 1 goes on: nothing is known yet of its sum message', async () => {
  for (const [name, text] of Object.entries(VERSION_1)) {
    const bytes = new Uint8Array(Buffer.from(text, 'base64'));
    const { phase } = decodeSnapshot(bytes).state;
    assert.equal(phase.name, name);
    const sum2 = phase.name === 'sending-sum' ? phase.next : phase;
    assert.ok(sum2.name === 'sum2' && sum2.resent === undefined && sum2.accepted === undefined);
    const coordinator = new FakeCoordinator();
    const participant = await Participant.restore(bytes, { transport: coordinator });
    if (name === 'sum2') coordinator.sums_.set(participant.publicKey, sum2.ephemeral.publicKey);
    else for (let i = 0; i < 3; i++) await participant.tick();
    coordinator.advance();
    for (const updater of ['a', 'b', 'c']) await updateOnce(coordinator, keysFor('update', coordinator.params_, updater));
    coordinator.advance();
    await participant.runFor({ ms: 60_000 });
    assert.equal(coordinator.masks, 1, name);
    assert.equal(decodeSnapshot(participant.snapshot()).state.phase.name, 'awaiting');
  }
  const newer = (await snapshots())[0]!.map((byte, i) => (i === 7 ? 3 : byte));
  assert.throws(() => decodeSnapshot(newer), { code: 'snapshot-version', message: /version 3, this program knows 1 to 2/ });
});
