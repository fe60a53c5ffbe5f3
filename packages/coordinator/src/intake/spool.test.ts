// What was answered "taken" is there after a restart: chunks are stored before the answer, read back into the phase they belong to, and gone
// with it. A store that cannot write makes the sender come again, and nothing is half kept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { PublicSigningKey } from '@xaynet/core/bytes';
import { encodeChunk, encodePayload, signMessage } from '@xaynet/core/message';
import { FakeClock, settle } from '../clock.test.ts';
import { SILENT_LOGGER } from '../log.ts';
import { chunksOf, participants, playSum, Rig, sealed, sumPayload, testSettings, updatePayload } from '../rig.test.ts';
import type { SpooledChunk } from '../stores/contract.ts';
import { MemoryStore } from '../stores/memory.ts';
import type { WorkerHandle } from './spawn.ts';
import { Spool } from './spool.ts';

/** A store that keeps chunks, and can be told not to. */
class ChunkKeeper extends MemoryStore {
  failing = false;
  calls: number[] = [];
  erased = 0;

  constructor() {
    super({ keepsContributions: true });
  }

  override async appendChunks(chunks: readonly SpooledChunk[]): Promise<void> {
    this.calls.push(chunks.length);
    await settle();
    if (this.failing) throw new Error('the disk is full');
    return super.appendChunks(chunks);
  }

  override async eraseChunks(): Promise<void> {
    this.erased++;
    return super.eraseChunks();
  }

  async stored(): Promise<number> {
    let count = 0;
    for await (const chunk of this.chunks()) if (chunk.payload.length > 8) count++;
    return count;
  }
}

test('chunks are stored before they are answered, those of one moment in one call', async () => {
  const store = new ChunkKeeper();
  const rig = await Rig.start({ store });
  const [who] = participants(rig.params, 'sum', 1);
  const bodies = chunksOf(sumPayload(who!), who!, 202);
  assert.ok(bodies.length > 8);
  await Promise.all([0, 1, 2, 3, 4, 5, 6].map((id) => rig.send(bodies[id]!)));
  assert.equal(await store.stored(), 7);
  await rig.send(bodies[7]!);
  assert.equal(await store.stored(), 8);
  assert.ok(store.calls.length < 8, `${store.calls}`);
});

test('a restart into the same phase finds the chunks again, and the last one completes the message', async () => {
  const store = new ChunkKeeper();
  const clock = new FakeClock();
  const before = await Rig.start({ store, clock });
  const sums = await playSum(before, 1);
  const [one, two, three] = participants(before.params, 'update', 3);
  const update = (who: typeof one) => chunksOf(updatePayload(who!, before.sums, { weights: [0.5, 0.5] }), who!, 300);
  const [ofOne, ofTwo, ofThree] = [update(one), update(two), update(three)];
  for (const body of [...ofOne.slice(0, -1), ofTwo[0]!, ofTwo[0]!]) assert.equal(await before.send(body), 'incomplete');
  for (const [i, body] of ofThree.entries()) assert.equal(await before.send(body), i === ofThree.length - 1 ? 'accepted' : 'incomplete');
  assert.equal(store.erased, 1, 'the chunks of sum');
  await settle();
  await settle();
  const after = await Rig.start({ store, clock });
  assert.equal(after.phase, 'update');
  await after.intake.restored;
  assert.equal(store.erased, 1, 'nothing is erased by coming back');
  assert.equal(after.driver.updates, 1);
  assert.ok(after.intake.chunkBytes > 0);
  assert.equal(await after.send(ofOne.at(-1)!), 'accepted');
  for (const [i, body] of ofTwo.entries()) assert.equal(await after.send(body), i === ofTwo.length - 1 ? 'accepted' : 'incomplete');
  assert.equal(after.driver.updates, 3);
  assert.equal(after.intake.chunkBytes, 0, 'the set that was complete did not come back');
  await after.seconds(4);
  assert.equal(after.phase, 'sum2');
  await settle();
  assert.equal(await store.stored(), 0);
  assert.equal(sums.length, 1);
});

test('of one sender no more than two unfinished messages are stored: who begins a third has given the first one up', async () => {
  const store = new ChunkKeeper();
  const clock = new FakeClock();
  const rig = await Rig.start({ store, clock });
  const [who] = participants(rig.params, 'sum', 1);
  const messages = [1, 2, 3].map((id) => chunksOf(sumPayload(who!), who!, 262, id));
  for (const [first] of messages) assert.equal(await rig.send(first!), 'incomplete');
  assert.equal(await rig.send(messages[0]![1]!), 'chunk-evicted');
  const after = await Rig.start({ store, clock });
  await after.intake.restored;
  for (const [, last] of messages.slice(1)) assert.equal(await after.send(last!.slice()), last === messages[1]![1] ? 'accepted' : 'sum-already-exists');
  assert.equal(after.intake.chunkBytes, 0, 'the first one did not come back');
});

test('chunks of the phase before do not come back', async () => {
  const store = new ChunkKeeper();
  const clock = new FakeClock();
  const before = await Rig.start({ store, clock });
  const [late] = participants(before.params, 'sum', 1);
  const [first] = chunksOf(sumPayload(late!), late!, 262);
  await playSum(before, 1);
  // As if the process had died between the new phase and the erasing.
  const payload = encodeChunk({ id: 0, messageId: 3, last: false, data: new Uint8Array(70) });
  await store.appendChunks([{ participant: late!.keys.publicKey, tag: 'sum', payload }]);
  const after = await Rig.start({ store, clock });
  await after.intake.restored;
  assert.equal(after.phase, 'update');
  assert.equal(after.intake.chunkBytes, 0);
  assert.equal(await after.send(first!), 'message-unexpected');
});

test('a store that cannot write: the sender is told to come again, and the chunk counts as new then', async () => {
  const store = new ChunkKeeper();
  const rig = await Rig.start({ store });
  const [who] = participants(rig.params, 'sum', 1);
  const bodies = chunksOf(sumPayload(who!), who!, 232);
  assert.equal(await rig.send(bodies[0]!), 'incomplete');
  store.failing = true;
  assert.deepEqual(await rig.intake.receive(bodies[1]!.slice()), { accepted: false, code: 'storage-failed', retryAfter: 5 });
  assert.equal(await rig.send(bodies[2]!), 'storage-failed', 'the set is not complete');
  store.failing = false;
  for (const [i, body] of [bodies[1]!, bodies[2]!].entries()) assert.equal(await rig.send(body), i === 1 ? 'accepted' : 'incomplete');
});

test('while the coordinator is paused messages are refused at once, unopened, and told when to come again', async () => {
  let pause: { code: 'storage-failed'; retryAfter: number } | undefined = { code: 'storage-failed', retryAfter: 7 };
  const rig = await Rig.start({ intake: { paused: () => pause } });
  assert.deepEqual(await rig.intake.receive(new Uint8Array(280)), { accepted: false, code: 'storage-failed', retryAfter: 7 });
  pause = undefined;
  assert.equal(await rig.send(new Uint8Array(280)), 'sealed-box-open-failed');
});

test('a complete message that the round cannot take now stays, and a repeated chunk hands it in again', async () => {
  const rig = await Rig.start({ intake: { workers: 1 } });
  const [who] = participants(rig.params, 'sum', 1);
  const bodies = chunksOf(sumPayload(who!), who!, 232);
  const { submit } = rig.driver;
  rig.driver.submit = async () => ({ kind: 'discarded', code: 'queue-full' });
  const verdicts: unknown[] = [];
  for (const body of bodies) verdicts.push(await rig.intake.receive(body.slice()));
  assert.deepEqual(verdicts.at(-1), { accepted: false, code: 'queue-full', retryAfter: 1 });
  assert.ok(rig.intake.chunkBytes > 0);
  rig.driver.submit = submit;
  assert.equal(await rig.send(bodies[1]!), 'accepted', 'any of its chunks does');
  assert.equal(rig.intake.chunkBytes, 0);
  await rig.intake.close();
});

test('chunks that wait for their first one are stored as well: a restart finds them, and nobody is trusted for it', async () => {
  const store = new ChunkKeeper();
  const clock = new FakeClock();
  const before = await Rig.start({ store, clock });
  await playSum(before, 1);
  const [one] = participants(before.params, 'update', 1);
  const [stranger] = participants(before.params, 'none', 1);
  const payload = updatePayload(one!, before.sums, { weights: [0.5, 0.5] });
  const [ofOne, ofStranger] = [chunksOf(payload, one!, 300), chunksOf(payload, stranger!, 300)];
  for (const body of [...ofOne.slice(1), ...ofStranger.slice(1), ofOne[1]!]) assert.equal(await before.send(body), 'incomplete');
  assert.equal(await store.stored(), ofOne.length + ofStranger.length - 2, 'a repeated one is there once');
  const after = await Rig.start({ store, clock });
  await after.intake.restored;
  const { chunkBytes } = after.intake;
  assert.ok(chunkBytes > 0 && chunkBytes < 2 * ofOne.length * 1400, `they wait again, and have no set: ${chunkBytes}`);
  assert.equal(await after.send(ofStranger[0]!), 'not-update-eligible');
  assert.ok(after.intake.chunkBytes < chunkBytes, 'the key is not selected: what has waited is gone');
  await settle();
  assert.equal(await after.send(ofOne[0]!), 'accepted');
  assert.equal(after.intake.chunkBytes, 0);
  for (let i = 0; i < 3; i++) await settle(); // nobody waits for the sign that a message is over
  const again = await Rig.start({ store, clock });
  await again.intake.restored;
  assert.equal(again.intake.chunkBytes, 0, 'and does not come back');
});

test('a first chunk that anybody else has made up does not drive out what waits', async () => {
  const rig = await Rig.start({ store: new ChunkKeeper() });
  const [who, other] = participants(rig.params, 'sum', 2);
  const bodies = chunksOf(sumPayload(who!), who!, 262);
  assert.equal(await rig.send(bodies[1]!), 'incomplete');
  const { chunkBytes } = rig.intake;
  // Of this participant's key, but with another's selection, and signed by that one.
  const payload = encodeChunk({ id: 0, messageId: 1, last: false, data: encodePayload(sumPayload(other!)).subarray(0, 70) });
  const forged = signMessage({ coordinator: rig.params.publicKey, tag: 'sum', multipart: true }, payload, {
    publicKey: who!.keys.publicKey,
    secretKey: other!.keys.secretKey,
  });
  assert.equal(await rig.send(sealed(forged, who!)), 'not-sum-eligible');
  assert.equal(rig.intake.chunkBytes, chunkBytes);
  assert.equal(await rig.send(bodies[0]!), 'accepted');
});

test('a chunk that waits and cannot be stored is not answered "taken", and counts as new when it comes again', async () => {
  const store = new ChunkKeeper();
  const rig = await Rig.start({ store });
  const [who] = participants(rig.params, 'sum', 1);
  const bodies = chunksOf(sumPayload(who!), who!, 232);
  store.failing = true;
  const twice = await Promise.all([bodies[1]!, bodies[1]!].map((body) => rig.intake.receive(body.slice())));
  for (const verdict of twice) assert.deepEqual(verdict, { accepted: false, code: 'storage-failed', retryAfter: 5 });
  assert.equal(rig.intake.chunkBytes, 0);
  store.failing = false;
  for (const [i, body] of [bodies[1]!, bodies[2]!, bodies[0]!].entries()) assert.equal(await rig.send(body), i === 2 ? 'accepted' : 'incomplete');
});

for (const keepsContributions of [true, false]) {
  test(`a worker that is lost with a message whose chunks were all answered loses none of them; the store keeps chunks: ${keepsContributions}`, async () => {
    const store = keepsContributions ? new ChunkKeeper() : new MemoryStore();
    const clock = new FakeClock();
    const dying = (): WorkerHandle =>
      new Worker("require('node:worker_threads').parentPort.on('message', (m) => m.kind === 'judge' && process.exit(3))", { eval: true, execArgv: [] });
    const settings = testSettings({ model: { length: 11_700 } });
    const rig = await Rig.start({ store, clock, settings, intake: { workers: 1, pool: { spawn: dying } } });
    await playSum(rig, 1);
    const [one, two] = participants(rig.params, 'update', 2);
    const upload = (who: typeof one) => chunksOf(updatePayload(who!, rig.sums, { weights: new Array(11_700).fill(0.5) }), who!, 3500);
    const [bodies, others] = [upload(one), upload(two)];
    for (const body of bodies.slice(0, -1)) assert.equal(await rig.send(body), 'incomplete');
    assert.equal(await rig.send(others[0]!), 'incomplete', 'somebody else is on the way');
    assert.deepEqual(await rig.intake.receive(bodies.at(-1)!.slice()), { accepted: false, code: 'internal-error', retryAfter: 1 });
    assert.ok(rig.intake.chunkBytes > 0);
    assert.equal(await rig.send(bodies.at(-1)!), 'accepted', 'the one that was not answered is enough');
    for (const body of others.slice(1, -1)) assert.equal(await rig.send(body), 'incomplete');
    assert.equal(await rig.send(others.at(-1)!), 'accepted');
    assert.deepEqual([rig.driver.updates, rig.intake.chunkBytes], [2, 0]);
    await rig.intake.close();
  });
}

test('when a message is lost with a worker and its stored chunks are damaged, it is over: every chunk of it is told so, and its room is free', async () => {
  const store = new ChunkKeeper();
  const errors: string[] = [];
  const spawn = (): WorkerHandle =>
    new Worker("require('node:worker_threads').parentPort.on('message', (m) => m.kind === 'judge' && process.exit(3))", { eval: true, execArgv: [] });
  const logger = { ...SILENT_LOGGER, error: (_: unknown, text: string) => void errors.push(text) };
  const rig = await Rig.start({ store, settings: testSettings({ model: { length: 11_700 } }), intake: { workers: 1, pool: { spawn }, logger } });
  await playSum(rig, 1);
  const [who] = participants(rig.params, 'update', 1);
  const bodies = chunksOf(updatePayload(who!, rig.sums, { weights: new Array(11_700).fill(0.5) }), who!, 3500);
  for (const body of bodies.slice(0, -1)) assert.equal(await rig.send(body), 'incomplete');
  store.chunks = async function* (): AsyncIterable<SpooledChunk> {
    yield* [];
    throw new Error('the disk is gone');
  };
  assert.equal(await rig.send(bodies.at(-1)!), 'chunk-evicted');
  assert.equal(await rig.send(bodies[3]!), 'chunk-evicted');
  assert.equal(rig.intake.chunkBytes, 0);
  assert.ok(errors.includes('chunks that were lost with a worker could not be read again'), `${errors}`);
  await rig.intake.close();
});

test('what a store found damaged is an error in the log of the start, once', async () => {
  const errors: string[] = [];
  const store = Object.assign(new ChunkKeeper(), { chunkDamage: () => 'chunks.log: damaged at byte 24, 500 bytes dropped' });
  const logger = { ...SILENT_LOGGER, error: (fields: unknown, text: string) => void errors.push(`${text} ${JSON.stringify(fields)}`) };
  const rig = await Rig.start({ store, intake: { logger } });
  await rig.intake.restored;
  await rig.seconds(20);
  assert.equal(errors.length, 1);
  assert.match(errors[0]!, /^stored chunks are damaged and were dropped.*500 bytes dropped/);
});

const participant = PublicSigningKey(new Uint8Array(32).fill(1));
const spooled = (messageId: number, id: number, data: Uint8Array): SpooledChunk => ({
  participant,
  tag: 'update',
  payload: encodeChunk({ id, messageId, last: false, data }),
});

test('what is over is marked, and erased when no set is open and it is much', async () => {
  const store = new ChunkKeeper();
  const spool = new Spool(store, SILENT_LOGGER);
  await spool.append([spooled(1, 0, new Uint8Array(100)), spooled(2, 0, new Uint8Array(100))]);
  spool.finish(participant, 'update', 1);
  spool.eraseIfMany();
  await settle();
  await settle();
  const left: number[] = [];
  for await (const { payload } of new Spool(store, SILENT_LOGGER).stored('update')) left.push(payload[3]!);
  assert.deepEqual([left, store.erased], [[2], 0]);
  await spool.append([spooled(3, 0, new Uint8Array(17 * 1024 * 1024))]);
  spool.eraseIfMany();
  const after = spool.append([spooled(4, 0, new Uint8Array(10))]);
  await after;
  assert.deepEqual([await store.stored(), store.erased], [1, 1], 'what came after it stays');
});

test('a graceful stop keeps the chunks, too: the restart goes on with the phase (found by xaynet chaos --chunked)', async () => {
  const store = new ChunkKeeper();
  const clock = new FakeClock();
  const before = await Rig.start({ store, clock });
  const [who] = participants(before.params, 'sum', 1);
  const bodies = chunksOf(sumPayload(who!), who!, 202);
  for (const body of bodies.slice(0, -1)) assert.equal(await before.send(Uint8Array.from(body)), 'incomplete');
  await before.driver.stop();
  assert.equal(await store.stored(), bodies.length - 1);
  assert.deepEqual(before.driver.unavailable, { code: 'shutting-down', retryAfter: 5 }, 'what comes now may come again later');
  const after = await Rig.start({ store, clock });
  await after.intake.restored;
  assert.equal(await after.send(bodies.at(-1)!), 'accepted');
});
