// Chunks of participants that have not proved yet that they are eligible. Keys are free, so whatever anybody can make the coordinator keep
// must be little (threats T14): chunk 0, whose head carries the proof, may come late, but what arrives before it waits in this small room,
// and the oldest leave when it is full. Whoever sends chunk 0 first, as all known clients do, never waits here.

import { concatBytes, copyBytes, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { type Chunk, decodeChunk, type MessageTag } from '@xaynet/core/message';

/** Bytes that the room holds in all, and for one participant; each chunk counts for its overhead as well. */
export const ROOM_BYTES: number = 4 * 1024 * 1024;
export const ROOM_BYTES_PER_PARTICIPANT: number = 1024 * 1024;
const CHUNK_COST = 1024;

/** A verified chunk. `payload`: chunk header and data; `address`: where it came from, undefined where that limits nothing. */
export interface ChunkMessage {
  readonly participant: PublicSigningKey;
  readonly tag: MessageTag;
  readonly payload: Uint8Array;
  readonly address?: string | undefined;
}

interface Waiting {
  readonly message: ChunkMessage;
  readonly chunk: Chunk;
}

interface Guest {
  chunks: Waiting[];
  bytes: number;
}

/** Holds chunks until the head of their payload is complete. */
export class WaitingRoom {
  readonly #guests = new Map<string, Guest>();
  #bytes = 0;

  /** Bytes held, overhead included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes a chunk; false when it alone is too large for the room. Throws for a payload that is no chunk. */
  add(message: ChunkMessage): boolean {
    const own = copyOf(message);
    const chunk = decodeChunk(own.payload);
    const cost = costOf(chunk);
    if (cost > ROOM_BYTES_PER_PARTICIPANT) return false;
    const name = toHex(message.participant);
    const guest = this.#guests.get(name) ?? { chunks: [], bytes: 0 };
    const others = guest.chunks.filter((waiting) => !(isSameSet(waiting, own, chunk) && waiting.chunk.id === chunk.id));
    this.drop(message.participant);
    while (others.reduce((sum, waiting) => sum + costOf(waiting.chunk), cost) > ROOM_BYTES_PER_PARTICIPANT) others.shift();
    this.#hold(name, [...others, { message: own, chunk }]);
    for (const oldest of this.#guests.keys()) {
      if (this.#bytes <= ROOM_BYTES) break;
      this.#release(oldest);
    }
    return true;
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

  /** Empties the room. */
  clear(): void {
    this.#guests.clear();
    this.#bytes = 0;
  }

  #hold(name: string, chunks: Waiting[]): void {
    const bytes = chunks.reduce((sum, { chunk }) => sum + costOf(chunk), 0);
    this.#guests.set(name, { chunks, bytes });
    this.#bytes += bytes;
  }

  #release(name: string): Waiting[] {
    const guest = this.#guests.get(name);
    if (guest === undefined) return [];
    this.#guests.delete(name);
    this.#bytes -= guest.bytes;
    return guest.chunks;
  }
}

function isSameSet(waiting: Waiting, message: ChunkMessage, chunk: Pick<Chunk, 'messageId'>): boolean {
  return waiting.chunk.messageId === chunk.messageId && waiting.message.tag === message.tag;
}

function costOf(chunk: Chunk): number {
  return chunk.data.length + CHUNK_COST;
}

/** A copy that does not keep the buffer alive that the chunk was cut from. */
function copyOf({ participant, tag, payload, address }: ChunkMessage): ChunkMessage {
  return { participant: copyBytes(participant), tag, payload: copyBytes(payload), address };
}
