// Large bytes by name, for stores that keep their index elsewhere: masked models, checkpoints and global models, each some megabytes, in the
// memory of a database or on an object storage. Nothing here knows what the bytes mean. The index, which says what is valid, is changed
// after a blob was put and before one is deleted: a blob that no index names is a leftover, an index that names no blob would be a loss.

import { copyBytes, equalBytes } from '@xaynet/core/bytes';
import { sha256, sha256Async } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';

/** Longest key. */
export const MOST_KEY_LENGTH = 512;

/** No part between slashes is empty, `.` or `..`, which clients and servers of object storages take for paths. */
const KEY = /^(?!(?:.*\/)?\.{0,2}(?:\/|$))[A-Za-z0-9_./-]{1,512}$/;

/** What {@link BlobStore.put} may be told. */
export interface BlobPutOptions {
  /** Only where nothing is there yet; default false: what is there is replaced. */
  readonly ifAbsent?: boolean | undefined;
  /** SHA-256 of the bytes, by whoever has it: a storage that needs it takes it from here. */
  readonly digest?: Uint8Array | undefined;
}

/** A blob in a list. */
export interface BlobEntry {
  readonly key: string;
  readonly bytes: number;
  /** When it was put, in milliseconds since 1970 on the clock of whoever keeps it; left out: not known. */
  readonly modified?: number | undefined;
}

/**
 * Bytes by key. A key has 1 to {@link MOST_KEY_LENGTH} characters of `A-Z a-z 0-9 _ . / -`, and no part between
 * slashes is empty, `.` or `..`; others: `option-invalid`. Each method has its whole
 * effect or none, whatever happens to the process: a blob is never seen in part. Exceptions are `storage-failed`, and `storage-timeout`
 * after which the effect may or may not have happened, or happen later. Whether bytes come back as they were put is for the caller to check
 * ({@link checkBlob}), who keeps their SHA-256 in its index: a flipped bit in a model gives another model, which looks as good.
 */
export interface BlobStore {
  /**
   * Absent: stores, `ok`. Present: replaces, `ok`; with `ifAbsent` `already-exists`, and the first stays. Empty bytes are a blob. `ok` means
   * that it is as durable as it will get. The bytes are not kept beyond the call, and may be a view of larger memory.
   */
  put(key: string, bytes: Uint8Array, options?: BlobPutOptions): Promise<'ok' | 'already-exists'>;
  /** The bytes, which are the caller's; absent: undefined. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** Absent ones: no error. Not one act: after an exception some may be gone. No keys: nothing. */
  delete(keys: readonly string[]): Promise<void>;
  /** Every blob whose key begins with `prefix` (empty: all), once, in any order. One put or deleted meanwhile may be there or not. */
  list(prefix: string): AsyncIterable<BlobEntry>;
  /** Resolves when blobs can be put and read now; else throws. */
  ready(): Promise<void>;
  /** Releases connections; again: no error. Afterwards every other method throws `storage-failed`. */
  close(): Promise<void>;
}

/** Throws `option-invalid` for what is no key. */
export function checkBlobKey(key: string): void {
  if (!KEY.test(key))
    throw new XaynetError(
      'option-invalid',
      `blob key ${JSON.stringify(key.slice(0, 64))}: 1 to ${MOST_KEY_LENGTH} of A-Z a-z 0-9 _ . / -, no part between slashes empty, . or ..`,
    );
}

/** What an index keeps of a blob, to know it again. */
export function blobDigest(bytes: Uint8Array): Uint8Array {
  return sha256(bytes);
}

/** Puts `bytes` and answers their {@link blobDigest}, which is made once, for index and storage, and beside the calling thread where that pays. */
export async function putDigested(blobs: BlobStore, key: string, bytes: Uint8Array): Promise<Uint8Array> {
  const digest = await sha256Async(bytes);
  await blobs.put(key, bytes, { digest });
  return digest;
}

/** Throws `code` when `bytes` (undefined: nothing) are not those with this digest; `what` names them in the message. */
export function checkBlob(
  code: 'contribution-damaged' | 'storage-model-missing',
  what: string,
  bytes: Uint8Array | undefined,
  digest: Uint8Array,
): asserts bytes is Uint8Array {
  if (bytes === undefined) throw new XaynetError(code, `${what}: its bytes are gone`);
  if (!equalBytes(blobDigest(bytes), digest)) throw new XaynetError(code, `${what} is damaged: it has another SHA-256 than when it was stored`);
}

/** Blobs in this process, for tests; the readable statement of {@link BlobStore}. */
export class MemoryBlobs implements BlobStore {
  readonly #blobs = new Map<string, { readonly bytes: Uint8Array; readonly modified: number }>();
  readonly #now: () => number;
  #closed = false;

  /** `now` gives the milliseconds since 1970 that {@link BlobEntry.modified} shows. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  async put(key: string, bytes: Uint8Array, { ifAbsent = false }: BlobPutOptions = {}): Promise<'ok' | 'already-exists'> {
    this.#open();
    checkBlobKey(key);
    if (ifAbsent && this.#blobs.has(key)) return 'already-exists';
    this.#blobs.set(key, { bytes: copyBytes(bytes), modified: this.#now() });
    return 'ok';
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#open();
    checkBlobKey(key);
    const blob = this.#blobs.get(key);
    return blob && copyBytes(blob.bytes);
  }

  async delete(keys: readonly string[]): Promise<void> {
    this.#open();
    for (const key of keys) checkBlobKey(key);
    for (const key of keys) this.#blobs.delete(key);
  }

  async *list(prefix: string): AsyncIterable<BlobEntry> {
    this.#open();
    for (const [key, { bytes, modified }] of [...this.#blobs]) if (key.startsWith(prefix)) yield { key, bytes: bytes.length, modified };
  }

  async ready(): Promise<void> {
    this.#open();
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #open(): void {
    if (this.#closed) throw new XaynetError('storage-failed', 'memory blobs: closed');
  }
}
