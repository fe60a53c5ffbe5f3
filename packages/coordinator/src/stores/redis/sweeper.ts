// Lets go of what nobody needs any more: keys and blobs of rounds that were erased, those of attempts that died among them, and blobs of models.
// Nothing of it is in use, so it may be done again, late or by two at a time; a process that died in the middle leaves it to the next.

import type { BlobStore } from '../blobs.ts';
import type { RedisActs } from './acts.ts';
import type { Arg, Reply } from './library.ts';
import type { Key } from './names.ts';
import { scanSet } from './redis-blobs.ts';
import { bytesOf, ROUNDS_FOLDER } from './values.ts';

const AT_ONCE = 500;

/** See the head of the file. */
export class Sweeper {
  readonly #acts: RedisActs;
  readonly #blobs: BlobStore;

  constructor(acts: RedisActs, blobs: BlobStore) {
    this.#acts = acts;
    this.#blobs = blobs;
  }

  /** Everything of rounds before this one. */
  async sweep(): Promise<void> {
    const { names, epoch } = this.#acts;
    const swept = Number((await this.#acts.command('HGET', names.meta, 'swept')) ?? 0);
    for (let old = Math.max(swept + 1, 1); old < epoch; old++) await this.#sweepKeys(old);
    await this.#sweepBlobs(this.#acts.installation, epoch);
    if (epoch - 1 > swept) await this.#acts.command('HSET', names.meta, 'swept', String(epoch - 1));
    await this.emptyTrash();
  }

  /** All rounds of an installation that Redis has lost. */
  async sweepLost(installation: string): Promise<void> {
    await this.#sweepBlobs(installation, Number.POSITIVE_INFINITY);
  }

  /** Blobs that the index has let go of. */
  async emptyTrash(): Promise<void> {
    const { trash } = this.#acts.names;
    const keys: string[] = [];
    for await (const key of scanSet(this.#commands(), trash)) keys.push(key.toString('latin1'));
    for (let at = 0; at < keys.length; at += AT_ONCE) {
      const some = keys.slice(at, at + AT_ONCE);
      await this.#blobs.delete(some);
      await this.#acts.command('SREM', trash, ...some);
    }
  }

  async #sweepKeys(epoch: number): Promise<void> {
    const round = this.#acts.names.round(epoch);
    const keys: Key[] = [];
    for await (const message of scanSet(this.#commands(), round.messages)) await this.#unlink(keys, round.chunks(message));
    for await (const sender of scanSet(this.#commands(), round.senders)) await this.#unlink(keys, round.sent(sender));
    await this.#unlink(keys);
    const { sums, updates, contributions, voters, votes, masks, checkpoint, share, partials, messages, senders, seeds, roster } = round;
    await this.#acts.command('UNLINK', sums, updates, contributions, voters, votes, masks, checkpoint, share, partials, messages, senders, seeds, roster);
  }

  /** Collects keys, and deletes them once there are enough; without another one, at once. */
  async #unlink(keys: Key[], key?: Key): Promise<void> {
    if (key !== undefined) keys.push(key);
    if (keys.length >= AT_ONCE || (key === undefined && keys.length > 0)) await this.#acts.command('UNLINK', ...keys.splice(0));
  }

  async #sweepBlobs(installation: string, epoch: number): Promise<void> {
    const prefix = `${ROUNDS_FOLDER}/${installation}/`;
    let keys: string[] = [];
    for await (const { key } of this.#blobs.list(prefix)) {
      const of = Number.parseInt(key.slice(prefix.length), 10);
      if (!(of < epoch)) continue;
      keys.push(key);
      if (keys.length < AT_ONCE) continue;
      await this.#blobs.delete(keys);
      keys = [];
    }
    await this.#blobs.delete(keys);
  }

  #commands(): { command: (args: readonly Arg[] | (() => readonly Arg[])) => Promise<Reply> } {
    return { command: (args) => this.#acts.command(...(typeof args === 'function' ? args() : args)) };
  }
}

/** A text of a reply. */
export function textOf(reply: Reply): string {
  return typeof reply === 'string' ? reply : bytesOf(reply).toString('latin1');
}
