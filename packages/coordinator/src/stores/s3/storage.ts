// The buckets of a coordinator: one for global models, each under its id as the original names them (coordinator 4.7), and one for everything
// else, which nobody but coordinators should read.

import type { BlobEntry, BlobPutOptions, BlobStore } from '../blobs.ts';
import { S3Blobs } from './blobs.ts';
import type { S3Options } from './options.ts';

/** What keys of global models begin with. */
const MODELS = 'models/';

/** Where the buckets are, and their names. */
export interface S3StorageOptions extends Omit<S3Options, 'bucket'> {
  readonly buckets: { readonly globalModels: string; readonly rounds: string };
}

/** The bucket of global models alone, whose keys are their ids. Throws what {@link S3Blobs.open} throws. */
export async function openModelBucket({ buckets, ...options }: S3StorageOptions): Promise<S3Blobs> {
  return await S3Blobs.open({ ...options, bucket: buckets.globalModels });
}

/** Both buckets: what is called `models/ID` is in that of global models under its id. Throws what {@link S3Blobs.open} throws. */
export async function openBuckets({ buckets, ...options }: S3StorageOptions): Promise<BlobStore> {
  const opened = await Promise.allSettled([buckets.globalModels, buckets.rounds].map((bucket) => S3Blobs.open({ ...options, bucket })));
  const blobs = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  for (const result of opened) {
    if (result.status === 'fulfilled') continue;
    for (const one of blobs) await one.close();
    throw result.reason;
  }
  return new TwoBuckets(blobs[0]!, blobs[1]!);
}

/** Keys that begin with `models/`, without that, in one store, and all others in another one. */
export class TwoBuckets implements BlobStore {
  readonly #models: BlobStore;
  readonly #rounds: BlobStore;

  constructor(models: BlobStore, rounds: BlobStore) {
    this.#models = models;
    this.#rounds = rounds;
  }

  put(key: string, bytes: Uint8Array, options?: BlobPutOptions): Promise<'ok' | 'already-exists'> {
    const [blobs, name] = this.#place(key);
    return blobs.put(name, bytes, options);
  }

  get(key: string): Promise<Uint8Array | undefined> {
    const [blobs, name] = this.#place(key);
    return blobs.get(name);
  }

  async delete(keys: readonly string[]): Promise<void> {
    const names = (of: BlobStore): string[] => keys.map((key) => this.#place(key)).flatMap(([blobs, name]) => (blobs === of ? [name] : []));
    for (const blobs of [this.#models, this.#rounds]) {
      const own = names(blobs);
      if (own.length > 0) await blobs.delete(own);
    }
  }

  async *list(prefix: string): AsyncIterable<BlobEntry> {
    if (MODELS.startsWith(prefix) || prefix.startsWith(MODELS)) {
      for await (const entry of this.#models.list(prefix.slice(MODELS.length))) yield { ...entry, key: MODELS + entry.key };
    }
    if (!prefix.startsWith(MODELS)) yield* this.#rounds.list(prefix);
  }

  async ready(): Promise<void> {
    await Promise.all([this.#models.ready(), this.#rounds.ready()]);
  }

  async close(): Promise<void> {
    await Promise.all([this.#models.close(), this.#rounds.close()]);
  }

  #place(key: string): readonly [BlobStore, string] {
    return key.startsWith(MODELS) ? [this.#models, key.slice(MODELS.length)] : [this.#rounds, key];
  }
}
