// Chunks of participants that have not proved yet that they are eligible. Keys are free, so whatever anybody can make the coordinator keep
// must be little (threats T14): chunk 0, whose head carries the proof, may come late, but what arrives before it waits in this small room.
// Who is in it was answered, so a full room turns away whoever comes, and only those leave of whom nothing was heard for a minute. Whoever
// sends chunk 0 first, as all known clients do, never waits here.

import { concatBytes, copyBytes, equalBytes, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { type Chunk, decodeChunk, type MessageTag } from '@xaynet/core/message';
import type { Memory } from '../buffers.ts';

/** Bytes that the room holds in all, and for one participant; each chunk counts for its overhead as well. */
export const ROOM_BYTES: number = 4 * 1024 * 1024;
export const ROOM_BYTES_PER_PARTICIPANT: number = 1024 * 1024;
/** Bytes that it takes in one phase from those who never proved anything: what waits is written to the store, and this is all of it. */
export const ROOM_BYTES_PER_PHASE: number = 64 * 1024 * 1024;
const CHUNK_COST = 1024;

/** A verified chunk. `payload`: chunk header and data; `address`: where it came from, undefined where that limits nothing. */
export interface ChunkMessage {
  readonly participant: PublicSigningKey;
  readonly tag: MessageTag;
  readonly payload: Uint8Array;
  readonly address?: string | undefined;
  /** The memory of the payload, which the store may take while it writes. */
  readonly memory?: Memory | undefined;
}

interface Waiting {
  readonly message: ChunkMessage;
  readonly chunk: Chunk;
}

interface Guest {
  readonly chunks: Waiting[];
  bytes: number;
  /** When its last new chunk came. */
  touched: number;
}

/** What a chunk does to the room; `full`: it is not in it, now. */
export type RoomEffect = 'held' | 'repeated' | 'conflict' | 'full';

/** Holds chunks until the head of their payload is complete. */
export class WaitingRoom {
  readonly #guests = new Map<string, Guest>();
  #bytes = 0;
  /** Bytes of this phase, without those that turned out to be honest. */
  #taken = 0;

  /** Bytes held, overhead included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a copy of a chunk, at `now` milliseconds. Throws for a payload that is no chunk. */
  add(message: ChunkMessage, now = 0): RoomEffect {
    const chunk = decodeChunk(message.payload);
    const name = toHex(message.participant);
    const guest = this.#guests.get(name);
    const same = guest?.chunks.find((waiting) => isSameSet(waiting, message, chunk) && waiting.chunk.id === chunk.id);
    if (same !== undefined) return equalBytes(same.message.payload, message.payload) ? 'repeated' : 'conflict';
    const cost = costOf(chunk);
    if ((guest?.bytes ?? 0) + cost > ROOM_BYTES_PER_PARTICIPANT || this.#bytes + cost > ROOM_BYTES || this.#taken + cost > ROOM_BYTES_PER_PHASE) return 'full';
    const own = copyOf(message);
    const waiting = { message: own, chunk: decodeChunk(own.payload) };
    this.#guests.delete(name);
    this.#guests.set(name, { chunks: [...(guest?.chunks ?? []), waiting], bytes: (guest?.bytes ?? 0) + cost, touched: now });
    this.#bytes += cost;
    this.#taken += cost;
    return 'held';
  }

  /** Takes one chunk out again, as if it had never come; false when it is not here. */
  remove(message: Pick<ChunkMessage, 'participant' | 'tag'>, { messageId, id }: Pick<Chunk, 'messageId' | 'id'>): boolean {
    const guest = this.#guests.get(toHex(message.participant));
    const at = guest?.chunks.findIndex((waiting) => isSameSet(waiting, message, { messageId }) && waiting.chunk.id === id) ?? -1;
    if (guest === undefined || at < 0) return false;
    const cost = costOf(guest.chunks[at]!.chunk);
    guest.chunks.splice(at, 1);
    guest.bytes -= cost;
    this.#bytes -= cost;
    this.#taken -= cost;
    if (guest.chunks.length === 0) this.#guests.delete(toHex(message.participant));
    return true;
  }

  /** Shows out whoever has not sent a new chunk since `before`: their chunks. */
  dropIdle(before: number): readonly ChunkMessage[] {
    const dropped: ChunkMessage[] = [];
    for (const [name, { touched }] of this.#guests) {
      if (touched > before) break;
      dropped.push(...this.#release(name).map(({ message }) => message));
    }
    return dropped;
  }

  /** The head of the payload that `message` is a chunk of, as far as its first chunks are there: `length` bytes, or undefined. */
  head(message: ChunkMessage, length: number): Uint8Array | undefined {
    const { messageId } = decodeChunk(message.payload);
    const set = (this.#guests.get(toHex(message.participant))?.chunks ?? []).filter((waiting) => isSameSet(waiting, message, { messageId }));
    const data = new Map(set.map(({ chunk }) => [chunk.id, chunk.data]));
    const parts: Uint8Array[] = [];
    let size = 0;
    for (let id = 0; size < length; id++) {
      const part = data.get(id);
      if (part === undefined) return undefined;
      parts.push(part);
      size += part.length;
    }
    return concatBytes(...parts).subarray(0, length);
  }

  /** The chunks of a participant, in the order of arrival. */
  peek(participant: PublicSigningKey): readonly ChunkMessage[] {
    return (this.#guests.get(toHex(participant))?.chunks ?? []).map(({ message }) => message);
  }

  /** Takes all chunks of a participant out of the room, in the order of arrival. */
  drop(participant: PublicSigningKey): readonly ChunkMessage[] {
    return this.#release(toHex(participant)).map(({ message }) => message);
  }

  /** The same for one that has proved to be selected. */
  admit(participant: PublicSigningKey): void {
    this.#taken -= this.#guests.get(toHex(participant))?.bytes ?? 0;
    this.#release(toHex(participant));
  }

  /** Empties the room. */
  clear(): void {
    this.#guests.clear();
    this.#bytes = 0;
    this.#taken = 0;
  }

  #release(name: string): Waiting[] {
    const guest = this.#guests.get(name);
    if (guest === undefined) return [];
    this.#guests.delete(name);
    this.#bytes -= guest.bytes;
    return guest.chunks;
  }
}

function isSameSet(waiting: Waiting, message: Pick<ChunkMessage, 'tag'>, chunk: Pick<Chunk, 'messageId'>): boolean {
  return waiting.chunk.messageId === chunk.messageId && waiting.message.tag === message.tag;
}

function costOf(chunk: Chunk): number {
  return chunk.data.length + CHUNK_COST;
}

/** A copy that does not keep the buffer alive that the chunk was cut from. */
function copyOf({ participant, tag, payload, address }: ChunkMessage): ChunkMessage {
  return { participant: copyBytes(participant), tag, payload: copyBytes(payload), address };
}
