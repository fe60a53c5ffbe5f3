// Whether a process that cannot put large bytes is ready, and what it takes to be ready again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XaynetError } from '@xaynet/core/errors';
import { SILENT_LOGGER } from '../../log.ts';
import { type BlobPutOptions, MemoryBlobs } from '../blobs.ts';
import { blobConformance } from '../blobs-conformance.test.ts';
import { WatchedBlobs } from './watched-blobs.ts';

blobConformance('watched blobs', { open: async () => new WatchedBlobs(new MemoryBlobs(), SILENT_LOGGER), tellsModified: true });

/** A place in which some things do not work. */
class FailingBlobs extends MemoryBlobs {
  readonly calls: string[] = [];
  broken: readonly ('put' | 'ready' | 'delete')[] = [];

  override put(key: string, bytes: Uint8Array, options?: BlobPutOptions): Promise<'ok' | 'already-exists'> {
    return this.#call('put', () => super.put(key, bytes, options));
  }

  override delete(keys: readonly string[]): Promise<void> {
    return this.#call('delete', () => super.delete(keys));
  }

  override ready(): Promise<void> {
    return this.#call('ready', () => super.ready());
  }

  async #call<T>(name: 'put' | 'ready' | 'delete', call: () => Promise<T>): Promise<T> {
    this.calls.push(name);
    if (this.broken.includes(name)) throw new XaynetError('storage-failed', `${name}: no route`);
    return await call();
  }
}

function watched() {
  const place = new FailingBlobs();
  const lines: string[] = [];
  const logger = { ...SILENT_LOGGER, error: (_: object, text: string) => lines.push(text), info: (_: object, text: string) => lines.push(text) };
  return { place, lines, blobs: new WatchedBlobs(place, logger) };
}
const isFailed = { code: 'storage-failed' } as const;
const bytes = new Uint8Array(9);

test('a place that lists and takes nothing makes a process not ready once something could not be put there, and ready by itself when it takes again', async () => {
  const { place, blobs, lines } = watched();
  place.broken = ['put'];
  await blobs.ready();
  await assert.rejects(blobs.put('a', bytes), isFailed);
  for (let i = 0; i < 3; i++) await assert.rejects(blobs.ready(), isFailed);
  assert.deepEqual(lines, ['large bytes cannot be stored: this process is not ready until they can'], 'told once');
  place.broken = [];
  await blobs.ready();
  assert.deepEqual(lines.slice(1), ['large bytes can be stored again']);
  place.calls.length = 0;
  await blobs.ready();
  assert.deepEqual(place.calls, ['ready'], 'nothing is put as long as all is well');
  for await (const { key } of place.list('')) assert.fail(`${key} is left`);
});

test('one request that failed changes nothing, whichever it was', async () => {
  const { place, blobs, lines } = watched();
  place.broken = ['put'];
  await assert.rejects(blobs.put('a', bytes), isFailed);
  place.broken = [];
  await blobs.ready();
  place.broken = ['ready'];
  await blobs.ready();
  place.broken = ['ready', 'delete'];
  await blobs.ready();
  assert.deepEqual(lines, []);
  place.broken = ['ready', 'put'];
  await assert.rejects(blobs.ready(), isFailed);
});

test('an update that is put makes it ready again, without a question', async () => {
  const { place, blobs } = watched();
  place.broken = ['put'];
  await assert.rejects(blobs.put('a', bytes), isFailed);
  await assert.rejects(blobs.ready(), isFailed);
  place.broken = [];
  await blobs.put('a', bytes);
  place.broken = ['put'];
  await blobs.ready();
});

test('those who ask at the same time cost one request', async () => {
  const { place, blobs } = watched();
  await Promise.all(Array.from({ length: 20 }, () => blobs.ready()));
  assert.deepEqual(place.calls, ['ready']);
});
