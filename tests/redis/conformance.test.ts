// The contracts of stores over a real Redis.

import { MemoryBlobs } from '../../packages/coordinator/src/stores/blobs.ts';
import { blobConformance } from '../../packages/coordinator/src/stores/blobs-conformance.test.ts';
import { storeConformance } from '../../packages/coordinator/src/stores/conformance.test.ts';
import type { Store } from '../../packages/coordinator/src/stores/contract.ts';
import type { StoreOptions } from '../../packages/coordinator/src/stores/options.ts';
import { parseRedisUrl } from '../../packages/coordinator/src/stores/redis/address.ts';
import { redisLibrary } from '../../packages/coordinator/src/stores/redis/library.ts';
import { RedisLink } from '../../packages/coordinator/src/stores/redis/link.ts';
import { Names } from '../../packages/coordinator/src/stores/redis/names.ts';
import { RedisBlobs } from '../../packages/coordinator/src/stores/redis/redis-blobs.ts';
import { RedisStore } from '../../packages/coordinator/src/stores/redis/store.ts';
import { freshPrefix, KEY, sharedServer } from './server.ts';

const server = sharedServer();

for (const keepsContributions of [true, false]) {
  const opened = new Map<Store, { prefix: string; options: StoreOptions }>();
  const openAt = async (prefix: string, options: StoreOptions): Promise<Store> => {
    const store = await RedisStore.open({ url: (await server()).url, key: KEY, prefix, keepsContributions, ...options });
    opened.set(store, { prefix, options });
    return store;
  };
  storeConformance(keepsContributions ? 'redis' : 'redis without contributions', {
    open: (options = {}) => openAt(freshPrefix(), options),
    async reopen(store) {
      const { prefix, options } = opened.get(store)!;
      await store.close();
      return await openAt(prefix, options);
    },
  });
}

storeConformance('redis with blobs elsewhere', {
  open: async (options) => RedisStore.open({ url: (await server()).url, key: KEY, prefix: freshPrefix(), blobs: new MemoryBlobs(), ...options }),
});

const names = new Map<object, Names>();
const openBlobs = async (at: Names): Promise<RedisBlobs> => {
  const address = parseRedisUrl((await server()).url)!;
  const blobs = new RedisBlobs(new RedisLink({ library: await redisLibrary(), address, timeout: 10_000 }), at);
  names.set(blobs, at);
  return blobs;
};
blobConformance('redis blobs', {
  tellsModified: false,
  open: () => openBlobs(new Names(freshPrefix())),
  async reopen(blobs) {
    await blobs.close();
    return await openBlobs(names.get(blobs)!);
  },
});
