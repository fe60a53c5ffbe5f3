// A chunk: a slice of a payload that is too long for one message, numbered and marked with the message it belongs to
// (wire 6.2). Whether a payload is a chunk is said by the header's multipart flag alone.

import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { XaynetError } from '../errors.ts';
import { CHUNK_HEADER_LENGTH } from './sizes.ts';

/** A slice of a payload (wire 6.2). */
export interface Chunk {
  /** Position of the slice, 0 to 65535. */
  readonly id: number;
  /** Common to all chunks of one message, 0 to 65535; random. */
  readonly messageId: number;
  /** True for the final slice: its id is the number of slices less one. */
  readonly last: boolean;
  /** The slice, at least one byte. */
  readonly data: Uint8Array;
}

const LAST_FLAG = 1;

/**
 * The bytes of a chunk: 8 bytes of header, then the data. Throws `decode-chunk` without data or for ids beyond 16 bits.
 * @example
 * ```ts
 * import { ascii } from '@xaynet/core/bytes';
 * import { decodeChunk, encodeChunk } from '@xaynet/core/message';
 * const bytes = encodeChunk({ id: 0, messageId: 258, last: true, data: ascii('ab') });
 * bytes; // Uint8Array [0, 0, 1, 2, 1, 0, 0, 0, 97, 98]
 * decodeChunk(bytes).messageId; // 258
 * encodeChunk({ id: 0, messageId: 258, last: true, data: ascii('') }); // throws decode-chunk
 * ```
 */
export function encodeChunk(chunk: Chunk): Uint8Array {
  if (chunk.data.length === 0) throw new XaynetError('decode-chunk', 'no data');
  for (const id of [chunk.id, chunk.messageId]) {
    if (!Number.isInteger(id) || id < 0 || id > 0xffff) throw new XaynetError('decode-chunk', `id ${id} is not of 0 to 65535`);
  }
  return new Writer(CHUNK_HEADER_LENGTH + chunk.data.length)
    .u16be(chunk.id)
    .u16be(chunk.messageId)
    .u8(chunk.last ? LAST_FLAG : 0)
    .zeros(3)
    .bytes(chunk.data)
    .finish();
}

/**
 * The chunk of these bytes; `data` is a view of them. Throws `decode-truncated` below 8 bytes and `decode-chunk` without
 * data. Flag bits other than "last" and the reserved bytes are ignored, as in the header of the message.
 */
export function decodeChunk(bytes: Uint8Array): Chunk {
  const reader = new Reader(bytes, 'chunk');
  const id = reader.u16be();
  const messageId = reader.u16be();
  const last = (reader.u8() & LAST_FLAG) !== 0;
  reader.take(3);
  if (reader.remaining === 0) throw new XaynetError('decode-chunk', `chunk ${id} of message ${messageId} has no data`);
  return { id, messageId, last, data: reader.take(reader.remaining) };
}
