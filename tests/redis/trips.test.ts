// How often a process asks Redis: the cost of coordination is in round trips. One script says each verdict, however many sum participants there are.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptedMaskSeed, KeyMap, type PublicSigningKey } from '@xaynet/core/bytes';
import { type BlobPutOptions, blobDigest, MemoryBlobs } from '../../packages/coordinator/src/stores/blobs.ts';
import { storeOptions } from '../../packages/coordinator/src/stores/options.ts';
import { RedisChunks } from '../../packages/coordinator/src/stores/redis/fleet-chunks.ts';
import { openRedis } from '../../packages/coordinator/src/stores/redis/open.ts';
import { SharedRedisStore } from '../../packages/coordinator/src/stores/redis/shared-store.ts';
import { RedisStore } from '../../packages/coordinator/src/stores/redis/store.ts';
import { ephemeral, filled, key, mask, progress, state } from './rig.ts';
import { freshPrefix, KEY, sharedServer } from './server.ts';

const server = sharedServer();

for (const sums of [1, 200]) {
  test(`round trips of every admission, with ${sums} sum participants`, async (t) => {
    const blobs = new MemoryBlobs();
    const parts = await openRedis({ url: (await server()).url, key: KEY, prefix: freshPrefix(), blobs, lease: 1000 });
    const store = new RedisStore(parts, storeOptions({ keepsContributions: true }));
    t.after(() => store.close());
    let puts = 0;
    for (const name of ['put', 'delete'] as const) {
      const call = blobs[name].bind(blobs) as (...args: unknown[]) => Promise<never>;
      (blobs as unknown as Record<string, unknown>)[name] = (...args: unknown[]) => {
        puts++;
        return call(...args);
      };
    }
    /** Round trips to Redis, and to where blobs are, of a second call: the first one of a script takes its text along. */
    const trips = async (first: () => Promise<unknown>, second: () => Promise<unknown>): Promise<[number, number]> => {
      await first();
      const [before, putsBefore] = [parts.link.trips, puts];
      await second();
      return [parts.link.trips - before, puts - putsBefore];
    };
    const update = (byte: number, from = 0) => ({
      participant: key(byte),
      localSeedDict: new KeyMap(
        Array.from({ length: sums }, (_, i): [PublicSigningKey, EncryptedMaskSeed] => [key(i + from), EncryptedMaskSeed(filled(80, 1))]),
      ),
      maskedModel: mask(byte),
    });
    await store.setCoordinatorState(state(1), progress(1));
    for (let i = 0; i < sums - 1; i++) await store.admitSum(key(i), ephemeral(i));
    assert.deepEqual(
      await trips(
        () => store.counts(),
        () => store.admitSum(key(sums - 1), ephemeral(1)),
      ),
      [sums === 1 ? 2 : 1, 0],
      'sum',
    );
    await store.closeSum(undefined, progress(1, 'update'));
    const admitted = await trips(
      () => store.admitUpdate(update(1)),
      () => store.admitUpdate(update(2)),
    );
    assert.deepEqual(admitted, [1, 1], 'update: its blob, and the verdict');
    const refused = await trips(
      () => store.counts(),
      () => store.admitUpdate(update(2)),
    );
    assert.deepEqual(refused, [1, 2], 'update that is refused: its blob goes again');
    const chunk = { participant: key(9), tag: 'update', payload: filled(1000, 1) } as const;
    assert.deepEqual(
      await trips(
        () => store.appendChunks([chunk]),
        () => store.appendChunks([chunk, chunk, chunk]),
      ),
      [1, 0],
      'chunks',
    );
    const fleet = new RedisChunks(parts.acts);
    assert.deepEqual(
      await trips(
        () => fleet.store(1, [chunk]),
        () => fleet.store(1, [chunk, { ...chunk, participant: key(10) }, chunk]),
      ),
      [1, 0],
      'chunks of a fleet, of several participants',
    );
    assert.deepEqual(
      await trips(
        () => fleet.of(1, 'update', key(9), 0),
        () => fleet.of(1, 'update', key(9), 1),
      ),
      [1, 0],
      'what is stored of a participant',
    );
    const masks = await trips(
      () => store.admitSum2(key(0), mask(1)),
      () => (sums === 1 ? store.admitSum2(key(0), mask(1)) : store.admitSum2(key(1), mask(1))),
    );
    assert.deepEqual(masks, [1, 0], 'sum2 with a mask that is known');
    if (sums > 1)
      assert.deepEqual(
        await trips(
          () => store.counts(),
          () => store.admitSum2(key(2), mask(2)),
        ),
        [2, 1],
        'sum2 with a new one: the blob in between',
      );
  });
}

/** Blobs that note what was put and with which digest. */
class NotedBlobs extends MemoryBlobs {
  readonly noted: { readonly bytes: Uint8Array; readonly digest: Uint8Array | undefined }[] = [];

  override put(key: string, bytes: Uint8Array, options: BlobPutOptions = {}): Promise<'ok' | 'already-exists'> {
    this.noted.push({ bytes: bytes.slice(), digest: options.digest });
    return super.put(key, bytes, options);
  }
}

test('a member of a fleet: one script and one blob an update, whose digest is made once; a look that has nothing to renew writes nothing', async (t) => {
  const redis = await server();
  const blobs = new NotedBlobs();
  const store = await SharedRedisStore.open({ url: redis.url, key: KEY, prefix: freshPrefix(), blobs, lease: 1000 });
  t.after(() => store.close());
  blobs.noted.length = 0; // what a store says of itself where its blobs are
  const info = async (field: string): Promise<number> => {
    const text = String(await redis.command('INFO', 'everything'));
    return Number(new RegExp(`^${field}[:=](\\d+)`, 'm').exec(text)?.[1]);
  };
  const look = () => store.look({ id: 'a', url: '', version: '1', began: 1, accepted: 0, refused: 0 }, true);
  const self = await look();
  assert.equal(self.leads, true);
  await store.setCoordinatorState(state(1), progress(1));
  await store.admissions.sum(1, key(0), ephemeral(0));
  await store.closeSum(undefined, progress(1, 'update'));
  const update = (byte: number) => ({
    participant: key(byte),
    localSeedDict: new KeyMap([[key(0), EncryptedMaskSeed(filled(80, 1))] as const]),
    maskedModel: mask(byte),
  });
  await store.admissions.update(1, update(1));
  const scripts = await info('cmdstat_evalsha:calls');
  for (const byte of [2, 3, 4]) await store.admissions.update(1, update(byte));
  assert.equal((await info('cmdstat_evalsha:calls')) - scripts, 3);
  assert.equal(blobs.noted.length, 4);
  for (const { bytes, digest } of blobs.noted) assert.deepEqual(digest, blobDigest(bytes));
  const changes = await info('rdb_changes_since_last_save');
  for (let i = 0; i < 5; i++) assert.deepEqual((await look()).members, self.members);
  assert.equal(await info('rdb_changes_since_last_save'), changes);
});
