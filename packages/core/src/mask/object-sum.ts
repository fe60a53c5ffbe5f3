// Summing mask objects (wire 4.5): one accumulator in the kernel's own form; objects are checked and added where they lie, checks in the
// order of the protocol, and a refused object leaves no trace. Masked models and masks are summed alike; this is all that a participant
// does with sums, and apart from what comes after (aggregation.ts), so that a page need not load that.

import { MaskSeed } from '../bytes/fixed.ts';
import { XaynetError } from '../errors.ts';
import { kernel } from '../kernel/chosen.ts';
import type { Kernel, Sum } from '../kernel/kernel.ts';
import { checkRoom, checkShape, hasItsLengths } from './checks.ts';
import { checkConfigPair, type MaskConfigPair } from './config.ts';
import { checkLength, emptyMaskObject, type MaskObject } from './object.ts';

/**
 * A sum of mask objects of one configuration and length, and how many they are (wire 4.5); see {@link Aggregation}, which can be unmasked.
 * @example
 * ```ts
 * import { MaskSeed } from '@xaynet/core/bytes';
 * import { ObjectSum, parseMaskConfig } from '@xaynet/core/mask';
 *
 * const vect = parseMaskConfig('Power2/F32/B0/M6');
 * const masks = new ObjectSum({ vect, unit: vect }, 1000);
 * for (const byte of [1, 2, 3]) masks.addMask(MaskSeed(new Uint8Array(32).fill(byte)));
 * masks.object().vect.length; // 7000: seven bytes an element
 * ```
 */
export class ObjectSum {
  /** Configurations of vector and unit. */
  readonly config: MaskConfigPair;
  readonly #kernel: Kernel = kernel(); // sums and draws are of one kernel
  /** The kernel's sum of the vectors. */
  protected readonly vect: Sum;
  /** The kernel's sum of the units. */
  protected readonly unit: Sum;
  #count = 0;

  /** An empty sum for vectors of `length` elements; throws `config-unknown` and `mask-length`. */
  constructor(config: MaskConfigPair, length: number) {
    checkConfigPair(config);
    checkLength(length);
    this.config = { vect: config.vect, unit: config.unit };
    this.unit = this.#kernel.sum(config.unit, 1);
    this.vect = this.#kernel.sum(config.vect, length);
  }

  /** Number of vector elements. */
  get length(): number {
    return this.vect.length;
  }

  /** Number of objects summed. */
  get count(): number {
    return this.#count;
  }

  /** Adds `object` modulo the group orders; throws what {@link Aggregation.check} throws and then leaves the sum as it was. */
  add(object: MaskObject): void {
    checkShape(this, object);
    this.addElements(object, 1);
  }

  /**
   * Adds `object`, itself the sum of `count` objects, as {@link ObjectSum.object} gave it; throws what {@link Aggregation.check} throws,
   * `aggregate-count`, and then leaves the sum as it was.
   */
  addSum(object: MaskObject, count: number): void {
    checkCount(count);
    checkShape(this, object, count);
    this.addElements(object, count);
  }

  /** Checks and adds in one pass over the vector, as the sum of `count`; throws `aggregate-invalid-object`, and leaves the sum as it was, for what is no element. */
  protected addElements(object: MaskObject, count: number): void {
    if (!this.#areAdded(object)) throw new XaynetError('aggregate-invalid-object');
    this.#count += count;
  }

  #areAdded(object: MaskObject): boolean {
    const { vect, unit, config } = object;
    if (!hasItsLengths(object)) return false;
    return this.#kernel.inRange(config.unit, unit, 0n, config.unit.order) && this.vect.add(vect) && this.unit.add(unit);
  }

  /** Adds the mask of `seed` without deriving it elsewhere first; throws the two "too many" codes and `length-mismatch`. */
  addMask(seed: MaskSeed): void {
    this.addMaskInPieces(seed, this.length).next(); // one piece: the first step is the last
  }

  /**
   * The same as {@link ObjectSum.addMask}, `size` elements at a time: each step of the iterator adds so many, an unfinished one leaves
   * the sum of no use. For threads that must answer others in between.
   */
  *addMaskInPieces(seed: MaskSeed, size: number): Generator<undefined, void> {
    checkRoom(this.config, this.#count + 1);
    const draws = this.#kernel.draws(MaskSeed(seed));
    this.unit.addDraws(draws);
    for (let from = 0; from < this.length; from += size) {
      if (from > 0) yield;
      this.vect.addDraws(draws, from, Math.min(from + size, this.length));
    }
    this.#count++;
  }

  /** Makes it an empty sum again, in the memory that it has; nothing of what was added stays there. */
  clear(): void {
    this.vect.clear();
    this.unit.clear();
    this.#count = 0;
  }

  /** The sum, as a copy; throws `unmask-no-model` when nothing was added. */
  object(): MaskObject {
    if (this.#count === 0) throw new XaynetError('unmask-no-model');
    const object = emptyMaskObject(this.config, this.length);
    this.vect.read(object.vect);
    this.unit.read(object.unit);
    return object;
  }
}

/** Throws `aggregate-count` unless the count is a positive integer. */
export function checkCount(count: number): void {
  if (!Number.isSafeInteger(count) || count < 1) throw new XaynetError('aggregate-count', `${count}`);
}
