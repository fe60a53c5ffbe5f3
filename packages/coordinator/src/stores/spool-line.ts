// The chunk spool as an embedded store uses it: written by the system's own threads, one call after another, each with a time limit.

import { XaynetError } from '@xaynet/core/errors';
import type { SpooledChunk } from './contract.ts';
import { type ChunkAt, ChunkSpool } from './files/chunk-spool.ts';
import { type Disk, systemDisk } from './files/disk.ts';
import { chunksPath } from './sqlite.ts';

/** See the head of the file. */
export class SpoolLine {
  readonly #spool: ChunkSpool;
  /** Milliseconds. */
  readonly #timeout: number;
  #line: Promise<unknown> = Promise.resolve();

  /** Opens the spool of the store in `folder`, which must be held; throws `storage-failed`. */
  constructor(folder: string, epoch: number, timeout: number, disk: Disk = systemDisk) {
    this.#timeout = timeout;
    try {
      this.#spool = new ChunkSpool(disk, chunksPath(folder), epoch);
    } catch (error) {
      throw failure('open the chunks', error);
    }
  }

  /** See {@link ChunkSpool.damage}. */
  get damage(): string | undefined {
    return this.#spool.damage;
  }

  /** Throws `storage-failed` or `storage-timeout`; when it was given up, the memory of the chunks is lost, because it may still be read. */
  append(chunks: readonly SpooledChunk[]): Promise<void> {
    let isOver = false;
    const done = this.#then('append chunks', async () => {
      try {
        await this.#spool.appendLater(chunks);
      } finally {
        isOver = true;
      }
    });
    return done.catch((error: unknown) => {
      if (!isOver) for (const { memory } of chunks) if (memory !== undefined) memory.buffer = undefined;
      throw error;
    });
  }

  read(at?: number): Promise<ChunkAt | undefined> {
    return this.#then('read a chunk', () => this.#spool.read(at));
  }

  erase(): Promise<void> {
    return this.#then('erase the chunks', () => this.#spool.erase());
  }

  /** All chunks so far are of the past once `erase` has come to the epoch of now. Throws what that throws. */
  begin(erase: () => Promise<number>): Promise<void> {
    const erased = erase();
    erased.catch(() => {});
    return this.#then('erase the chunks', async () => this.#spool.begin(await erased));
  }

  /** After all calls before it. */
  close(): Promise<void> {
    return this.#then('close the chunks', () => this.#spool.close());
  }

  #then<T>(what: string, act: () => T | Promise<T>): Promise<T> {
    const done = this.#line.then(act);
    this.#line = done.catch(() => {});
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new XaynetError('storage-timeout', `${what}: not done within ${this.#timeout / 1000} s`));
      const timer = setTimeout(late, this.#timeout);
      done.then(resolve, (error: unknown) => reject(failure(what, error))).finally(() => clearTimeout(timer));
    });
  }
}

function failure(what: string, error: unknown): XaynetError {
  if (error instanceof XaynetError) return error;
  return new XaynetError('storage-failed', `${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
}
