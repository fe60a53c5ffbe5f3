// Where all commands are carried out: those of sums of masks, and those of sums in slices and of unmasking.

import { concatBytes } from '../bytes/compare.ts';
import { Aggregation } from '../mask/aggregation.ts';
import { isValidMaskObject, type MaskObject } from '../mask/object.ts';
import { type Command, type PackedObject, pack, type Result, type UnmaskedValue, unpack, type Values } from './protocol.ts';
import { SumBench } from './sum-bench.ts';

/** Carries out one command after the other. */
export class Workbench extends SumBench<Aggregation> {
  readonly #checked = new Map<number, MaskObject>();

  constructor() {
    super((config, length) => new Aggregation(config, length));
  }

  /** The answer to a command; throws what the arithmetic throws. */
  override run(command: Command): Values[Command['do']] {
    switch (command.do) {
      case 'check':
        return this.#check(command.sum, unpack(command.object));
      case 'add':
        return this.#add(command.sum);
      case 'read':
        return this.read(command.sum);
      case 'unmask-sum':
        return unmasked(this.known(command.sum), command.mask, command.data);
      case 'unmask':
        return unmasked(Aggregation.restore(unpack(command.object), command.count), command.mask, command.data);
      default:
        return super.run(command);
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
    this.sum(number, pack(object)).add(object);
  }
}

function unmasked(sum: Aggregation, mask: PackedObject, data: Result): UnmaskedValue {
  const model = sum.unmask(unpack(mask));
  const result = data === 'fractions' ? concatBytes(...model.fractions()) : model.toWeights(data);
  return { result, scalarSum: model.scalarSum, withinBound: model.withinBound() };
}
