// A sum that stays packed, as its elements came: what the plain kernel adds to, and any kernel where the vector is too small or too
// large for a form of its own. Elements are checked before the first one is added.

import { everyInRange } from './elements.ts';
import type { Draws, Group, Sum } from './kernel.ts';

/** In-place arithmetic on packed elements that are all below the order. */
export interface PackedArithmetic {
  add(group: Group, accumulator: Uint8Array, elements: Uint8Array): void;
  subtract(group: Group, accumulator: Uint8Array, elements: Uint8Array): void;
  addDraws(group: Group, draws: Draws, accumulator: Uint8Array): void;
}

/** A sum of `length` zeros that is kept packed and added to by `arithmetic`. */
export class PackedSum implements Sum {
  readonly group: Group;
  readonly length: number;
  readonly #elements: Uint8Array;
  readonly #arithmetic: PackedArithmetic;

  /** Takes `length * group.bytesPerNumber` bytes. */
  constructor(group: Group, length: number, arithmetic: PackedArithmetic) {
    this.group = group;
    this.length = length;
    this.#elements = new Uint8Array(length * group.bytesPerNumber);
    this.#arithmetic = arithmetic;
  }

  add(elements: Uint8Array): boolean {
    if (!this.#areElements(elements)) return false;
    this.#arithmetic.add(this.group, this.#elements, elements);
    return true;
  }

  addDraws(draws: Draws, from = 0, to: number = this.length): void {
    const width = this.group.bytesPerNumber;
    this.#arithmetic.addDraws(this.group, draws, this.#elements.subarray(from * width, to * width));
  }

  clear(): void {
    this.#elements.fill(0);
  }

  read(out: Uint8Array): void {
    out.set(this.#elements);
  }

  difference(elements: Uint8Array, out: Uint8Array): boolean {
    if (!this.#areElements(elements)) return false;
    out.set(this.#elements);
    this.#arithmetic.subtract(this.group, out, elements);
    return true;
  }

  #areElements(elements: Uint8Array): boolean {
    return everyInRange(this.group.bytesPerNumber, elements, 0n, this.group.order);
  }
}
