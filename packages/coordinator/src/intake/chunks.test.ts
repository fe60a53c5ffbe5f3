// Multipart messages: any order, several senders at a time, and how little anybody can make the coordinator keep before it has proved that
// it is selected.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PublicEncryptKey, PublicSigningKey, Signature, SigningKeySeed } from '@xaynet/core/bytes';
import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { decodePayload, encodeChunk, encodePayload, type Message, signMessage } from '@xaynet/core/message';
import { chunksOf, participants, playSum, playUpdate, Rig, sealed, sumPayload, type TestParticipant, updatePayload } from '../rig.test.ts';
import { ChunkIntake, type ChunkOptions } from './chunks.ts';
import { HEAD_LENGTH } from './eligibility.ts';
import { chunkBudget } from './limits.ts';
import { ROOM_BYTES, ROOM_BYTES_PER_PARTICIPANT, WaitingRoom } from './waiting-room.ts';

/** Bodies of one chunk message each, made by hand. */
function chunkBody(who: TestParticipant, tag: 'sum' | 'update', chunk: Parameters<typeof encodeChunk>[0]): Uint8Array {
  return sealed(signMessage({ coordinator: who.params.publicKey, tag, multipart: true }, encodeChunk(chunk), who.keys), who);
}

async function sendAll(rig: Rig, bodies: readonly Uint8Array[]): Promise<string[]> {
  const verdicts: string[] = [];
  for (const body of bodies) verdicts.push(await rig.send(body));
  return verdicts;
}

test('out-of-order chunks of two participants with the same message id, interleaved, become two messages', async () => {
  const rig = await Rig.start();
  const [a, b] = participants(rig.params, 'sum', 2);
  const [ofA, ofB] = [a!, b!].map((who) => chunksOf(sumPayload(who), who, 232, 7)) as [Uint8Array[], Uint8Array[]];
  assert.equal(ofA.length, 3);
  const order = [ofA[2]!, ofB[1]!, ofB[2]!, ofA[0]!, ofB[0]!, ofA[1]!];
  assert.deepEqual(await sendAll(rig, order), ['incomplete', 'incomplete', 'incomplete', 'incomplete', 'accepted', 'accepted']);
  assert.equal(rig.intake.chunkBytes, 0);
  const dict = (await rig.store.sumDict())!;
  for (const who of [a!, b!]) assert.deepEqual(dict.get(who.keys.publicKey), who.ephemeral.publicKey);
});

test('an update in the smallest chunks there are, backwards', async () => {
  const rig = await Rig.start();
  await playSum(rig);
  const [who] = participants(rig.params, 'update', 1);
  const bodies = chunksOf(updatePayload(who!, rig.sums, { weights: [0.5, 0.5] }), who!, 194).reverse();
  assert.equal(bodies.length, 137);
  const verdicts = await sendAll(rig, bodies);
  assert.deepEqual([...new Set(verdicts.slice(0, -1)), verdicts.at(-1)], ['incomplete', 'accepted']);
});

test('a chunk sent twice changes nothing; after completion it begins a message that never ends, and goes with the phase', async () => {
  const rig = await Rig.start();
  const [who] = participants(rig.params, 'sum', 1);
  const bodies = chunksOf(sumPayload(who!), who!, 232);
  assert.deepEqual(await sendAll(rig, [bodies[0]!, bodies[0]!, bodies[1]!, bodies[1]!, bodies[2]!, bodies[2]!]), [
    ...['incomplete', 'incomplete', 'incomplete', 'incomplete', 'accepted', 'incomplete'],
  ]);
  assert.ok(rig.intake.chunkBytes > 0);
  await rig.seconds(4);
  assert.equal(rig.phase, 'update');
  assert.equal(rig.intake.chunkBytes, 0);
});

test('a set that was begun in one phase cannot be finished in the next round', async () => {
  const rig = await Rig.start();
  const [who] = participants(rig.params, 'sum', 1);
  const [first] = chunksOf(sumPayload(who!), who!, 232);
  assert.equal(await rig.send(first!), 'incomplete');
  await rig.seconds(20);
  assert.equal(rig.driver.state.round, 2);
  assert.equal(rig.intake.chunkBytes, 0);
});

test('the first chunk of somebody who is not selected is refused, and what came before it is forgotten (T14)', async () => {
  const rig = await Rig.start();
  const [who] = participants(rig.params, 'update', 1);
  const selected = participants(rig.params, 'sum', 1)[0]!;
  const bodies = chunksOf(sumPayload(selected), { ...selected, keys: who!.keys, params: { ...rig.params } }, 232);
  assert.deepEqual(await sendAll(rig, [bodies[1]!, bodies[2]!]), ['incomplete', 'incomplete']);
  assert.ok(rig.intake.chunkBytes > 0);
  assert.equal(await rig.send(bodies[0]!), 'not-sum-eligible');
  assert.equal(rig.intake.chunkBytes, 0);
  const [large] = chunksOf(sumPayload(selected), { ...selected, keys: who!.keys }, 262);
  assert.equal(await rig.send(large!), 'not-sum-eligible', 'a first chunk of 70 bytes is enough to know');
  assert.equal(rig.intake.chunkBytes, 0);
});

test('a chunk that contradicts the last one, or makes the message too large, is refused', async () => {
  const rig = await Rig.start();
  const [who] = participants(rig.params, 'sum', 1);
  const payload = encodePayload(sumPayload(who!));
  const piece = (id: number, from: number, to: number, last: boolean): Uint8Array =>
    chunkBody(who!, 'sum', { id, messageId: 1, last, data: payload.subarray(from, to) });
  assert.equal(await rig.send(piece(0, 0, 70, false)), 'incomplete');
  assert.equal(await rig.send(piece(1, 70, 80, true)), 'decode-truncated', 'complete, but shorter than a sum payload');
  assert.equal(await rig.send(piece(0, 0, 70, false)), 'incomplete');
  assert.equal(await rig.send(piece(2, 80, 96, true)), 'incomplete');
  assert.equal(await rig.send(piece(3, 80, 96, false)), 'chunk-conflict');
  assert.equal(await rig.send(piece(1, 0, 80, false)), 'message-too-large');
});

const key = (n: number): PublicSigningKey => PublicSigningKey(signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32).fill(n))).publicKey);
const strangers = Array.from({ length: 200 }, (_, n) => key(n));

function message(participant: PublicSigningKey, id: number, data: Uint8Array, messageId = 1): Message {
  const payload = encodeChunk({ id, messageId, last: false, data });
  const coordinator = PublicEncryptKey(new Uint8Array(32).fill(1));
  return { participant, coordinator, tag: 'update', multipart: true, signature: Signature(new Uint8Array(64)), signed: new Uint8Array(), payload };
}

test('the waiting room holds a fixed number of bytes, whoever comes: the oldest guest leaves', () => {
  const room = new WaitingRoom();
  for (const [n, stranger] of strangers.entries()) {
    assert.ok(room.add(message(stranger, 1, new Uint8Array(60_000))));
    assert.ok(room.bytes <= ROOM_BYTES, `${n}`);
  }
  assert.ok(room.bytes > ROOM_BYTES - 100_000);
  assert.equal(room.drop(strangers[0]!).length, 0, 'the first has left');
  assert.equal(room.drop(strangers.at(-1)!).length, 1, 'the last is there');
  room.clear();
  assert.equal(room.bytes, 0);
});

test('one guest cannot have more than its share, however small its chunks; too large a chunk is not let in', () => {
  const room = new WaitingRoom();
  for (let id = 1; id < 1500; id++) room.add(message(strangers[0]!, id, new Uint8Array(2)));
  assert.ok(room.bytes <= ROOM_BYTES_PER_PARTICIPANT);
  assert.equal(room.add(message(strangers[1]!, 1, new Uint8Array(ROOM_BYTES_PER_PARTICIPANT))), false);
  assert.equal(room.drop(strangers[1]!).length, 0);
});

test('the head of a payload is put together from its first chunks only, of the same message', () => {
  const room = new WaitingRoom();
  const [who] = strangers;
  const head = (length: number) => room.head(message(who!, 0, Uint8Array.of(0)), length);
  room.add(message(who!, 1, Uint8Array.of(3, 4)));
  room.add(message(who!, 0, Uint8Array.of(8, 8), 2));
  assert.equal(head(1), undefined);
  room.add(message(who!, 0, Uint8Array.of(1, 2)));
  assert.deepEqual(head(3), Uint8Array.of(1, 2, 3));
  assert.equal(head(5), undefined);
  room.add(message(who!, 0, Uint8Array.of(9, 9)));
  assert.deepEqual(head(4), Uint8Array.of(9, 9, 3, 4), 'a repeated id replaces');
});

test('a late first chunk needs the room, a timely one does not: large chunks in order, 1 MB each', () => {
  const options: ChunkOptions = { eligibilityError: () => undefined, largestPayload: () => 3_000_000, maxBytes: 8_000_000 };
  const large = new Uint8Array(ROOM_BYTES_PER_PARTICIPANT);
  const late = new ChunkIntake(options);
  assert.throws(() => late.add(message(strangers[0]!, 1, large)), { code: 'chunk-budget' });
  const timely = new ChunkIntake(options);
  assert.equal(timely.add(message(strangers[0]!, 0, large)).status, 'incomplete');
  assert.equal(timely.add(message(strangers[0]!, 1, large)).status, 'incomplete');
  assert.ok(timely.bytes > 2_000_000);
  timely.clear();
  assert.equal(timely.bytes, 0);
});

test('a chunk larger than any payload is refused before it is kept or its signatures are checked', () => {
  let checked = 0;
  const eligibilityError = (): undefined => void checked++;
  const chunks = new ChunkIntake({ eligibilityError, largestPayload: () => 1000, maxBytes: 8_000_000 });
  assert.deepEqual(chunks.add(message(strangers[0]!, 0, new Uint8Array(1001))), { status: 'refused', code: 'message-too-large' });
  assert.equal(chunks.bytes + checked, 0);
});

test('eligibility of a chunk set is checked once, with the head alone', () => {
  const heads: number[] = [];
  const eligibilityError = (_: Message, head: Uint8Array): undefined => void heads.push(head.length);
  const chunks = new ChunkIntake({ eligibilityError, largestPayload: () => 1000, maxBytes: 8_000_000 });
  for (const id of [2, 0, 1, 3]) chunks.add(message(strangers[0]!, id, new Uint8Array(100)));
  assert.deepEqual(heads, [HEAD_LENGTH.update]);
  chunks.clear();
  for (const id of [0, 1, 2]) chunks.add(message(strangers[0]!, id, new Uint8Array(100)));
  assert.deepEqual(heads, [HEAD_LENGTH.update, HEAD_LENGTH.update], 'and again in the next phase');
});

test('chunked and unchunked updates come to the same aggregate', async () => {
  const rig = await Rig.start();
  await playSum(rig, 2);
  const senders = participants(rig.params, 'update', 3);
  const payloads = senders.map((who) => updatePayload(who, rig.sums, { weights: [0.25, 0.75] }));
  for (const [i, who] of senders.entries()) {
    const verdicts = await sendAll(rig, chunksOf(payloads[i]!, who, 300));
    assert.equal(verdicts.at(-1), 'accepted');
    assert.deepEqual(decodePayload('update', encodePayload(payloads[i]!)).tag, 'update');
  }
  await playUpdate(rig, []);
  assert.equal(rig.phase, 'sum2');
  assert.equal(rig.driver.updates, 3);
});

test('there is room for the chunked uploads of a whole round at once, and a bound for any model', () => {
  const MiB = 1024 * 1024;
  assert.equal(chunkBudget(1000), 64 * MiB);
  assert.ok(chunkBudget(7 * MiB) >= 19 * 7 * MiB, '19 participants with a million weights each lost updates when this was 64 MiB');
  assert.equal(chunkBudget(100 * MiB), 1024 * MiB);
  assert.equal(chunkBudget(300 * MiB), 1200 * MiB);
});
