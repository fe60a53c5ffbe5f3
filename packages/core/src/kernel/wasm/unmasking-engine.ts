// The module for unmasked sums and its one instance.

import { type Instance, type Instances, instancesOf } from './instances.ts';
import { MODULE } from './unmasking-module.ts';

/** The functions of packages/core/assembly/unmasking.ts; addresses and counts are numbers, 64-bit words are big integers. */
export interface UnmaskingExports {
  decodeFloat32(elements: number, width: number, count: number, parameters: number, out: number, doubts: number): number;
  decodeOthers(kind: number, elements: number, width: number, count: number, parameters: number, out: number, doubts: number): number;
  writeFractions(elements: number, width: number, count: number, parameters: number, out: number, end: number): bigint;
  decodeWide(kind: number, elements: number, count: number, job: number, out: number, undecided: number): number;
}

const unmasking: Instances<UnmaskingExports> = /* @__PURE__ */ instancesOf(MODULE);

/** The instance that all operations share; nothing in it outlives one. */
export function unmaskingTiles(): Instance<UnmaskingExports> {
  return unmasking.tiles();
}
