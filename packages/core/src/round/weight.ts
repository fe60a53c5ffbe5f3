// One weight of a published model: two signed big integers, in any of the shapes that are taken (wire 7.3, 7.4).

import type { Reader } from '../bytes/reader.ts';
import { XaynetError } from '../errors.ts';
import { type Rational, rational } from '../mask/model.ts';
import { readSigned } from './big-integer.ts';

/** Bytes of sign and word count of numerator and denominator: what no weight can do without. */
export const SMALLEST_WEIGHT: number = 2 * (1 + 8);

/** The next weight, number `i` of its model, in lowest terms; throws as `decodeModel` does. */
export function readWeight(reader: Reader, i: number): Rational {
  const numerator = readSigned(reader);
  const denominator = readSigned(reader);
  if (denominator === 0n) throw new XaynetError('decode-zero-denominator', `weight ${i}`);
  return rational(numerator, denominator);
}
