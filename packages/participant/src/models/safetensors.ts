// safetensors: eight bytes of length, a JSON header of names, types, shapes and offsets, then the numbers, without gaps. A file is judged
// before anything of its size is made: whoever sent it may have written anything.

import { XaynetError } from '@xaynet/core/errors';
import { bytesPerValue, checkBytes, fromUtf8, isDataType, readNumbers, toUtf8, widenHalves, writeNumbers } from './numbers.ts';
import { shapeText, shortened, sizeOf } from './shape.ts';
import { manifestOf, type NamedTensors, type Tensor } from './tensors.ts';

/** What {@link decodeSafetensors} may be told. */
export interface SafetensorsOptions {
  /** Which tensors to take; the others may be of any data type. Default: all. */
  readonly only?: ((name: string) => boolean) | undefined;
  /** Whether to read 16-bit floats (F16, BF16) as F32, exactly. Default: no, as a file written back would be twice as large. */
  readonly widen?: boolean | undefined;
}

/** What a file holds. */
export interface Safetensors {
  readonly tensors: NamedTensors;
  /** Texts about the file, by name; empty when there are none. */
  readonly metadata: Record<string, string>;
}

/** The longest header, as in the original library. */
const MOST_HEADER = 100_000_000;

/**
 * Reads a safetensors file; its numbers are copied. Throws `tensors-file-invalid` for bytes that are none, and `tensors-file-unsupported` for data types
 * other than F32, F64, I32 and I64 (F16 and BF16: with `widen`).
 * @example
 * ```ts
 * import { decodeSafetensors, encodeSafetensors } from '@xaynet/participant/safetensors';
 * const file = encodeSafetensors({ bias: { shape: [2], data: Float32Array.of(1, 2) } }, { format: 'pt' });
 * const { tensors, metadata } = decodeSafetensors(file);
 * tensors.bias?.data; // Float32Array [1, 2]
 * ```
 */
export function decodeSafetensors(bytes: Uint8Array, options: SafetensorsOptions = {}): Safetensors {
  const { only = () => true, widen = false } = options;
  checkBytes(bytes);
  if (bytes.length < 8) throw invalid(`${bytes.length} bytes, the length of the header alone takes 8`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(bytes.length - 8, MOST_HEADER))) throw invalid(`a header of ${length} bytes in a file of ${bytes.length}`);
  const begin = 8 + Number(length);
  const numbers = bytes.subarray(begin);
  const header = readHeader(bytes.subarray(8, begin));
  const { __metadata__: metadata = {} } = header;
  if (!isRecord(metadata) || Object.values(metadata).some((value) => typeof value !== 'string')) throw invalid('__metadata__ is not texts by name');

  // Not by a rest of the object: Hermes 0.12 drops from it what is called like a member of Object.prototype (constructor).
  const list = Object.entries(header)
    .filter(([name]) => name !== '__metadata__')
    .map(([name, entry]) => ({ name, ...readEntry(name, entry) }));
  let end = 0;
  for (const { name, from, to } of [...list].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) throw invalid(`${name} begins at ${from}, the tensor before it ends at ${end}`);
    end = to;
  }
  if (end !== numbers.length) throw invalid(`tensors of ${end} bytes, ${numbers.length} are there`);

  const tensors = list
    .filter(({ name }) => only(name))
    .map(({ name, dtype, shape, from, to }): [string, Tensor] => [name, { shape, data: readData(name, dtype, shape, numbers.subarray(from, to), widen) }]);
  return { tensors: Object.fromEntries(tensors), metadata: metadata as Record<string, string> };
}

/**
 * A safetensors file of tensors: byte for byte what the original library writes of them, up to the order of `metadata`. Throws as
 * `manifestOf`, and `tensor-unexpected` for a tensor named `__metadata__`.
 * @example
 * ```ts
 * import { encodeSafetensors } from '@xaynet/participant/safetensors';
 * encodeSafetensors({ w: { shape: [2], data: Float32Array.of(1, 2) } }).length; // 72: 8 for the length, 56 of header, 8 of numbers
 * ```
 */
export function encodeSafetensors(tensors: NamedTensors, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  if (Object.hasOwn(tensors, '__metadata__')) throw new XaynetError('tensor-unexpected', '__metadata__ is no name of a tensor in this format');
  if (
    Object.entries(metadata)
      .flat()
      .some((text) => toUtf8(text) === undefined)
  )
    throw new XaynetError('tensor-unexpected', 'metadata is no Unicode text');
  // Sorted and checked as anywhere else; the wider types first, so that all numbers are aligned.
  const { tensors: entries } = manifestOf(tensors, { dataType: 'F64' });
  const sorted = WIDEST_FIRST.flatMap((dtype) => entries.filter((entry) => entry.dtype === dtype));
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : [];
  let size = 0;
  for (const { name, dtype, shape, length } of sorted) {
    const begin = size;
    size += length * bytesPerValue(dtype);
    header.push([name, { dtype, shape, data_offsets: [begin, size] }]);
  }
  // Not an object: objects put names that look like numbers first.
  const json = toUtf8(`{${header.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(',')}}`)!;
  const begin = 8 + Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(begin + size).fill(0x20, 0, begin);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(begin - 8), true);
  bytes.set(json, 8);
  let at = begin;
  for (const { name } of sorted) {
    const part = writeNumbers(tensors[name]!.data);
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const WIDEST_FIRST = ['I64', 'F64', 'F32', 'I32'] as const;

/** Bits of the other data types, so that their place can be checked. */
const OTHER_BITS: Readonly<Record<string, number>> = {
  ...{ BOOL: 8, U8: 8, I8: 8, U16: 16, I16: 16, F16: 16, BF16: 16, U32: 32, U64: 64, C64: 64 },
  ...{ F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8, F8_E5M2FNUZ: 8, F8_E4M3FNUZ: 8, F6_E2M3: 6, F6_E3M2: 6, F4: 4 },
};

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly from: number;
  readonly to: number;
}

function readHeader(bytes: Uint8Array): Record<string, unknown> {
  const text = fromUtf8(bytes);
  if (text === undefined || text[0] !== '{') throw invalid('the header is not JSON in UTF-8 that begins with {');
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new XaynetError('tensors-file-invalid', 'the header is not JSON', { cause });
  }
}

function readEntry(name: string, entry: unknown): Entry {
  const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
  const size = sizeOf(shape);
  if (typeof dtype !== 'string' || size === undefined || !Array.isArray(offsets) || offsets.length !== 2)
    throw invalid(`${name}: dtype, shape and data_offsets expected`);
  const bits = isDataType(dtype) ? 8 * bytesPerValue(dtype) : Object.hasOwn(OTHER_BITS, dtype) ? OTHER_BITS[dtype]! : undefined;
  if (bits === undefined) throw unsupported(`${name}: data type ${dtype}`);
  const [from, to] = offsets;
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || 8 * (to - from) !== size * bits)
    throw invalid(`${name}: ${dtype} ${shapeText(shape)} at ${shapeText(offsets)}`);
  return { dtype, shape: shape as number[], from, to };
}

function readData(name: string, dtype: string, shape: readonly number[], bytes: Uint8Array, widen: boolean): Tensor['data'] {
  if (isDataType(dtype)) return readNumbers(dtype, bytes);
  const isHalf = dtype === 'F16' || dtype === 'BF16';
  if (isHalf && widen) return widenHalves(bytes, dtype === 'BF16');
  throw unsupported(`${name}: ${dtype} ${shapeText(shape)}${isHalf ? '; the option widen reads it as F32' : '; the option only leaves it out'}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(found: string): XaynetError {
  return new XaynetError('tensors-file-invalid', shortened(`safetensors: ${found}`));
}

function unsupported(found: string): XaynetError {
  return new XaynetError('tensors-file-unsupported', shortened(`safetensors: ${found}`));
}
