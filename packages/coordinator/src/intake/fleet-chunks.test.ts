// What a process knows of the chunks that others have stored: nothing is missed, however calls overtake each other, and nothing is read twice.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { encodeChunk } from '@xaynet/core/message';
import { settle } from '../clock.test.ts';
import { SILENT_LOGGER } from '../log.ts';
import { OVER_LENGTH, type SpooledChunk } from '../stores/contract.ts';
import type { StoredChunks } from '../stores/shared.ts';
import { type FleetChunkStore, FleetChunks } from './fleet-chunks.ts';

const PHASE = { round: 1, tag: 'update' } as const;
const who = PublicSigningKey(new Uint8Array(32).fill(1));
const chunk = (id: number, participant = who, size = 10): SpooledChunk => ({
  participant,
  tag: 'update',
  payload: encodeChunk({ id, messageId: 1, last: false, data: new Uint8Array(size).fill(id + 1) }),
});
const idOf = ({ payload }: SpooledChunk): number => payload[0]! * 256 + payload[1]!;

/** A store that others use as well, whose answers can be held back. */
class Store implements FleetChunkStore {
  readonly kept: SpooledChunk[] = [];
  readonly calls: number[] = [];
  reads = 0;
  /** Answers that are worked out, and wait. */
  held: (() => void)[] | undefined;
  failing = false;
  isOver = false;

  readonly admissions: FleetChunkStore['admissions'] = {
    chunks: async (_, chunks) => {
      this.calls.push(chunks.length);
      await settle();
      if (this.failing) throw new Error('no connection');
      if (this.isOver) return { verdict: 'phase-over' };
      return { verdict: 'ok', stored: chunks.map((one) => this.put(one)) };
    },
  };

  async chunksOf(_: number, __: string, participant: PublicSigningKey, after: number): Promise<StoredChunks> {
    this.reads++;
    const own = this.kept.filter((one) => toHex(one.participant) === toHex(participant));
    const answer = { chunks: own.slice(after).filter(({ payload }) => payload.length > OVER_LENGTH), stored: own.length };
    if (this.held !== undefined) await new Promise<void>((resolve) => this.held!.push(resolve));
    return answer;
  }

  put(one: SpooledChunk): number {
    this.kept.push(one);
    return this.kept.filter(({ participant }) => toHex(participant) === toHex(one.participant)).length;
  }
}

function begun(): { store: Store; chunks: FleetChunks; taken: number[]; take: (some: readonly SpooledChunk[]) => void } {
  const store = new Store();
  const chunks = new FleetChunks(store, SILENT_LOGGER);
  chunks.enter(PHASE);
  const taken: number[] = [];
  return { store, chunks, taken, take: (some) => void taken.push(...some.map(idOf)) };
}

test('who is new is read once, and as long as nobody else stores anything never again', async () => {
  const { store, chunks, taken, take } = begun();
  store.put(chunk(0));
  assert.equal(chunks.has(who), false);
  await Promise.all([chunks.catchUp(PHASE, who, 0, take), chunks.catchUp(PHASE, who, 0, take)]);
  assert.deepEqual([chunks.has(who), taken, store.reads], [true, [0], 1]);
  for (let id = 1; id < 5; id++) assert.ok(chunks.has(who, await chunks.append(PHASE, chunk(id))));
  chunks.finish(PHASE, who, 'update', 1);
  assert.ok(chunks.has(who, await chunks.append(PHASE, chunk(9))), 'a sign that a message is over is counted, too');
  assert.equal(store.reads, 1);
});

test('a chunk that another process has stored in between is noticed and read, and only that', async () => {
  const { store, chunks, taken, take } = begun();
  await chunks.catchUp(PHASE, who, 0, take);
  await chunks.append(PHASE, chunk(0));
  store.put(chunk(7));
  const number = await chunks.append(PHASE, chunk(1));
  assert.equal(chunks.has(who, number), false);
  await chunks.catchUp(PHASE, who, number, take);
  assert.deepEqual([taken, chunks.has(who, number), store.reads], [[7, 1], true, 2]);
});

test('a reading that began too early is followed by another', async () => {
  const { store, chunks, taken, take } = begun();
  await chunks.catchUp(PHASE, who, 0, take);
  store.put(chunk(5));
  const first = await chunks.append(PHASE, chunk(0));
  store.held = [];
  const early = chunks.catchUp(PHASE, who, first, take);
  store.put(chunk(6));
  const second = await chunks.append(PHASE, chunk(1));
  const late = chunks.catchUp(PHASE, who, second, take);
  const go = store.held;
  store.held = undefined;
  for (const answer of go) answer();
  await Promise.all([early, late]);
  assert.deepEqual(taken, [5, 0, 6, 1]);
  assert.ok(chunks.has(who, second));
});

test('what could not be taken is read again; a store that has lost chunks is not asked for ever', async () => {
  const { store, chunks, taken, take } = begun();
  store.put(chunk(3));
  const full = (): never => {
    throw new Error('no room');
  };
  await assert.rejects(chunks.catchUp(PHASE, who, 0, full), /no room/);
  assert.equal(chunks.has(who), false);
  await chunks.catchUp(PHASE, who, 0, take);
  assert.deepEqual(taken, [3]);
  await assert.rejects(chunks.catchUp(PHASE, who, 9, take), { code: 'storage-failed' });
});

test('chunks of one moment go in few calls of bounded size; a call that fails fails for all of it; a phase that is over says so', async () => {
  const { store, chunks } = begun();
  const others = Array.from({ length: 40 }, (_, n) => PublicSigningKey(new Uint8Array(32).fill(n + 2)));
  const first = chunks.append(PHASE, chunk(0));
  await Promise.all([first, ...others.map((other) => chunks.append(PHASE, chunk(0, other)))]);
  assert.deepEqual(store.calls, [41]);
  store.calls.length = 0;
  await Promise.all(Array.from({ length: 10 }, (_, id) => chunks.append(PHASE, chunk(id, who, 1024 * 1024))));
  assert.ok(store.calls.length > 1 && Math.max(...store.calls) <= 5, `${store.calls}`);
  store.failing = true;
  const failed = await Promise.allSettled([chunks.append(PHASE, chunk(0)), chunks.append(PHASE, chunk(1))]);
  assert.ok(failed.every(({ status }) => status === 'rejected'));
  store.failing = false;
  store.isOver = true;
  await assert.rejects(chunks.append(PHASE, chunk(0)), { code: 'message-discarded' });
});

test('what comes back after the phase has changed is not taken for news of the new one', async () => {
  const { store, chunks, taken, take } = begun();
  store.put(chunk(0));
  store.held = [];
  const reading = chunks.catchUp(PHASE, who, 0, take);
  const next = { round: 2, tag: 'update' } as const;
  chunks.enter(next);
  for (const answer of store.held) answer();
  await reading;
  assert.deepEqual([taken, chunks.has(who)], [[], false]);
});
