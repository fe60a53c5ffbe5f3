// The store on Redis, apart from the index of the package: it needs a library that most coordinators do not.

export type { BlobEntry, BlobPutOptions, BlobStore } from '../blobs.ts';
export { lookAtRedis, type RedisLook, type RedisStoreOptions } from './open.ts';
export { SharedRedisStore } from './shared-store.ts';
export { RedisStore } from './store.ts';
