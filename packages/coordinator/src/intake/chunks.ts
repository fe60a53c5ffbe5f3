// Multipart messages (coordinator 2.3): proof of eligibility first, memory after (threats T14). A set of chunks gets room for the largest
// payload there can be before its first byte is kept, so a set that was begun can always be finished: when there is no room, new sets are
// refused, and only those that nobody has sent a chunk for in a minute make way. Whoever has not proved to be selected has the small waiting
// room. What became of a set is remembered, so that a chunk that comes again, or too late, is told.

import { copyBytes, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import type { ErrorCode } from '@xaynet/core/errors';
import { type Chunk, decodeChunk, type MessageTag } from '@xaynet/core/message';
import type { Verdict } from '../http/port.ts';
import { ChunkSet } from './chunk-set.ts';
import { HEAD_LENGTH } from './eligibility.ts';
import { type ChunkMessage, WaitingRoom } from './waiting-room.ts';

/** What became of a chunk. */
export type ChunkResult =
  /** It has no set yet and waits. */
  | { readonly status: 'waiting' }
  /** These are in sets now and to be stored: the chunk, if it was new, and others that were answered before. `undo`: they could not be. */
  | { readonly status: 'kept'; readonly fresh: readonly ChunkMessage[]; undo(): void }
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
  readonly chunks: ChunkSet;
  readonly cost: number;
  /** When the last new chunk came. */
  touched: number;
  /** Chunks that are in it but not stored yet. */
  unstored: ChunkMessage[];
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
    if (this.#proven.has(participant)) return this.#keep([message]);
    if (!proven) {
      if (!this.#room.add(message)) return { status: 'refused', code: 'chunk-budget' };
      const head = this.#room.head(message, HEAD_LENGTH[message.tag]);
      if (head === undefined) return { status: 'waiting' };
      const error = this.#options.eligibilityError(message, head);
      if (error !== undefined) {
        this.#room.drop(message.participant);
        return { status: 'refused', code: error };
      }
    }
    const budget = this.#options.budgetError?.(message);
    if (budget !== undefined) return { status: 'refused', code: budget, retryAfter: IDLE_MS / 1000 };
    // Only when there is room for the set does what waited leave its place.
    const waited = this.#room.peek(message.participant).filter((other) => !isSameChunk(other, message));
    const result = this.#keep([...waited, message]);
    if (result.status === 'refused' && result.retryAfter !== undefined) return result;
    this.#room.drop(message.participant);
    this.#prove(participant);
    return result;
  }

  /** A set is over: chunks of it that come now are answered this. */
  finish(set: OpenSet, verdict: Verdict): void {
    if (this.#sets.get(set.name) !== set) return;
    this.#close(set);
    this.#remember(set.name, verdict);
  }

  /** A set may not be judged now: it stays, and the next chunk that comes again completes it again. */
  retain(set: OpenSet, payload: Uint8Array | undefined): void {
    set.verdict = undefined;
    if (this.#sets.get(set.name) !== set) return;
    if (payload === undefined) this.#close(set);
    else set.chunks.restore(payload);
  }

  /** Marks a participant as proven: what it spooled before a restart was. */
  trust(participant: PublicSigningKey): void {
    this.#prove(toHex(participant));
  }

  /** Forgets everything: a new phase begins (wire 6.7). */
  clear(): void {
    this.#sets.clear();
    this.#room.clear();
    this.#proven.clear();
    this.#over.clear();
    this.#bytes = 0;
  }

  /** Gives chunks of a proven participant to their sets; the last of them is what was sent, and decides. */
  #keep(messages: readonly ChunkMessage[]): ChunkResult {
    const touched = new Set<OpenSet>();
    let result: ChunkResult = { status: 'waiting' };
    for (const message of messages) {
      result = this.#give(message, touched);
      if (result.status === 'refused' && result.retryAfter !== undefined) break;
    }
    if (result.status !== 'kept') return result;
    const fresh = [...touched].flatMap((set) => set.unstored.splice(0).map((message) => ({ set, message })));
    const sent = messages.at(-1)!;
    const undo = (): void => {
      for (const { set, message } of fresh) {
        if (set.verdict !== undefined) continue;
        // What waited has been answered: it stays, and is stored with the next one. What was sent comes again.
        if (message === sent) set.chunks.remove(decodeChunk(message.payload).id);
        else set.unstored.push(message);
      }
    };
    return { status: 'kept', fresh: fresh.map(({ message }) => message), undo };
  }

  #give(message: ChunkMessage, touched: Set<OpenSet>): ChunkResult {
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
        set.unstored.push(message);
        this.#touch(set);
    }
    if (set.chunks.isComplete) {
      set.unstored = []; // the message is answered when the round has it
      return { status: 'complete', set };
    }
    touched.add(set);
    return { status: 'kept', fresh: [], undo: () => {} };
  }

  #open(name: string, message: ChunkMessage, { messageId }: Chunk): OpenSet | (ChunkResult & { status: 'refused' }) {
    const { participant, tag, address } = message;
    const cost = SET_COST + Math.ceil(this.#options.largestPayload(tag) * 1.0625);
    const own = [...this.#ownSets(message)];
    // Whoever begins anew with another message id has forgotten the old one.
    const oldest = own.find(({ verdict }) => verdict === undefined);
    if (own.length >= SETS_PER_PARTICIPANT && oldest !== undefined) this.#evict(oldest);
    if (!this.#hasRoom(cost, address)) {
      this.#evictIdle();
      if (!this.#hasRoom(cost, address)) return { status: 'refused', code: 'chunk-budget', retryAfter: ROOM_RETRY };
    }
    const chunks = new ChunkSet(this.#options.largestPayload(tag));
    const set: OpenSet = { name, participant: copyBytes(participant), tag, messageId, address, chunks, cost, touched: this.#options.now(), unstored: [] };
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
function nameOf({ participant, tag }: ChunkMessage, { messageId }: Pick<Chunk, 'messageId'>): string {
  return `${toHex(participant)}/${messageId}/${tag}`;
}

function isSameChunk(a: ChunkMessage, b: ChunkMessage): boolean {
  const [one, other] = [decodeChunk(a.payload), decodeChunk(b.payload)];
  return a.tag === b.tag && one.messageId === other.messageId && one.id === other.id;
}
