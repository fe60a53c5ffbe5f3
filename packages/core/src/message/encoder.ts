// From a payload to the plain messages that carry it: one, or chunks when it is larger than the maximum message size allows
// (wire 6.5). It signs one message at a time, and its state can be saved between two of them: a participant that comes back
// goes on with the same message id and the next chunk, so that the coordinator sees one message (participant 1.2, 3.6).

import type { PublicEncryptKey } from '../bytes/fixed.ts';
import type { RandomBytes } from '../crypto/random.ts';
import type { SigningKeyPair } from '../crypto/signing.ts';
import { XaynetError } from '../errors.ts';
import { encodeChunk } from './chunk.ts';
import type { Header, MessageTag } from './header.ts';
import { signMessage, signMessageAsync } from './message.ts';
import { encodePayload, type Payload } from './payload.ts';
import { CHUNK_HEADER_LENGTH, MAX_CHUNKS, MESSAGE_OVERHEAD, MIN_MESSAGE_SIZE, messageSize } from './sizes.ts';

/** All that is needed, besides the keys, to go on with sending a payload. */
export interface EncoderState {
  readonly tag: MessageTag;
  /** The serialized payload (a view when it comes from {@link MessageEncoder.state}). */
  readonly payload: Uint8Array;
  /** Maximum size of a sealed message in bytes; 0 = unlimited. */
  readonly maxMessageSize: number;
  /** Message id of the chunks; 0 when the payload is not split. */
  readonly messageId: number;
  /** Messages handed out already; the id of the next chunk. */
  readonly next: number;
}

/** What an encoder signs and addresses its messages with. */
export interface EncoderOptions {
  /** Pair of the participant that sends. */
  readonly keys: SigningKeyPair;
  /** Key of the round's coordinator; the caller seals to the same. */
  readonly coordinator: PublicEncryptKey;
  /** Maximum size of a sealed message in bytes, 194 or more; 0 = unlimited. A resumed encoder keeps the one of its state. */
  readonly maxMessageSize: number;
  /** Gives the two bytes of the message id; asked only when a new payload is split. */
  readonly random: RandomBytes;
}

/**
 * Splits a payload into plain signed messages and hands them out in order (wire 6.5).
 * Throws `message-size-too-small` for a maximum message size of 1 to 193, `message-too-many-chunks` above 65535 chunks,
 * `message-too-large` above 2^32 - 1 bytes, `decode-number` for a state with numbers out of range.
 * @example
 * ```ts
 * import { PublicEncryptKey, Signature, SigningKeySeed } from '@xaynet/core/bytes';
 * import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
 * import { MessageEncoder } from '@xaynet/core/message';
 * const keys = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32)));
 * const coordinator = PublicEncryptKey(new Uint8Array(32).fill(9));
 * const payload = { tag: 'sum', sumSignature: Signature(new Uint8Array(64)), ephemeralKey: coordinator } as const;
 * const encoder = new MessageEncoder(payload, { keys, coordinator, maxMessageSize: 250, random: (n) => new Uint8Array(n) });
 * encoder.count; // 2
 * encoder.next()?.length; // 202: 250 when sealed
 * encoder.next()?.length; // 182
 * encoder.next(); // undefined: that was all
 * ```
 */
export class MessageEncoder {
  readonly #keys: SigningKeyPair;
  readonly #coordinator: PublicEncryptKey;
  readonly #tag: MessageTag;
  readonly #payload: Uint8Array;
  readonly #maxMessageSize: number;
  readonly #messageId: number;
  /** Data bytes of a chunk, or 0 when the payload goes into one ordinary message. */
  readonly #chunkData: number;
  #next: number;

  /** Messages in all: 1, or the number of chunks. */
  readonly count: number;

  /** Starts on a new payload, or goes on where a saved state left off (then the state's maximum message size holds). */
  constructor(payload: Payload | EncoderState, options: EncoderOptions) {
    const resumed = 'payload' in payload;
    const bytes = resumed ? payload.payload : encodePayload(payload);
    const maxMessageSize = resumed ? payload.maxMessageSize : options.maxMessageSize;
    const chunkData = chunkDataSize(bytes.length, maxMessageSize);
    const count = chunkData === 0 ? 1 : Math.ceil(bytes.length / chunkData);
    if (count > MAX_CHUNKS) {
      throw new XaynetError(
        'message-too-many-chunks',
        `${bytes.length} bytes in pieces of ${chunkData} make ${count} chunks, at most ${MAX_CHUNKS} are possible`,
      );
    }
    if (chunkData === 0) messageSize(bytes.length);
    if (resumed) checkState(payload, count);
    this.#keys = options.keys;
    this.#coordinator = options.coordinator;
    this.#tag = payload.tag;
    this.#payload = bytes;
    this.#maxMessageSize = maxMessageSize;
    this.#messageId = resumed ? payload.messageId : chunkData === 0 ? 0 : randomMessageId(options.random);
    this.#chunkData = chunkData;
    this.#next = resumed ? payload.next : 0;
    this.count = count;
  }

  /** Messages handed out so far, those before a resumption included. */
  get sent(): number {
    return this.#next;
  }

  /** The next plain message, signed, ready to be sealed; undefined when all were handed out. */
  next(): Uint8Array | undefined {
    const [header, payload] = this.#take() ?? [];
    return header && payload && signMessage(header, payload, this.#keys);
  }

  /** The message of {@link MessageEncoder.next}; signed beside the calling thread where that pays (`signAsync`). */
  async nextAsync(): Promise<Uint8Array | undefined> {
    const [header, payload] = this.#take() ?? [];
    return header && payload && signMessageAsync(header, payload, this.#keys);
  }

  /** Header and payload of the next message, which counts as handed out from now on. */
  #take(): [header: Omit<Header, 'participant'>, payload: Uint8Array] | undefined {
    if (this.#next >= this.count) return undefined;
    const id = this.#next++;
    const multipart = this.#chunkData > 0;
    return [{ coordinator: this.#coordinator, tag: this.#tag, multipart }, multipart ? this.#chunk(id) : this.#payload];
  }

  #chunk(id: number): Uint8Array {
    const data = this.#payload.subarray(id * this.#chunkData, (id + 1) * this.#chunkData);
    return encodeChunk({ id, messageId: this.#messageId, last: id === this.count - 1, data });
  }

  /** What a later encoder needs to hand out exactly the messages that this one has not. Its payload is shared, not copied. */
  state(): EncoderState {
    return { tag: this.#tag, payload: this.#payload, maxMessageSize: this.#maxMessageSize, messageId: this.#messageId, next: this.#next };
  }
}

/** Data bytes of a chunk for a payload of `length` bytes, or 0 when it fits into one message: D = Z - 192 (wire 6.5). */
function chunkDataSize(length: number, maxMessageSize: number): number {
  if (!Number.isSafeInteger(maxMessageSize) || maxMessageSize < 0) throw new XaynetError('decode-number', `maximum message size ${maxMessageSize}`);
  if (maxMessageSize === 0) return 0;
  if (maxMessageSize < MIN_MESSAGE_SIZE) throw new XaynetError('message-size-too-small', `${maxMessageSize} bytes`);
  const maxPayload = maxMessageSize - MESSAGE_OVERHEAD;
  return length <= maxPayload ? 0 : maxPayload - CHUNK_HEADER_LENGTH;
}

function checkState(state: EncoderState, count: number): void {
  const bad = (what: string): XaynetError => new XaynetError('decode-number', `encoder state: ${what}`);
  if (!Number.isInteger(state.messageId) || state.messageId < 0 || state.messageId > 0xffff) throw bad(`message id ${state.messageId}`);
  if (!Number.isInteger(state.next) || state.next < 0 || state.next > count) throw bad(`message ${state.next} of ${count}`);
}

function randomMessageId(random: RandomBytes): number {
  const [high, low] = random(2);
  return high! * 256 + low!;
}
