// Large bytes in Redis itself: one string each, and a hash of all of them with their sizes, so that nobody has to look through the keys of
// others to list them. Bytes and entry are written in one transaction, without a script, in which megabytes would be copied about. They are deleted by a script:
// when memory is full Redis takes nothing into a transaction, whatever it is.

import { XaynetError } from '@xaynet/core/errors';
import { type BlobEntry, type BlobPutOptions, type BlobStore, checkBlobKey } from '../blobs.ts';
import type { Arg, Reply } from './library.ts';
import type { RedisLink } from './link.ts';
import type { Names } from './names.ts';
import { bareScript } from './script.ts';

/** Keys that one command takes at most. */
const BATCH = 500;

/** KEYS: the hash, then blobs. ARGV: their keys. */
const DELETE = bareScript(
  'free',
  `
redis.call('UNLINK', unpack(KEYS, 2))
return redis.call('HDEL', KEYS[1], unpack(ARGV))
`,
);

/** See the head of the file. A Redis string holds at most 512 MiB (`proto-max-bulk-len`). */
export class RedisBlobs implements BlobStore {
  readonly #link: RedisLink;
  readonly #names: Names;
  #closed = false;

  /** The link is closed with the blobs. */
  constructor(link: RedisLink, names: Names) {
    this.#link = link;
    this.#names = names;
  }

  async put(key: string, bytes: Uint8Array, { ifAbsent = false }: BlobPutOptions = {}): Promise<'ok' | 'already-exists'> {
    this.#open();
    checkBlobKey(key);
    const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const size = String(bytes.length);
    const name = this.#names.blob(key);
    const set = ifAbsent ? ['SET', name, value, 'NX'] : ['SET', name, value];
    const [reply] = await this.#transaction(set, [ifAbsent ? 'HSETNX' : 'HSET', this.#names.blobs, key, size]);
    return reply === null ? 'already-exists' : 'ok';
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    this.#open();
    checkBlobKey(key);
    const value = (await this.#link.command(['GET', this.#names.blob(key)])) as Buffer | null;
    return value === null ? undefined : new Uint8Array(value.buffer, value.byteOffset, value.length);
  }

  async delete(keys: readonly string[]): Promise<void> {
    this.#open();
    for (const key of keys) checkBlobKey(key);
    for (let at = 0; at < keys.length; at += BATCH) {
      const some = keys.slice(at, at + BATCH);
      await this.#link.run(DELETE, [this.#names.blobs, ...some.map((key) => this.#names.blob(key))], () => some);
    }
  }

  async *list(prefix: string): AsyncIterable<BlobEntry> {
    this.#open();
    const seen = new Set<string>();
    for await (const piece of scanHash(this.#link, this.#names.blobs)) {
      for (const [field, value] of piece) {
        const key = field.toString('latin1');
        if (!key.startsWith(prefix) || seen.has(key)) continue;
        seen.add(key);
        yield { key, bytes: Number(value.toString('latin1')) };
      }
    }
  }

  async ready(): Promise<void> {
    this.#open();
    await this.#link.command(['PING']);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#link.close();
  }

  /** The commands go out together: nobody else's come in between on this connection, and the server carries them out as one. */
  async #transaction(...commands: readonly (readonly Arg[])[]): Promise<readonly Reply[]> {
    const link = this.#link;
    const queued = await link.together([['MULTI'], ...commands, ['EXEC']]);
    const replies = queued.at(-1);
    if (!Array.isArray(replies)) throw new XaynetError('storage-failed', 'Redis has dropped a transaction');
    for (const reply of replies) if (reply instanceof Error) throw new XaynetError('storage-failed', reply.message);
    return replies as readonly Reply[];
  }

  #open(): void {
    if (this.#closed) throw new XaynetError('storage-failed', 'the store is closed');
  }
}

/** Fields and values of a hash, in pieces of some hundred or about `most`, as there may be millions; a field may come twice while the hash changes. */
export async function* scanHash(
  link: Pick<RedisLink, 'command'>,
  name: string | Buffer,
  most: number = BATCH,
): AsyncGenerator<readonly (readonly [Buffer, Buffer])[]> {
  for (let cursor = '0'; ; ) {
    const [next, found] = (await link.command(['HSCAN', name, cursor, 'COUNT', String(Math.min(most, BATCH))])) as [Buffer, Buffer[]];
    yield Array.from({ length: found.length / 2 }, (_, i) => [found[2 * i]!, found[2 * i + 1]!] as const);
    cursor = next.toString('latin1');
    if (cursor === '0') return;
  }
}

/** The same for a set. */
export async function* scanSet(link: Pick<RedisLink, 'command'>, name: string | Buffer): AsyncGenerator<Buffer> {
  for (let cursor = '0'; ; ) {
    const [next, found] = (await link.command(['SSCAN', name, cursor, 'COUNT', String(BATCH)])) as [Buffer, Buffer[]];
    yield* found;
    cursor = next.toString('latin1');
    if (cursor === '0') return;
  }
}
