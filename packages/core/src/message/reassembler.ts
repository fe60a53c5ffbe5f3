// Puts chunks together again (wire 6.7, coordinator 2.3), within a budget: what unknown senders can make a coordinator keep
// is bounded in bytes, in messages, and per participant. When the budget is full, the message that has waited longest for a
// chunk is dropped. Refusing instead would let whoever fills the budget first stop everybody until the phase ends, and
// half-sent honest messages would block one another for ever; with eviction an attacker has to keep paying bandwidth.

import { copyBytes } from '../bytes/compare.ts';
import { toHex } from '../bytes/text.ts';
import { type ErrorCode, XaynetError } from '../errors.ts';
import { type Chunk, decodeChunk } from './chunk.ts';
import type { MessageTag } from './header.ts';
import type { Message } from './message.ts';

/** Bytes that a stored chunk counts for besides its data: array, map entry and their headers. */
export const CHUNK_COST = 256 as const;

/** Bytes that a pending message counts for besides its chunks: keys, map, bookkeeping. */
export const PENDING_COST = 1024 as const;

/** How much a {@link Reassembler} may keep. */
export interface ReassemblerLimits {
  /** Bytes of all pending messages together, each chunk counted with {@link CHUNK_COST}, each message with {@link PENDING_COST}. */
  readonly maxBytes: number;
  /** Pending messages in all, 1 or more. */
  readonly maxMessages: number;
  /** Pending messages of one participant, 1 or more; 4 when not given. */
  readonly maxMessagesPerParticipant?: number | undefined;
  /** The exact size of the largest legal payload of a tag in this round, in bytes (see `updatePayloadSize` and the like). */
  readonly maxBytesPerMessage: (tag: MessageTag) => number;
}

/** Why a chunk was not taken: it is malformed, contradicts earlier chunks, or makes the message too large. */
export type RefusalReason = Extract<ErrorCode, 'decode-truncated' | 'decode-chunk' | 'chunk-conflict' | 'chunk-budget' | 'message-too-large'>;

/** What became of a message given to a {@link Reassembler}. */
export type ReassemblyResult =
  | { readonly status: 'incomplete' }
  | { readonly status: 'complete'; readonly payload: Uint8Array }
  | { readonly status: 'refused'; readonly reason: RefusalReason };

interface Pending {
  readonly participant: string;
  readonly chunks: Map<number, Uint8Array>;
  /** Data bytes of all chunks. */
  size: number;
  /** Largest id stored. */
  highest: number;
  /** Id of the chunk flagged "last", once known. */
  last: number | undefined;
}

const INCOMPLETE: ReassemblyResult = { status: 'incomplete' };
const DEFAULT_PER_PARTICIPANT = 4;

/**
 * Collects the chunks of messages. Give it only messages whose signature and coordinator key have been checked: it trusts the
 * header to say whose chunk it is. A message is known by participant, message id, tag and coordinator key. Its chunks may
 * come in any order, a repeated id replaces the earlier one, and the ids have to be exactly 0 to that of the last chunk.
 *
 * Memory: at most `maxBytes` are kept, as counted; beyond that, and beyond `maxMessages`, the messages that have waited
 * longest are dropped; a participant that starts too many loses its own oldest. Chunk data are copied: a kept view would keep
 * the whole buffer it was cut from.
 * @example
 * ```ts
 * import { PublicEncryptKey, Signature, SigningKeySeed } from '@xaynet/core/bytes';
 * import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
 * import { MessageEncoder, parseMessage, Reassembler } from '@xaynet/core/message';
 * const keys = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32)));
 * const coordinator = PublicEncryptKey(new Uint8Array(32).fill(9));
 * const payload = { tag: 'sum', sumSignature: Signature(new Uint8Array(64)), ephemeralKey: coordinator } as const;
 * const encoder = new MessageEncoder(payload, { keys, coordinator, maxMessageSize: 250, random: (n) => new Uint8Array(n) });
 * const reassembler = new Reassembler({ maxBytes: 100_000, maxMessages: 10, maxBytesPerMessage: () => 96 });
 * reassembler.add(parseMessage(encoder.next()!)).status; // 'incomplete'
 * reassembler.add(parseMessage(encoder.next()!)).status; // 'complete'
 * ```
 */
export class Reassembler {
  readonly #limits: ReassemblerLimits;
  /** Least recently touched first. */
  readonly #pending = new Map<string, Pending>();
  readonly #perParticipant = new Map<string, number>();
  #bytes = 0;
  #evicted = 0;

  constructor(limits: ReassemblerLimits) {
    this.#limits = limits;
  }

  /** Bytes kept now, counted as in {@link ReassemblerLimits.maxBytes}. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Messages of which chunks are missing. */
  get pending(): number {
    return this.#pending.size;
  }

  /** Messages dropped so far because a limit was reached. */
  get evicted(): number {
    return this.#evicted;
  }

  /**
   * Takes a verified message. An ordinary one is complete as it is; a chunk completes its message or is kept. Never throws:
   * a chunk that is malformed (`decode-truncated`, `decode-chunk`), lies beyond the last one or contradicts an earlier
   * "last" (`chunk-conflict`), makes the payload larger than its tag allows (`message-too-large`) or alone exceeds the
   * budget (`chunk-budget`) is refused; in the last two cases the whole message is dropped, since it can never complete.
   */
  add(message: Message): ReassemblyResult {
    if (!message.multipart) return { status: 'complete', payload: message.payload };
    let chunk: Chunk;
    try {
      chunk = decodeChunk(message.payload);
    } catch (error) {
      if (error instanceof XaynetError) return refused(error.code as RefusalReason);
      throw error;
    }
    const participant = toHex(message.participant);
    const key = `${participant}/${chunk.messageId}/${message.tag}/${toHex(message.coordinator)}`;
    const known = this.#pending.get(key);
    if (known !== undefined && conflicts(known, chunk)) return refused('chunk-conflict');

    const size = (known?.size ?? 0) - (known?.chunks.get(chunk.id)?.length ?? 0) + chunk.data.length;
    if (size > this.#limits.maxBytesPerMessage(message.tag)) {
      if (known !== undefined) this.#drop(key, known);
      return refused('message-too-large');
    }
    const pending = known ?? this.#open(key, participant);
    this.#store(key, pending, chunk, size);
    if (pending.last !== undefined && pending.chunks.size === pending.last + 1) {
      this.#drop(key, pending);
      return { status: 'complete', payload: assemble(pending) };
    }
    if (cost(pending) > this.#limits.maxBytes) {
      this.#drop(key, pending);
      return refused('chunk-budget');
    }
    this.#makeRoom(participant);
    return INCOMPLETE;
  }

  /** Drops everything: to be called at every phase change (wire 6.7). */
  clear(): void {
    this.#pending.clear();
    this.#perParticipant.clear();
    this.#bytes = 0;
  }

  #open(key: string, participant: string): Pending {
    const pending: Pending = { participant, chunks: new Map(), size: 0, highest: -1, last: undefined };
    this.#pending.set(key, pending);
    this.#perParticipant.set(participant, (this.#perParticipant.get(participant) ?? 0) + 1);
    this.#bytes += PENDING_COST;
    return pending;
  }

  #store(key: string, pending: Pending, chunk: Chunk, size: number): void {
    if (!pending.chunks.has(chunk.id)) this.#bytes += CHUNK_COST;
    this.#bytes += size - pending.size;
    pending.chunks.set(chunk.id, copyBytes(chunk.data));
    pending.size = size;
    pending.highest = Math.max(pending.highest, chunk.id);
    if (chunk.last) pending.last = chunk.id;
    this.#pending.delete(key);
    this.#pending.set(key, pending);
  }

  #drop(key: string, pending: Pending): void {
    const others = this.#perParticipant.get(pending.participant)! - 1;
    if (others === 0) this.#perParticipant.delete(pending.participant);
    else this.#perParticipant.set(pending.participant, others);
    this.#pending.delete(key);
    this.#bytes -= cost(pending);
  }

  /** Drops the longest waiting messages until all limits hold; the one just touched waits shortest and alone fits. */
  #makeRoom(participant: string): void {
    const perParticipant = this.#limits.maxMessagesPerParticipant ?? DEFAULT_PER_PARTICIPANT;
    while (this.#perParticipant.get(participant)! > perParticipant) this.#evict((pending) => pending.participant === participant);
    while (this.#bytes > this.#limits.maxBytes || this.#pending.size > this.#limits.maxMessages) this.#evict(() => true);
  }

  /** Drops the first message, in order of waiting, that `matches`. */
  #evict(matches: (pending: Pending) => boolean): void {
    for (const [key, pending] of this.#pending) {
      if (!matches(pending)) continue;
      this.#drop(key, pending);
      this.#evicted++;
      return;
    }
  }
}

/** Bytes that a pending message counts for. */
function cost(pending: Pending): number {
  return PENDING_COST + pending.chunks.size * CHUNK_COST + pending.size;
}

function refused(reason: RefusalReason): ReassemblyResult {
  return { status: 'refused', reason };
}

/** Whether a chunk contradicts what is known of its message: an id beyond the last, or another opinion on which is the last. */
function conflicts(pending: Pending, chunk: Chunk): boolean {
  if (pending.last !== undefined) return chunk.last ? chunk.id !== pending.last : chunk.id >= pending.last;
  return chunk.last && chunk.id <= pending.highest;
}

/** The data of the chunks 0, 1, … one after another; all ids are there. Not `concatBytes`: these may be 65536 arguments. */
function assemble(pending: Pending): Uint8Array {
  const payload = new Uint8Array(pending.size);
  let at = 0;
  for (let id = 0; id < pending.chunks.size; id++) {
    const data = pending.chunks.get(id)!;
    payload.set(data, at);
    at += data.length;
  }
  return payload;
}
