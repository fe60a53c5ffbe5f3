// npy, numpy's file of one array: a magic, a version, a header that is the text of a Python dictionary, then the numbers. Versions 1, 2 and 3
// differ in the width of the header's length and in its text encoding. The header is matched, not evaluated.

import { XaynetError } from '@xaynet/core/errors';
import type { DataType } from '@xaynet/core/mask';
import { bytesPerValue, checkBytes, dtypeOf, fromUtf8, makeData, readNumbers, toUtf8, widenHalves, writeNumbers } from './numbers.ts';
import { shapeText, shortened, sizeOf } from './shape.ts';
import { manifestOf, type Tensor } from './tensors.ts';

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
const KINDS = { f4: 'F32', f8: 'F64', i4: 'I32', i8: 'I64' } as const;

/** What {@link decodeNpy} may be told. */
export interface NpyOptions {
  /** Whether to read 16-bit floats (`<f2`) as F32, exactly. Default: no. */
  readonly widen?: boolean | undefined;
}

/**
 * Reads a .npy file of versions 1 to 3 with little-endian f4, f8, i4 or i8 numbers; they are copied. An array in Fortran order (numpy writes a
 * transposed one so) is put into row-major order. Throws `tensors-file-invalid` for bytes that are none, `tensors-file-unsupported` for other numbers.
 * @example
 * ```ts
 * import { decodeNpy, encodeNpy } from '@xaynet/participant/npy';
 * decodeNpy(encodeNpy({ shape: [2, 1], data: Float32Array.of(1, 2) })); // { shape: [2, 1], data: Float32Array [1, 2] }
 * ```
 */
export function decodeNpy(bytes: Uint8Array, options: NpyOptions = {}): Tensor {
  checkBytes(bytes);
  if (bytes.length < 10 || MAGIC.some((byte, i) => bytes[i] !== byte)) throw invalid('it does not begin as one');
  const version = bytes[6]!;
  if (version < 1 || version > 3 || bytes[7] !== 0) throw unsupported(`version ${version}.${bytes[7]}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (version > 1 && bytes.length < 12) throw invalid('it ends in the header');
  const begin = version === 1 ? 10 : 12;
  const end = begin + (version === 1 ? view.getUint16(8, true) : view.getUint32(8, true));
  if (end > bytes.length) throw invalid(`a header up to byte ${end} in a file of ${bytes.length}`);
  const { descr, isFortran, shape, size } = readHeader(bytes.subarray(begin, end));

  const code = descr.slice(1);
  const isHalf = code === 'f2';
  if (descr[0] !== '<' || !(isHalf || Object.hasOwn(KINDS, code))) throw unsupported(`numbers of type ${descr}; astype('<f4') makes F32 of them`);
  if (isHalf && options.widen !== true) throw unsupported('numbers of type <f2; the option widen reads them as F32');
  const width = isHalf ? 2 : bytesPerValue(KINDS[code as keyof typeof KINDS]);
  const numbers = bytes.subarray(end);
  if (size * width !== numbers.length) throw invalid(`${shapeText(shape)} of ${descr} takes ${size * width} bytes, ${numbers.length} are there`);
  const data = isHalf ? widenHalves(numbers, false) : readNumbers(KINDS[code as keyof typeof KINDS], numbers);
  return { shape, data: isFortran && shape.length > 1 ? rowMajor(shape, data) : data };
}

/**
 * A .npy file, version 1.0, as numpy writes it. Throws as `manifestOf`.
 * @example
 * ```ts
 * import { encodeNpy } from '@xaynet/participant/npy';
 * encodeNpy({ shape: [3], data: Float32Array.of(1, 2, 3) }).length; // 140: 128 of header, 4 a number
 * ```
 */
export function encodeNpy(tensor: Tensor): Uint8Array {
  const { shape, dtype } = manifestOf({ array: tensor }).tensors[0]!;
  const descr = codeOf(dtype);
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = toUtf8(`{'descr': '<${descr}', 'fortran_order': False, 'shape': (${sizes}), }`)!;
  const numbers = writeNumbers(tensor.data);
  // Numbers begin at a multiple of 64 bytes; the header ends with a line break.
  const begin = Math.ceil((10 + text.length + 1) / 64) * 64;
  const bytes = new Uint8Array(begin + numbers.length).fill(0x20, 0, begin);
  bytes.set(MAGIC);
  bytes.set([1, 0, (begin - 10) & 255, (begin - 10) >> 8], 6);
  bytes.set(text, 10);
  bytes[begin - 1] = 0x0a;
  bytes.set(numbers, begin);
  return bytes;
}

function codeOf(dtype: DataType): string {
  return Object.entries(KINDS).find(([, known]) => known === dtype)![0];
}

interface Header {
  readonly descr: string;
  readonly isFortran: boolean;
  readonly shape: readonly number[];
  readonly size: number;
}

const ENTRY = /'(descr|fortran_order|shape)'\s*:\s*(?:'([^'\\]{1,9})'|(True|False)|\(((?:\s*\d{1,16}\s*,)*(?:\s*\d{1,16})?)\s*\))\s*/y;

function readHeader(bytes: Uint8Array): Header {
  const text = fromUtf8(bytes)?.trim() ?? '';
  if (text[0] !== '{' || !text.endsWith('}')) throw invalid('the header is not a dictionary');
  const found: Record<string, string> = {};
  let at = 1;
  while (/\s/.test(text[at]!)) at++;
  while (at < text.length - 1) {
    ENTRY.lastIndex = at;
    const match = ENTRY.exec(text);
    if (match === null) throw text.includes("'descr': [") ? unsupported('an array of records') : invalid('the header is not that of an array of numbers');
    const [whole, key, name, flag, sizes] = match;
    const value = { descr: name, fortran_order: flag, shape: sizes }[key!];
    if (value === undefined || Object.hasOwn(found, key!)) throw invalid(`the header says ${whole}`);
    found[key!] = value;
    at = ENTRY.lastIndex;
    if (text[at] === ',') at++;
    else if (at < text.length - 1) throw invalid('the header is not that of an array of numbers');
    while (/\s/.test(text[at]!)) at++;
  }
  const { descr, fortran_order: order, shape: sizes } = found;
  if (descr === undefined || order === undefined || sizes === undefined) throw invalid('the header lacks descr, fortran_order or shape');
  const shape = sizes.trim() === '' ? [] : sizes.replace(/,\s*$/, '').split(',').map(Number);
  const size = sizeOf(shape);
  if (size === undefined) throw invalid(`shape (${sizes})`);
  return { descr, isFortran: order === 'True', shape, size };
}

/** Numbers of an array whose first index runs fastest, in the order in which the last one does. */
function rowMajor(shape: readonly number[], data: Tensor['data']): Tensor['data'] {
  const out = makeData(dtypeOf(data)!, data.length);
  const steps = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    out[to] = data[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      from += steps[axis]!;
      if (index[axis]! < shape[axis]!) break;
      from -= steps[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

function invalid(found: string): XaynetError {
  return new XaynetError('tensors-file-invalid', shortened(`npy: ${found}`));
}

function unsupported(found: string): XaynetError {
  return new XaynetError('tensors-file-unsupported', shortened(`npy: ${found}`));
}
