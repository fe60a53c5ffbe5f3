// Tiles of packed elements of at most eight bytes, and the numbers of their group where assembly/parameters.ts expects them.

import type { Group } from '../kernel.ts';
import type { Instance } from './engine.ts';
import { DRAWS, GROUP, INPUT, LANES, OUTPUT } from './layout.ts';

/** Elements in a tile: their lanes fit the first cache beside what else is read. */
export const TILE = 4096;

/** Writes the numbers of a group to an instance, as assembly/parameters.ts places them. */
export function setGroup({ bytes }: Instance, { order, prngBytes, bytesPerNumber }: Group): void {
  const numbers = new DataView(bytes.buffer, GROUP);
  numbers.setBigUint64(0, order, true);
  numbers.setBigUint64(8, BigInt.asUintN(8 * prngBytes, -1n), true);
  numbers.setBigUint64(16, BigInt.asUintN(8 * bytesPerNumber, -1n), true);
  numbers.setUint32(28, bytesPerNumber, true);
  bytes.fill(0xff, GROUP + 32, GROUP + 64); // no byte: zero
  for (let i = 0; i < bytesPerNumber; i++) {
    bytes[GROUP + 32 + i] = i;
    bytes[GROUP + 40 + i] = bytesPerNumber + i;
    bytes[GROUP + 48 + i] = i;
    bytes[GROUP + 48 + bytesPerNumber + i] = 8 + i;
  }
}

/** Copies packed elements to INPUT, with a zero behind an odd number of them. */
export function bring({ bytes }: Instance, elements: Uint8Array, from: number, count: number, width: number): void {
  bytes.set(elements.subarray(from * width, (from + count) * width), INPUT);
  if (count % 2 === 1) bytes.fill(0, INPUT + count * width, INPUT + (count + 1) * width);
}

/** Copies packed elements from OUTPUT. */
export function take({ bytes }: Instance, out: Uint8Array, from: number, count: number, width: number): void {
  out.set(bytes.subarray(OUTPUT, OUTPUT + count * width), from * width);
}

/** Leaves nothing of an operation on `length` elements in the tiles: they held weights, or draws. */
export function forget({ bytes }: Instance, length: number): void {
  const used = 8 * (Math.min(length, TILE) + 4); // the sieve writes some lanes more
  for (const tile of [INPUT, OUTPUT, LANES, DRAWS]) bytes.fill(0, tile, tile + used);
}

/** Calls `pass` for one tile after another of `length` elements, until it returns false; whether it never did. */
export function eachTile(length: number, pass: (from: number, count: number) => unknown): boolean {
  for (let from = 0; from < length; from += TILE) {
    if (pass(from, Math.min(TILE, length - from)) === false) return false;
  }
  return true;
}
