// Large bytes of one process of a fleet, which knows whether it can put them: a process that is cut off from their place, and from that alone, is not
// ready, so that a balancer sends messages to the others. Reading a list says little of that. So after something failed, the question whether it is
// ready puts something small, again and again until that works: a failure that was by chance changes nothing, and one that is over heals by itself.

import { randomUUID } from 'node:crypto';
import type { Logger } from '../../log.ts';
import type { BlobEntry, BlobPutOptions, BlobStore } from '../blobs.ts';

/** Where that is put; nobody reads it. */
const PROBES = '.xaynet-probe';

/** See the head of the file. */
export class WatchedBlobs implements BlobStore {
  readonly #blobs: BlobStore;
  readonly #logger: Logger;
  readonly #probe = `${PROBES}/${randomUUID()}`;
  /** Whether the last put failed. */
  #fails = false;
  #asking: Promise<void> | undefined;
  #told = false;

  constructor(blobs: BlobStore, logger: Logger) {
    this.#blobs = blobs;
    this.#logger = logger;
  }

  async put(key: string, bytes: Uint8Array, options?: BlobPutOptions): Promise<'ok' | 'already-exists'> {
    try {
      const result = await this.#blobs.put(key, bytes, options);
      this.#fails = false;
      return result;
    } catch (error) {
      this.#fails = true;
      throw error;
    }
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#blobs.get(key);
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#blobs.delete(keys);
  }

  list(prefix: string): AsyncIterable<BlobEntry> {
    return this.#blobs.list(prefix);
  }

  /** Those who ask at the same time share what is asked. */
  ready(): Promise<void> {
    this.#asking ??= this.#ready().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  close(): Promise<void> {
    return this.#blobs.close();
  }

  async #ready(): Promise<void> {
    try {
      if (this.#fails || !(await this.#isThere())) {
        await this.put(this.#probe, new Uint8Array());
        await this.#blobs.delete([this.#probe]).catch(() => {});
      }
    } catch (error) {
      if (!this.#told) this.#logger.error({ error }, 'large bytes cannot be stored: this process is not ready until they can');
      this.#told = true;
      throw error;
    }
    if (this.#told) this.#logger.info({}, 'large bytes can be stored again');
    this.#told = false;
  }

  async #isThere(): Promise<boolean> {
    try {
      await this.#blobs.ready();
      return true;
    } catch {
      return false;
    }
  }
}
