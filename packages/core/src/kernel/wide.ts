// Elements of any width as 32-bit limbs, lowest first: the same three verbs as the narrow ones, again over one step. An order of
// 256^k has one limb or byte more than its elements (wire 3.6); reading past an element's width gives zeros, so nothing is special.

import { integerToLimbs, readWord, writeWord } from './elements.ts';
import type { MaskGenerator } from './generator.ts';
import type { Group } from './kernel.ts';

/** Adds the next draws, one to each element; see {@link Draws}. */
export function addDrawsWide(group: Group, generator: MaskGenerator, accumulator: Uint8Array): void {
  const count = Math.ceil(group.prngBytes / 4);
  const order = integerToLimbs(group.order, count);
  const mask = 0xffff_ffff >>> (8 * (4 * count - group.prngBytes));
  const sum = new Uint32Array(count);
  for (let offset = 0; offset < accumulator.length; offset += group.bytesPerNumber) {
    let at: number;
    do {
      if (generator.end - generator.at < count) generator.refill();
      at = generator.at;
      generator.at += count;
      generator.words[at + count - 1]! &= mask; // the rest of the last word is thrown away
    } while (!isBelow(generator.words, at, order));
    addAt(accumulator, offset, group.bytesPerNumber, generator.words, at, order, sum);
  }
}

/** `accumulator += elements` modulo the order. */
export function addWide(group: Group, accumulator: Uint8Array, elements: Uint8Array): void {
  const width = group.bytesPerNumber;
  const order = integerToLimbs(group.order, Math.ceil(group.prngBytes / 4));
  const addend = new Uint32Array(order.length);
  const sum = new Uint32Array(order.length);
  for (let offset = 0; offset < accumulator.length; offset += width) {
    for (let i = 0; i < addend.length; i++) addend[i] = readWord(elements, offset + 4 * i, width - 4 * i);
    addAt(accumulator, offset, width, addend, 0, order, sum);
  }
}

/** `accumulator -= elements` modulo the order. */
export function subtractWide(group: Group, accumulator: Uint8Array, elements: Uint8Array): void {
  const width = group.bytesPerNumber;
  const order = integerToLimbs(group.order, Math.ceil(group.prngBytes / 4));
  const addend = new Uint32Array(order.length);
  const sum = new Uint32Array(order.length);
  for (let offset = 0; offset < accumulator.length; offset += width) {
    let borrow = 0;
    for (let i = 0; i < addend.length; i++) {
      const difference = order[i]! - readWord(elements, offset + 4 * i, width - 4 * i) - borrow;
      addend[i] = difference;
      borrow = difference < 0 ? 1 : 0;
    }
    addAt(accumulator, offset, width, addend, 0, order, sum);
  }
}

function isBelow(limbs: Uint32Array, at: number, order: Uint32Array): boolean {
  for (let i = order.length - 1; i >= 0; i--) {
    const limb = limbs[at + i]!;
    if (limb !== order[i]) return limb < order[i]!;
  }
  return false;
}

/** Adds the limbs at `addend[at]`, at most the order, to the element at `offset`, which is below the order. */
function addAt(bytes: Uint8Array, offset: number, width: number, addend: Uint32Array, at: number, order: Uint32Array, sum: Uint32Array): void {
  let carry = 0;
  for (let i = 0; i < order.length; i++) {
    const limb = readWord(bytes, offset + 4 * i, width - 4 * i) + addend[at + i]! + carry;
    sum[i] = limb;
    carry = limb > 0xffff_ffff ? 1 : 0;
  }
  if (carry === 1 || !isBelow(sum, 0, order)) {
    let borrow = 0;
    for (let i = 0; i < order.length; i++) {
      const limb = sum[i]! - order[i]! - borrow;
      sum[i] = limb;
      borrow = limb < 0 ? 1 : 0;
    }
  }
  for (let i = 0; 4 * i < width; i++) writeWord(sum[i]!, bytes, offset + 4 * i, width - 4 * i);
}
