// Reads a published model into a typed array while it arrives (wire 7.3, 7.4). The kernel takes the usual fractions; those that it
// leaves are read one by one. However the bytes are cut, the outcome is that of reading them whole.

import { Reader } from '../bytes/reader.ts';
import { isXaynetError, XaynetError } from '../errors.ts';
import { kernel } from '../kernel/chosen.ts';
import { makeWeights, toPrimitive } from '../kernel/decode.ts';
import type { DataType, Weights } from '../kernel/kernel.ts';
import { MOST_WORDS } from './big-integer.ts';
import { readWeight, SMALLEST_WEIGHT } from './weight.ts';

/** Bytes that are put behind what is left of earlier ones, at a time. */
const PIECE = 65536;

/** Bytes of the longest fraction that is read, and a piece. */
const MOST_HELD = 2 * (9 + 4 * MOST_WORDS) + PIECE;

/** When the kernel gets no further than so many weights at a time, more and more are read here before it is asked again. */
const FEW = 64;
const MOST_IN_A_ROW = 1024;

/**
 * A published model on its way into a typed array; errors are those of `decodeModel` and `modelToWeights` for the whole document,
 * thrown by `push` as soon as no further bytes could change them. Each byte is looked at once; what is held beside the weights is at
 * most one fraction and one chunk.
 * @example
 * ```ts
 * import { rational } from '@xaynet/core/mask';
 * import { encodeModel, ModelReader } from '@xaynet/core/round';
 * const body = encodeModel([rational(1, 2), rational(-1, 4)]);
 * const reader = new ModelReader('F32', { maxLength: 1000 });
 * reader.push(body.subarray(0, 30));
 * reader.push(body.subarray(30));
 * reader.finish(); // Float32Array [0.5, -0.25]
 * ```
 */
export class ModelReader {
  readonly #data: DataType;
  readonly #maxLength: number;
  #arrived = 0;
  /** How many weights were announced, and how many of them are read. */
  #length: number | undefined;
  #count = 0;
  /** Room for all weights that can have arrived, and for as many again, but for no more than were announced. */
  #weights: Weights;
  /** Bytes that arrived and are not read yet: the first `#heldLength` of them. */
  #held = new Uint8Array(64);
  #heldLength = 0;
  /** What is wrong, unless the document turns out to be too short for the number of its weights. */
  #fault: XaynetError | undefined;
  /** The first weight that the type does not hold: told when all else is right. */
  #unfit: XaynetError | undefined;
  #inARow = 1;

  /**
   * Reads into primitives of `data`, rounded as `modelToWeights` does; a model of more than `maxLength` weights throws `model-length`.
   * Throws a RangeError for a `maxLength` that is no number.
   */
  constructor(data: DataType, options: { readonly maxLength: number }) {
    if (!(options.maxLength >= 0)) throw new RangeError(`maxLength: the most weights of the model expected, ${options.maxLength} given`);
    this.#data = data;
    this.#weights = makeWeights(data, 0);
    this.#maxLength = options.maxLength;
  }

  /** Takes the next bytes, which the caller may overwrite afterwards. */
  push(chunk: Uint8Array): void {
    this.#arrived += chunk.length;
    for (let at = 0; at < chunk.length && this.#fault === undefined; ) {
      if (this.#heldLength === 0) {
        at += this.#read(chunk.subarray(at));
        if (this.#fault === undefined) this.#hold(chunk.subarray(at));
        break;
      }
      const piece = chunk.subarray(at, at + PIECE);
      this.#hold(piece);
      at += piece.length;
      const held = this.#held.subarray(0, this.#heldLength);
      const taken = this.#read(held);
      held.copyWithin(0, taken);
      this.#heldLength -= taken;
    }
    if (this.#fault !== undefined && !this.#isShort()) throw this.#fault;
  }

  /** The weights, when the document is whole. */
  finish(): Weights {
    const rest = new Reader(this.#held.subarray(0, this.#heldLength), 'model');
    if (this.#length === undefined) {
      if (this.#fault !== undefined) throw this.#fault;
      rest.count(SMALLEST_WEIGHT);
      throw new XaynetError('decode-truncated', 'model');
    }
    if (this.#isShort()) {
      throw new XaynetError('decode-truncated', `model: ${this.#length} weights announced, ${this.#arrived - 8} bytes after that`);
    }
    if (this.#fault !== undefined) throw this.#fault;
    if (this.#count < this.#length) readWeight(rest, this.#count);
    if (this.#unfit !== undefined) throw this.#unfit;
    return this.#weights;
  }

  /** Whether the weights announced cannot be in what arrived so far. */
  #isShort(): boolean {
    return this.#length !== undefined && this.#length > (this.#arrived - 8) / SMALLEST_WEIGHT;
  }

  #hold(bytes: Uint8Array): void {
    const length = this.#heldLength + bytes.length;
    // No two numbers of the most words are that long, so one of them announces more: nothing is kept for it, whatever comes.
    if (length > MOST_HELD) {
      this.#fault = new XaynetError('decode-number', `weight ${this.#count}: ${length} bytes and no end of it`);
      return;
    }
    if (length > this.#held.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#heldLength));
      larger.set(this.#held.subarray(0, this.#heldLength));
      this.#held = larger;
    }
    this.#held.set(bytes, this.#heldLength);
    this.#heldLength = length;
  }

  /** Reads what is whole; returns how many bytes that is. What is wrong is kept in #fault. */
  #read(bytes: Uint8Array): number {
    let at = 0;
    try {
      if (this.#length === undefined) {
        if (bytes.length < 8) return 0;
        const length = new Reader(bytes, 'model').u64le();
        if (length > this.#maxLength) throw new XaynetError('model-length', `${length} weights announced, ${this.#maxLength} are the most`);
        this.#length = length;
        at = 8;
      }
      at += this.#readWeights(this.#roomFor(this.#length), this.#length, bytes.subarray(at));
      if (this.#count === this.#length && at < bytes.length) {
        throw new XaynetError('decode-trailing', `model: ${bytes.length - at} bytes or more after the last weight`);
      }
    } catch (error) {
      if (!isXaynetError(error)) throw error;
      this.#fault = error;
    }
    return at;
  }

  #roomFor(length: number): Weights {
    const arrived = Math.floor((this.#arrived - 8) / SMALLEST_WEIGHT);
    if (this.#weights.length < Math.min(arrived, length)) {
      const weights = makeWeights(this.#data, Math.min(2 * arrived, length));
      weights.set(this.#weights as never);
      this.#weights = weights;
    }
    return this.#weights;
  }

  #readWeights(weights: Weights, length: number, bytes: Uint8Array): number {
    let at = 0;
    while (this.#count < length && at < bytes.length) {
      const progress = kernel().readFractions(bytes.subarray(at), weights, this.#count);
      at += progress.bytes;
      this.#count += progress.count;
      this.#inARow = progress.count < FEW ? Math.min(2 * this.#inARow, MOST_IN_A_ROW) : 1;
      const reader = new Reader(bytes.subarray(at), 'model');
      for (let i = 0; i < this.#inARow && this.#count < length; i++) {
        const { offset } = reader;
        if (!this.#readOne(weights, reader)) return at + offset;
      }
      at += reader.offset;
    }
    return at;
  }

  /** Reads one weight of any shape; false when it is cut off. */
  #readOne(weights: Weights, reader: Reader): boolean {
    const index = this.#count;
    try {
      const { numerator, denominator } = readWeight(reader, index);
      this.#count++;
      weights[index] = toPrimitive(numerator, denominator, this.#data, index);
    } catch (error) {
      if (isXaynetError(error) && error.code === 'decode-truncated') return false;
      if (!isXaynetError(error) || error.code !== 'model-not-representable') throw error;
      this.#unfit ??= error;
    }
    return true;
  }
}
