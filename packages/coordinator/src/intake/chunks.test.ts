// Multipart messages: any order, several senders at a time, and how little anybody can make the coordinator keep before it has proved that
// it is selected.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PublicSigningKey, SigningKeySeed } from '@xaynet/core/bytes';
import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { decodePayload, encodeChunk, encodePayload, signMessage } from '@xaynet/core/message';
import { chunksOf, participants, playSum, playUpdate, Rig, sealed, sumPayload, type TestParticipant, updatePayload } from '../rig.test.ts';
import { ChunkIntake, type ChunkOptions, IDLE_MS, SET_COST } from './chunks.ts';
import { HEAD_LENGTH } from './eligibility.ts';
import { chunkBudget } from './limits.ts';
import { type ChunkMessage, ROOM_BYTES, ROOM_BYTES_PER_PARTICIPANT, WaitingRoom } from './waiting-room.ts';

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

test('a chunk sent twice changes nothing, and after completion it is told what became of the message', async () => {
  const rig = await Rig.start();
  const [who] = participants(rig.params, 'sum', 1);
  const bodies = chunksOf(sumPayload(who!), who!, 232);
  assert.deepEqual(await sendAll(rig, [bodies[0]!, bodies[0]!, bodies[1]!, bodies[1]!, bodies[2]!, bodies[2]!, bodies[0]!]), [
    ...['incomplete', 'incomplete', 'incomplete', 'incomplete', 'accepted', 'accepted', 'accepted'],
  ]);
  assert.equal(rig.intake.chunkBytes, 0);
  assert.deepEqual('counts' in rig.driver.state && rig.driver.state.counts, { accepted: 1, rejected: 0, discarded: 0 });
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

test('a chunk that contradicts the others, or makes the message too large, is refused', async () => {
  const rig = await Rig.start();
  const [who] = participants(rig.params, 'sum', 1);
  const payload = encodePayload(sumPayload(who!));
  const piece = (messageId: number, id: number, from: number, to: number, last: boolean): Uint8Array =>
    chunkBody(who!, 'sum', { id, messageId, last, data: payload.subarray(from, to) });
  assert.equal(await rig.send(piece(1, 0, 0, 70, false)), 'incomplete');
  assert.equal(await rig.send(piece(1, 1, 70, 80, true)), 'decode-truncated', 'complete, but shorter than a sum payload');
  assert.equal(await rig.send(piece(1, 1, 70, 96, true)), 'decode-truncated', 'the message is over');
  assert.equal(await rig.send(piece(2, 0, 0, 70, false)), 'incomplete');
  assert.equal(await rig.send(piece(2, 2, 80, 96, true)), 'incomplete');
  assert.equal(await rig.send(piece(2, 3, 80, 96, false)), 'chunk-conflict', 'beyond the last');
  assert.equal(await rig.send(piece(2, 1, 70, 80, true)), 'chunk-conflict', 'another last');
  assert.equal(await rig.send(piece(2, 0, 0, 69, false)), 'chunk-conflict', 'other bytes');
  assert.equal(await rig.send(piece(2, 2, 80, 96, false)), 'chunk-conflict', 'the last is no longer the last');
  assert.equal(await rig.send(piece(2, 1, 0, 80, false)), 'message-too-large');
  assert.equal(await rig.send(piece(2, 1, 70, 80, false)), 'message-too-large', 'it could never have been finished');
  assert.equal(rig.intake.chunkBytes, 0);
});

const key = (n: number): PublicSigningKey => PublicSigningKey(signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32).fill(n))).publicKey);
const strangers = Array.from({ length: 200 }, (_, n) => key(n));

function message(participant: PublicSigningKey, id: number, data: Uint8Array, messageId = 1, last = false, address?: string): ChunkMessage {
  return { participant, tag: 'update', payload: encodeChunk({ id, messageId, last, data }), address };
}

/** Options that allow everything, on a clock that stands still. */
const options = (changes: Partial<ChunkOptions> = {}): ChunkOptions => ({
  eligibilityError: () => undefined,
  largestPayload: () => 1000,
  maxBytes: 8_000_000,
  now: () => 0,
  ...changes,
});

test('the waiting room holds a fixed number of bytes, whoever comes: who is in it stays, who comes is turned away', () => {
  const room = new WaitingRoom();
  for (const [n, stranger] of strangers.entries()) {
    assert.equal(room.add(message(stranger, 1, new Uint8Array(60_000))), n < 68 ? 'held' : 'full');
    assert.ok(room.bytes <= ROOM_BYTES, `${n}`);
  }
  assert.ok(room.bytes > ROOM_BYTES - 100_000);
  assert.equal(room.drop(strangers[0]!).length, 1, 'the first is there');
  assert.equal(room.drop(strangers.at(-1)!).length, 0, 'the last is not');
  room.clear();
  assert.equal(room.bytes, 0);
});

test('one guest cannot have more than its share, however small its chunks; too large a chunk is not let in', () => {
  const room = new WaitingRoom();
  for (let id = 1; id < 1500; id++) room.add(message(strangers[0]!, id, new Uint8Array(2)));
  assert.ok(room.bytes <= ROOM_BYTES_PER_PARTICIPANT);
  assert.equal(room.peek(strangers[0]!)[0]!.payload[1], 1, 'its first chunk, which was answered, is still there');
  assert.equal(room.add(message(strangers[1]!, 1, new Uint8Array(ROOM_BYTES_PER_PARTICIPANT))), 'full');
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
  assert.equal(room.add(message(who!, 0, Uint8Array.of(1, 2))), 'repeated');
  assert.equal(room.add(message(who!, 0, Uint8Array.of(9, 9))), 'conflict');
  assert.deepEqual(head(4), Uint8Array.of(1, 2, 3, 4), 'the first of an id stays');
});

test('what the room takes in one phase is bounded too, as it is written to the store; what turns out to be honest does not count', () => {
  const room = new WaitingRoom();
  const data = new Uint8Array(ROOM_BYTES_PER_PARTICIPANT - 1024);
  const come = (n: number): string => room.add(message(strangers[n]!, 1, data));
  for (let n = 0; n < 100; n++) {
    assert.equal(come(n), 'held');
    room.admit(strangers[n]!);
  }
  for (let n = 0; n < 64; n++) {
    assert.equal(come(n), 'held', `${n}`);
    room.drop(strangers[n]!);
  }
  assert.deepEqual([come(64), room.bytes], ['full', 0]);
  room.clear();
  assert.equal(come(64), 'held', 'another phase');
});

test('a full room: the new guest is told to come again, and only those leave who were silent for a minute; they are told', () => {
  let now = 0;
  const forgotten: string[] = [];
  const chunks = new ChunkIntake(
    options({ now: () => now, largestPayload: () => 2_000_000, forgotten: (who, tag, id) => forgotten.push(`${who[0]}${tag}${id}`) }),
  );
  const come = (n: number, id = 1) => chunks.add(message(strangers[n]!, id, new Uint8Array(1_000_000)));
  for (let n = 0; n < 4; n++) assert.equal(come(n).status, 'waiting');
  now = IDLE_MS - 1;
  assert.deepEqual(come(4), { status: 'refused', code: 'chunk-budget', retryAfter: 10 });
  assert.equal(chunks.add(message(strangers[0]!, 2, new Uint8Array(10))).status, 'waiting', 'a new chunk');
  now = IDLE_MS;
  assert.equal(come(4).status, 'waiting');
  assert.equal(forgotten.length, 3);
  assert.deepEqual(come(1), { status: 'answered', verdict: { accepted: false, code: 'chunk-evicted' } });
  const repeated = chunks.add(message(strangers[0]!, 2, new Uint8Array(10)));
  assert.ok(repeated.status === 'waiting' && !repeated.isNew);
  assert.deepEqual([chunks.open, chunks.isEmpty], [0, false], 'what waits is stored: not all that is stored may be erased');
  chunks.forget(strangers[0]!);
  assert.equal(forgotten.length, 4);
});

test('a chunk that is refused although its sender is selected is not in the room afterwards: it would count as stored', () => {
  const cost = SET_COST + Math.ceil(1000 * 1.0625);
  const chunks = new ChunkIntake(options({ maxBytes: cost }));
  assert.equal(chunks.add(message(strangers[0]!, 0, new Uint8Array(200)), true).status, 'kept');
  const { bytes } = chunks;
  const waits = chunks.add(message(strangers[1]!, 1, new Uint8Array(100)));
  assert.equal(waits.status, 'waiting');
  const waiting = chunks.bytes;
  assert.deepEqual(chunks.add(message(strangers[1]!, 0, new Uint8Array(200))), { status: 'refused', code: 'chunk-budget', retryAfter: 10 });
  assert.equal(chunks.bytes, waiting, 'what was answered stays');
  assert.ok(waits.status === 'waiting');
  waits.undo();
  assert.equal(chunks.bytes, bytes);
});

test('a late first chunk needs the room, a timely one does not: large chunks in order, 1 MB each', () => {
  const large = new Uint8Array(ROOM_BYTES_PER_PARTICIPANT);
  const late = new ChunkIntake(options({ largestPayload: () => 3_000_000 }));
  assert.deepEqual(late.add(message(strangers[0]!, 1, large)), { status: 'refused', code: 'chunk-budget', retryAfter: 10 });
  const timely = new ChunkIntake(options({ largestPayload: () => 3_000_000 }));
  assert.equal(timely.add(message(strangers[0]!, 0, large), true).status, 'kept');
  assert.equal(timely.add(message(strangers[0]!, 1, large)).status, 'kept');
  assert.ok(timely.bytes > 3_000_000);
  timely.clear();
  assert.equal(timely.bytes, 0);
});

test('a chunk larger than any payload is refused before it is kept or its signatures are checked', () => {
  let checked = 0;
  const chunks = new ChunkIntake(options({ eligibilityError: () => void checked++ }));
  assert.deepEqual(chunks.add(message(strangers[0]!, 0, new Uint8Array(1001))), { status: 'refused', code: 'message-too-large' });
  assert.equal(chunks.bytes + checked, 0);
});

test('eligibility of a chunk set is checked once, with the head alone', () => {
  const heads: number[] = [];
  const chunks = new ChunkIntake(options({ eligibilityError: (_, head) => void heads.push(head.length) }));
  for (const id of [2, 0, 1, 3]) chunks.add(message(strangers[0]!, id, new Uint8Array(100)));
  assert.deepEqual(heads, [HEAD_LENGTH.update]);
  chunks.clear();
  for (const id of [0, 1, 2]) chunks.add(message(strangers[0]!, id, new Uint8Array(100)));
  assert.deepEqual(heads, [HEAD_LENGTH.update, HEAD_LENGTH.update], 'and again in the next phase');
});

test('no room: who has begun may finish, who comes now is told when to come again, and nobody is dropped who goes on (T14)', () => {
  let now = 0;
  const cost = SET_COST + Math.ceil(1000 * 1.0625);
  const chunks = new ChunkIntake(options({ maxBytes: 3 * cost, now: () => now }));
  const begin = (n: number, messageId = 1): string => chunks.add(message(strangers[n]!, 0, new Uint8Array(200), messageId), true).status;
  assert.deepEqual([begin(0), begin(1), begin(2)], ['kept', 'kept', 'kept']);
  assert.equal(chunks.bytes, 3 * cost);
  assert.deepEqual(chunks.add(message(strangers[3]!, 0, new Uint8Array(200)), true), { status: 'refused', code: 'chunk-budget', retryAfter: 10 });
  now = IDLE_MS - 1;
  assert.equal(begin(3), 'refused', 'not idle yet');
  assert.equal(chunks.add(message(strangers[0]!, 1, new Uint8Array(200))).status, 'kept');
  now = IDLE_MS;
  assert.equal(begin(3), 'kept', 'the two that nobody went on with have left');
  assert.deepEqual([chunks.evicted, chunks.open], [2, 2]);
  assert.deepEqual(chunks.add(message(strangers[1]!, 1, new Uint8Array(200))), {
    status: 'answered',
    verdict: { accepted: false, code: 'chunk-evicted' },
  });
  assert.equal(begin(1, 2), 'kept', 'with a fresh message id it may begin anew');
  assert.equal(chunks.add(message(strangers[0]!, 2, new Uint8Array(100), 1, true)).status, 'complete');
});

test('a repeated chunk does not keep a set alive', () => {
  let now = 0;
  const chunks = new ChunkIntake(options({ maxBytes: 1, now: () => now }));
  const first = message(strangers[0]!, 0, new Uint8Array(200));
  assert.equal(chunks.add(first, true).status, 'kept', 'one set always fits');
  now = IDLE_MS;
  assert.equal(chunks.add(first).status, 'kept');
  assert.equal(chunks.add(message(strangers[1]!, 0, new Uint8Array(200)), true).status, 'kept');
  assert.equal(chunks.evicted, 1);
});

test('one address has a quarter of the room, however many keys it has; one participant has two sets', () => {
  const cost = SET_COST + Math.ceil(1000 * 1.0625);
  const chunks = new ChunkIntake(options({ maxBytes: 8 * cost }));
  const begin = (n: number, address: string | undefined, id = 1): string =>
    chunks.add(message(strangers[n]!, 0, new Uint8Array(200), id, false, address), true).status;
  assert.deepEqual([begin(0, 'a'), begin(1, 'a'), begin(2, 'a'), begin(2, 'b'), begin(3, undefined)], ['kept', 'kept', 'refused', 'kept', 'kept']);
  assert.deepEqual([begin(3, undefined, 2), begin(3, undefined, 3)], ['kept', 'kept']);
  assert.equal(chunks.evicted, 1, 'its own oldest has left');
  assert.equal(chunks.add(message(strangers[3]!, 1, new Uint8Array(200), 1)).status, 'answered');
});

test('more chunks than a payload of the size can have are refused, and hold no room', () => {
  const chunks = new ChunkIntake(options());
  const result = chunks.add(message(strangers[0]!, 0, new Uint8Array(200)), true);
  assert.equal(result.status, 'kept');
  assert.deepEqual(chunks.add(message(strangers[0]!, 300, Uint8Array.of(1))), { status: 'refused', code: 'chunk-count' });
  const { bytes } = chunks;
  assert.deepEqual(chunks.add(message(strangers[0]!, 300, Uint8Array.of(1), 9)), { status: 'refused', code: 'chunk-count' });
  assert.equal(chunks.bytes, bytes);
});

test('chunks that could not be stored can be taken out again', () => {
  const chunks = new ChunkIntake(options());
  const kept = chunks.add(message(strangers[0]!, 0, new Uint8Array(200)), true);
  assert.ok(kept.status === 'kept' && kept.isNew);
  kept.undo();
  const again = chunks.add(message(strangers[0]!, 0, new Uint8Array(200)));
  assert.ok(again.status === 'kept' && again.isNew, 'it is new again');
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
