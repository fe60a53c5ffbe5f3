// What masking needs of arithmetic, as one small interface: vectors stay packed in their wire bytes and a kernel widens them only
// inside. There may be several kernels; they differ in speed alone, and one suite holds them all to the same bytes.

import type { Rational } from './rational.ts';

/** The primitive type that a configuration names (wire 3.1). */
export type DataType = 'F32' | 'F64' | 'I32' | 'I64';

/** Model weights as a typed array; its type, not the configuration's, says what a weight is (wire 4.1). */
export type Weights = Float32Array | Float64Array | Int32Array | BigInt64Array;

/** A model as exact fractions (wire 4.1). */
export type Model = readonly Rational[];

/** The integers modulo `order`, and how one of them is stored and drawn. */
export interface Group {
  readonly order: bigint;
  /** Bytes of a packed element, little-endian: the width of `order - 1`. */
  readonly bytesPerNumber: number;
  /** Bytes drawn per attempt: the width of `order` itself (wire 2.3). */
  readonly prngBytes: number;
}

/** A group together with how reals become elements: `floor((clamp(x) + addShift) · expShift)` (wire 4.3). */
export interface Encoding extends Group {
  /** A: shift and clamping bound alike. */
  readonly addShift: bigint;
  /** E: a power of ten. */
  readonly expShift: bigint;
}

/** How elements become reals again: `(element - offset) · factor`. */
export interface Decoding {
  readonly offset: bigint;
  readonly factor: Rational;
}

/** The draws of one mask seed, in their one order (wire 2.4); nothing is ever drawn twice. */
export interface Draws {
  /**
   * Adds the next draws below `group.order` to the packed elements of `accumulator`, one each, modulo the order.
   * Over zeros this writes the mask itself; over an encoded model it masks; over a sum of masks it adds one more.
   */
  add(group: Group, accumulator: Uint8Array): void;
}

/** Arithmetic on packed vectors: `bytesPerNumber` little-endian bytes an element, at any alignment. */
export interface Kernel {
  /** Name for logs and metrics. */
  readonly name: string;
  /** The draws of a 32-byte mask seed, from the first one. */
  draws(seed: Uint8Array): Draws;
  /** `accumulator += elements` modulo the order; both must hold valid elements, equally many. */
  add(group: Group, accumulator: Uint8Array, elements: Uint8Array): void;
  /** `accumulator -= elements` modulo the order; both must hold valid elements, equally many. */
  subtract(group: Group, accumulator: Uint8Array, elements: Uint8Array): void;
  /** Whether every element e satisfies `low <= e < high`. */
  inRange(group: Group, elements: Uint8Array, low: bigint, high: bigint): boolean;
  /** Scaled, clamped, shifted and truncated weights (wire 4.3) into `out`; `scalar` is not negative, floats are finite. */
  encode(encoding: Encoding, scalar: Rational, weights: Weights | Model, out: Uint8Array): void;
  /** Elements as primitives: floats rounded once to nearest even, integers truncated; throws `model-not-representable` (wire 4.7). */
  decode(group: Group, elements: Uint8Array, decoding: Decoding, data: DataType): Weights;
  /** Elements as fractions in lowest terms. */
  decodeExactly(group: Group, elements: Uint8Array, decoding: Decoding): Rational[];
}
