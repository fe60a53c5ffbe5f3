// Blobs on S3-compatible storage (`@xaynet/coordinator/stores/s3`). Needs the package `@aws-sdk/client-s3`, which is not installed with this one.

export { type BlobEntry, type BlobPutOptions, type BlobStore, MOST_KEY_LENGTH } from '../blobs.ts';
export { S3Blobs, type S3Look } from './blobs.ts';
export type { S3Options } from './options.ts';
