// A store with copies of its models is a store, and a copy is there before its model is, for as long as its model is, and deleted with nothing else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XaynetError } from '@xaynet/core/errors';
import { MemoryBlobs } from './blobs.ts';
import { storeConformance } from './conformance.test.ts';
import type { Store } from './contract.ts';
import { MemoryStore } from './memory.ts';
import { withModelCopies } from './model-copies.ts';
import type { StoreOptions } from './options.ts';

const never = (ids: readonly string[]): void => assert.fail(`${ids} could not be deleted`);
const model = (byte: number): Uint8Array => new Uint8Array(10).fill(byte);
const ids = async (blobs: MemoryBlobs): Promise<string[]> => (await Array.fromAsync(blobs.list(''))).map(({ key }) => key).sort();

function open(options: StoreOptions = {}): { blobs: MemoryBlobs; store: Store; inner: MemoryStore } {
  const blobs = new MemoryBlobs();
  const inner = new MemoryStore(options);
  return { blobs, inner, store: withModelCopies(inner, blobs, never) };
}

/** As an archive stores one. */
async function keep(store: Store, id: string, bytes: Uint8Array): Promise<void> {
  await store.putModel(id, bytes);
  await store.setLatestModelId(id);
}

storeConformance('memory with copies of models', { open: async (options) => open(options).store });

test('copies go with their models, and nothing else goes', async () => {
  const { blobs, store } = open({ keepModels: 2 });
  await blobs.put('7_ff', model(7)); // an original's
  await blobs.put('other/8_ff', model(8));
  for (const round of [1, 2, 3, 4]) await keep(store, `${round}_aa`, model(round));
  assert.deepEqual(await ids(blobs), ['3_aa', '4_aa', '7_ff', 'other/8_ff']);
  assert.deepEqual(await blobs.get('4_aa'), model(4));
  await store.eraseAll();
  assert.deepEqual(await ids(blobs), ['3_aa', '4_aa', '7_ff', 'other/8_ff']);
});

test('a copy is there before its model; one that is there already is taken, another one is not', async () => {
  const { blobs, store, inner } = open();
  blobs.put = () => Promise.reject(new XaynetError('storage-failed', 'for a while'));
  await assert.rejects(store.putModel('1_aa', model(1)), { code: 'storage-failed' });
  assert.equal(await inner.model('1_aa'), undefined);
  const whole = open();
  await whole.blobs.put('1_aa', model(1));
  assert.equal(await whole.store.putModel('1_aa', model(1)), 'ok', 'the answer to an earlier try was lost');
  assert.equal(await whole.store.putModel('1_aa', model(1)), 'already-exists');
  await whole.blobs.put('2_aa', model(9));
  await assert.rejects(whole.store.putModel('2_aa', model(2)), { code: 'storage-model-missing', message: /another model 2_aa/ });
  assert.deepEqual(await whole.blobs.get('2_aa'), model(9));
});

test('copies that cannot be deleted are told, and the round goes on', async () => {
  const blobs = new MemoryBlobs();
  const told: string[] = [];
  const store = withModelCopies(new MemoryStore({ keepModels: 1 }), blobs, (gone, error) => told.push(`${gone}: ${(error as XaynetError).code}`));
  await keep(store, '1_aa', model(1));
  blobs.delete = () => Promise.reject(new XaynetError('storage-failed', 'for a while'));
  await keep(store, '2_aa', model(2));
  assert.deepEqual(told, ['1_aa: storage-failed']);
  assert.equal(await store.latestModelId(), '2_aa');
});

test('it is ready when both are', async () => {
  const { blobs, store } = open();
  await store.ready();
  blobs.ready = () => Promise.reject(new XaynetError('storage-bucket'));
  await assert.rejects(store.ready(), { code: 'storage-bucket' });
  await store.close();
  await assert.rejects(blobs.get('a'), { code: 'storage-failed' });
});
