// The saved state of the original: the known answers of participant A.7, every state of a round there and back, and damage.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fromHex, KeyMap, MaskSeed, SigningKeySeed, toHex } from '@xaynet/core/bytes';
import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { deriveMask, parseMaskConfig, rational } from '@xaynet/core/mask';
import { countingRandom, FakeCoordinator } from '../fake-coordinator.test.ts';
import { Participant } from '../participant.ts';
import { decodeSnapshot } from '../snapshot.ts';
import type { Phase, State } from '../state.ts';
import { encodeReferenceState, restoreReferenceState } from './reference.ts';
import { decodeState, encodeState } from './state-codec.ts';

interface Vectors {
  readonly states: readonly { readonly name: string; readonly bytes: string; readonly fields: Readonly<Record<string, string>> }[];
  readonly layouts: readonly {
    readonly name: string;
    readonly size: number;
    readonly lengths: Readonly<Record<string, number>>;
    readonly fields: Readonly<Record<string, string | null>>;
  }[];
}

const vectors = JSON.parse(readFileSync(new URL('../../../../vectors/participant-saved-states.json', import.meta.url), 'utf8')) as Vectors;
const keys = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32)));
const bytesOf = (name: string): Uint8Array => fromHex(vectors.states.find((state) => state.name.startsWith(name))!.bytes);

test('A.7: a fresh participant, 285 bytes', async () => {
  const bytes = bytesOf('fresh');
  assert.equal(bytes.length, 285);
  const state = decodeState(bytes);
  assert.deepEqual(state, { keys, scalar: rational(1), maxMessageSize: 3912, params: undefined, phase: { name: 'awaiting' } });
  assert.deepEqual(encodeState(state), bytes);
  const participant = await Participant.create({ transport: new FakeCoordinator(), keys, maxMessageSize: 3912 });
  assert.deepEqual(encodeReferenceState(participant), bytes);
});

test('A.7: Update just entered, 425 bytes, and reached by our own machine', async () => {
  const bytes = bytesOf('Update');
  assert.equal(bytes.length, 425);
  const state = decodeState(bytes);
  assert.deepEqual(encodeState(state), bytes);
  assert.equal(state.phase.name, 'update');
  assert.deepEqual([state.maxMessageSize, state.params!.update, state.params!.modelLength], [0, 1, 4]);
  const transport = new FakeCoordinator();
  transport.params_ = state.params!;
  const participant = await Participant.create({ transport, keys, maxMessageSize: 0 });
  await participant.tick();
  await participant.tick();
  assert.deepEqual(encodeReferenceState(participant), bytes);
});

test('A.7: SendingSum before sending, 686 bytes, field by field', async () => {
  const layout = vectors.layouts.find(({ name }) => name.startsWith('SendingSum'))!;
  const transport = new FakeCoordinator({ sum: 1 });
  const participant = await Participant.create({ transport, keys, maxMessageSize: 3912, random: countingRandom('ref') });
  for (let i = 0; i < 3; i++) await participant.tick();
  const bytes = encodeReferenceState(participant);
  assert.equal(bytes.length, 686);
  assert.equal(layout.size, 686);
  let at = 0;
  for (const [name, length] of Object.entries(layout.lengths)) {
    const expected = layout.fields[name];
    if (typeof expected === 'string') assert.equal(toHex(bytes.subarray(at, at + length)), expected, name);
    at += length;
  }
  assert.equal(at, 686);
});

test('a participant of the original goes on here: what it signed there is what arrives', async () => {
  const transport = new FakeCoordinator({ sum: 1 });
  const first = await Participant.create({ transport, keys, maxMessageSize: 3912, random: countingRandom('ref') });
  for (let i = 0; i < 3; i++) await first.tick();
  const participant = await restoreReferenceState(encodeReferenceState(first), { transport });
  assert.deepEqual([participant.state, participant.task, participant.round], ['sending-sum', 'sum', first.round]);
  assert.equal((await participant.runFor({ ms: 60_000 })).waitingFor, 'seeds');
  assert.deepEqual(transport.verdicts, ['accepted']);
});

/** States of all kinds: from ticks with one part and with several, and made by hand. */
async function states(): Promise<State[]> {
  const all: State[] = [];
  for (const maxMessageSize of [0, 250]) {
    const coordinator = new FakeCoordinator({ sum: 1 });
    const participant = await Participant.create({ transport: coordinator, keys, maxMessageSize, random: countingRandom('states') });
    for (let i = 0; i < 12; i++) {
      coordinator.failures.send = i % 2;
      all.push(decodeSnapshot(participant.snapshot()).state);
      await participant.tick();
      coordinator.failures = {};
    }
  }
  const config = parseMaskConfig('Power2/F64/B4/M6');
  const pair = { vect: config, unit: parseMaskConfig('Prime/I32/Bmax/M9') };
  const seed = MaskSeed(new Uint8Array(32).fill(3));
  const object = deriveMask({ config: pair, seed, length: 3 });
  const last = all.at(-1)!;
  const sum2 = last.phase as Phase & { name: 'sum2' };
  const sums = new KeyMap([[keys.publicKey, sum2.ephemeral.publicKey]]);
  const model = { weights: [rational(0), rational(-1, 3), rational(2n ** 70n)], scalar: last.scalar, mode: 'strict' } as const;
  for (const phase of [
    { ...sum2, sealedSeeds: new KeyMap() },
    { ...sum2, seeds: [seed, seed] },
    { ...sum2, mask: object },
    { name: 'update', sumSignature: sum2.sumSignature, updateSignature: sum2.sumSignature, sums, model, localSeedDict: undefined, masked: undefined },
    {
      name: 'update',
      sumSignature: sum2.sumSignature,
      updateSignature: sum2.sumSignature,
      masked: { seed, object },
      localSeedDict: new KeyMap(),
      model: undefined,
      sums: undefined,
    },
  ] as Phase[]) {
    all.push({ ...last, phase });
  }
  return all;
}

test('every state there and back', async () => {
  const names = new Set<string>();
  let failed = 0;
  for (const state of await states()) {
    names.add(state.phase.name);
    if ('failed' in state.phase && state.phase.failed !== undefined) failed++;
    const bytes = encodeState(state);
    const back = decodeState(bytes);
    assert.deepEqual(encodeState(back), bytes);
    assert.equal(back.phase.name, state.phase.name);
    if (state.phase.name === 'update' || state.phase.name === 'sum2') assert.deepEqual({ ...state.phase, ...back.phase }, { ...back.phase, ...state.phase });
    if ('parts' in state.phase)
      assert.deepEqual(
        [(back.phase as typeof state.phase).parts, (back.phase as typeof state.phase).encoder.next],
        [state.phase.parts, state.phase.encoder.next],
      );
  }
  assert.ok(failed >= 2);
  assert.deepEqual([...names].sort(), ['awaiting', 'new-round', 'sending-sum', 'sum', 'sum2', 'update']);
});

test('what the original refuses is refused: unknown states, lengths, small sizes, zero denominators, signatures (participant 1.10)', () => {
  const fresh = bytesOf('fresh');
  const update = bytesOf('Update');
  const patched = (bytes: Uint8Array, at: number, ...values: number[]): Uint8Array => {
    const copy = bytes.slice();
    copy.set(values, at);
    return copy;
  };
  for (const [what, bytes] of [
    ['state index', patched(fresh, 0, 8)],
    ['length of a key', patched(fresh, 4, 31)],
    ['scalar denominator zero', patched(fresh, 136, 0)],
    ['maximum message size 184', patched(fresh, 141, 184, 0)],
    ['option byte', patched(fresh, 140, 2)],
    ['mask configuration', patched(fresh, 4 + 40 + 72 + 24 + 9 + 96, 3)],
    ['top bits of a signature', patched(update, 4 + 8 + 63, 0x20)],
    ['cut off', fresh.subarray(0, -1)],
    ['trailing byte', Uint8Array.of(...fresh, 0)],
    ['empty', new Uint8Array(0)],
  ] as const) {
    assert.throws(() => decodeState(bytes), { code: 'reference-state-invalid' }, what);
  }
  assert.equal(decodeState(patched(fresh, 141, 185, 0)).maxMessageSize, 185);
});

test('every truncation of every state is a coded error', async () => {
  for (const state of (await states()).filter((_, i) => i % 3 === 0)) {
    const bytes = encodeState(state);
    for (let length = 0; length < bytes.length; length += 7) assert.throws(() => decodeState(bytes.subarray(0, length)), XaynetError);
  }
});
