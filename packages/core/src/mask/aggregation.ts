// Summing mask objects and unmasking the sum (wire 4.5, 4.6): one packed accumulator, added to in place; every check stands before
// the first byte changes, in the order of the protocol. Masked models and masks are summed by the same class.

import { MaskSeed } from '../bytes/fixed.ts';
import { XaynetError } from '../errors.ts';
import { kernel } from '../kernel/chosen.ts';
import { checkConfigPair, type MaskConfigPair } from './config.ts';
import { addMaskTo } from './masking.ts';
import { emptyMaskObject, isValidMaskObject, type MaskObject } from './object.ts';
import { makeUnmaskedModel, type UnmaskedModel } from './unmasked-model.ts';

/** A sum of mask objects of one configuration and length, and how many they are (wire 4.5). */
export class Aggregation {
  readonly #sum: MaskObject;
  #count = 0;

  /** An empty sum for vectors of `length` elements; throws `config-unknown` and `mask-length`. */
  constructor(config: MaskConfigPair, length: number) {
    checkConfigPair(config);
    this.#sum = emptyMaskObject({ vect: config.vect, unit: config.unit }, length);
  }

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
    if (!Number.isSafeInteger(count) || count < 1) throw new XaynetError('aggregate-count', `${count}`);
    if (!isValidMaskObject(object)) throw new XaynetError('aggregate-invalid-object');
    restored.#replace(object);
    restored.#count = count;
    return restored;
  }

  /** Configurations of vector and unit. */
  get config(): MaskConfigPair {
    return this.#sum.config;
  }

  /** Number of vector elements. */
  get length(): number {
    return this.#sum.length;
  }

  /** Number of objects summed. */
  get count(): number {
    return this.#count;
  }

  /**
   * Whether `object` may be added: throws, first failure first, `aggregate-model-mismatch` (configuration of the vector),
   * `aggregate-scalar-mismatch`, `aggregate-model-mismatch` (length), `aggregate-too-many-models`, `aggregate-too-many-scalars`,
   * `aggregate-invalid-object` (wire 4.5).
   */
  check(object: MaskObject): void {
    const { vect, unit } = this.config;
    if (object.config.vect !== vect) throw new XaynetError('aggregate-model-mismatch', `${object.config.vect.name} given, ${vect.name} expected`);
    if (object.config.unit !== unit) throw new XaynetError('aggregate-scalar-mismatch', `${object.config.unit.name} given, ${unit.name} expected`);
    if (object.length !== this.length) throw new XaynetError('aggregate-model-mismatch', `${object.length} elements given, ${this.length} expected`);
    this.#checkRoom();
    if (!isValidMaskObject(object)) throw new XaynetError('aggregate-invalid-object');
  }

  #checkRoom(): void {
    const { vect, unit } = this.config;
    if (this.#count >= vect.maxModels) throw new XaynetError('aggregate-too-many-models', `${vect.name} holds ${vect.maxModels}`);
    if (this.#count >= unit.maxModels) throw new XaynetError('aggregate-too-many-scalars', `${unit.name} holds ${unit.maxModels}`);
  }

  /** Adds `object` modulo the group orders; throws what {@link Aggregation.check} throws and then leaves the sum as it was. */
  add(object: MaskObject): void {
    this.check(object);
    if (this.#count === 0) {
      this.#replace(object);
    } else {
      kernel.add(this.config.unit, this.#sum.unit, object.unit);
      kernel.add(this.config.vect, this.#sum.vect, object.vect);
    }
    this.#count++;
  }

  /** Adds the mask of `seed` without deriving it elsewhere first; throws the two "too many" codes and `length-mismatch`. */
  addMask(seed: MaskSeed): void {
    this.#checkRoom();
    addMaskTo(this.#sum, MaskSeed(seed));
    this.#count++;
  }

  #replace(object: MaskObject): void {
    this.#sum.vect.set(object.vect);
    this.#sum.unit.set(object.unit);
  }

  /** The sum, as a copy; throws `unmask-no-model` when nothing was added. */
  object(): MaskObject {
    if (this.#count === 0) throw new XaynetError('unmask-no-model');
    return { ...this.#sum, vect: this.#sum.vect.slice(), unit: this.#sum.unit.slice() };
  }

  /**
   * Takes the sum of all masks off this sum of masked models and divides by the sum of the scalars (wire 4.6). Throws, first failure
   * first, `unmask-no-model`, `unmask-too-many-models`, `unmask-too-many-scalars`, `unmask-vect-mismatch`, `unmask-unit-mismatch`,
   * `unmask-invalid-mask`, and `unmask-scalar-sum` when the scalars do not sum to more than 0. That `mask` is the sum of exactly these
   * masks cannot be seen here; {@link UnmaskedModel.withinBound} notices most other masks.
   */
  unmask(mask: MaskObject): UnmaskedModel {
    const { vect, unit } = this.config;
    if (this.#count === 0) throw new XaynetError('unmask-no-model');
    if (this.#count > vect.maxModels) throw new XaynetError('unmask-too-many-models', `${this.#count} in ${vect.name}`);
    if (this.#count > unit.maxModels) throw new XaynetError('unmask-too-many-scalars', `${this.#count} in ${unit.name}`);
    if (mask.config.vect !== vect || mask.length !== this.length) {
      throw new XaynetError('unmask-vect-mismatch', `${mask.length} × ${mask.config.vect.name} given, ${this.length} × ${vect.name} expected`);
    }
    if (mask.config.unit !== unit) throw new XaynetError('unmask-unit-mismatch', `${mask.config.unit.name} given, ${unit.name} expected`);
    if (!isValidMaskObject(mask)) throw new XaynetError('unmask-invalid-mask');
    const sums = this.object();
    kernel.subtract(unit, sums.unit, mask.unit);
    kernel.subtract(vect, sums.vect, mask.vect);
    return makeUnmaskedModel(sums, this.#count);
  }
}
