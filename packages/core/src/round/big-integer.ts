// Big integers as the published documents spell them: a count of 32-bit words, then the words, least significant first; a sign
// byte before it where there is one (wire 7.2). Small numbers, which are nearly all, go through doubles; the others through
// hexadecimal text, which engines convert in linear time, where shifting word by word would be quadratic.

import { copyBytes } from '../bytes/compare.ts';
import type { Reader } from '../bytes/reader.ts';
import { toHex } from '../bytes/text.ts';
import type { Writer } from '../bytes/writer.ts';
import { XaynetError } from '../errors.ts';

/**
 * The most words of a number: 8192 bits. The largest fraction a round can produce (F64/Bmax for vector and scalar) has 3219 bits
 * above and below, so the bound takes nothing away; without it, reducing one hostile fraction would take time quadratic in the
 * size of the document, and some engines cannot hold a number of 2^20 bits at all.
 */
export const MAX_WORDS = 256;

/** The most words that are read for one number, high zero words included: what tolerance may cost (wire 7.4). */
export const MOST_WORDS = 65536;

const WORD = 0x100000000;
const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Reads a magnitude; high zero words are dropped (wire 7.4). Throws `decode-truncated`, and `decode-number` above MAX_WORDS. */
export function readMagnitude(reader: Reader): bigint {
  const words = reader.count(4);
  if (words === 0) return 0n;
  if (words === 1) return BigInt(reader.u32le());
  if (words === 2) return BigInt(reader.u32le()) | (BigInt(reader.u32le()) << 32n);
  if (words > MOST_WORDS) throw new XaynetError('decode-number', `a big integer of ${words} words, ${MOST_WORDS} are the most, zeros among them`);
  let bytes = reader.take(4 * words);
  let length = bytes.length;
  while (length > 0 && bytes[length - 1] === 0) length--;
  if (length > 4 * MAX_WORDS) throw new XaynetError('decode-number', `a big integer of ${length} bytes, ${4 * MAX_WORDS} are the most`);
  bytes = copyBytes(bytes.subarray(0, length)).reverse();
  return length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

/** Reads a sign byte and a magnitude; a sign without magnitude, or the reverse, is 0 (wire 7.4). Throws `decode-sign` also. */
export function readSigned(reader: Reader): bigint {
  const sign = reader.i8();
  if (sign < -1 || sign > 1) throw new XaynetError('decode-sign', `sign ${sign} at offset ${reader.offset - 1}`);
  const magnitude = readMagnitude(reader);
  return sign === 0 ? 0n : sign < 0 ? -magnitude : magnitude;
}

/** A magnitude ready to be written: a double, or its hexadecimal digits, padded to whole words. */
type Magnitude = number | string;

function magnitudeOf(value: bigint): Magnitude {
  const magnitude = value < 0n ? -value : value;
  if (magnitude <= SAFE) return Number(magnitude);
  const hex = magnitude.toString(16);
  return hex.padStart(8 * Math.ceil(hex.length / 8), '0');
}

function wordsOf(magnitude: Magnitude): number {
  if (typeof magnitude === 'string') return magnitude.length / 8;
  return magnitude === 0 ? 0 : magnitude < WORD ? 1 : 2;
}

/** Bytes that {@link writeMagnitude} writes for a non-negative integer. */
export function magnitudeSize(value: bigint): number {
  return 8 + 4 * wordsOf(magnitudeOf(value));
}

/** Writes the absolute value: word count and words, without high zero words (wire 7.2). */
export function writeMagnitude(writer: Writer, value: bigint): void {
  const magnitude = magnitudeOf(value);
  const words = wordsOf(magnitude);
  writer.u64le(words);
  if (typeof magnitude === 'string') {
    for (let end = magnitude.length; end > 0; end -= 8) writer.u32le(Number.parseInt(magnitude.slice(end - 8, end), 16));
  } else {
    if (words > 0) writer.u32le(magnitude % WORD);
    if (words > 1) writer.u32le(Math.floor(magnitude / WORD));
  }
}

/** Writes a sign byte and the magnitude (wire 7.2). */
export function writeSigned(writer: Writer, value: bigint): void {
  writer.i8(value < 0n ? -1 : value > 0n ? 1 : 0);
  writeMagnitude(writer, value);
}
