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
  /** Writes the next draws below `group.order` over `out`, packed: the mask itself. */
  write(group: Group, out: Uint8Array): void;
  /**
   * Writes {@link Kernel.encode} of the weights, plus one draw each modulo the order, over `out`: a masked model in one pass; false, and
   * `out` and the draws undefined, when a float is not finite.
   */
  mask(encoding: Encoding, scalar: Rational, weights: Weights | Model, out: Uint8Array): boolean;
}

/** A sum of packed vectors, in whatever form the kernel adds to fastest; starts as zeros. */
export interface Sum {
  readonly group: Group;
  /** Number of elements. */
  readonly length: number;
  /** `sum += elements` modulo the order; false, and the sum as it was, when an element is not below the order. */
  add(elements: Uint8Array): boolean;
  /**
   * `sum += ` the next draws of a seed, one each; `draws` is of the same kernel. In pieces, elements `from` up to `to`: of one seed one
   * after the other, from 0 to the end, with nothing else done to the sum in between.
   */
  addDraws(draws: Draws, from?: number, to?: number): void;
  /** Makes it a sum of zeros again, and leaves nothing of what was added in its memory. */
  clear(): void;
  /** Writes the packed elements of the sum over `out`. */
  read(out: Uint8Array): void;
  /** Writes `sum - elements` modulo the order over `out`, packed; false, and `out` undefined, when an element is not below the order. */
  difference(elements: Uint8Array, out: Uint8Array): boolean;
}

/** How far a kernel came in a document of fractions: whole ones only. */
export interface Progress {
  /** Fractions written or read. */
  readonly count: number;
  /** Bytes written or read. */
  readonly bytes: number;
}

/** Arithmetic on packed vectors: `bytesPerNumber` little-endian bytes an element, at any alignment. */
export interface Kernel {
  /** Name for logs and metrics. */
  readonly name: string;
  /** The draws of a 32-byte mask seed, from the first one. */
  draws(seed: Uint8Array): Draws;
  /** An empty sum of `length` elements. */
  sum(group: Group, length: number): Sum;
  /** Whether every element e satisfies `low <= e < high`. */
  inRange(group: Group, elements: Uint8Array, low: bigint, high: bigint): boolean;
  /** Whether no weight is NaN or infinite. */
  areFinite(weights: Float32Array | Float64Array): boolean;
  /** Scaled, clamped, shifted and truncated weights (wire 4.3) into `out`; `scalar` is not negative, floats are finite. */
  encode(encoding: Encoding, scalar: Rational, weights: Weights | Model, out: Uint8Array): void;
  /**
   * Reads whole fractions of a published model (wire 7.3) from the start of `bytes` into `weights` from number `from` on, rounded as
   * {@link Unmasking.decode} rounds; stops before the first that is cut off, unusual (wire 7.4), wide or out of range, which the caller
   * reads itself, and when `weights` is full.
   */
  readFractions(bytes: Uint8Array, weights: Weights, from: number): Progress;
}

/** What is done with an unmasked sum; apart from the rest, because participants never do it and need not load it. */
export interface Unmasking {
  /** Elements as primitives: floats rounded once to nearest even, integers truncated; throws `model-not-representable` (wire 4.7). */
  decode(group: Group, elements: Uint8Array, decoding: Decoding, data: DataType): Weights;
  /** Elements as fractions in lowest terms. */
  decodeExactly(group: Group, elements: Uint8Array, decoding: Decoding): Rational[];
  /**
   * Writes elements from number `from` on as fractions in lowest terms, laid out as in a published model (wire 7.3), as long as whole
   * ones fit into `out`, which holds at least the largest one.
   */
  writeFractions(group: Group, elements: Uint8Array, decoding: Decoding, from: number, out: Uint8Array): Progress;
}
