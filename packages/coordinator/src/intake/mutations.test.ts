// Messages that are wrong in one or more things, made from valid ones by a seed: the shape of a message is known, so what is broken is a
// field, a signature, a length, and not the sealed box every time. With threads or without, the verdicts are the same, and nothing stays.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@xaynet/core/bytes';
import { sign } from '@xaynet/core/crypto';
import { ERRORS } from '@xaynet/core/errors';
import { encodeChunk, encodePayload, HEADER_LENGTH, type MessageTag, signMessage } from '@xaynet/core/message';
import fc from 'fast-check';
import { bodyOf, chunksOf, participants, Rig, sealed, sumPayload, type TestParticipant, updatePayload, verdictText } from '../rig.test.ts';

/** One change of a plain message: to its fields, to random bytes, or to its length. */
type Mutation =
  | { readonly kind: 'bytes'; readonly at: number; readonly value: number }
  | { readonly kind: 'length'; readonly value: number }
  | { readonly kind: 'tag'; readonly value: number }
  | { readonly kind: 'flags'; readonly value: number }
  | { readonly kind: 'cut'; readonly by: number }
  | { readonly kind: 'longer'; readonly by: number }
  | { readonly kind: 'config'; readonly at: number; readonly value: number }
  | { readonly kind: 'dict'; readonly value: number };

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ kind: fc.constant('bytes' as const), at: fc.nat(500), value: fc.nat(255) }),
  fc.record({ kind: fc.constant('length' as const), value: fc.oneof(fc.constantFrom(0, 63, 64, 135, 136, 2 ** 32 - 1), fc.nat(600)) }),
  fc.record({ kind: fc.constant('tag' as const), value: fc.nat(5) }),
  fc.record({ kind: fc.constant('flags' as const), value: fc.nat(255) }),
  fc.record({ kind: fc.constant('cut' as const), by: fc.nat(300) }),
  fc.record({ kind: fc.constant('longer' as const), by: fc.nat(300) }),
  fc.record({ kind: fc.constant('config' as const), at: fc.nat(3), value: fc.nat(7) }),
  fc.record({ kind: fc.constant('dict' as const), value: fc.oneof(fc.constantFrom(0, 3, 4, 60, 116, 2 ** 32 - 1), fc.nat(400)) }),
);

/** Offset of the masked model in an update message, and of the length of its seeds in one of two weights (6 bytes each) and one sum participant. */
const CONFIG_AT = HEADER_LENGTH + 128;
const DICT_AT = CONFIG_AT + 8 + 12 + 4 + 6;

function mutate(plain: Uint8Array, changes: readonly Mutation[]): Uint8Array {
  let bytes: Uint8Array = plain.slice();
  const u32 = (at: number, value: number): void => {
    if (at + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(at, value);
  };
  for (const change of changes) {
    if (change.kind === 'bytes') bytes[change.at % bytes.length] = change.value;
    else if (change.kind === 'length') u32(128, change.value);
    else if (change.kind === 'tag') bytes.fill(change.value, 132, 133);
    else if (change.kind === 'flags') bytes.fill(change.value, 133, 134);
    else if (change.kind === 'config') bytes.fill(change.value, CONFIG_AT + change.at, CONFIG_AT + change.at + 1);
    else if (change.kind === 'dict') u32(DICT_AT, change.value);
    else if (change.kind === 'longer') bytes = concatBytes(bytes, new Uint8Array(change.by));
    else bytes = bytes.slice(0, Math.max(1, bytes.length - change.by));
  }
  return bytes;
}

/** What is done after the changes, so that they are looked at at all. */
interface Repair {
  readonly length: boolean;
  readonly signature: boolean;
  readonly box: boolean;
}

function repaired(plain: Uint8Array, { length, signature, box }: Repair, who: TestParticipant): Uint8Array {
  if (length && plain.length >= 132) new DataView(plain.buffer, plain.byteOffset).setUint32(128, plain.length);
  if (signature && plain.length >= HEADER_LENGTH) plain.set(sign(plain.subarray(64), who.keys.secretKey));
  const body = sealed(plain, who);
  if (!box) body[body.length - 1]! ^= 1;
  return body;
}

const repair: fc.Arbitrary<Repair> = fc.record({
  length: fc.boolean(),
  signature: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
  box: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.constant(false)),
});

/** A rig in the update phase; the same keys and round whatever the threads. */
async function updateRig(workers: number): Promise<{ rig: Rig; close: () => Promise<void> }> {
  const rig = await Rig.start({ intake: { workers } });
  return { rig, close: () => rig.intake.close() };
}

const [alone, threads] = await Promise.all([updateRig(0), updateRig(2)]);
// Keys of sum participants decide about the dictionary, so both get the same messages.
const summers = participants(alone.rig.params, 'sum', 1);
for (const { rig } of [alone, threads]) {
  assert.deepEqual(rig.params, alone.rig.params);
  await playSumWith(rig, summers);
}

async function playSumWith(rig: Rig, sums: readonly TestParticipant[]): Promise<void> {
  for (const who of sums) assert.equal(await rig.send(bodyOf(sumPayload(who), who)), 'accepted');
  await rig.seconds(4);
  assert.equal(rig.phase, 'update');
}

function plainOf(who: TestParticipant, tag: MessageTag, payload: Uint8Array, multipart: boolean): Uint8Array {
  return signMessage({ coordinator: who.params.publicKey, tag, multipart }, payload, who.keys);
}

const senders = participants(alone.rig.params, 'update', 6);
const bases = senders.map((who, i) => {
  const payload = encodePayload(updatePayload(who, alone.rig.sums, { weights: [0.5, 0.25] }));
  if (i % 3 < 2) return { who, plain: plainOf(who, 'update', payload, false) };
  return { who, plain: plainOf(who, 'update', encodeChunk({ id: 0, messageId: i, last: false, data: payload.subarray(0, 200) }), true) };
});

const mutated = fc
  .record({ base: fc.nat(bases.length - 1), changes: fc.array(mutation, { minLength: 1, maxLength: 3 }), repair })
  .map(({ base, changes, repair: how }) => {
    const { who, plain } = bases[base]!;
    return repaired(mutate(plain, changes), how, who);
  });

test('whatever is wrong with a message, two threads say the same about it as none, and it is a code of the table', async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.array(mutated, { minLength: 1, maxLength: 20 }), async (bodies) => {
      const [one, other] = await Promise.all(
        [alone, threads].map(async ({ rig }) => {
          const verdicts: string[] = [];
          for (const body of bodies) verdicts.push(verdictText(await rig.intake.receive(body.slice())));
          return verdicts;
        }),
      );
      assert.deepEqual(one, other);
      for (const verdict of one!) {
        assert.ok(verdict in ERRORS || verdict === 'accepted' || verdict === 'incomplete', verdict);
        assert.notEqual(verdict, 'internal-error');
        seen.set(verdict, (seen.get(verdict) ?? 0) + 1);
      }
    }),
    { numRuns: 40 },
  );
  const wanted = ['sealed-box-open-failed', 'decode-length', 'message-unexpected', 'signature-invalid', 'not-update-eligible', 'decode-truncated'] as const;
  for (const code of wanted) assert.ok(seen.has(code), `${code} was never provoked: ${JSON.stringify([...seen])}`);
});

test('5000 wrong messages later nothing of them is left', async () => {
  const { rig } = threads;
  const bodies = fc.sample(mutated, { numRuns: 500, seed: 7 });
  const send = async (): Promise<void> => {
    await Promise.all(bodies.map((body) => rig.intake.receive(body.slice())));
  };
  for (let i = 0; i < 3; i++) await send();
  const before = { chunks: rig.intake.chunkBytes, memory: process.memoryUsage() };
  for (let i = 0; i < 10; i++) await send();
  assert.equal(rig.intake.judging, 0);
  assert.equal(rig.intake.chunkBytes, before.chunks, 'the same chunks again are kept once');
  const grown = process.memoryUsage().arrayBuffers - before.memory.arrayBuffers;
  assert.ok(grown < 16 * 1024 * 1024, `${grown} bytes of buffers`);
});

test('afterwards both take what is right, in one piece and in chunks', async () => {
  const late = participants(alone.rig.params, 'update', 2);
  for (const { rig } of [alone, threads]) {
    assert.equal(await rig.send(bodyOf(updatePayload(late[0]!, rig.sums, { weights: [0.5, 0.25] }), late[0]!)), 'accepted');
    const verdicts: string[] = [];
    for (const body of chunksOf(updatePayload(late[1]!, rig.sums, { weights: [0.5, 0.25] }), late[1]!, 300)) verdicts.push(await rig.send(body));
    assert.deepEqual([...new Set(verdicts)], ['incomplete', 'accepted']);
  }
  await Promise.all([alone.close(), threads.close()]);
});
