// The chunks of a fleet: several processes share the store, and the chunks of one message may come to any of them. Those of a participant are
// collected by one process, its owner, to which the others hand what they have opened and verified. That is only to save reading: whoever
// stores a chunk learns from the store whether others have stored some of the same participant, and then takes those in as well. So the
// process that stores the last of the missing chunks has them all, whatever each believes of who the owner is, and whoever died before.

import { type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import type { MessageTag } from '@xaynet/core/message';
import type { Verdict } from '../http/port.ts';
import type { Logger } from '../log.ts';
import type { SpooledChunk } from '../stores/contract.ts';
import type { SharedStore } from '../stores/shared.ts';
import type { JudgeContext } from './context.ts';
import { overMark } from './spool.ts';

/** A chunk as one process gives it to another: opened, verified, of the phase that is on. */
export interface HandedChunk {
  readonly round: number;
  readonly tag: MessageTag;
  readonly participant: PublicSigningKey;
  /** Chunk header and data. */
  readonly payload: Uint8Array;
  /** It is the first of its payload and says that its sender is selected. */
  readonly proven: boolean;
  /** Under which address its sender is counted; undefined: under none. */
  readonly address: string | undefined;
}

/** What the intake of a fleet needs of the others. */
export interface ChunkFleet {
  readonly store: FleetChunkStore;
  /** Gives a chunk to the process that collects those of its sender; undefined: that is this one, or it cannot be asked now. Never rejects. */
  hand(chunk: HandedChunk): Promise<Verdict | undefined>;
}

/** The part of a shared store that holds chunks. */
export type FleetChunkStore = Pick<SharedStore, 'chunksOf'> & { readonly admissions: Pick<SharedStore['admissions'], 'chunks'> };

/** The phase whose chunks they are. */
type Phase = Pick<JudgeContext, 'round' | 'tag'>;

interface Batch {
  readonly phase: Phase;
  readonly chunks: SpooledChunk[];
  bytes: number;
  readonly done: Promise<readonly number[]>;
}

/** Bytes of chunks from which a call is not made longer. */
const BATCH_BYTES = 4 * 1024 * 1024;
/** Times that is read for one chunk: that of another, its own, and one to spare. */
const MOST_READS = 3;
/** Participants of whom is known what is stored; beyond it the oldest are read again. */
const KNOWN = 65_536;

/** See the head of the file. */
export class FleetChunks {
  readonly #store: FleetChunkStore;
  readonly #logger: Logger;
  /** How many chunks of a participant are stored, as far as this process has them all. */
  readonly #known = new Map<string, number>();
  readonly #reading = new Map<string, Promise<void>>();
  /** The phase that is on; what is answered for another one is not noted. */
  #phase: Phase | undefined;
  /** The calls of the store, one after another. */
  #line: Promise<unknown> = Promise.resolve();
  #next: Batch | undefined;

  constructor(store: FleetChunkStore, logger: Logger) {
    this.#store = store;
    this.#logger = logger;
  }

  /** Another phase, or none. */
  enter(phase: Phase | undefined): void {
    this.#phase = phase;
    this.#next = undefined;
    this.#known.clear();
    this.#reading.clear();
  }

  /** Whether what is stored of a participant is here: the first `number` chunks, or, left out, those that there were at some time. */
  has(participant: PublicSigningKey, number = 0): boolean {
    return (this.#known.get(toHex(participant)) ?? -1) >= number;
  }

  /**
   * Stores a chunk of a participant of whom {@link FleetChunks.has} is true. Those of one moment go in one call. Resolves to its number, with which `has` tells
   * whether others have stored some before it. Rejects with `message-discarded` when the phase is over, else as the store does.
   */
  async append(phase: Phase, chunk: SpooledChunk): Promise<number> {
    if (this.#next === undefined || this.#next.phase !== phase || this.#next.bytes >= BATCH_BYTES) this.#next = this.#batch(phase);
    const batch = this.#next;
    const place = batch.chunks.push(chunk) - 1;
    batch.bytes += chunk.payload.length;
    return (await batch.done)[place]!;
  }

  /** A message is over: its chunks need not be stored any more. Nobody waits for it. */
  finish(phase: Phase, participant: PublicSigningKey, tag: MessageTag, messageId: number): void {
    this.append(phase, { participant, tag, payload: overMark(messageId) }).catch(() => {}); // told by the batch
  }

  /**
   * Hands over what others have stored of a participant, until {@link FleetChunks.has} is true of `number` or the phase is another one. `take` throws when it
   * cannot have it. Throws as the store does.
   */
  async catchUp(phase: Phase, participant: PublicSigningKey, number: number, take: (chunks: readonly SpooledChunk[]) => void): Promise<void> {
    const name = toHex(participant);
    // One that is being read already may have been asked before the chunk with this number was stored.
    for (let reads = 0; this.#phase === phase && !this.has(participant, number); reads++) {
      if (reads >= MOST_READS) throw new XaynetError('storage-failed', 'there are fewer chunks than were stored');
      const reading = this.#reading.get(name) ?? this.#read(phase, participant, take);
      this.#reading.set(name, reading);
      try {
        await reading;
      } finally {
        if (this.#reading.get(name) === reading) this.#reading.delete(name);
      }
    }
  }

  /** What is stored of one message. Throws as the store does. */
  async *storedOf(phase: Phase, participant: PublicSigningKey, messageId: number): AsyncIterable<SpooledChunk> {
    const { chunks } = await this.#store.chunksOf(phase.round, phase.tag, participant, 0);
    const [, , high, low] = overMark(messageId);
    for (const chunk of chunks) if (chunk.payload[2] === high && chunk.payload[3] === low) yield chunk;
  }

  async #read(phase: Phase, participant: PublicSigningKey, take: (chunks: readonly SpooledChunk[]) => void): Promise<void> {
    const name = toHex(participant);
    const { chunks, stored } = await this.#store.chunksOf(phase.round, phase.tag, participant, this.#known.get(name) ?? 0);
    if (this.#phase !== phase) return;
    take(chunks);
    this.#note(name, stored);
  }

  #note(name: string, stored: number): void {
    if (stored < (this.#known.get(name) ?? 0)) return;
    this.#known.delete(name);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= KNOWN && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(name, stored);
  }

  #batch(phase: Phase): Batch {
    const chunks: SpooledChunk[] = [];
    const done = this.#then(async () => {
      if (this.#next?.chunks === chunks) this.#next = undefined;
      try {
        const answer = await this.#store.admissions.chunks(phase.round, chunks);
        if (answer.verdict !== 'ok') throw new XaynetError('message-discarded');
        if (this.#phase === phase) this.#count(chunks, answer.stored);
        return answer.stored;
      } catch (error) {
        if (!(error instanceof XaynetError && error.code === 'message-discarded'))
          this.#logger.error({ error, chunks: chunks.length }, 'chunks could not be stored');
        throw error;
      }
    });
    return { phase, chunks, bytes: 0, done };
  }

  /** A chunk that comes right after what is known is known as well. */
  #count(chunks: readonly SpooledChunk[], stored: readonly number[]): void {
    for (const [i, { participant }] of chunks.entries()) {
      const name = toHex(participant);
      if (this.#known.get(name) === stored[i]! - 1) this.#note(name, stored[i]!);
    }
  }

  #then<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#line.then(work);
    this.#line = done.catch(() => {});
    return done;
  }
}
