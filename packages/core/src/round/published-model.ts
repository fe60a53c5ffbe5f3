// A published model as it arrived: its bytes, known to be well formed, and what they say only for who asks. Fractions of big integers
// take some twenty times the memory of the weights, so nobody gets them unasked.

import { Reader } from '../bytes/reader.ts';
import type { DataType, Model, Weights } from '../kernel/kernel.ts';
import type { UnmaskedModel } from '../mask/unmasked-model.ts';
import { MAX_WORDS } from './big-integer.ts';
import { decodeModel, encodeUnmaskedModel } from './model.ts';
import { ModelReader } from './model-reader.ts';
import { readWeight, SMALLEST_WEIGHT } from './weight.ts';

/** A global model as a coordinator publishes it (wire 7.3). */
export interface PublishedModel {
  /** Number of weights. */
  readonly length: number;
  /** The document itself; not to be written to. */
  readonly bytes: Uint8Array;
  /** The weights as primitives, rounded once (floats) or truncated (integers); throws `model-not-representable` (wire 4.7). */
  toWeights(data: 'F32'): Float32Array;
  toWeights(data: 'F64'): Float64Array;
  toWeights(data: 'I32'): Int32Array;
  toWeights(data: 'I64'): BigInt64Array;
  toWeights(data: DataType): Weights;
  /** The weights as fractions in lowest terms. */
  toModel(): Model;
}

/**
 * The model in exactly these bytes, which it keeps; looks at every weight once and converts none. Throws what `decodeModel` throws.
 * @example
 * ```ts
 * import { rational } from '@xaynet/core/mask';
 * import { encodeModel, readModel } from '@xaynet/core/round';
 * const model = readModel(encodeModel([rational(1, 2), rational(1, 10)]));
 * model.toWeights('F32'); // Float32Array [0.5, 0.10000000149011612]: the nearest binary32
 * ```
 */
export function readModel(bytes: Uint8Array): PublishedModel {
  return publishedModel(checkedLength(bytes), bytes);
}

/**
 * An unmasked model as it is published; its bytes are those of `encodeModel(unmasked.toModel())`.
 * @example
 * ```ts
 * import { MaskSeed } from '@xaynet/core/bytes';
 * import { Aggregation, deriveMask, maskModel, parseMaskConfig, scalarFrom } from '@xaynet/core/mask';
 * import { encodeUnmaskedModel, modelBody, publishModel } from '@xaynet/core/round';
 * const vect = parseMaskConfig('Power2/F32/B0/M6');
 * const config = { vect, unit: vect };
 * const seed = MaskSeed(new Uint8Array(32).fill(7));
 * const masked = maskModel({ config, seed, scalar: scalarFrom(1), model: Float32Array.of(0.5, -0.25) });
 * const mean = Aggregation.from(masked).unmask(deriveMask({ config, seed, length: 2 }));
 * publishModel(mean).toWeights('F32'); // Float32Array [0.5, -0.25]
 * encodeUnmaskedModel(mean).length; // 60
 * [...modelBody(mean)].map((piece) => piece.length); // [8, 52]
 * ```
 */
export function publishModel(unmasked: Pick<UnmaskedModel, 'length' | 'fractions'>): PublishedModel {
  return publishedModel(unmasked.length, encodeUnmaskedModel(unmasked));
}

function publishedModel(length: number, bytes: Uint8Array): PublishedModel {
  return {
    length,
    bytes,
    toWeights: ((data: DataType) => {
      const reader = new ModelReader(data, { maxLength: length });
      reader.push(bytes);
      return reader.finish();
    }) as PublishedModel['toWeights'],
    toModel: () => decodeModel(bytes),
  };
}

/** The number of weights of a document that `decodeModel` takes. */
function checkedLength(bytes: Uint8Array): number {
  const reader = new Reader(bytes, 'model');
  const length = reader.count(SMALLEST_WEIGHT);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 8;
  for (let i = 0; i < length; i++) {
    const middle = endOf(view, at);
    const end = endOf(view, middle);
    if (end > 0 && view.getInt8(middle) !== 0) at = end;
    else {
      reader.take(at - reader.offset);
      readWeight(reader, i);
      at = reader.offset;
    }
  }
  reader.take(at - reader.offset);
  reader.end();
  return length;
}

/** Where the integer at `at` ends, when it is certainly one that is taken and, unless its sign is 0, is not 0; else -1. */
function endOf(view: DataView, at: number): number {
  if (at < 0 || at + 9 > view.byteLength) return -1;
  const sign = view.getInt8(at);
  const words = view.getUint32(at + 1, true);
  if (sign < -1 || sign > 1 || words > MAX_WORDS || view.getUint32(at + 5, true) !== 0) return -1;
  const end = at + 9 + 4 * words;
  if (end > view.byteLength || (sign !== 0 && (words === 0 || view.getUint32(end - 4, true) === 0))) return -1;
  return end;
}
