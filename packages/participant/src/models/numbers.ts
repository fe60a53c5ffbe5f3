// Numbers as files hold them: little-endian, in bytes that may begin anywhere. Text is UTF-8, strictly, through two functions that every
// JavaScript engine has (TextEncoder is missing in some).

import { XaynetError } from '@xaynet/core/errors';
import type { DataType } from '@xaynet/core/mask';

/** The numbers of a tensor. */
export type TensorData = Float32Array | Float64Array | Int32Array | BigInt64Array;

const ARRAYS = { F32: Float32Array, F64: Float64Array, I32: Int32Array, I64: BigInt64Array } as const;

/** A new array of zeros. */
export function makeData(dtype: DataType, length: number): TensorData {
  return new ARRAYS[dtype](length);
}

/** The data type of an array of numbers; undefined for anything else. */
export function dtypeOf(data: unknown): DataType | undefined {
  return (Object.keys(ARRAYS) as DataType[]).find((dtype) => data instanceof ARRAYS[dtype]);
}

/** Whether `value` names one of the four data types. */
export function isDataType(value: unknown): value is DataType {
  return typeof value === 'string' && Object.hasOwn(ARRAYS, value);
}

/** Bytes of one number. */
export function bytesPerValue(dtype: DataType): number {
  return ARRAYS[dtype].BYTES_PER_ELEMENT;
}

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The numbers of little-endian bytes, copied. */
export function readNumbers(dtype: DataType, bytes: Uint8Array): TensorData {
  const copy = new Uint8Array(bytes); // `slice` of a Buffer is a view of more than its bytes
  if (!isLittleEndian) swap(copy, bytesPerValue(dtype));
  return new ARRAYS[dtype](copy.buffer);
}

/** Little-endian bytes of numbers, copied. */
export function writeNumbers(data: TensorData): Uint8Array {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  if (!isLittleEndian) swap(bytes, data.BYTES_PER_ELEMENT);
  return bytes;
}

function swap(bytes: Uint8Array, width: number): void {
  for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
}

/** The nearest F32 of each 16-bit float (IEEE binary16, or bfloat16): exact, as F32 holds all of them. */
export function widenHalves(bytes: Uint8Array, isBrain: boolean): Float32Array {
  const floats = new Float32Array(bytes.length / 2);
  const words = new Uint32Array(floats.buffer);
  for (let i = 0; i < floats.length; i++) {
    const half = bytes[2 * i]! | (bytes[2 * i + 1]! << 8);
    if (isBrain) words[i] = half << 16;
    else floats[i] = fromHalf(half);
  }
  return floats;
}

function fromHalf(half: number): number {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  const magnitude =
    exponent === 31 ? (fraction === 0 ? Infinity : Number.NaN) : exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return half & 0x8000 ? -magnitude : magnitude;
}

/** UTF-8 of a text; undefined when it holds half a surrogate pair, which no UTF-8 can say. */
export function toUtf8(text: string): Uint8Array | undefined {
  const bytes = Uint8Array.from({ length: text.length }, (_, i) => Math.min(text.charCodeAt(i), 0x80));
  if (isAscii(bytes)) return bytes;
  try {
    const escaped = encodeURIComponent(text);
    const longer = new Uint8Array(escaped.length);
    let length = 0;
    for (let i = 0; i < escaped.length; i++) {
      const isEscape = escaped[i] === '%';
      longer[length++] = isEscape ? Number.parseInt(escaped.slice(i + 1, i + 3), 16) : escaped.charCodeAt(i);
      if (isEscape) i += 2;
    }
    return longer.slice(0, length);
  } catch {
    return undefined;
  }
}

/** The text of UTF-8 bytes; undefined when they are none. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  if (isAscii(bytes)) return ascii(bytes);
  try {
    let escaped = '';
    for (const byte of bytes) escaped += byte >= 0x80 || byte === 0x25 ? `%${byte.toString(16)}` : String.fromCharCode(byte);
    return decodeURIComponent(escaped);
  } catch {
    return undefined;
  }
}

function isAscii(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

function ascii(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += CHUNK) text += String.fromCharCode(...bytes.subarray(i, i + CHUNK));
  return text;
}

/** As many arguments as any engine takes. */
const CHUNK = 4096;

/** Throws `option-invalid` for an ArrayBuffer, which is what files are read into in pages, and all else that is no bytes. */
export function checkBytes(bytes: Uint8Array): void {
  if (!(ArrayBuffer.isView(bytes) && 'subarray' in bytes))
    throw new XaynetError('option-invalid', 'bytes: a Uint8Array expected; new Uint8Array(buffer) makes one of an ArrayBuffer');
}
