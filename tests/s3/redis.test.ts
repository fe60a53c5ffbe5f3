// The contract of stores over a real Redis with large bytes in two buckets of a real S3 server.

import { storeConformance } from '../../packages/coordinator/src/stores/conformance.test.ts';
import type { Store } from '../../packages/coordinator/src/stores/contract.ts';
import type { StoreOptions } from '../../packages/coordinator/src/stores/options.ts';
import { RedisStore } from '../../packages/coordinator/src/stores/redis/store.ts';
import { openBuckets } from '../../packages/coordinator/src/stores/s3/storage.ts';
import { freshPrefix, KEY, sharedServer } from '../redis/server.ts';
import { sharedSwift } from './swift.ts';

const redis = sharedServer();
const swift = await sharedSwift();

const opened = new Map<Store, { prefix: string; options: StoreOptions }>();
const openAt = async (prefix: string, options: StoreOptions): Promise<Store> => {
  const { bucket, ...at } = swift.options('models');
  const blobs = await openBuckets({ ...at, prefix: `${prefix}/`, buckets: { globalModels: bucket, rounds: 'rounds' } });
  const store = await RedisStore.open({ url: (await redis()).url, key: KEY, prefix, blobs, keepsContributions: true, ...options });
  opened.set(store, { prefix, options });
  return store;
};

storeConformance('redis and S3', {
  open: (options = {}) => openAt(freshPrefix(), options),
  async reopen(store) {
    const { prefix, options } = opened.get(store)!;
    await store.close();
    return await openAt(prefix, options);
  },
});
