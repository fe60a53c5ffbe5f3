// The checks of a sum that need no look at an element (wire 4.5, 4.6), each in the order of the protocol: for a sum in one piece and for one
// whose vector lies in slices.

import { XaynetError } from '../errors.ts';
import type { MaskConfigPair } from './config.ts';
import type { MaskObject } from './object.ts';

/** A sum, as far as the checks look at it. */
interface Summed {
  readonly config: MaskConfigPair;
  readonly length: number;
  readonly count: number;
}

/** Throws the two "too many" codes of adding when `count` objects are more than the configurations hold. */
export function checkRoom({ vect, unit }: MaskConfigPair, count: number): void {
  if (count > vect.maxModels) throw new XaynetError('aggregate-too-many-models', `${vect.name} holds ${vect.maxModels}`);
  if (count > unit.maxModels) throw new XaynetError('aggregate-too-many-scalars', `${unit.name} holds ${unit.maxModels}`);
}

/** Throws what `Aggregation.check` throws of `object`, itself `terms` objects; elements and byte lengths aside. */
export function checkShape(sum: Summed, object: MaskObject, terms = 1): void {
  const { vect, unit } = sum.config;
  if (object.config.vect !== vect) throw new XaynetError('aggregate-model-mismatch', `${object.config.vect.name} given, ${vect.name} expected`);
  if (object.config.unit !== unit) throw new XaynetError('aggregate-scalar-mismatch', `${object.config.unit.name} given, ${unit.name} expected`);
  if (object.length !== sum.length) throw new XaynetError('aggregate-model-mismatch', `${object.length} elements given, ${sum.length} expected`);
  checkRoom(sum.config, sum.count + terms);
}

/** Whether the byte lengths are those that configurations and length of the object say. */
export function hasItsLengths({ config, length, vect, unit }: MaskObject): boolean {
  return vect.length === length * config.vect.bytesPerNumber && unit.length === config.unit.bytesPerNumber;
}

/** Throws what `Aggregation.unmask` throws of the shape of a mask; elements aside. */
export function checkMask(sum: Omit<Summed, 'count'>, mask: MaskObject): void {
  const { vect, unit } = sum.config;
  if (mask.config.vect !== vect || mask.length !== sum.length) {
    throw new XaynetError('unmask-vect-mismatch', `${mask.length} × ${mask.config.vect.name} given, ${sum.length} × ${vect.name} expected`);
  }
  if (mask.config.unit !== unit) throw new XaynetError('unmask-unit-mismatch', `${mask.config.unit.name} given, ${unit.name} expected`);
  if (!hasItsLengths(mask)) throw new XaynetError('unmask-invalid-mask');
}
