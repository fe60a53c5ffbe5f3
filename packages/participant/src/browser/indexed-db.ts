// Keys and state of participants in IndexedDB, which workers and pages share. A snapshot is encrypted with a key that lies beside it and
// that no script can read out: whoever copies the files or dumps the database gets nothing, while code of this origin can use it, as it
// can use the participant itself. A save replaces only what this store has seen: what another tab saved meanwhile is never lost.

import { XaynetError } from '@xaynet/core/errors';
import type { StateStore } from '../ports.ts';
import { type Database, openDatabase } from './database.ts';
import { newKey, unwrap, type WrappingKey, webCrypto, wrap } from './wrapping.ts';

/** A participant's place in IndexedDB. */
export interface IndexedDbStore extends StateStore {
  /** Whether what is saved is encrypted; false in insecure contexts (plain HTTP to another machine), where there is no WebCrypto. */
  readonly wrapped: boolean;
  /** Forgets identity and state: the participant that starts next is another one, and what this one owes its round is never sent. */
  reset(): Promise<void>;
}

/** What is kept of a participant. */
interface Row {
  /** Counts saves, and belongs to one life of the row: a random beginning tells a row that was reset from the one before. */
  readonly saves: number;
  /** Where the bytes are encrypted. */
  readonly iv: Uint8Array<ArrayBuffer> | undefined;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly key: WrappingKey | undefined;
}

/**
 * The store of the participant `name` of this origin. Opens nothing before it is used.
 *
 * `load` and `save` reject with `store-failed` where there is no IndexedDB or it does not work, and when the disk quota is used up (the
 * participant then waits for its store); `load` with `store-unreadable` when what is there cannot be decrypted or is no state: `reset()`
 * is the way on then; `save` with `store-conflict` when another tab has saved since.
 * @example
 * ```ts
 * import { indexedDbStore } from '@xaynet/participant/browser';
 *
 * const store = indexedDbStore('survey');
 * const snapshot = await store.load().catch((error) => error.code); // bytes, undefined, or 'store-failed' outside of browsers
 * ```
 */
export function indexedDbStore(name: string): IndexedDbStore {
  return new Store(name);
}

class Store implements IndexedDbStore {
  readonly #name: string;
  #database: Promise<Database> | undefined;
  #key: WrappingKey | undefined;
  /** The `saves` of the row as this store last saw it; undefined: there was none. */
  #seen: number | undefined;
  #loaded = false;

  constructor(name: string) {
    this.#name = name;
  }

  get wrapped(): boolean {
    return webCrypto() !== undefined;
  }

  async load(): Promise<Uint8Array | undefined> {
    const row = await this.#read();
    this.#seen = row?.saves;
    this.#loaded = true;
    if (row === undefined) return undefined;
    if (!(row?.bytes instanceof Uint8Array)) throw new XaynetError('store-unreadable', `${this.#name}: no bytes`);
    const { key, iv, bytes } = row;
    if (iv === undefined) return bytes;
    if (key === undefined || webCrypto() === undefined)
      throw new XaynetError('store-unreadable', `${this.#name}: ${key === undefined ? 'its key is missing' : 'no WebCrypto in this context'}`);
    try {
      const snapshot = await unwrap(key, this.#name, iv, bytes);
      this.#key = key;
      return snapshot;
    } catch (cause) {
      throw new XaynetError('store-unreadable', `${this.#name}: it does not decrypt`, { cause });
    }
  }

  async save(snapshot: Uint8Array): Promise<void> {
    if (!this.#loaded) {
      const row = await this.#read();
      this.#seen = row?.saves;
      this.#loaded = true;
    }
    if (this.wrapped) this.#key ??= await newKey();
    const { iv, bytes } = this.#key === undefined ? { iv: undefined, bytes: snapshot.slice() } : await wrap(this.#key, this.#name, snapshot);
    const saves = this.#seen === undefined ? beginning() : this.#seen + 1;
    const row: Row = { saves, iv, bytes, key: this.#key };
    const database = await this.#open();
    const stored = await database.replace(this.#name, (there) => ((there as Row | undefined)?.saves === this.#seen ? row : undefined));
    if (!stored) throw new XaynetError('store-conflict', this.#name);
    this.#seen = saves;
  }

  async reset(): Promise<void> {
    await (await this.#open()).remove(this.#name);
    this.#seen = this.#key = undefined;
    this.#loaded = true;
  }

  async #read(): Promise<Row | undefined> {
    return (await (await this.#open()).read(this.#name)) as Row | undefined;
  }

  /** One connection; a failure is not kept, so that the next call tries again. */
  async #open(): Promise<Database> {
    this.#database ??= openDatabase(() => {
      this.#database = undefined;
    });
    try {
      return await this.#database;
    } catch (error) {
      this.#database = undefined;
      throw error;
    }
  }
}

function beginning(): number {
  return Math.floor(Math.random() * 2 ** 48);
}
