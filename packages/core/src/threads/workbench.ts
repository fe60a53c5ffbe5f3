// Where commands are carried out: in a worker, or without one on the caller's thread. It holds sums by number and nothing else.

import { concatBytes } from '../bytes/compare.ts';
import { MaskSeed } from '../bytes/fixed.ts';
import { XaynetError } from '../errors.ts';
import { Aggregation } from '../mask/aggregation.ts';
import type { MaskConfigPair } from '../mask/config.ts';
import { isValidMaskObject, type MaskObject } from '../mask/object.ts';
import {
  type Command,
  configOf,
  type PackedObject,
  pack,
  type Result,
  type Shape,
  type SumValue,
  type UnmaskedValue,
  unpack,
  type Values,
} from './protocol.ts';

/** Elements of the largest sum whose memory is kept for the next: 64 MiB of lanes. */
const MOST_KEPT = 0x80_0000;

/** Carries out one command after the other. */
export class Workbench {
  readonly #sums = new Map<number, Aggregation>();
  readonly #checked = new Map<number, MaskObject>();
  #spare: Aggregation | undefined;

  /** The answer to a command; throws what the arithmetic throws. */
  run(command: Command): Values[Command['do']] {
    switch (command.do) {
      case 'add-masks':
        return this.#addMasks(this.#sum(command.sum, command.shape), command.seeds);
      case 'check':
        return this.#check(command.sum, unpack(command.object));
      case 'add':
        return this.#add(command.sum);
      case 'read':
        return this.#read(command.sum);
      case 'take': {
        const value = this.#read(command.sum);
        this.#keep(this.#known(command.sum));
        this.#sums.delete(command.sum);
        return value;
      }
      case 'unmask-sum':
        return unmasked(this.#known(command.sum), command.mask, command.data);
      case 'unmask':
        return unmasked(Aggregation.restore(unpack(command.object), command.count), command.mask, command.data);
    }
  }

  #sum(number: number, shape: Shape): Aggregation {
    const sum = this.#sums.get(number) ?? this.#begin(configOf(shape), shape.length);
    this.#sums.set(number, sum);
    return sum;
  }

  #begin(config: MaskConfigPair, length: number): Aggregation {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare?.length === length && spare.config.vect === config.vect && spare.config.unit === config.unit) return spare;
    return new Aggregation(config, length);
  }

  /** Keeps the memory of one sum for the next of its kind: memory from the system costs more than the first mask that is added there. */
  #keep(sum: Aggregation): void {
    if (sum.length > MOST_KEPT) return;
    sum.clear();
    this.#spare = sum;
  }

  #addMasks(sum: Aggregation, seeds: Uint8Array): number {
    const start = Date.now();
    try {
      for (let at = 0; at < seeds.length; at += MaskSeed.LENGTH) sum.addMask(MaskSeed(seeds.subarray(at, at + MaskSeed.LENGTH)));
      return Date.now() - start;
    } finally {
      seeds.fill(0);
    }
  }

  #check(number: number, object: MaskObject): boolean {
    this.#checked.delete(number);
    if (!isValidMaskObject(object)) return false;
    this.#checked.set(number, object);
    return true;
  }

  #add(number: number): undefined {
    const object = this.#checked.get(number)!;
    this.#checked.delete(number);
    this.#sum(number, pack(object)).add(object);
  }

  #known(number: number): Aggregation {
    const sum = this.#sums.get(number);
    if (sum === undefined) throw new XaynetError('unmask-no-model');
    return sum;
  }

  #read(number: number): SumValue {
    const sum = this.#known(number);
    return { object: pack(sum.object()), count: sum.count };
  }
}

function unmasked(sum: Aggregation, mask: PackedObject, data: Result): UnmaskedValue {
  const model = sum.unmask(unpack(mask));
  const result = data === 'fractions' ? concatBytes(...model.fractions()) : model.toWeights(data);
  return { result, scalarSum: model.scalarSum, withinBound: model.withinBound() };
}
