// `compat.trailingBytes`: bytes after a message, and after the content of its payload, are ignored instead of refused, as the original does
// (coordinator 2.2). Unlike the original, nothing beyond the announced length is ever read: it is not signed (weakness W-03).

import { Reader } from '@xaynet/core/bytes';
import { readMaskObject } from '@xaynet/core/mask';
import { HEADER_LENGTH, type Message, type MessageTag, parseMessage, sumPayloadSize } from '@xaynet/core/message';

/** Unread bytes that a body may carry after its message. */
export const TRAILING_BYTES = 4096;

const LENGTH_OFFSET = 128;
const SIGNATURES: Readonly<Record<MessageTag, number>> = { sum: 64, update: 128, sum2: 64 };

/** Like `parseMessage`, but for bytes that follow the announced length; a length below a header is refused as ever. */
export function parseLeniently(bytes: Uint8Array): Message {
  if (bytes.length < HEADER_LENGTH) return parseMessage(bytes);
  const length = new Reader(bytes.subarray(LENGTH_OFFSET), 'message').u32be();
  return parseMessage(length >= HEADER_LENGTH && length < bytes.length ? bytes.subarray(0, length) : bytes);
}

/** The payload without what follows its content. Throws as `decodePayload` for content that is not there. */
export function withoutTrailingBytes(tag: MessageTag, payload: Uint8Array): Uint8Array {
  if (tag === 'sum') return payload.subarray(0, sumPayloadSize());
  const reader = new Reader(payload, `${tag} payload`);
  reader.take(SIGNATURES[tag]);
  readMaskObject(reader);
  const length = tag === 'update' ? reader.u32be() - 4 : 0;
  return payload.subarray(0, reader.offset + Math.max(0, length));
}
