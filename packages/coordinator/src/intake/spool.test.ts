// What was answered "taken" is there after a restart: chunks are stored before the answer, read back into the phase they belong to, and gone
// with it. A store that cannot write makes the sender come again, and nothing is half kept.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PublicSigningKey } from '@xaynet/core/bytes';
import { encodeChunk } from '@xaynet/core/message';
import { FakeClock, settle } from '../clock.test.ts';
import { SILENT_LOGGER } from '../log.ts';
import { chunksOf, participants, playSum, Rig, sumPayload, updatePayload } from '../rig.test.ts';
import type { SpooledChunk } from '../stores/contract.ts';
import { MemoryStore } from '../stores/memory.ts';
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
