// A sum of mask objects that can be kept and unmasked (wire 4.5, 4.6): what a coordinator does, on top of summing.

import { XaynetError } from '../errors.ts';
import { checkMask, checkShape } from './checks.ts';
import { emptyMaskObject, isValidMaskObject, type MaskObject } from './object.ts';
import { checkCount, ObjectSum } from './object-sum.ts';
import { makeUnmaskedModel, type UnmaskedModel } from './unmasked-model.ts';

/** A sum of mask objects of one configuration and length, and how many they are (wire 4.5). */
export class Aggregation extends ObjectSum {
  /** The sum of one object, which is copied; throws `aggregate-invalid-object`. */
  static from(object: MaskObject): Aggregation {
    return Aggregation.restore(object, 1);
  }

  /**
   * A sum as {@link Aggregation.object} and {@link Aggregation.count} gave it, copied; throws `aggregate-count` unless the count is a
   * positive integer, and `aggregate-invalid-object`.
   */
  static restore(object: MaskObject, count: number): Aggregation {
    const restored = new Aggregation(object.config, object.length);
    checkCount(count);
    restored.addElements(object, count);
    return restored;
  }

  /**
   * Whether `object` may be added: throws, first failure first, `aggregate-model-mismatch` (configuration of the vector),
   * `aggregate-scalar-mismatch`, `aggregate-model-mismatch` (length), `aggregate-too-many-models`, `aggregate-too-many-scalars`,
   * `aggregate-invalid-object` (wire 4.5).
   */
  check(object: MaskObject): void {
    checkShape(this, object);
    if (!isValidMaskObject(object)) throw new XaynetError('aggregate-invalid-object');
  }

  /**
   * Takes the sum of all masks off this sum of masked models and divides by the sum of the scalars (wire 4.6). Throws, first failure
   * first, `unmask-no-model`, `unmask-too-many-models`, `unmask-too-many-scalars`, `unmask-vect-mismatch`, `unmask-unit-mismatch`,
   * `unmask-invalid-mask`, and `unmask-scalar-sum` when the scalars do not sum to more than 0. That `mask` is the sum of exactly these
   * masks cannot be seen here; {@link UnmaskedModel.withinBound} notices most other masks.
   */
  unmask(mask: MaskObject): UnmaskedModel {
    const { vect, unit } = this.config;
    if (this.count === 0) throw new XaynetError('unmask-no-model');
    if (this.count > vect.maxModels) throw new XaynetError('unmask-too-many-models', `${this.count} in ${vect.name}`);
    if (this.count > unit.maxModels) throw new XaynetError('unmask-too-many-scalars', `${this.count} in ${unit.name}`);
    checkMask(this, mask);
    const sums = emptyMaskObject(this.config, this.length);
    if (!this.unit.difference(mask.unit, sums.unit) || !this.vect.difference(mask.vect, sums.vect)) throw new XaynetError('unmask-invalid-mask');
    return makeUnmaskedModel(sums, this.count);
  }
}
