// Where WebAssembly comes from: compiled modules, and instances of them, each with a memory of its own. An engine without
// WebAssembly (Hermes, QuickJS), without SIMD, or a page whose policy forbids it is told from the others here, with the reason.

import type { DataType } from '../kernel.ts';
import { SUM } from './layout.ts';
import { unpackModule } from './module-text.ts';

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

/** The numbers of the data types in the modules. */
export const KINDS: Readonly<Record<DataType, number>> = { F32: 0, F64: 1, I32: 2, I64: 3 };

/** An instance and its memory, which never grows, so that views of it stay valid. */
export interface Instance<Exports> {
  readonly exports: Exports;
  readonly bytes: Uint8Array;
}

/** The instances of one module. */
export interface Instances<Exports> {
  /** A new one with at least `size` bytes of memory; throws what the engine throws, also when there is no WebAssembly. */
  instantiate(size: number): Instance<Exports>;
  /** The one that all operations share; nothing in it outlives one. */
  tiles(): Instance<Exports>;
}

/** The instances of the module that is packed in `text`; nothing is compiled before the first is asked for. */
export function instancesOf<Exports>(text: string): Instances<Exports> {
  let module: object | undefined;
  let shared: Instance<Exports> | undefined;
  const instantiate = (size: number): Instance<Exports> => {
    const engine = (globalThis as unknown as { WebAssembly?: Engine }).WebAssembly;
    if (engine === undefined) throw new Error('this engine has no WebAssembly');
    module ??= new engine.Module(unpackModule(text));
    const pages = Math.ceil(size / PAGE);
    const memory = new engine.Memory({ initial: pages, maximum: pages });
    const { exports } = new engine.Instance(module, { env: { memory } });
    return { exports: exports as Exports, bytes: new Uint8Array(memory.buffer) };
  };
  return {
    instantiate,
    tiles() {
      shared ??= instantiate(SUM);
      return shared;
    },
  };
}
