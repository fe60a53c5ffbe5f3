// Models as files: a JSON array of numbers (.json), or raw little-endian floats of 32 or 64 bits (.f32, .f64), which every
// numerical library can write and read in one line (numpy: `weights.astype("<f4").tofile(name)`).

import { XaynetError } from '@xaynet/core/errors';

/** Formats by the ending of a file's name. */
export type ModelFormat = 'json' | 'f32' | 'f64';

/** The format that the name `path` announces; throws `model-file-invalid` for other endings. */
export function modelFormat(path: string): ModelFormat {
  const ending = /\.(json|f32|f64)$/.exec(path)?.[1];
  if (ending === undefined) throw new XaynetError('model-file-invalid', `${path}: the name must end in .json, .f32 or .f64`);
  return ending as ModelFormat;
}

/** The weights in `bytes` of the file `path`: f32 for .f32, f64 otherwise; throws `model-file-invalid` naming the first bad weight. */
export function decodeModelFile(bytes: Uint8Array, path: string): Float32Array | Float64Array {
  const wrong = (what: string): XaynetError => new XaynetError('model-file-invalid', `${path}: ${what}`);
  const format = modelFormat(path);
  let weights: Float32Array | Float64Array;
  if (format === 'json') {
    let content: unknown;
    try {
      content = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    } catch {
      throw wrong('not JSON');
    }
    if (!Array.isArray(content) || content.some((value) => typeof value !== 'number')) throw wrong('not an array of numbers');
    weights = Float64Array.from(content as number[]);
  } else {
    const width = format === 'f32' ? 4 : 8;
    if (bytes.length % width !== 0) throw wrong(`${bytes.length} bytes are not a multiple of ${width}`);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    weights = format === 'f32' ? new Float32Array(bytes.length / 4) : new Float64Array(bytes.length / 8);
    for (let i = 0; i < weights.length; i++) weights[i] = format === 'f32' ? view.getFloat32(4 * i, true) : view.getFloat64(8 * i, true);
  }
  if (weights.length === 0) throw wrong('no weights');
  const bad = weights.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw wrong(`weight ${bad} is ${weights[bad]}`);
  return weights;
}

/** `weights` as the contents of a file of this format. */
export function encodeModelFile(weights: ArrayLike<number>, format: ModelFormat): Uint8Array {
  if (format === 'json') return new TextEncoder().encode(`${JSON.stringify(Array.from(weights))}\n`);
  const width = format === 'f32' ? 4 : 8;
  const bytes = new Uint8Array(weights.length * width);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < weights.length; i++) {
    if (format === 'f32') view.setFloat32(4 * i, weights[i]!, true);
    else view.setFloat64(8 * i, weights[i]!, true);
  }
  return bytes;
}
