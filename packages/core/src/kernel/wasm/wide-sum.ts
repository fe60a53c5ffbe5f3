// The sum of a wide group: packed, as its elements came, and taken through the tiles of the shared instance with what is added. The
// range check is part of the addition; should an element fail it, what was added before is subtracted again.

import type { Draws, Group, Sum } from '../kernel.ts';
import type { Stream } from './draws.ts';
import { tiles } from './engine.ts';
import { INPUT, OUTPUT } from './layout.ts';
import { drawWide } from './wide-draws.ts';
import { GROUP, placeGroup, RESULT, tileOf } from './wide-group.ts';

/** A sum of `length` zeros. */
export class WideSum implements Sum {
  readonly group: Group;
  readonly length: number;
  readonly #elements: Uint8Array;

  /** Takes `length * group.bytesPerNumber` bytes. */
  constructor(group: Group, length: number) {
    this.group = group;
    this.length = length;
    this.#elements = new Uint8Array(length * group.bytesPerNumber);
  }

  add(elements: Uint8Array): boolean {
    const done = combine('addWide', this.group, this.#elements, elements, this.#elements);
    if (done === elements.length) return true;
    const before = this.#elements.subarray(0, done);
    combine('subtractWide', this.group, before, elements.subarray(0, done), before);
    return false;
  }

  addDraws(draws: Draws, from = 0, to: number = this.length): void {
    const { bytes } = tiles();
    const width = this.group.bytesPerNumber;
    const elements = this.#elements.subarray(from * width, to * width);
    drawWide(draws as unknown as Stream, this.group, elements, (first, end) => {
      bytes.set(elements.subarray(first * width, end * width), OUTPUT);
    });
  }

  clear(): void {
    this.#elements.fill(0);
  }

  read(out: Uint8Array): void {
    out.set(this.#elements);
  }

  difference(elements: Uint8Array, out: Uint8Array): boolean {
    return combine('subtractWide', this.group, this.#elements, elements, out) === elements.length;
  }
}

/** Writes `a ± b` over `out`, up to the tile in which an element of `b` is not below the order; returns where that begins, or the end. */
function combine(operation: 'addWide' | 'subtractWide', group: Group, a: Uint8Array, b: Uint8Array, out: Uint8Array): number {
  const { bytes, exports } = tiles();
  const tile = tileOf(group) * group.bytesPerNumber;
  placeGroup(bytes, group);
  for (let from = 0; from < b.length; from += tile) {
    const to = Math.min(from + tile, b.length);
    bytes.set(a.subarray(from, to), OUTPUT);
    bytes.set(b.subarray(from, to), INPUT);
    if (exports[operation](GROUP, OUTPUT, INPUT, (to - from) / group.bytesPerNumber, RESULT) === 0) return from;
    out.set(bytes.subarray(RESULT, RESULT + to - from), from);
  }
  return b.length;
}
