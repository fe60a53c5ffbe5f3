// Where sums of masks are made: in a worker, or without one on the caller's thread. It holds sums by number and nothing else.

import { XaynetError } from '../errors.ts';
import type { MaskConfigPair } from '../mask/config.ts';
import type { ObjectSum } from '../mask/object-sum.ts';
import { addMasks, sumOf } from './masks.ts';
import { type Command, configOf, type Shape, type SumValue, type Values } from './protocol.ts';

/** Elements of the largest sum whose memory is kept for the next: 64 MiB of lanes. */
const MOST_KEPT = 0x80_0000;

/** Carries out the commands of a sum of masks, one after the other. */
export class SumBench<S extends ObjectSum = ObjectSum> {
  readonly #make: (config: MaskConfigPair, length: number) => S;
  readonly #sums = new Map<number, S>();
  #spare: S | undefined;

  /** `make` makes empty sums. */
  constructor(make: (config: MaskConfigPair, length: number) => S) {
    this.#make = make;
  }

  /** The answer to a command; throws what the arithmetic throws. */
  run(command: Command): Values[Command['do']] {
    switch (command.do) {
      case 'add-masks':
        return addMasks(this.sum(command.sum, command.shape), command.seeds);
      case 'take': {
        const value = this.read(command.sum);
        this.#keep(this.known(command.sum));
        this.#sums.delete(command.sum);
        return value;
      }
      default:
        throw new RangeError(`this thread does not ${command.do}`);
    }
  }

  protected sum(number: number, shape: Shape): S {
    const sum = this.#sums.get(number) ?? this.#begin(configOf(shape), shape.length);
    this.#sums.set(number, sum);
    return sum;
  }

  #begin(config: MaskConfigPair, length: number): S {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare?.length === length && spare.config.vect === config.vect && spare.config.unit === config.unit) return spare;
    return this.#make(config, length);
  }

  /** Keeps the memory of one sum for the next of its kind: memory from the system costs more than the first mask that is added there. */
  #keep(sum: S): void {
    if (sum.length > MOST_KEPT) return;
    sum.clear();
    this.#spare = sum;
  }

  protected known(number: number): S {
    const sum = this.#sums.get(number);
    if (sum === undefined) throw new XaynetError('unmask-no-model');
    return sum;
  }

  protected read(number: number): SumValue {
    return sumOf(this.known(number));
  }
}
