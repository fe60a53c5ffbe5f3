// The module for masks and its instances.

import { type Instance as AnyInstance, type Instances, instancesOf } from './instances.ts';
import { MODULE } from './module.ts';

export { KINDS, PAGE } from './instances.ts';

/** The functions of packages/core/assembly/masking.ts; addresses and counts are numbers, 64-bit words are big integers. */
export interface Exports {
  keystream(state: number, out: number, blocks: number): void;
  sieve(group: number, at: number, end: number, out: number, outEnd: number, isSparse: boolean): number;
  sieveWords(group: number, at: number, end: number, out: number, outEnd: number): number;
  packLanes(group: number, lanes: number, count: number, out: number): void;
  packSums(group: number, lanes: number, others: number, count: number, out: number): void;
  addElements(group: number, lanes: number, elements: number, count: number): number;
  addElementsReduced(group: number, lanes: number, elements: number, count: number): number;
  subtractElements(group: number, lanes: number, elements: number, count: number): number;
  subtractElementsReduced(group: number, lanes: number, elements: number, count: number): number;
  addLanes(lanes: number, others: number, count: number): void;
  addLanesReduced(group: number, lanes: number, others: number, count: number): void;
  reduceLanes(group: number, lanes: number, count: number): void;
  areInRange(group: number, bounds: number, elements: number, count: number): number;
  areFiniteF32(weights: number, count: number): number;
  areFiniteF64(weights: number, count: number): number;
  encodeF32(group: number, weights: number, count: number, lanes: number, list: number): number;
  encodeF64(group: number, weights: number, count: number, lanes: number, list: number): number;
  encodeI32(group: number, weights: number, count: number, lanes: number, list: number): number;
  encodeI64(group: number, weights: number, count: number, lanes: number, list: number): number;
  encodeExactF32(group: number, weights: number, count: number, lanes: number): void;
  encodeExactI32(group: number, weights: number, count: number, lanes: number): void;
  encodeExactI64(group: number, weights: number, count: number, lanes: number): void;
  maskF32(group: number, weights: number, count: number, draws: number, out: number): number;
  maskExactF32(group: number, weights: number, count: number, draws: number, out: number): number;
  readFractions(at: number, end: number, kind: number, most: number, out: number): bigint;
  sieveWide(group: number, at: number, end: number, list: number, most: number): number;
  packWide(group: number, list: number, count: number, out: number): void;
  addListedWide(group: number, elements: number, list: number, count: number, out: number): void;
  addWide(group: number, elements: number, addends: number, count: number, out: number): number;
  subtractWide(group: number, elements: number, subtrahends: number, count: number, out: number): number;
  inRangeWide(group: number, elements: number, count: number): number;
  encodeWide(kind: number, weights: number, count: number, job: number, out: number, undecided: number): number;
}

/** An instance and its memory. */
export type Instance = AnyInstance<Exports>;

const masking: Instances<Exports> = /* @__PURE__ */ instancesOf(MODULE);

/** A new instance with at least `size` bytes of memory; throws what the engine throws, also when there is no WebAssembly. */
export function instantiate(size: number): Instance {
  return masking.instantiate(size);
}

/** The instance that all operations share; nothing in it outlives one. */
export function tiles(): Instance {
  return masking.tiles();
}
