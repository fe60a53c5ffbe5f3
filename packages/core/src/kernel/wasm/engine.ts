// Where WebAssembly comes from: the one compiled module, and instances of it, each with a memory of its own. An engine without
// WebAssembly (Hermes, QuickJS), without SIMD, or a page whose policy forbids it is told from the others here, with the reason.

import { fromBase64 } from '../../bytes/text.ts';
import type { DataType } from '../kernel.ts';
import { SUM } from './layout.ts';
import { MODULE } from './module.ts';

/** What is used of the engine's WebAssembly; this package compiles without any environment's types. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: { env: { memory: Memory } }) => { readonly exports: object };
  readonly Memory: new (size: { initial: number; maximum?: number }) => Memory;
}

interface Memory {
  readonly buffer: ArrayBuffer;
}

/** Bytes of a page of memory. */
export const PAGE = 65536;

/** The functions of packages/core/assembly; addresses and counts are numbers, 64-bit words are big integers. */
export interface Exports {
  keystream(state: number, out: number, blocks: number): void;
  sieve(group: number, at: number, end: number, out: number, outEnd: number, isSparse: boolean): number;
  sieveWords(group: number, at: number, end: number, out: number, outEnd: number): number;
  packLanes(group: number, lanes: number, count: number, out: number): void;
  packSums(group: number, lanes: number, others: number, count: number, out: number): void;
  packDifferences(group: number, lanes: number, elements: number, count: number, out: number): number;
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
  decodeFloat32(elements: number, width: number, count: number, parameters: number, out: number, doubts: number): number;
  decodeOthers(kind: number, elements: number, width: number, count: number, parameters: number, out: number, doubts: number): number;
  writeFractions(elements: number, width: number, count: number, parameters: number, out: number, end: number): bigint;
  readFractions(at: number, end: number, kind: number, most: number, out: number): bigint;
  sieveWide(group: number, at: number, end: number, list: number, most: number): number;
  packWide(group: number, list: number, count: number, out: number): void;
  addListedWide(group: number, elements: number, list: number, count: number, out: number): void;
  addWide(group: number, elements: number, addends: number, count: number, out: number): number;
  subtractWide(group: number, elements: number, subtrahends: number, count: number, out: number): number;
  inRangeWide(group: number, elements: number, count: number): number;
  encodeWide(kind: number, weights: number, count: number, job: number, out: number, undecided: number): number;
  decodeWide(kind: number, elements: number, count: number, job: number, out: number, undecided: number): number;
}

/** An instance and its memory, which never grows, so that views of it stay valid. */
export interface Instance {
  readonly exports: Exports;
  readonly bytes: Uint8Array;
}

/** The numbers of the data types in the module. */
export const KINDS: Readonly<Record<DataType, number>> = { F32: 0, F64: 1, I32: 2, I64: 3 };

let module: object | undefined;

/** A new instance with at least `size` bytes of memory; throws what the engine throws, also when there is no WebAssembly. */
export function instantiate(size: number): Instance {
  const engine = (globalThis as unknown as { WebAssembly?: Engine }).WebAssembly;
  if (engine === undefined) throw new Error('this engine has no WebAssembly');
  module ??= new engine.Module(binary());
  const pages = Math.ceil(size / PAGE);
  const memory = new engine.Memory({ initial: pages, maximum: pages });
  const { exports } = new engine.Instance(module, { env: { memory } });
  return { exports: exports as Exports, bytes: new Uint8Array(memory.buffer) };
}

/** The module's bytes; most engines decode base64 faster than the portable function does. */
function binary(): Uint8Array {
  const { atob } = globalThis as unknown as { atob?: (text: string) => string };
  if (atob === undefined) return fromBase64(MODULE);
  const text = atob(MODULE);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

let shared: Instance | undefined;

/** The instance that all operations share; nothing in it outlives one. */
export function tiles(): Instance {
  shared ??= instantiate(SUM);
  return shared;
}
