// Elements of five to eight bytes as two 32-bit words on plain numbers: no big integer, no allocation per element. Draws, addition
// and subtraction share one step, `addAt`; subtracting b is adding order - b.

import { readWord } from './elements.ts';
import type { MaskGenerator } from './generator.ts';
import type { Group } from './kernel.ts';

/** Whether elements fit: two words with two bits to spare, so that no intermediate leaves 32 bits above the low word. */
export function isNarrow(group: Group): boolean {
  return group.bytesPerNumber > 4 && group.prngBytes <= 8 && group.order < 1n << 62n;
}

/** Adds the next draws, one to each element; see {@link Draws}. */
export function addDrawsNarrow(group: Group, generator: MaskGenerator, accumulator: Uint8Array): void {
  const width = group.bytesPerNumber;
  const orderLow = Number(group.order & 0xffff_ffffn);
  const orderHigh = Number(group.order >> 32n);
  const mask = group.prngBytes === 8 ? -1 : (1 << (8 * (group.prngBytes - 4))) - 1;
  let { words, at, end } = generator;
  for (let offset = 0; offset < accumulator.length; offset += width) {
    let low: number;
    let high: number;
    do {
      if (end - at < 2) {
        generator.at = at;
        generator.refill();
        ({ words, at, end } = generator);
      }
      low = words[at]!;
      high = (words[at + 1]! & mask) >>> 0;
      at += 2;
    } while (high > orderHigh || (high === orderHigh && low >= orderLow));
    addAt(accumulator, offset, width, low, high, orderLow, orderHigh);
  }
  generator.at = at;
}

/** `accumulator += elements` modulo the order. */
export function addNarrow(group: Group, accumulator: Uint8Array, elements: Uint8Array): void {
  const width = group.bytesPerNumber;
  const orderLow = Number(group.order & 0xffff_ffffn);
  const orderHigh = Number(group.order >> 32n);
  for (let offset = 0; offset < accumulator.length; offset += width) {
    addAt(accumulator, offset, width, readWord(elements, offset, 4), readHigh(elements, offset + 4, width), orderLow, orderHigh);
  }
}

/** `accumulator -= elements` modulo the order. */
export function subtractNarrow(group: Group, accumulator: Uint8Array, elements: Uint8Array): void {
  const width = group.bytesPerNumber;
  const orderLow = Number(group.order & 0xffff_ffffn);
  const orderHigh = Number(group.order >> 32n);
  for (let offset = 0; offset < accumulator.length; offset += width) {
    const low = orderLow - readWord(elements, offset, 4);
    const high = orderHigh - readHigh(elements, offset + 4, width) - (low < 0 ? 1 : 0);
    addAt(accumulator, offset, width, low >>> 0, high, orderLow, orderHigh);
  }
}

/** The word above the lowest four bytes of an element that is `width` bytes wide. */
export function readHigh(bytes: Uint8Array, offset: number, width: number): number {
  let high = bytes[offset]!;
  if (width > 5) high |= bytes[offset + 1]! << 8;
  if (width > 6) high |= bytes[offset + 2]! << 16;
  if (width > 7) high |= bytes[offset + 3]! << 24;
  return high >>> 0;
}

/** Adds (low, high), at most the order, to the element at `offset`, which is below the order. */
function addAt(bytes: Uint8Array, offset: number, width: number, low: number, high: number, orderLow: number, orderHigh: number): void {
  low += readWord(bytes, offset, 4);
  high += readHigh(bytes, offset + 4, width);
  if (low > 0xffff_ffff) {
    low -= 0x1_0000_0000;
    high++;
  }
  if (high > orderHigh || (high === orderHigh && low >= orderLow)) {
    low -= orderLow;
    high -= orderHigh;
    if (low < 0) {
      low += 0x1_0000_0000;
      high--;
    }
  }
  bytes[offset] = low;
  bytes[offset + 1] = low >>> 8;
  bytes[offset + 2] = low >>> 16;
  bytes[offset + 3] = low >>> 24;
  bytes[offset + 4] = high;
  if (width > 5) bytes[offset + 5] = high >>> 8;
  if (width > 6) bytes[offset + 6] = high >>> 16;
  if (width > 7) bytes[offset + 7] = high >>> 24;
}
