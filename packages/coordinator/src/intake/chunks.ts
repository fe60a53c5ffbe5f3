// Multipart messages (coordinator 2.3): proof of eligibility first, memory after (threats T14). A set of chunks gets room for the largest
// payload there can be before its first byte is kept, so a set that was begun can always be finished: when there is no room, new sets are
// refused, and only those that nobody has sent a chunk for in a minute make way. Whoever has not proved to be selected has the small waiting
// room. What became of a set is remembered, so that a chunk that comes again, or too late, is told.

import { copyBytes, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import type { ErrorCode } from '@xaynet/core/errors';
import { type Chunk, decodeChunk, type MessageTag } from '@xaynet/core/message';
import type { Buffers } from '../buffers.ts';
import type { Verdict } from '../http/port.ts';
import { ChunkSet } from './chunk-set.ts';
import { HEAD_LENGTH } from './eligibility.ts';
import { type ChunkMessage, type RoomEffect, WaitingRoom } from './waiting-room.ts';

/** What became of a chunk. */
export type ChunkResult =
  /** It is in a set, or has none yet and waits for the proof. `isNew`: it is to be stored; `undo`: it could not be. */
  | { readonly status: 'kept' | 'waiting'; readonly isNew: boolean; undo(): void }
  /** All chunks of the set are there. */
  | { readonly status: 'complete'; readonly set: OpenSet }
  /** The set it belongs to is being judged, or was. */
  | { readonly status: 'answered'; readonly verdict: Verdict | Promise<Verdict> }
  | { readonly status: 'refused'; readonly code: ErrorCode; readonly retryAfter?: number };

export interface ChunkOptions {
  /** Why the sender of a payload with this head is not eligible now. */
  readonly eligibilityError: (message: ChunkMessage, head: Uint8Array) => ErrorCode | undefined;
  /** Why this participant, which has just proved its eligibility, may not begin a set. */
  readonly budgetError?: ((message: ChunkMessage) => ErrorCode | undefined) | undefined;
  /** Bytes of the largest legal payload of a tag now. */
  readonly largestPayload: (tag: MessageTag) => number;
  /** Bytes that sets may take in all, and those begun from one address. */
  readonly maxBytes: number;
  /** Chunks that waited for a proof that never came are gone: those of this message need not be stored any more. */
  readonly forgotten?: ((participant: PublicSigningKey, tag: MessageTag, messageId: number) => void) | undefined;
  /** Where the memory of payloads comes from, and goes to while a set is not complete. */
  readonly buffers?: Buffers | undefined;
  /** Milliseconds of the clock. */
  readonly now: () => number;
}

/** A set with its name. */
export interface OpenSet {
  readonly name: string;
  readonly participant: PublicSigningKey;
  readonly tag: MessageTag;
  readonly messageId: number;
  readonly address: string | undefined;
  chunks: ChunkSet;
  readonly cost: number;
  /** When the last new chunk came. */
  touched: number;
  /** The verdict on its way, from completion on. */
  verdict?: Promise<Verdict> | undefined;
}

/** Bytes that a set costs besides its payload. */
export const SET_COST = 4096;
/** Milliseconds without a new chunk after which a set may be dropped. */
export const IDLE_MS = 60_000;
/** Seconds after which whoever found no room may try again. */
export const ROOM_RETRY = 10;
const SETS = 4096;
const SETS_PER_PARTICIPANT = 2;
const PROVEN = 65_536;
const REMEMBERED = 16_384;
/** Of the bytes of all sets, those that one address may take. */
const ADDRESS_SHARE = 4;

const EFFECT_CODES = { conflict: 'chunk-conflict', 'too-many': 'chunk-count', 'too-large': 'message-too-large' } as const;

/** Collects the chunks of one phase. */
export class ChunkIntake {
  readonly #options: ChunkOptions;
  readonly #room = new WaitingRoom();
  /** Longest untouched first. */
  readonly #sets = new Map<string, OpenSet>();
  /** Participants that proved their eligibility in this phase; the oldest are forgotten beyond a bound, and would have to prove it again. */
  readonly #proven = new Set<string>();
  /** Sets that are over, and what is answered to chunks of them. */
  readonly #over = new Map<string, Verdict>();
  #bytes = 0;
  #evicted = 0;

  constructor(options: ChunkOptions) {
    this.#options = options;
  }

  /** Bytes taken in all: sets count with what they may become. */
  get bytes(): number {
    return this.#bytes + this.#room.bytes;
  }

  /** Sets that are not over. */
  get open(): number {
    return this.#sets.size;
  }

  /** Whether nothing is here that was stored and is not over. */
  get isEmpty(): boolean {
    return this.#sets.size === 0 && this.#room.bytes === 0;
  }

  /** Sets dropped so far. */
  get evicted(): number {
    return this.#evicted;
  }

  /**
   * Takes a verified chunk message of the current phase and round. `proven`: its head has been found eligible already. Throws coded errors
   * for a payload that is no chunk.
   */
  add(message: ChunkMessage, proven = false): ChunkResult {
    const chunk = decodeChunk(message.payload);
    const over = this.#over.get(nameOf(message, chunk));
    if (over !== undefined) return { status: 'answered', verdict: over };
    if (chunk.data.length > this.#options.largestPayload(message.tag)) return { status: 'refused', code: 'message-too-large' };
    const participant = toHex(message.participant);
    if (this.#proven.has(participant)) return this.#keep([], message);
    let isHeld = false;
    if (!proven) {
      const effect = this.#wait(message);
      if (effect === 'full') return { status: 'refused', code: 'chunk-budget', retryAfter: ROOM_RETRY };
      if (effect === 'conflict') return { status: 'refused', code: 'chunk-conflict' };
      isHeld = effect === 'held';
      const head = this.#room.head(message, HEAD_LENGTH[message.tag]);
      if (head === undefined) return { status: 'waiting', isNew: isHeld, undo: () => this.#undo(message, chunk) };
      const error = this.#options.eligibilityError(message, head);
      if (error !== undefined) {
        this.forget(message.participant);
        return { status: 'refused', code: error };
      }
    }
    const budget = this.#options.budgetError?.(message);
    const result: ChunkResult = budget === undefined ? this.#admit(message) : { status: 'refused', code: budget, retryAfter: IDLE_MS / 1000 };
    if (isHeld && result.status === 'refused') this.#room.remove(message, chunk); // it was not answered "taken"
    return result;
  }

  /**
   * Takes a chunk that was kept over a restart. `proven`: its sender had proved to be selected by then; budgets do not count for what was
   * answered. Throws like {@link ChunkIntake.add}.
   */
  restore(message: ChunkMessage, proven: boolean): ChunkResult {
    return proven && !this.#proven.has(toHex(message.participant)) ? this.#admit(message) : this.add(message);
  }

  /** A participant is not selected: what waits for its proof goes. */
  forget(participant: PublicSigningKey): void {
    this.#tellForgotten(this.#room.drop(participant));
  }

  /** A participant is selected: what has waited goes to its sets, and this chunk, which decides. */
  #admit(message: ChunkMessage): ChunkResult {
    // Only when there is room for the set does what waited leave its place.
    const waited = this.#room.peek(message.participant).filter((other) => !isSameChunk(other, message));
    const result = this.#keep(waited, message);
    if (result.status === 'refused' && result.retryAfter !== undefined) return result;
    this.#room.admit(message.participant);
    this.#prove(toHex(message.participant));
    return result;
  }

  #wait(message: ChunkMessage): RoomEffect {
    const now = this.#options.now();
    const effect = this.#room.add(message, now);
    if (effect !== 'full') return effect;
    const idle = this.#room.dropIdle(now - IDLE_MS);
    for (const other of idle) this.#remember(nameOf(other, decodeChunk(other.payload)), { accepted: false, code: 'chunk-evicted' });
    this.#tellForgotten(idle);
    return idle.length === 0 ? effect : this.#room.add(message, now);
  }

  #tellForgotten(messages: readonly ChunkMessage[]): void {
    const names = new Set<string>();
    for (const message of messages) {
      const { messageId } = decodeChunk(message.payload);
      const name = nameOf(message, { messageId });
      if (!names.has(name)) this.#options.forgotten?.(message.participant, message.tag, messageId);
      names.add(name);
    }
  }

  /** A set is over: chunks of it that come now are answered this. */
  finish(set: OpenSet, verdict: Verdict): void {
    if (this.#sets.get(set.name) !== set) return;
    this.#close(set);
    this.#remember(set.name, verdict);
  }

  /**
   * A set may not be judged now: it stays, and the next chunk that comes again completes it again. `payload`: the memory that had been given
   * away, as it came back; undefined: it was a copy. Answers whether that was taken.
   */
  retain(set: OpenSet, payload: ArrayBuffer | undefined): boolean {
    set.verdict = undefined;
    if (this.#sets.get(set.name) !== set) return false;
    if (payload !== undefined) set.chunks.restore(payload);
    return true;
  }

  /**
   * The memory of a set is lost: it is filled again from what was stored of it, and whoever sent the chunk that completed it, which was not,
   * sends that again. When more is missing the set is over, and its senders are told so. Throws what reading throws.
   */
  async refill(set: OpenSet, stored: AsyncIterable<{ readonly payload: Uint8Array }>): Promise<boolean> {
    const isOpen = (): boolean => this.#sets.get(set.name) === set;
    const before = set.chunks.count;
    const chunks = new ChunkSet(this.#options.largestPayload(set.tag), this.#options.buffers);
    try {
      for await (const { payload } of stored) if (isOpen()) chunks.add(decodeChunk(payload));
    } finally {
      if (isOpen()) {
        set.chunks = chunks;
        set.verdict = undefined;
        if (chunks.count < before - 1) this.#evict(set);
      } else chunks.drop();
    }
    return isOpen();
  }

  /** Forgets everything: a new phase begins (wire 6.7). */
  clear(): void {
    for (const { chunks } of this.#sets.values()) chunks.drop();
    this.#sets.clear();
    this.#room.clear();
    this.#proven.clear();
    this.#over.clear();
    this.#bytes = 0;
  }

  /** Gives chunks of a proven participant to their sets: those that have waited, which are stored, and the one that was sent, which decides. */
  #keep(waited: readonly ChunkMessage[], sent: ChunkMessage): ChunkResult {
    for (const message of waited) {
      const result = this.#give(message);
      if (result.status === 'refused' && result.retryAfter !== undefined) return result;
    }
    return this.#give(sent);
  }

  #give(message: ChunkMessage): ChunkResult {
    const chunk = decodeChunk(message.payload);
    const name = nameOf(message, chunk);
    const set = this.#sets.get(name) ?? this.#open(name, message, chunk);
    if ('status' in set) return set;
    if (set.verdict !== undefined) return { status: 'answered', verdict: set.verdict };
    const effect = set.chunks.add(chunk);
    switch (effect) {
      case 'conflict':
      case 'too-many':
        if (set.chunks.bytes === 0) this.#close(set);
        return { status: 'refused', code: EFFECT_CODES[effect] };
      case 'too-large':
        this.finish(set, { accepted: false, code: 'message-too-large' });
        return { status: 'refused', code: 'message-too-large' };
      case 'repeated':
        break;
      default:
        this.#touch(set);
    }
    if (set.chunks.isComplete) return { status: 'complete', set }; // the message is answered when the round has it
    return { status: 'kept', isNew: effect !== 'repeated', undo: () => this.#undo(message, chunk) };
  }

  /** A chunk could not be stored: it comes again, and counts as new then. Its payload may be gone. */
  #undo({ participant, tag }: ChunkMessage, { id, messageId }: Pick<Chunk, 'id' | 'messageId'>): void {
    if (this.#room.remove({ participant, tag }, { id, messageId })) return;
    const set = this.#sets.get(nameOf({ participant, tag }, { messageId }));
    if (set !== undefined && set.verdict === undefined) set.chunks.remove(id);
  }

  #open(name: string, message: ChunkMessage, { messageId }: Chunk): OpenSet | (ChunkResult & { status: 'refused' }) {
    const { participant, tag, address } = message;
    const cost = SET_COST + Math.ceil(this.#options.largestPayload(tag) * 1.0625);
    const own = [...this.#ownSets(message)];
    // Whoever begins anew with another message id has forgotten the old one.
    const oldest = own.find(({ verdict }) => verdict === undefined);
    if (own.length >= SETS_PER_PARTICIPANT && oldest !== undefined) {
      this.#evict(oldest);
      this.#options.forgotten?.(oldest.participant, oldest.tag, oldest.messageId); // or whoever is selected could fill the store
    }
    if (!this.#hasRoom(cost, address)) {
      this.#evictIdle();
      if (!this.#hasRoom(cost, address)) return { status: 'refused', code: 'chunk-budget', retryAfter: ROOM_RETRY };
    }
    const chunks = new ChunkSet(this.#options.largestPayload(tag), this.#options.buffers);
    const set: OpenSet = { name, participant: copyBytes(participant), tag, messageId, address, chunks, cost, touched: this.#options.now() };
    this.#sets.set(name, set);
    this.#bytes += cost;
    return set;
  }

  /** Room for one more; the first set always fits, also the first of an address. */
  #hasRoom(cost: number, address: string | undefined): boolean {
    if (this.#sets.size >= SETS || (this.#sets.size > 0 && this.#bytes + cost > this.#options.maxBytes)) return false;
    if (address === undefined) return true;
    let ofAddress = 0;
    for (const set of this.#sets.values()) if (set.address === address) ofAddress += set.cost;
    return ofAddress === 0 || ofAddress + cost <= this.#options.maxBytes / ADDRESS_SHARE;
  }

  #touch(set: OpenSet): void {
    set.touched = this.#options.now();
    this.#sets.delete(set.name);
    this.#sets.set(set.name, set);
  }

  #evictIdle(): void {
    const before = this.#options.now() - IDLE_MS;
    for (const set of [...this.#sets.values()]) if (set.touched <= before && set.verdict === undefined) this.#evict(set);
  }

  #evict(set: OpenSet): void {
    this.finish(set, { accepted: false, code: 'chunk-evicted' });
    this.#evicted++;
  }

  *#ownSets({ participant }: ChunkMessage): Iterable<OpenSet> {
    const own = toHex(participant);
    for (const set of this.#sets.values()) if (set.name.startsWith(own)) yield set;
  }

  #close(set: OpenSet): void {
    this.#sets.delete(set.name);
    this.#bytes -= set.cost;
    set.chunks.drop();
  }

  #remember(name: string, verdict: Verdict): void {
    const [oldest] = this.#over.keys();
    if (this.#over.size >= REMEMBERED && oldest !== undefined) this.#over.delete(oldest);
    this.#over.set(name, verdict);
  }

  #prove(participant: string): void {
    const [oldest] = this.#proven;
    if (this.#proven.size >= PROVEN && oldest !== undefined) this.#proven.delete(oldest);
    this.#proven.add(participant);
  }
}

/** A message is known by participant, message id and tag; its coordinator key is that of the round (weakness W-14b). */
function nameOf({ participant, tag }: Pick<ChunkMessage, 'participant' | 'tag'>, { messageId }: Pick<Chunk, 'messageId'>): string {
  return `${toHex(participant)}/${messageId}/${tag}`;
}

function isSameChunk(a: ChunkMessage, b: ChunkMessage): boolean {
  const [one, other] = [decodeChunk(a.payload), decodeChunk(b.payload)];
  return a.tag === b.tag && one.messageId === other.messageId && one.id === other.id;
}
