// The published global model: exact fractions (wire 7.3). Written in lowest terms, so that equal models are equal bytes; read with
// the tolerance of wire 7.4, and always given back in lowest terms. Whoever has packed sums, or wants primitives, needs no fraction a
// weight: modelBody writes from the former, model-reader.ts reads into the latter.

import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { type Model, type Rational, rational } from '../mask/model.ts';
import type { UnmaskedModel } from '../mask/unmasked-model.ts';
import { magnitudeSize, writeSigned } from './big-integer.ts';
import { readWeight, SMALLEST_WEIGHT } from './weight.ts';

/**
 * The bytes of a model: 8, and for each weight two signed big integers (wire 7.3). Fractions that are not in lowest terms are
 * reduced first. Throws `rational-invalid` for a zero denominator.
 * @example
 * ```ts
 * import { rational } from '@xaynet/core/mask';
 * import { decodeModel, encodeModel } from '@xaynet/core/round';
 * const bytes = encodeModel([rational(1, 2), rational(0)]); // 56 bytes: 8, 26 and 22
 * decodeModel(bytes)[0]; // { numerator: 1n, denominator: 2n }
 * ```
 */
export function encodeModel(model: Model): Uint8Array {
  const reduced = model.map(({ numerator, denominator }) => rational(numerator, denominator));
  let size = 8;
  for (const { numerator, denominator } of reduced) size += 2 + magnitudeSize(numerator) + magnitudeSize(denominator);
  const writer = new Writer(size).u64le(reduced.length);
  for (const { numerator, denominator } of reduced) {
    writeSigned(writer, numerator);
    writeSigned(writer, denominator);
  }
  return writer.finish();
}

/** {@link encodeModel} of an unmasked model, piece by piece: the count of 8 bytes, then whole fractions, some 128 KiB a piece (wire 7.3). */
export function* modelBody(unmasked: Pick<UnmaskedModel, 'length' | 'fractions'>): Generator<Uint8Array, void, undefined> {
  yield new Writer(8).u64le(unmasked.length).finish();
  yield* unmasked.fractions();
}

/** The pieces of {@link modelBody} as one, never held twice: they are made a first time to learn their size. */
export function encodeUnmaskedModel(unmasked: Pick<UnmaskedModel, 'length' | 'fractions'>): Uint8Array {
  let size = 0;
  for (const piece of modelBody(unmasked)) size += piece.length;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of modelBody(unmasked)) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/**
 * The model in exactly these bytes, in lowest terms with positive denominators (wire 7.3, 7.4). High zero words, a sign without
 * magnitude and a magnitude without sign (both are 0) are normalised. Throws `decode-truncated`, `decode-trailing`,
 * `decode-sign`, `decode-zero-denominator`, and `decode-number` for a number of more than 8192 bits, which no round produces.
 */
export function decodeModel(bytes: Uint8Array): Model {
  const reader = new Reader(bytes, 'model');
  const count = reader.count(SMALLEST_WEIGHT);
  const model: Rational[] = [];
  for (let i = 0; i < count; i++) model.push(readWeight(reader, i));
  reader.end();
  return model;
}
