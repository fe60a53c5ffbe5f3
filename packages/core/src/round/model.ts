// The published global model: exact fractions (wire 7.3). Written in lowest terms, so that equal models are equal bytes; read with
// the tolerance of wire 7.4, and always given back in lowest terms.

import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { XaynetError } from '../errors.ts';
import { type Model, type Rational, rational } from '../mask/model.ts';
import { magnitudeSize, readSigned, writeSigned } from './big-integer.ts';

// Sign and word count of numerator and denominator: what no weight can do without.
const SMALLEST_WEIGHT = 2 * (1 + 8);

/**
 * The bytes of a model: 8, and for each weight two signed big integers (wire 7.3). Fractions that are not in lowest terms are
 * reduced first. Throws `rational-invalid` for a zero denominator.
 * @example
 * ```ts
 * import { rational } from '@xaynet/core/mask';
 * import { decodeModel, encodeModel } from '@xaynet/core/round';
 * const bytes = encodeModel([rational(1, 2), rational(0)]); // 8 + 26 + 22 bytes
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

/**
 * The model in exactly these bytes, in lowest terms with positive denominators (wire 7.3, 7.4). High zero words, a sign without
 * magnitude and a magnitude without sign (both are 0) are normalised. Throws `decode-truncated`, `decode-trailing`,
 * `decode-sign`, `decode-zero-denominator`, and `decode-number` for a number of more than 8192 bits, which no round produces.
 */
export function decodeModel(bytes: Uint8Array): Model {
  const reader = new Reader(bytes, 'model');
  const count = reader.count(SMALLEST_WEIGHT);
  const model: Rational[] = [];
  for (let i = 0; i < count; i++) {
    const numerator = readSigned(reader);
    const denominator = readSigned(reader);
    if (denominator === 0n) throw new XaynetError('decode-zero-denominator', `weight ${i}`);
    model.push(rational(numerator, denominator));
  }
  reader.end();
  return model;
}
