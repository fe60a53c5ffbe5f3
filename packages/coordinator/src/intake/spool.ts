// Chunks on their way to the store: what is answered must be found again after a restart. Chunks that arrive while others are written go
// together in the next call, so a store that syncs its files syncs once for many. A set that is over is marked by four bytes, a chunk header
// cut off behind its message id, so that a restart does not bring it back; when no set is open and much is stored, all of it is erased.

import { copyBytes, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { CHUNK_HEADER_LENGTH, type MessageTag } from '@xaynet/core/message';
import type { Logger } from '../log.ts';
import { type ChunkStore, OVER_LENGTH, type SpooledChunk } from '../stores/contract.ts';

/** The part of a store that a spool needs. */
export type SpoolStore = ChunkStore & { readonly keepsContributions: boolean };

interface Batch {
  readonly chunks: SpooledChunk[];
  readonly done: Promise<void>;
}

/** Bytes of chunks that are over from which erasing them pays. */
const ERASE_FROM = 16 * 1024 * 1024;

/** See the head of the file. */
export class Spool {
  readonly #store: SpoolStore | undefined;
  readonly #logger: Logger;
  /** The calls of the store, one after another. */
  #line: Promise<void> = Promise.resolve();
  #next: Batch | undefined;
  #stored = 0;

  /** Without a store, or with one that forgets contributions, nothing is kept. */
  constructor(store: SpoolStore | undefined, logger: Logger) {
    this.#store = store?.keepsContributions === true ? store : undefined;
    this.#logger = logger;
  }

  /** Whether what is appended is kept at all. */
  get keeps(): boolean {
    return this.#store !== undefined;
  }

  /** What was found damaged when the store was opened, as text. */
  get damage(): string | undefined {
    return this.#store?.chunkDamage?.();
  }

  /** Resolves when the chunks are stored, and rejects when they may not be. They must not change until then. */
  append(chunks: readonly SpooledChunk[]): Promise<void> {
    if (this.#store === undefined || chunks.length === 0) return Promise.resolve();
    this.#next ??= this.#batch(this.#store);
    this.#next.chunks.push(...chunks);
    return this.#next.done;
  }

  /** Marks the chunks of a message as over; nobody waits for it. */
  finish(participant: PublicSigningKey, tag: MessageTag, messageId: number): void {
    this.append([{ participant, tag, payload: overMark(messageId) }]).catch(() => {}); // told by the batch; without the mark the set is only idle
  }

  /** Erases everything stored, when it is worth it: no set is open. */
  eraseIfMany(): void {
    if (this.#stored >= ERASE_FROM) this.erase();
  }

  /** Erases everything stored, after what is being written. */
  erase(): void {
    const store = this.#store;
    if (store === undefined) return;
    this.#stored = 0;
    this.#next = undefined;
    this.#then(() => store.eraseChunks()).catch((error: unknown) => this.#logger.warn({ error }, 'chunks of the phase before could not be erased'));
  }

  /** What is stored for messages with this tag that are not over, in the order it was stored. Throws as the store does. */
  async *stored(tag: MessageTag): AsyncIterable<SpooledChunk> {
    if (this.#store === undefined) return;
    const over = new Set<string>();
    for await (const chunk of this.#store.chunks()) if (chunk.payload.length === OVER_LENGTH) over.add(nameOf(chunk));
    for await (const chunk of this.#store.chunks()) {
      if (chunk.payload.length <= CHUNK_HEADER_LENGTH) continue;
      this.#stored += chunk.payload.length;
      if (chunk.tag === tag && !over.has(nameOf(chunk))) yield chunk;
    }
  }

  /** What is stored of one message, after what is being written. Throws as the store does. */
  async *storedOf(message: Pick<SpooledChunk, 'participant' | 'tag'>, messageId: number): AsyncIterable<SpooledChunk> {
    if (this.#store === undefined) return;
    await this.#line;
    const name = nameOf({ ...message, payload: overMark(messageId) });
    for await (const chunk of this.#store.chunks()) if (chunk.payload.length > CHUNK_HEADER_LENGTH && nameOf(chunk) === name) yield chunk;
  }

  #batch(store: SpoolStore): Batch {
    const chunks: SpooledChunk[] = [];
    const done = this.#then(async () => {
      if (this.#next?.chunks === chunks) this.#next = undefined;
      for (const { payload } of chunks) this.#stored += payload.length;
      try {
        await store.appendChunks(chunks);
      } catch (error) {
        this.#logger.error({ error, chunks: chunks.length }, 'chunks could not be stored');
        throw error;
      }
    });
    return { chunks, done };
  }

  #then(work: () => Promise<void>): Promise<void> {
    const done = this.#line.then(work);
    this.#line = done.catch(() => {});
    return done;
  }
}

/** What says that a message is over. */
export function overMark(messageId: number): Uint8Array {
  return Uint8Array.of(0, 0, messageId >> 8, messageId & 255);
}

function nameOf({ participant, tag, payload }: SpooledChunk): string {
  return `${toHex(participant)}/${tag}/${toHex(copyBytes(payload.subarray(2, OVER_LENGTH)))}`;
}
