// How long messages and payloads are (wire 6.2, 6.3). A coordinator derives the exact limits of a round from these, so they
// are computed from counts alone: no payload is needed to know its size.

import { XaynetError } from '../errors.ts';
import type { MaskConfigPair } from '../mask/config.ts';
import { maskObjectSize } from '../mask/object.ts';
import { HEADER_LENGTH } from './header.ts';

/** Bytes in front of a chunk's data (wire 6.2). */
export const CHUNK_HEADER_LENGTH = 8 as const;

/** What a payload costs on the way besides itself: 136 bytes of header and 48 of the sealed box (wire 6.3). */
export const MESSAGE_OVERHEAD = 184 as const;

/** The smallest maximum message size, in sealed bytes, with which splitting works: room for two bytes of data (wire 6.5). */
export const MIN_MESSAGE_SIZE = 194 as const;

/** The maximum message size of the original, in sealed bytes: the overhead of 184 is subtracted twice from 4096 (wire 6.5). */
export const DEFAULT_MESSAGE_SIZE = 3912 as const;

/** The largest plain message: what the 32-bit length field can say (wire 6.3). */
export const MAX_PLAIN_MESSAGE = 0xffff_ffff as const;

/** The most chunks that one payload is cut into: ids 0 to 65534 (wire 6.5). */
export const MAX_CHUNKS = 65_535 as const;

/** Bytes of one entry of a local seed dictionary: a key of 32 and a sealed seed of 80 (wire 5.6). */
export const LOCAL_SEED_ENTRY_LENGTH = 112 as const;

/** Bytes of a plain message with a payload of `payloadLength` bytes; throws `message-too-large` above 2^32 - 1 (wire 6.3). */
export function messageSize(payloadLength: number): number {
  const size = HEADER_LENGTH + payloadLength;
  if (size > MAX_PLAIN_MESSAGE) throw new XaynetError('message-too-large', `${size} bytes, at most ${MAX_PLAIN_MESSAGE} can be announced`);
  return size;
}

/**
 * Bytes on the wire of a message with a payload of `payloadLength` bytes: 184 more. As chunks of a payload are shorter than
 * the payload, no body of a round is longer than this. Throws `message-too-large` like {@link messageSize}.
 * @example
 * ```ts
 * import { parseMaskConfig } from '@xaynet/core/mask';
 * import { localSeedDictSize, messageSize, sealedMessageSize, sum2PayloadSize, sumPayloadSize, updatePayloadSize } from '@xaynet/core/message';
 * const vect = parseMaskConfig('Power2/F32/B0/M6'); // 7 bytes a number
 * const config = { vect, unit: vect };
 * sealedMessageSize(sumPayloadSize()); // 280
 * sealedMessageSize(sum2PayloadSize(config, 1_000_000)); // 7000267
 * updatePayloadSize(config, 1_000_000, 100) - localSeedDictSize(100); // 7000147
 * messageSize(96); // 232: before it is sealed
 * ```
 */
export function sealedMessageSize(payloadLength: number): number {
  return messageSize(payloadLength) + MESSAGE_OVERHEAD - HEADER_LENGTH;
}

/** Bytes of a local seed dictionary with `sums` entries (wire 5.6); throws `message-too-large` above 38 347 922 entries. */
export function localSeedDictSize(sums: number): number {
  const size = 4 + LOCAL_SEED_ENTRY_LENGTH * sums;
  if (size > MAX_PLAIN_MESSAGE) throw new XaynetError('message-too-large', `seed dictionary of ${sums} entries`);
  return size;
}

/** Bytes of a sum payload: always 96 (wire 6.2). */
export function sumPayloadSize(): number {
  return 96;
}

/** Bytes of an update payload for `length` weights and `sums` sum participants (wire 6.2). */
export function updatePayloadSize(config: MaskConfigPair, length: number, sums: number): number {
  return 128 + maskObjectSize(config, length) + localSeedDictSize(sums);
}

/** Bytes of a sum2 payload for `length` weights (wire 6.2). */
export function sum2PayloadSize(config: MaskConfigPair, length: number): number {
  return 64 + maskObjectSize(config, length);
}
