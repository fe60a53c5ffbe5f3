// The embedded store on its own thread: the contract, and what a thread adds to it. Calls that take too long, a thread that dies, its end.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { EncryptedMaskSeed, KeyMap, PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import { MASK_CONFIGS, type MaskObject, parseMaskConfig } from '@xaynet/core/mask';
import fc from 'fast-check';
import type { Memory } from '../buffers.ts';
import { storeConformance } from './conformance.test.ts';
import { openEmbeddedStore, ThreadedSqliteStore } from './embedded.ts';
import { pack, unpack } from './thread/parcel.ts';

const root = mkdtempSync(join(tmpdir(), 'xaynet-embedded-'));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
const freshFolder = (): string => join(root, `folder-${folders++}`);

// Without reopening: what is on the disk is the store's, and its own tests reopen it at every turn; that a new thread goes on from it is below.
storeConformance('embedded store on its thread', { open: (options) => openEmbeddedStore(freshFolder(), options) });

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
const key = (byte: number): PublicSigningKey => PublicSigningKey(filled(32, byte));
const CONFIG = parseMaskConfig('Prime/F32/B0/M3');
const mask = (byte: number, length = 100): MaskObject => ({
  config: { vect: CONFIG, unit: CONFIG },
  length,
  vect: filled(length * CONFIG.bytesPerNumber, byte),
  unit: filled(CONFIG.bytesPerNumber, byte),
});
const update = (byte: number) => ({ participant: key(byte), localSeedDict: new KeyMap([[key(1), EncryptedMaskSeed(filled(80, 1))]]), maskedModel: mask(byte) });

/** A store whose `maskCount` waits at a gate, as for a disk that hangs, and whose `latestModelId` ends the thread. */
async function gated(folder: string, timeout: number): Promise<{ store: ThreadedSqliteStore; openGate(): void; threads: Worker[] }> {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const here = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  const script = `import(${here('./sqlite.ts')}).then(({ SqliteStore }) => {
    const { workerData } = require('node:worker_threads');
    const { maskCount } = SqliteStore.prototype;
    SqliteStore.prototype.maskCount = function () { Atomics.wait(workerData.gate, 0, 0); return maskCount.call(this); };
    SqliteStore.prototype.latestModelId = () => { setImmediate(() => { throw new Error('a bug'); }); return new Promise(() => {}); };
    return import(${here('./thread/worker.ts')});
  });`;
  const threads: Worker[] = [];
  const store = await ThreadedSqliteStore.open(folder, { keepsContributions: true, timeout }, (start) => {
    const thread = new Worker(script, { eval: true, workerData: { ...start, gate } });
    threads.push(thread);
    return thread;
  });
  return {
    store,
    threads,
    openGate() {
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
    },
  };
}

test('a call that takes too long is given up with a code, and still takes its turn: nothing overtakes it', async () => {
  const { store, openGate } = await gated(freshFolder(), 2);
  await store.admitSum(key(1), PublicEncryptKey(filled(32, 1)));
  const given = update(5);
  const outcomes = Promise.allSettled([store.maskCount(), store.admitUpdate(given)]);
  given.maskedModel.vect.fill(99); // what is waiting was copied
  const codes = (await outcomes).map((outcome) => outcome.status === 'rejected' && outcome.reason.code);
  assert.deepEqual(codes, ['storage-timeout', 'storage-timeout']);
  const later = [store.admitUpdate(update(5)), store.admitUpdate(update(6))];
  openGate();
  assert.deepEqual(await Promise.all(later), [{ verdict: 'already-submitted' }, { verdict: 'ok', position: 2 }], 'the update that was given up is the first');
  for await (const { position, maskedModel } of store.contributions(0)) assert.deepEqual(maskedModel, mask(position + 4));
  assert.equal(await store.maskCount(), 0);
  await store.close();
});

test('memory that is lent is not copied, comes back as it was, also after a refusal and a failure, and is lost with a call that is given up', async () => {
  const folder = freshFolder();
  const { store, openGate } = await gated(folder, 2);
  await store.admitSum(key(1), PublicEncryptKey(filled(32, 1)));
  /** An update whose model lies in the middle of a large buffer, as in a message. */
  const lent = (byte: number, length = 10_000) => {
    const model = mask(byte, length);
    const buffer = new ArrayBuffer(model.vect.length + 200);
    const vect = new Uint8Array(buffer, 100, model.vect.length);
    vect.set(model.vect);
    const memory: Memory = { buffer };
    return { update: { ...update(byte), maskedModel: { ...model, vect } }, memory, buffer, whole: new Uint8Array(buffer.slice(0)) };
  };
  const one = lent(5);
  const verdict = store.admitUpdate(one.update, one.memory);
  assert.deepEqual([one.memory.buffer, one.buffer.byteLength], [undefined, 0], 'it is there now');
  assert.deepEqual(await verdict, { verdict: 'ok', position: 1 });
  assert.deepEqual(new Uint8Array(one.memory.buffer!), one.whole);
  const again = lent(5);
  assert.equal((await store.admitUpdate(again.update, again.memory)).verdict, 'already-submitted');
  assert.deepEqual(new Uint8Array(again.memory.buffer!), again.whole);
  const other = { ...lent(6), memory: { buffer: undefined } };
  assert.deepEqual(await store.admitUpdate(other.update, other.memory), { verdict: 'ok', position: 2 });
  assert.equal(other.buffer.byteLength, other.whole.length, 'what is not lent is copied');
  const chunk = lent(7);
  await store.appendChunks([{ participant: key(7), tag: 'update', payload: chunk.update.maskedModel.vect, memory: chunk.memory }]);
  assert.deepEqual(new Uint8Array(chunk.memory.buffer!), chunk.whole);
  const stuck = store.maskCount();
  const late = lent(8);
  await Promise.all([
    assert.rejects(stuck, { code: 'storage-timeout' }),
    assert.rejects(store.admitUpdate(late.update, late.memory), { code: 'storage-timeout' }),
  ]);
  assert.equal(late.memory.buffer, undefined, 'nobody knows who reads it');
  openGate();
  const stored: number[] = [];
  for await (const { maskedModel } of store.contributions(0)) {
    assert.deepEqual(maskedModel, mask(maskedModel.vect[0]!, 10_000));
    stored.push(maskedModel.vect[0]!);
  }
  assert.deepEqual(stored, [5, 6, 8]);
  await store.close();
});

test('a thread that dies fails the calls that wait for it, and the next call starts it again with all that is stored', async () => {
  const { store, threads } = await gated(freshFolder(), 20);
  await store.admitSum(key(1), PublicEncryptKey(filled(32, 1)));
  await store.admitUpdate(update(5));
  const dying = store.latestModelId();
  await assert.rejects(dying, (error: Error & { code?: string }) => error.code === 'storage-failed' && error.message.includes('a bug'));
  assert.equal((await store.admitUpdate(update(5))).verdict, 'already-submitted');
  assert.equal(threads.length, 2);
  const waiting = assert.rejects(store.maskCount(), { code: 'storage-failed' });
  await threads[1]!.terminate();
  await waiting;
  assert.deepEqual(await store.admitUpdate(update(6)), { verdict: 'ok', position: 2 });
  assert.equal(threads.length, 3);
  await store.close();
  assert.deepEqual(await Promise.all(threads.map((thread) => thread.threadId)), [-1, -1, -1], 'all of them have ended');
});

test('a store that cannot be opened says why, at the start and when its thread starts again', async () => {
  const folder = freshFolder();
  const { store, threads } = await gated(folder, 20);
  await assert.rejects(openEmbeddedStore(folder), { code: 'storage-locked' }, 'another thread of this process holds it');
  const gone = once(threads[0]!, 'exit');
  await threads[0]!.terminate();
  await gone;
  const other = await openEmbeddedStore(folder);
  await assert.rejects(store.counts(), { code: 'storage-locked' });
  await other.close();
  assert.equal((await store.counts()).sums, 0);
  await store.close();
  await assert.rejects(openEmbeddedStore(folder, { key: 'ff'.repeat(32) }), { code: 'storage-key-wrong' });
  await assert.rejects(openEmbeddedStore(folder, { timeout: 0 }), { code: 'option-invalid' });
  await assert.rejects(openEmbeddedStore(folder, { keepModels: -1 }), { code: 'option-invalid' });
});

test('calls at the time of closing are done first, those after it are refused', async () => {
  const store = await openEmbeddedStore(freshFolder());
  const before = store.admitSum(key(1), PublicEncryptKey(filled(32, 1)));
  const closing = store.close();
  await assert.rejects(store.counts(), { code: 'storage-failed' });
  assert.equal(await before, 'ok');
  await closing;
});

test('a process ends by itself: with a store that is open and idle, and with a closed one', () => {
  for (const end of ['', 'await store.close();']) {
    const script = `const { openEmbeddedStore } = await import(${JSON.stringify(fileURLToPath(new URL('./embedded.ts', import.meta.url)))});
      const store = await openEmbeddedStore(${JSON.stringify(freshFolder())});
      await store.counts();
      ${end}
      console.log('done');`;
    const flags = ['--conditions=source', '--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
    const child = spawnSync(process.execPath, flags, { encoding: 'utf8', timeout: 150_000 });
    assert.deepEqual([child.status, child.stdout, child.stderr], [0, 'done\n', '']);
  }
});

test('parcels: plain data, bytes, dictionaries and configurations arrive as they were sent', () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  const fixed = fc.uint8Array({ minLength: 3, maxLength: 3 });
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(undefined, null, true, ...MASK_CONFIGS.slice(0, 5)),
      fc.double({ noNaN: true }),
      fc.string(),
      bytes,
      fc.array(fixed),
      fc.array(tie('value')),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { noNullPrototype: true }),
      fc.array(fc.tuple(fixed, fc.oneof(fixed, tie('value')))).map((entries) => new KeyMap(entries)),
    ),
  }));
  fc.assert(
    fc.property(value, (sent) => {
      const parcel = pack(sent);
      const came = unpack(structuredClone(parcel.value, { transfer: parcel.transfer }));
      assert.deepEqual(plain(came), plain(sent));
    }),
  );
  const large = filled(100_000, 7);
  const { transfer } = pack({ one: large.subarray(10, 20_000), two: Buffer.from('small') });
  assert.deepEqual(
    transfer.map(({ byteLength }) => byteLength),
    [19_990],
    'exactly the bytes that are shown',
  );
  assert.equal(large.length, 100_000);
});

/** The same with dictionaries as lists of entries, and configurations by themselves. */
function plain(value: unknown): unknown {
  if (value instanceof KeyMap) return { dictionary: [...value].map(([one, other]) => [one, plain(other)]) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array || MASK_CONFIGS.includes(value as never)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}
