// Blobs on an S3-compatible object storage: one object a blob, in one request up to a size and in parts above it. Every object bears its
// SHA-256, which also the signature of the request covers: what arrives otherwise than it was sent is refused by the server, and what comes
// back otherwise is noticed here.

import { randomUUID } from 'node:crypto';
import type * as S3 from '@aws-sdk/client-s3';
import { toHex } from '@xaynet/core/bytes';
import { sha256Async } from '@xaynet/core/crypto';
import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import { type BlobEntry, type BlobPutOptions, type BlobStore, checkBlobKey } from '../blobs.ts';
import { loadSdk, type Sdk, TRIES, withDigest } from './client.ts';
import { Again, BrokenBody, LostReply, nameOf, Present, s3Failure, statusOf, throwAnswer } from './failures.ts';
import { type Condition, type ObjectHead, putParts } from './multipart.ts';
import { type CheckedS3Options, checkS3Options, type S3Options } from './options.ts';
import { type Running, S3Requests } from './requests.ts';

/** Metadata of every object that is put here: the SHA-256 of its bytes, and a name of the call that put it. Objects of others lack them. */
const DIGEST = 'xaynet-sha256';
const WRITER = 'xaynet-writer';
/** Most parts that S3 takes. */
const MOST_PARTS = 10_000;
/** Most keys that one request deletes. */
const KEYS_A_REQUEST = 1000;
/** Uploads that were begun so long ago are nobody's any more, in milliseconds. */
const DEAD_AFTER = 24 * 3_600_000;
/** Milliseconds between looks at a server that is not up. */
const LOOK_EVERY = 500;
/** Where it is found out what the server can do; never listed. */
const PROBES = '.xaynet-probe/';

/** What there is to know of a bucket before it is used. */
export interface S3Look {
  /** Whether the bucket is there; one that is not is made by {@link S3Blobs.open}. */
  readonly exists: boolean;
  /** Whether the server has conditional writes; undefined without a bucket. */
  readonly conditional?: boolean;
  /** Milliseconds that the clock of the server is ahead of the one here, to about a second; undefined: its answers name no time. */
  readonly ahead: number | undefined;
}

/**
 * {@link BlobStore} on S3-compatible storage. Needs the package `@aws-sdk/client-s3`, which is not installed with this one.
 * Where the server has no conditional writes, two processes that put the same key with `ifAbsent` at the same time may both be told `ok`, and
 * the later one stays; {@link S3Options.warn} is told. Of those who use one object of this class one is.
 * @example
 * ```ts
 * import { S3Blobs, type S3Options } from '@xaynet/coordinator/stores/s3';
 * async function keepOn(server: Pick<S3Options, 'endpoint' | 'accessKey' | 'secretAccessKey' | 'wait'>): Promise<Uint8Array | undefined> {
 *   const blobs = await S3Blobs.open({ ...server, region: 'minio', bucket: 'xaynet', prefix: 'fleet-1/' });
 *   try {
 *     await blobs.put('models/7', new Uint8Array([1, 2, 3]), { ifAbsent: true }); // 'ok' or 'already-exists'
 *     return await blobs.get('models/7');
 *   } finally {
 *     await blobs.close();
 *   }
 * }
 * ```
 */
export class S3Blobs implements BlobStore {
  readonly #sdk: Sdk;
  readonly #requests: S3Requests;
  readonly #options: CheckedS3Options;
  /** Whether the server takes `If-None-Match: *` for what it means. */
  #conditional = false;
  /** By key, the end of the line of those that look first and put then. */
  readonly #lines = new Map<string, Promise<unknown>>();

  private constructor(sdk: Sdk, options: CheckedS3Options) {
    this.#sdk = sdk;
    this.#options = options;
    this.#requests = new S3Requests(sdk, options);
  }

  /**
   * Connects: finds the bucket or makes it, finds out whether it can be written and what the server can do. Throws `option-invalid`,
   * `storage-library-missing`, `storage-unreachable`, `storage-refused`, `storage-bucket`, `storage-region`, `storage-clock`, `storage-failed`, `storage-timeout`.
   */
  static async open(options: S3Options): Promise<S3Blobs> {
    const checked = checkS3Options(options);
    const blobs = new S3Blobs(await loadSdk(), checked);
    try {
      await blobs.#reach();
      await blobs.#probe();
      await blobs.#sweep();
    } catch (error) {
      await blobs.close();
      throw error;
    }
    return blobs;
  }

  /**
   * Looks whether a bucket can be used: lists it, puts, reads and deletes an empty object, and leaves nothing there. Throws what {@link S3Blobs.open} throws, which
   * names the request that was refused; no bucket is made, and no server waited for.
   * @example
   * ```ts
   * import { S3Blobs, type S3Options } from '@xaynet/coordinator/stores/s3';
   * async function bucketAt(server: Pick<S3Options, 'endpoint' | 'accessKey' | 'secretAccessKey'>): Promise<string> {
   *   const { exists, ahead } = await S3Blobs.look({ ...server, region: 'minio', bucket: 'xaynet' });
   *   return exists ? `its clock is ${ahead} ms ahead` : 'it will be made';
   * }
   * ```
   */
  static async look(options: S3Options): Promise<S3Look> {
    const blobs = new S3Blobs(await loadSdk(), checkS3Options(options));
    let ahead: number | undefined;
    blobs.#requests.onDate((theirs, here) => {
      ahead = theirs - here;
    });
    try {
      await blobs.ready();
      const key = `${PROBES}${randomUUID()}`;
      await blobs.put(key, new Uint8Array());
      await blobs.get(key);
      const conditional = await blobs.#knowsConditions(key);
      await blobs.delete([key]).catch((error: XaynetError) => {
        throw new XaynetError(error.code, `${error.message}; the object, which is empty, is left there`);
      });
      return { exists: true, conditional, ahead };
    } catch (error) {
      if (!isXaynetError(error, 'storage-bucket')) throw error;
      return { exists: false, ahead };
    } finally {
      await blobs.close();
    }
  }

  async put(key: string, bytes: Uint8Array, { ifAbsent = false, digest }: BlobPutOptions = {}): Promise<'ok' | 'already-exists'> {
    this.#requests.checkOpen();
    checkBlobKey(key);
    if (!ifAbsent) return await this.#store(key, bytes, false, digest);
    if (this.#conditional && bytes.length <= this.#partBytes(bytes)) return await this.#store(key, bytes, true, digest);
    // In parts it would take many requests to be told that it was for nothing.
    return await this.#inLine(key, async () =>
      (await this.#head(key)) === undefined ? await this.#store(key, bytes, this.#conditional, digest) : 'already-exists',
    );
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#requests.checkOpen();
    checkBlobKey(key);
    for (let left = TRIES; ; left--) {
      try {
        return await this.#requests.run(`GET ${key}`, (running) => this.#download(key, running));
      } catch (error) {
        if (!(error instanceof BrokenBody)) throw error;
        if (left === 1) throw new XaynetError(error.damaged ? 'storage-damaged' : 'storage-failed', `GET ${key}: ${error.message}`);
      }
    }
  }

  async delete(keys: readonly string[]): Promise<void> {
    this.#requests.checkOpen();
    for (const key of keys) checkBlobKey(key);
    const all = [...new Set(keys)];
    for (let at = 0; at < all.length; at += KEYS_A_REQUEST) await this.#deleteBatch(all.slice(at, at + KEYS_A_REQUEST));
  }

  async *list(prefix: string): AsyncIterable<BlobEntry> {
    const { bucket, prefix: own } = this.#options;
    let token: string | undefined;
    do {
      const command = new this.#sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: own + prefix, ContinuationToken: token });
      const page = await this.#requests.send(`LIST ${own}${prefix}`, command);
      for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
        const key = Key.slice(own.length);
        if (isKey(key)) yield { key, bytes: Size, modified: LastModified?.getTime() };
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** Throws also when the bucket is gone, which was there at the start: what it held is gone with it. */
  async ready(): Promise<void> {
    const { bucket, prefix } = this.#options;
    await this.#requests.send(`LIST ${bucket}`, new this.#sdk.ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, MaxKeys: 1 }));
  }

  /** Ends what is under way, which then throws. */
  async close(): Promise<void> {
    this.#requests.close();
  }

  /** Finds the bucket, once the server can be asked: one that is started at the same time may need longer. */
  async #reach(): Promise<void> {
    const { wait, warn } = this.#options;
    const until = Date.now() + wait;
    for (let told = false; ; told = true) {
      try {
        return await this.#findBucket();
      } catch (error) {
        const passing = ['storage-unreachable', 'storage-timeout', 'storage-failed'] as const;
        if (!passing.some((code) => isXaynetError(error, code)) || Date.now() >= until) throw error;
        if (!told) warn(`the object storage cannot be used yet; it is waited for, ${wait / 1000} s at most: ${(error as XaynetError).message}`);
        await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_EVERY, Math.max(1, until - Date.now()))));
      }
    }
  }

  /** The bucket, which is made when there is none (coordinator 4.7). */
  async #findBucket(): Promise<void> {
    try {
      return await this.ready();
    } catch (error) {
      if (!isXaynetError(error, 'storage-bucket')) throw error;
    }
    const { bucket, region } = this.#options;
    // The first of all regions is the one that may not be named.
    const where = region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as S3.BucketLocationConstraint } };
    await this.#requests.run(`CREATE BUCKET ${bucket}`, async ({ abortSignal }) => {
      try {
        await this.#requests.client.send(new this.#sdk.CreateBucketCommand({ Bucket: bucket, ...where }), { abortSignal });
      } catch (error) {
        if (nameOf(error) !== 'BucketAlreadyOwnedByYou') throw error; // another coordinator was faster
      }
    });
    await this.ready();
  }

  /** Puts an object, puts it again on the condition that it is not there, deletes it: that shows what is allowed and what the condition is worth. */
  async #probe(): Promise<void> {
    const key = `${PROBES}${randomUUID()}`;
    await this.#store(key, new Uint8Array(), false);
    this.#conditional = await this.#knowsConditions(key);
    await this.#deleteBatch([key]);
    if (!this.#conditional) this.#options.warn('the object storage has no conditional writes: what is already there is looked for first, by another request');
  }

  async #knowsConditions(key: string): Promise<boolean> {
    const command = new this.#sdk.PutObjectCommand({ ...this.#requests.named(key), Body: new Uint8Array(), IfNoneMatch: '*' });
    return await this.#requests.run(`PUT ${key}`, async ({ abortSignal }) => {
      try {
        await this.#requests.client.send(command, { abortSignal });
        return false;
      } catch (error) {
        if (statusOf(error) === 412) return true;
        if (statusOf(error) === 501) return false;
        throw error;
      }
    });
  }

  /** Gives up uploads of processes that died in the middle: their parts take room and are in no list. Without a prefix they may be anybody's. */
  async #sweep(): Promise<void> {
    const { bucket, prefix } = this.#options;
    if (prefix === '') return;
    try {
      const { Uploads = [] } = await this.#requests.send('LIST UPLOADS', new this.#sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix }));
      for (const { Key, UploadId, Initiated } of Uploads) {
        if (Initiated === undefined || Date.now() - Initiated.getTime() < DEAD_AFTER) continue;
        await this.#requests.send(`ABORT UPLOAD ${Key}`, new this.#sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
      }
    } catch {
      // To list and abort uploads may be forbidden, or unknown to the server: that costs room, and no start.
    }
  }

  /** Bytes of a part: as set, or what it takes to have no more parts than there may be. */
  #partBytes({ length }: Uint8Array): number {
    return Math.max(this.#options.partBytes, Math.ceil(length / MOST_PARTS));
  }

  async #store(key: string, bytes: Uint8Array, ifAbsent: boolean, known?: Uint8Array): Promise<'ok' | 'already-exists'> {
    const digest = toHex(known ?? (await sha256Async(bytes)));
    const writer = randomUUID();
    const head = { ...this.#requests.named(key), Metadata: { [DIGEST]: digest, [WRITER]: writer }, ContentType: 'application/octet-stream' };
    const condition: Condition = ifAbsent ? { IfNoneMatch: '*' } : {};
    const size = this.#partBytes(bytes);
    try {
      if (bytes.length <= size) await this.#putWhole(head, condition, bytes, digest);
      else await putParts(this.#requests, head, condition, bytes, size);
      return 'ok';
    } catch (error) {
      // It is there: put by somebody else, or by ourselves, when the answer to an earlier try was lost.
      if (error instanceof LostReply) {
        if ((await this.#head(key))?.writer === writer) return 'ok';
        throw error.failure;
      }
      if (!(error instanceof Present)) throw error;
      return error.repeated && (await this.#head(key))?.writer === writer ? 'ok' : 'already-exists';
    }
  }

  async #putWhole(head: ObjectHead, condition: Condition, bytes: Uint8Array, digest: string): Promise<void> {
    const what = `PUT ${head.Key}`;
    for (let left = TRIES; ; left--) {
      const command = withDigest(new this.#sdk.PutObjectCommand({ ...head, ...condition, Body: bytes }), digest);
      try {
        await this.#requests.run(what, ({ abortSignal }) => this.#requests.client.send(command, { abortSignal }).catch(throwAnswer));
        return;
      } catch (error) {
        if (!(error instanceof Again)) throw error;
        if (left === 1) throw new XaynetError('storage-failed', `${what}: ${error.message}, each time`);
      }
    }
  }

  /** Who put it; undefined: it is not there. */
  async #head(key: string): Promise<{ writer: string | undefined } | undefined> {
    return await this.#requests.run(`HEAD ${key}`, async ({ abortSignal }) => {
      try {
        const { Metadata } = await this.#requests.client.send(new this.#sdk.HeadObjectCommand(this.#requests.named(key)), { abortSignal });
        return { writer: Metadata?.[WRITER] };
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    });
  }

  async #download(key: string, { abortSignal, progress }: Running): Promise<Uint8Array | undefined> {
    let answer: S3.GetObjectCommandOutput;
    try {
      answer = await this.#requests.client.send(new this.#sdk.GetObjectCommand(this.#requests.named(key)), { abortSignal });
    } catch (error) {
      if (nameOf(error) === 'NoSuchKey') return undefined;
      throw error;
    }
    const bytes = await collect(answer.Body as unknown as AsyncIterable<Uint8Array>, answer.ContentLength, progress);
    const digest = answer.Metadata?.[DIGEST];
    if (digest !== undefined && toHex(await sha256Async(bytes)) !== digest) throw new BrokenBody('it has another SHA-256 than when it was stored', true);
    return bytes;
  }

  async #deleteBatch(keys: readonly string[]): Promise<void> {
    if (keys.length === 1) {
      await this.#requests.send(`DELETE ${keys[0]}`, new this.#sdk.DeleteObjectCommand(this.#requests.named(keys[0]!)));
      return;
    }
    const Delete = { Objects: keys.map((key) => ({ Key: this.#requests.named(key).Key })), Quiet: true };
    const command = new this.#sdk.DeleteObjectsCommand({ Bucket: this.#options.bucket, Delete });
    const { Errors: [first] = [] } = await this.#requests.send(`DELETE ${keys.length} objects`, command);
    if (first !== undefined) throw s3Failure({ name: first.Code, message: first.Message }, `DELETE ${first.Key}`);
  }

  /** After those of the same key that came before. */
  async #inLine<T>(key: string, work: () => Promise<T>): Promise<T> {
    const mine = (this.#lines.get(key) ?? Promise.resolve()).then(work, work);
    this.#lines.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.#lines.get(key) === mine) this.#lines.delete(key);
    }
  }
}

function isKey(key: string): boolean {
  if (key.startsWith(PROBES)) return false;
  try {
    checkBlobKey(key);
    return true;
  } catch {
    return false;
  }
}

/** The whole body; throws {@link BrokenBody} when it is cut off or is not as long as was announced. */
async function collect(body: AsyncIterable<Uint8Array>, announced: number | undefined, progress: () => void): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      progress();
      chunks.push(chunk);
      length += chunk.length;
    }
  } catch (error) {
    throw new BrokenBody(error instanceof Error ? error.message : String(error), false);
  }
  if (announced !== undefined && length !== announced) throw new BrokenBody(`${length} bytes came of ${announced}`, false);
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
