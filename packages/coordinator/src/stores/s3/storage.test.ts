// Two buckets are one store of blobs, in which models have names of their own.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryBlobs } from '../blobs.ts';
import { blobConformance } from '../blobs-conformance.test.ts';
import { TwoBuckets } from './storage.ts';

blobConformance('two buckets', { open: async () => new TwoBuckets(new MemoryBlobs(), new MemoryBlobs()), tellsModified: true });

test('models lie under their ids, as the original’s, and rounds where nobody else reads', async () => {
  const [models, rounds] = [new MemoryBlobs(), new MemoryBlobs()];
  const both = new TwoBuckets(models, rounds);
  const bytes = new Uint8Array([1]);
  for (const key of ['models/1_aa', 'models/2_bb', 'rounds/x/1/contribution/a', 'modelsx', 'models']) await both.put(key, bytes);
  const keys = async (blobs: MemoryBlobs | TwoBuckets, prefix = ''): Promise<string[]> =>
    (await Array.fromAsync(blobs.list(prefix))).map(({ key }) => key).sort();
  assert.deepEqual(await keys(models), ['1_aa', '2_bb']);
  assert.deepEqual(await keys(rounds), ['models', 'modelsx', 'rounds/x/1/contribution/a']);
  assert.deepEqual(await keys(both, 'models'), ['models', 'models/1_aa', 'models/2_bb', 'modelsx']);
  assert.deepEqual(await keys(both, 'models/2'), ['models/2_bb']);
  await both.delete(['models/1_aa', 'modelsx']);
  assert.deepEqual(await keys(both), ['models', 'models/2_bb', 'rounds/x/1/contribution/a']);
});
