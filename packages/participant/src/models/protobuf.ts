// The wire format of protobuf, as far as it takes to find fields in a message, to read numbers, and to put other bytes into a field: a message
// is fields one after another, each a key, then a number of fixed or variable width, or bytes with their length. No schema, and nothing is
// lost of what is not known.

import { XaynetError } from '@xaynet/core/errors';

/** By `&`, because `BigInt.asUintN(64, …)` of QuickJS gives negative numbers back as they are. */
const BITS_64 = 0xffff_ffff_ffff_ffffn;

/** A field of a message. */
export interface Field {
  readonly number: number;
  /** 0 a varint, 1 eight bytes, 2 bytes with their length, 5 four bytes. */
  readonly wire: number;
  /** What follows the key, and the length if there is one. */
  readonly bytes: Uint8Array;
  /** All of it, key included. */
  readonly whole: Uint8Array;
}

/** The fields of a message, in order. */
export function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  while (at < message.length) {
    const [key, begin] = readVarint(message, at);
    const number = Number(key >> 3n);
    const wire = Number(key & 7n);
    let [from, to] = [begin, begin];
    if (wire === 0) to = readVarint(message, begin)[1];
    else if (wire === 1) to += 8;
    else if (wire === 5) to += 4;
    else if (wire === 2) {
      const [length, after] = readVarint(message, begin);
      if (length > BigInt(message.length - after)) throw invalid(`a field of ${length} bytes where ${message.length - after} are left`);
      [from, to] = [after, after + Number(length)];
    } else throw invalid(`a field of wire type ${wire}`);
    if (number < 1 || number > 0x1fff_ffff || to > message.length) throw invalid('a field that is none, or is cut off');
    yield { number, wire, bytes: message.subarray(from, to), whole: message.subarray(at, to) };
    at = to;
  }
}

/** A message in which the contents of the fields of one number are what `change` makes of them; if it is nothing else, the same message. */
export function replaceFields(message: Uint8Array, number: number, change: (bytes: Uint8Array, field: Field) => Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let isChanged = false;
  for (const field of fieldsOf(message)) {
    const bytes = field.number === number ? change(field.bytes, field) : field.bytes;
    if (bytes === field.bytes) parts.push(field.whole);
    else if (bytes.length === field.bytes.length) parts.push(field.whole.subarray(0, field.whole.length - bytes.length), bytes);
    else if (field.wire === 2) parts.push(varint(BigInt(number * 8 + 2)), varint(BigInt(bytes.length)), bytes);
    else parts.push(varint(BigInt(number * 8 + field.wire)), bytes);
    isChanged ||= bytes !== field.bytes;
  }
  return isChanged ? joined(parts) : message;
}

/** The contents of a field that holds bytes, a text or a message. */
export function inside(field: Field): Uint8Array {
  if (field.wire !== 2) throw invalid(`field ${field.number} of wire type ${field.wire}`);
  return field.bytes;
}

/** The numbers of a repeated field of variable width, packed or a single one. */
export function varintsOf({ wire, bytes, number }: Field): bigint[] {
  if (wire !== 0 && wire !== 2) throw invalid(`field ${number} of wire type ${wire}`);
  const values: bigint[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [value, end] = readVarint(bytes, at);
    values.push(BigInt.asIntN(64, value));
    at = end;
  }
  return values;
}

/** The bytes of a repeated field of fixed width, packed or a single one. */
export function fixedOf({ wire, bytes, number }: Field, width: number): Uint8Array {
  if (wire !== 2 && wire !== (width === 4 ? 5 : 1)) throw invalid(`field ${number} of wire type ${wire}`);
  if (bytes.length % width !== 0) throw invalid(`field ${number} of ${bytes.length} bytes`);
  return bytes;
}

function readVarint(bytes: Uint8Array, at: number): [value: bigint, end: number] {
  let low = 0;
  for (let i = 0; i < 10 && at + i < bytes.length; i++) {
    const byte = bytes[at + i]!;
    if (i < 4) low += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return [i < 4 ? BigInt(low) : longVarint(bytes, at, i), at + i + 1];
  }
  throw invalid('a number that does not end');
}

function longVarint(bytes: Uint8Array, at: number, last: number): bigint {
  let value = 0n;
  for (let i = last; i >= 0; i--) value = (value << 7n) | BigInt(bytes[at + i]! & 0x7f);
  return value & BITS_64;
}

/** A number of variable width; negative ones in two's complement of 64 bits. */
export function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value & BITS_64;
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

/** Bytes one after another. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function invalid(found: string): XaynetError {
  return new XaynetError('tensors-file-invalid', `protobuf: ${found}`);
}
