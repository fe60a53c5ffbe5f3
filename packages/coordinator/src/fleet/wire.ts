// A chunk on its way from one process of a fleet to another, and the verdict on its way back. Both ends are of this project, perhaps of different
// versions: whoever does not understand says no, and then the chunk stays where it came in.

import { ascii, PublicSigningKey, Reader, Writer } from '@xaynet/core/bytes';
import { ERRORS, type ErrorCode, XaynetError } from '@xaynet/core/errors';
import { tagByte, tagOf } from '@xaynet/core/message';
import type { Verdict } from '../http/port.ts';
import type { HandedChunk } from '../intake/fleet-chunks.ts';

/** Where chunks are posted; another layout gets another path. */
export const CHUNK_PATH = '/fleet/1/chunks';
/** Bytes of the longest address, an IPv6 one with its zone or range. */
const LONGEST_ADDRESS = 64;
const FIXED_LENGTH = 3 + 8 + PublicSigningKey.LENGTH;
/** Bytes that a chunk has besides its payload, at most. */
export const CHUNK_OVERHEAD: number = FIXED_LENGTH + LONGEST_ADDRESS;
/** Bytes of chunks that one request has at most, unless it has a single one. */
export const BATCH_BYTES: number = 256 * 1024;
/** Bytes before each chunk of a request. */
const LENGTH_BYTES = 4;
/** Bytes that a request has besides payloads, for `chunks` of them: those that fit, with the least payload there is, and one more. */
const MOST_CHUNKS: number = Math.floor(BATCH_BYTES / FIXED_LENGTH) + 1;
/** Characters of the longest line of an answer. */
export const LONGEST_ANSWER = 1024;

/** Tag, whether it is proven, length of the address, round, participant, address, payload. */
export function encodeHandedChunk({ round, tag, participant, payload, proven, address = '' }: HandedChunk): Uint8Array {
  const name = ascii(address);
  const writer = new Writer(FIXED_LENGTH + name.length + payload.length);
  return writer
    .u8(tagByte(tag))
    .u8(proven ? 1 : 0)
    .u8(name.length)
    .u64le(round)
    .bytes(participant)
    .bytes(name)
    .bytes(payload)
    .finish();
}

/** Reads what {@link encodeHandedChunk} writes; the payload is a view. Throws `decode-…` for anything else. */
export function decodeHandedChunk(bytes: Uint8Array): HandedChunk {
  const reader = new Reader(bytes, 'chunk of a fleet');
  const tag = tagOf(reader.u8());
  const proven = reader.u8();
  const length = reader.u8();
  if (proven > 1 || length > LONGEST_ADDRESS) throw new XaynetError('decode-length', 'chunk of a fleet');
  const round = reader.u64le();
  const participant = PublicSigningKey(reader.take(PublicSigningKey.LENGTH));
  const address = String.fromCharCode(...reader.take(length));
  return { round, tag, participant, proven: proven === 1, address: address === '' ? undefined : address, payload: reader.take(reader.remaining) };
}

/** Bytes of the largest request where no chunk has more than `largest` bytes of payload. */
export function largestBatch(largest: number): number {
  return Math.max(BATCH_BYTES, largest + CHUNK_OVERHEAD) + MOST_CHUNKS * LENGTH_BYTES;
}

/** Several chunks as one body. */
export function encodeBatch(chunks: readonly Uint8Array[]): Uint8Array {
  const writer = new Writer(chunks.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0));
  for (const chunk of chunks) writer.u32be(chunk.length).bytes(chunk);
  return writer.finish();
}

/** Reads it; the payloads are views. None, and anything else: throws `decode-…`. */
export function decodeBatch(bytes: Uint8Array): HandedChunk[] {
  const reader = new Reader(bytes, 'chunks of a fleet');
  const chunks: HandedChunk[] = [];
  do chunks.push(decodeHandedChunk(reader.take(reader.u32be())));
  while (reader.remaining > 0);
  return chunks;
}

/** A line of an answer: the place of a chunk in its request, and the verdict on it; undefined: it is not taken now. */
export function encodeAnswer(place: number, verdict: Verdict | undefined): string {
  return `${place} ${JSON.stringify(verdict ?? null)}\n`;
}

/** Reads it, without its end; undefined for anything else. */
export function decodeAnswer(line: string): { readonly place: number; readonly verdict: Verdict | undefined } | undefined {
  const found = /^(\d{1,6}) (.*)$/.exec(line);
  if (found === null) return undefined;
  const place = Number(found[1]);
  if (found[2] === 'null') return { place, verdict: undefined };
  const verdict = decodeVerdict(found[2]!);
  return verdict && { place, verdict };
}

/** A verdict from its JSON; undefined for anything else, a code that this version does not know included. */
function decodeVerdict(text: string): Verdict | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { accepted, complete, code, retryAfter } = (value ?? {}) as Partial<Record<'accepted' | 'complete' | 'code' | 'retryAfter', unknown>>;
  if (accepted === true) return typeof complete === 'boolean' ? { accepted, complete } : undefined;
  if (accepted !== false || typeof code !== 'string' || !Object.hasOwn(ERRORS, code)) return undefined;
  if (retryAfter === undefined) return { accepted, code: code as ErrorCode };
  return typeof retryAfter === 'number' && retryAfter >= 0 && retryAfter <= 86_400 ? { accepted, code: code as ErrorCode, retryAfter } : undefined;
}
