// The fields that a saved state of the original is made of, beyond byte strings and maps: big integers as counts of 32-bit
// words, fractions, and mask objects as lists of such integers, where this program keeps them packed (participant 1.10).

import { copyBytes, type Reader, toHex, Writer } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import {
  type ConversionMode,
  type MaskConfig,
  type MaskObject,
  type Model,
  modelFromWeights,
  type Rational,
  rational,
  readMaskConfigIndices,
  type Weights,
  writeMaskConfigIndices,
} from '@xaynet/core/mask';

/** The longest integer that is read, in 32-bit words: three times the widest of any configuration. */
const MAX_WORDS = 256;

/** A non-negative integer: u64 number of 32-bit words, then the words, least significant first. */
export function readMagnitude(reader: Reader): bigint {
  const words = reader.count(4);
  if (words > MAX_WORDS) throw new XaynetError('decode-number', `an integer of ${words} words, at most ${MAX_WORDS} are read`);
  const bytes = copyBytes(reader.take(4 * words)).reverse();
  return words === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

function readSigned(reader: Reader): bigint {
  const sign = reader.i8();
  if (sign < -1 || sign > 1) throw new XaynetError('decode-sign', `sign ${sign}`);
  return BigInt(sign) * readMagnitude(reader);
}

/** A signed fraction: a weight. */
export function readSignedRatio(reader: Reader): Rational {
  const numerator = readSigned(reader);
  const denominator = readSigned(reader);
  if (denominator === 0n) throw new XaynetError('decode-zero-denominator', 'saved state');
  return rational(numerator, denominator);
}

/** What `read` reads, when the byte before it is 1; undefined when it is 0. */
export function readOptional<T>(reader: Reader, read: () => T): T | undefined {
  const present = reader.u8();
  if (present > 1) throw new XaynetError('decode-number', `option byte ${present}`);
  return present === 1 ? read() : undefined;
}

/** A mask object: vector {count, integers, configuration}, unit {integer, configuration}. */
export function readObject(reader: Reader): MaskObject {
  const elements = Array.from({ length: reader.count(8) }, () => readMagnitude(reader));
  const vect = readMaskConfigIndices(reader);
  const unitElement = readMagnitude(reader);
  const unit = readMaskConfigIndices(reader);
  return { config: { vect, unit }, length: elements.length, vect: pack(elements, vect), unit: pack([unitElement], unit) };
}

function pack(elements: readonly bigint[], config: MaskConfig): Uint8Array {
  const width = config.bytesPerNumber;
  const bytes = new Uint8Array(elements.length * width);
  elements.forEach((element, i) => {
    if (element >= config.order) throw new XaynetError('aggregate-invalid-object', `element ${i} of a saved mask object`);
    const hex = element.toString(16).padStart(2 * width, '0');
    for (let j = 0; j < width; j++) bytes[i * width + j] = Number.parseInt(hex.slice(2 * (width - 1 - j), 2 * (width - j)), 16);
  });
  return bytes;
}

function unpack(bytes: Uint8Array, width: number): bigint[] {
  return Array.from({ length: bytes.length / width }, (_, i) => BigInt(`0x${toHex(copyBytes(bytes.subarray(i * width, (i + 1) * width)).reverse())}`));
}

/** Collects the fields of a saved state. */
export class ReferenceWriter {
  readonly #pieces: Uint8Array[] = [];

  raw(bytes: Uint8Array): this {
    this.#pieces.push(bytes);
    return this;
  }

  u16(value: number): this {
    return this.raw(Uint8Array.of(value & 255, value >> 8));
  }

  u32(value: number): this {
    return this.raw(new Writer(4).u32le(value).finish());
  }

  u64(value: number): this {
    return this.raw(new Writer(8).u64le(value).finish());
  }

  bytes(bytes: Uint8Array): this {
    return this.u64(bytes.length).raw(bytes);
  }

  optional<T>(value: T | undefined, write: (value: T) => void): this {
    this.raw(Uint8Array.of(value === undefined ? 0 : 1));
    if (value !== undefined) write(value);
    return this;
  }

  magnitude(value: bigint): this {
    const hex = value === 0n ? '' : value.toString(16);
    const words = Math.ceil(hex.length / 8);
    const digits = hex.padStart(8 * words, '0');
    this.u64(words);
    for (let end = digits.length; end > 0; end -= 8) this.u32(Number.parseInt(digits.slice(end - 8, end), 16));
    return this;
  }

  signed(value: bigint): this {
    return this.raw(Uint8Array.of(value < 0n ? 255 : value > 0n ? 1 : 0)).magnitude(value < 0n ? -value : value);
  }

  model(weights: Weights | Model, mode: ConversionMode): this {
    const model = isExact(weights) ? weights : modelFromWeights(weights, mode);
    this.u64(model.length);
    for (const { numerator, denominator } of model) this.signed(numerator).signed(denominator);
    return this;
  }

  object({ config, length, vect, unit }: MaskObject): this {
    this.u64(length);
    for (const element of unpack(vect, config.vect.bytesPerNumber)) this.magnitude(element);
    this.#config(config.vect).magnitude(unpack(unit, config.unit.bytesPerNumber)[0]!);
    return this.#config(config.unit);
  }

  #config(config: MaskConfig): this {
    const writer = new Writer(16);
    writeMaskConfigIndices(writer, config);
    return this.raw(writer.finish());
  }

  /** All fields. */
  finish(): Uint8Array {
    let size = 0;
    for (const piece of this.#pieces) size += piece.length;
    const writer = new Writer(size);
    for (const piece of this.#pieces) writer.bytes(piece);
    return writer.finish();
  }
}

function isExact(weights: Weights | Model): weights is Model {
  return Array.isArray(weights);
}
