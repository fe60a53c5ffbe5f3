// Blobs in memory against the contract, and what keeps their keys and their bytes in order.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { blobDigest, checkBlob, checkBlobKey, MemoryBlobs } from './blobs.ts';
import { blobConformance } from './blobs-conformance.test.ts';

const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

blobConformance('blobs in memory', { open: async () => new MemoryBlobs(), tellsModified: true });

test('a digest is the SHA-256, and tells other bytes and none', () => {
  const bytes = filled(100, 3);
  assert.deepEqual(Buffer.from(blobDigest(bytes)), createHash('sha256').update(bytes).digest());
  checkBlob('contribution-damaged', 'contribution 1', bytes, blobDigest(bytes));
  assert.throws(() => checkBlob('contribution-damaged', 'contribution 1', undefined, blobDigest(bytes)), { code: 'contribution-damaged' });
  const flipped = bytes.slice();
  flipped[50]! ^= 1;
  assert.throws(() => checkBlob('storage-model-missing', 'model 1_aa', flipped, blobDigest(bytes)), { code: 'storage-model-missing' });
});

test('a key is told from what is none', () => {
  checkBlobKey('a');
  assert.throws(() => checkBlobKey('a b'), { code: 'option-invalid' });
});
