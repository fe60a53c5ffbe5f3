// Summing mask objects and unmasking the sum (wire 4.5, 4.6): one accumulator in the kernel's own form; objects are checked and added
// where they lie, checks in the order of the protocol, and a refused object leaves no trace. Masked models and masks are summed alike.

import { MaskSeed } from '../bytes/fixed.ts';
import { XaynetError } from '../errors.ts';
import { kernel } from '../kernel/chosen.ts';
import type { Kernel, Sum } from '../kernel/kernel.ts';
import { checkMask, checkRoom, checkShape, hasItsLengths } from './checks.ts';
import { checkConfigPair, type MaskConfigPair } from './config.ts';
import { checkLength, emptyMaskObject, isValidMaskObject, type MaskObject } from './object.ts';
import { makeUnmaskedModel, type UnmaskedModel } from './unmasked-model.ts';

/** A sum of mask objects of one configuration and length, and how many they are (wire 4.5). */
export class Aggregation {
  /** Configurations of vector and unit. */
  readonly config: MaskConfigPair;
  readonly #kernel: Kernel = kernel(); // sums and draws are of one kernel
  readonly #vect: Sum;
  readonly #unit: Sum;
  #count = 0;

  /** An empty sum for vectors of `length` elements; throws `config-unknown` and `mask-length`. */
  constructor(config: MaskConfigPair, length: number) {
    checkConfigPair(config);
    checkLength(length);
    this.config = { vect: config.vect, unit: config.unit };
    this.#unit = this.#kernel.sum(config.unit, 1);
    this.#vect = this.#kernel.sum(config.vect, length);
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
    if (!restored.#addElements(object)) throw new XaynetError('aggregate-invalid-object');
    restored.#count = count;
    return restored;
  }

  /** Number of vector elements. */
  get length(): number {
    return this.#vect.length;
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
    checkShape(this, object);
    if (!isValidMaskObject(object)) throw new XaynetError('aggregate-invalid-object');
  }

  /** Adds `object` modulo the group orders; throws what {@link Aggregation.check} throws and then leaves the sum as it was. */
  add(object: MaskObject): void {
    checkShape(this, object);
    if (!this.#addElements(object)) throw new XaynetError('aggregate-invalid-object');
    this.#count++;
  }

  /**
   * Adds `object`, itself the sum of `count` objects, as {@link Aggregation.object} gave it; throws what {@link Aggregation.check} throws,
   * `aggregate-count`, and then leaves the sum as it was.
   */
  addSum(object: MaskObject, count: number): void {
    if (!Number.isSafeInteger(count) || count < 1) throw new XaynetError('aggregate-count', `${count}`);
    checkShape(this, object, count);
    if (!this.#addElements(object)) throw new XaynetError('aggregate-invalid-object');
    this.#count += count;
  }

  /** Checks and adds in one pass over the vector; false, and the sum as it was, for what is no element. */
  #addElements(object: MaskObject): boolean {
    const { vect, unit, config } = object;
    if (!hasItsLengths(object)) return false;
    return this.#kernel.inRange(config.unit, unit, 0n, config.unit.order) && this.#vect.add(vect) && this.#unit.add(unit);
  }

  /** Adds the mask of `seed` without deriving it elsewhere first; throws the two "too many" codes and `length-mismatch`. */
  addMask(seed: MaskSeed): void {
    this.addMaskInPieces(seed, this.length).next(); // one piece: the first step is the last
  }

  /**
   * The same as {@link Aggregation.addMask}, `size` elements at a time: each step of the iterator adds so many, an unfinished one leaves
   * the sum of no use. For threads that must answer others in between.
   */
  *addMaskInPieces(seed: MaskSeed, size: number): Generator<undefined, void> {
    checkRoom(this.config, this.#count + 1);
    const draws = this.#kernel.draws(MaskSeed(seed));
    this.#unit.addDraws(draws);
    for (let from = 0; from < this.length; from += size) {
      if (from > 0) yield;
      this.#vect.addDraws(draws, from, Math.min(from + size, this.length));
    }
    this.#count++;
  }

  /** Makes it an empty sum again, in the memory that it has; nothing of what was added stays there. */
  clear(): void {
    this.#vect.clear();
    this.#unit.clear();
    this.#count = 0;
  }

  /** The sum, as a copy; throws `unmask-no-model` when nothing was added. */
  object(): MaskObject {
    if (this.#count === 0) throw new XaynetError('unmask-no-model');
    const object = emptyMaskObject(this.config, this.length);
    this.#vect.read(object.vect);
    this.#unit.read(object.unit);
    return object;
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
    checkMask(this, mask);
    const sums = emptyMaskObject(this.config, this.length);
    if (!this.#unit.difference(mask.unit, sums.unit) || !this.#vect.difference(mask.vect, sums.vect)) throw new XaynetError('unmask-invalid-mask');
    return makeUnmaskedModel(sums, this.#count);
  }
}
