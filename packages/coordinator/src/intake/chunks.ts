// Multipart messages (coordinator 2.3): proof of eligibility first, memory after. A participant that has proved it may fill the
// reassembler, whose budget is that of the round; everybody else has the small waiting room. Both are emptied at every phase change.

import { toHex } from '@xaynet/core/bytes';
import { type ErrorCode, XaynetError } from '@xaynet/core/errors';
import { decodeChunk, type Message, type MessageTag, Reassembler, type ReassemblyResult } from '@xaynet/core/message';
import { HEAD_LENGTH } from './eligibility.ts';
import { WaitingRoom } from './waiting-room.ts';

/** What became of a chunk: its whole payload, nothing yet, or an error. */
export type ChunkResult =
  | { readonly status: 'complete'; readonly payload: Uint8Array }
  | { readonly status: 'incomplete' }
  | { readonly status: 'refused'; readonly code: ErrorCode };

export interface ChunkOptions {
  /** Why the sender of a payload with this head is not eligible now. */
  readonly eligibilityError: (message: Message, head: Uint8Array) => ErrorCode | undefined;
  /** Bytes of the largest legal payload of a tag now. */
  readonly largestPayload: (tag: MessageTag) => number;
  /** Bytes that unfinished messages of eligible participants may take in all. */
  readonly maxBytes: number;
}

const MESSAGES = 4096;
const MESSAGES_PER_PARTICIPANT = 2;
const PROVEN = 65_536;

/** Collects the chunks of one phase. */
export class ChunkIntake {
  readonly #options: ChunkOptions;
  readonly #reassembler: Reassembler;
  readonly #room = new WaitingRoom();
  /** Participants that proved their eligibility in this phase; the oldest are forgotten beyond a bound, and would have to prove it again. */
  readonly #proven = new Set<string>();

  constructor(options: ChunkOptions) {
    this.#options = options;
    this.#reassembler = new Reassembler({
      maxBytes: options.maxBytes,
      maxMessages: MESSAGES,
      maxMessagesPerParticipant: MESSAGES_PER_PARTICIPANT,
      maxBytesPerMessage: options.largestPayload,
    });
  }

  /** Bytes kept in all. */
  get bytes(): number {
    return this.#reassembler.bytes + this.#room.bytes;
  }

  /** Unfinished messages of eligible participants dropped so far because there was no room. */
  get evicted(): number {
    return this.#reassembler.evicted;
  }

  /** Takes a verified chunk message of the current phase and round. Throws coded errors for a payload that is no chunk. */
  add(message: Message): ChunkResult {
    if (this.#proven.has(toHex(message.participant))) return resultOf(this.#reassembler.add(message));
    const { id, data } = decodeChunk(message.payload);
    if (data.length > this.#options.largestPayload(message.tag)) return { status: 'refused', code: 'message-too-large' };
    const length = HEAD_LENGTH[message.tag];
    // A first chunk of a usual size carries the whole head, so it need not pass through the room, however large it is.
    const head = id === 0 && data.length >= length ? data.subarray(0, length) : this.#headInRoom(message, length);
    if (head === undefined) return { status: 'incomplete' };
    const error = this.#options.eligibilityError(message, head);
    const waiting = this.#room.drop(message.participant);
    if (error !== undefined) return { status: 'refused', code: error };
    this.#prove(message);
    return this.#hand([...waiting.filter((other) => !isSameChunk(other, message)), message]);
  }

  /** Forgets everything: a new phase begins (wire 6.7). */
  clear(): void {
    this.#reassembler.clear();
    this.#room.clear();
    this.#proven.clear();
  }

  #headInRoom(message: Message, length: number): Uint8Array | undefined {
    if (!this.#room.add(message)) throw new XaynetError('chunk-budget', 'the first chunk of the message has not arrived');
    return this.#room.head(message, length);
  }

  #prove(message: Message): void {
    for (const oldest of this.#proven) {
      if (this.#proven.size < PROVEN) break;
      this.#proven.delete(oldest);
    }
    this.#proven.add(toHex(message.participant));
  }

  /** What waited goes to the reassembler; only the message that was just proved can be complete. */
  #hand(messages: readonly Message[]): ChunkResult {
    let last: ChunkResult = { status: 'incomplete' };
    for (const message of messages) last = resultOf(this.#reassembler.add(message));
    return last;
  }
}

function isSameChunk(a: Message, b: Message): boolean {
  const [one, other] = [decodeChunk(a.payload), decodeChunk(b.payload)];
  return a.tag === b.tag && one.messageId === other.messageId && one.id === other.id;
}

function resultOf(result: ReassemblyResult): ChunkResult {
  return result.status === 'refused' ? { status: 'refused', code: result.reason } : result;
}
