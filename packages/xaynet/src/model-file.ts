// Models as files: numpy's .npy, .safetensors, a JSON array of numbers (.json), or raw little-endian numbers of 32 or 64 bits (.f32, .f64, .i32,
// .i64), which every numerical library can write and read in one line (numpy: `weights.astype("<f4").tofile(name)`).

import { endianness } from 'node:os';
import { XaynetError } from '@xaynet/core/errors';
import type { DataType, Weights } from '@xaynet/core/mask';
import { decodeNpy, encodeNpy } from '@xaynet/participant/npy';
import { TensorShapes } from './tensor-shapes.ts';

type RawFormat = 'f32' | 'f64' | 'i32' | 'i64';

const RAW = { f32: Float32Array, f64: Float64Array, i32: Int32Array, i64: BigInt64Array } as const;

/** Formats by the ending of a file's name. */
export type ModelFormat = 'npy' | 'safetensors' | 'json' | RawFormat;

/** All of them, as endings. */
export const MODEL_FORMATS: readonly ModelFormat[] = ['npy', 'safetensors', 'json', 'f32', 'f64', 'i32', 'i64'];

/** Bytes that a file with so many weights can have at most: numbers in JSON are the longest. */
export function mostBytes(length: number): number {
  return 1_048_576 + 64 * length;
}

/** The format that the name `path` announces; throws `model-file-invalid` for other endings. */
export function modelFormat(path: string): ModelFormat {
  const ending = MODEL_FORMATS.find((format) => path.endsWith(`.${format}`));
  if (ending === undefined)
    throw new XaynetError('model-file-invalid', `${path}: the name must end in ${MODEL_FORMATS.map((format) => `.${format}`).join(', ')}`);
  return ending;
}

/**
 * The weights in `bytes` of the file `path`: f64 for .json, or, for a round of I64, the very integers that are written there, as numbers or as
 * texts; arrays of several dimensions row by row, several tensors as {@link TensorShapes} has them. Throws `model-file-invalid` naming the first bad
 * weight, `tensors-file-…` and `tensor-…`.
 */
export function decodeModelFile(
  bytes: Uint8Array,
  path: string,
  format: ModelFormat = modelFormat(path),
  shapes: TensorShapes = new TensorShapes(),
  data?: DataType,
): Weights {
  const wrong = (what: string): XaynetError => new XaynetError('model-file-invalid', `${path}: ${what}`);
  const weights =
    format === 'json'
      ? decodeJson(bytes, wrong, data === 'I64')
      : format === 'npy'
        ? decodeNpy(bytes, { widen: true }).data
        : format === 'safetensors'
          ? shapes.decode(bytes)
          : decodeRaw(bytes, format, wrong);
  if (weights.length === 0) throw wrong('no weights');
  if (!(weights instanceof Float32Array || weights instanceof Float64Array)) return weights;
  const bad = weights.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw wrong(`weight ${bad} is ${weights[bad]}`);
  return weights;
}

function decodeJson(bytes: Uint8Array, wrong: (what: string) => XaynetError, exactly: boolean): Float64Array | BigInt64Array {
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), exactly ? asWritten : undefined);
  } catch {
    throw wrong('not JSON');
  }
  if (exactly && Array.isArray(content) && content.some((value) => typeof value === 'string')) return integers(content, wrong);
  if (!Array.isArray(content) || content.some((value) => typeof value !== 'number')) throw wrong('not an array of numbers');
  return Float64Array.from(content as number[]);
}

const INTEGER = /^-?\d+$/;

/** Integers that a double rounds stay texts; JSON.parse tells a reviver how a number was written. */
function asWritten(_: string, value: unknown, { source }: { source?: string } = {}): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && INTEGER.test(source) ? source : value;
}

/** Texts and numbers that are integers of 64 bits. */
function integers(content: readonly unknown[], wrong: (what: string) => XaynetError): BigInt64Array {
  return BigInt64Array.from(content, (value, i) => {
    const isInteger = typeof value === 'string' ? INTEGER.test(value) && value.length <= 20 : Number.isSafeInteger(value);
    const integer = isInteger ? BigInt(value as string | number) : undefined;
    if (integer === undefined || BigInt.asIntN(64, integer) !== integer) {
      throw wrong(`weight ${i} is ${String(JSON.stringify(value)).slice(0, 40)}, beside integers above 2^53: all must be integers of 64 bits then`);
    }
    return integer;
  });
}

function decodeRaw(bytes: Uint8Array, format: RawFormat, wrong: (what: string) => XaynetError): Weights {
  const type = RAW[format];
  if (bytes.length % type.BYTES_PER_ELEMENT !== 0) throw wrong(`${bytes.length} bytes are not a multiple of ${type.BYTES_PER_ELEMENT}`);
  const copy = bytes.slice(); // aligned, and free to be turned
  return new type(littleEndian(copy, type.BYTES_PER_ELEMENT).buffer);
}

/** `weights` as the contents of a file of this format. */
export function encodeModelFile(weights: Weights, format: ModelFormat, shapes: TensorShapes = new TensorShapes()): Uint8Array {
  if (format === 'npy') return encodeNpy({ shape: [weights.length], data: weights });
  if (format === 'safetensors') return shapes.encode(weights);
  if (format === 'json') return new TextEncoder().encode(`[${weights.join(',')}]\n`);
  const values = converted(weights, format);
  return littleEndian(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), values.BYTES_PER_ELEMENT);
}

/** A copy of `weights` in the type of the format. */
function converted(weights: Weights, format: RawFormat): Weights {
  if (weights instanceof RAW[format]) return weights.slice();
  if (format === 'i64') return BigInt64Array.from(weights as ArrayLike<number>, BigInt);
  const values = new RAW[format](weights.length);
  for (let i = 0; i < values.length; i++) values[i] = Number(weights[i]);
  return values;
}

/** Turns numbers of `width` bytes where they lie, on machines that keep them the other way round. */
function littleEndian<B extends Uint8Array>(bytes: B, width: number): B {
  if (endianness() === 'BE') {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    width === 4 ? buffer.swap32() : buffer.swap64();
  }
  return bytes;
}
