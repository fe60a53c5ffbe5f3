// Mask objects: a masked model, a mask, or a sum of either (wire 4.4, 5.2 to 5.4). Elements stay packed as they came; reading slices a
// view out of the message after comparing the announced count with the bytes that are there.

import { equalBytes } from '../bytes/compare.ts';
import { Reader } from '../bytes/reader.ts';
import { Writer } from '../bytes/writer.ts';
import { XaynetError } from '../errors.ts';
import { kernel } from '../kernel/chosen.ts';
import { type MaskConfig, type MaskConfigPair, readMaskConfig, writeMaskConfig } from './config.ts';

/** A vector of group elements and one element for the scalar (wire 4.4); the bytes are the wire's. */
export interface MaskObject {
  /** Of vector and unit. */
  readonly config: MaskConfigPair;
  /** Number of vector elements. */
  readonly length: number;
  /** `length` elements of `config.vect.bytesPerNumber` little-endian bytes each; may be a view of a message. */
  readonly vect: Uint8Array;
  /** One element of `config.unit.bytesPerNumber` little-endian bytes. */
  readonly unit: Uint8Array;
}

/** Bytes of a mask object on the wire: 12 + length · width + width of the unit (wire 5.4). */
export function maskObjectSize(config: MaskConfigPair, length: number): number {
  return 12 + length * config.vect.bytesPerNumber + config.unit.bytesPerNumber;
}

/** A mask object of zeros to fill, with `length` elements; throws `mask-length` for a length that a u32 cannot say. */
export function emptyMaskObject(config: MaskConfigPair, length: number): MaskObject {
  checkLength(length);
  return { config, length, vect: new Uint8Array(length * config.vect.bytesPerNumber), unit: new Uint8Array(config.unit.bytesPerNumber) };
}

/** Throws `mask-length` for a length that a u32 cannot say. */
export function checkLength(length: number): void {
  if (!Number.isInteger(length) || length < 0 || length > 0xffff_ffff) throw new XaynetError('mask-length', `${length}`);
}

/**
 * Reads a mask object (wire 5.4); its bytes are views of the input. Elements are not compared with the order here (wire 4.4).
 * Throws `decode-truncated` and `decode-config`.
 */
export function readMaskObject(reader: Reader): MaskObject {
  const vectConfig = readMaskConfig(reader);
  const length = reader.u32be();
  const vect = reader.take(length * vectConfig.bytesPerNumber);
  const unitConfig = readMaskConfig(reader);
  return { config: { vect: vectConfig, unit: unitConfig }, length, vect, unit: reader.take(unitConfig.bytesPerNumber) };
}

/**
 * Writes a mask object, {@link maskObjectSize} bytes (wire 5.4).
 * @example
 * ```ts
 * import { MaskSeed, Reader, Writer } from '@xaynet/core/bytes';
 * import { deriveMask, maskObjectSize, parseMaskConfig, readMaskObject, writeMaskObject } from '@xaynet/core/mask';
 * const vect = parseMaskConfig('Power2/F32/B0/M6');
 * const config = { vect, unit: vect };
 * const writer = new Writer(64 + maskObjectSize(config, 3)).zeros(64); // after a signature, as in a sum2 message
 * writeMaskObject(writer, deriveMask({ config, seed: MaskSeed(new Uint8Array(32).fill(7)), length: 3 }));
 * const reader = new Reader(writer.finish(), 'sum2 payload');
 * reader.take(64);
 * readMaskObject(reader).length; // 3
 * ```
 */
export function writeMaskObject(writer: Writer, object: MaskObject): void {
  writeMaskConfig(writer, object.config.vect);
  writer.u32be(object.length).bytes(object.vect);
  writeMaskConfig(writer, object.config.unit);
  writer.bytes(object.unit);
}

/**
 * The bytes of a mask object (wire 5.4).
 * @example
 * ```ts
 * import { MaskSeed } from '@xaynet/core/bytes';
 * import { decodeMaskObject, deriveMask, encodeMaskObject, equalMaskObjects, isValidMaskObject, maskObjectSize, parseMaskConfig } from '@xaynet/core/mask';
 * const vect = parseMaskConfig('Power2/F32/B0/M6');
 * const config = { vect, unit: vect };
 * const mask = deriveMask({ config, seed: MaskSeed(new Uint8Array(32).fill(7)), length: 3 });
 * const bytes = encodeMaskObject(mask); // 40 bytes
 * maskObjectSize(config, 3); // 40
 * isValidMaskObject(mask); // true
 * equalMaskObjects(decodeMaskObject(bytes), mask); // true
 * decodeMaskObject(bytes.subarray(1)); // throws decode-config
 * ```
 */
export function encodeMaskObject(object: MaskObject): Uint8Array {
  const writer = new Writer(maskObjectSize(object.config, object.length));
  writeMaskObject(writer, object);
  return writer.finish();
}

/** The mask object that exactly these bytes are; throws like {@link readMaskObject}, and `decode-trailing`. */
export function decodeMaskObject(bytes: Uint8Array): MaskObject {
  const reader = new Reader(bytes, 'mask object');
  const object = readMaskObject(reader);
  reader.end();
  return object;
}

/** Whether both objects have the same configurations, length and elements; congruent elements are not equal (wire 8, pitfall 44). */
export function equalMaskObjects(a: MaskObject, b: MaskObject): boolean {
  const isSameShape = a.config.vect === b.config.vect && a.config.unit === b.config.unit && a.length === b.length;
  return isSameShape && equalBytes(a.unit, b.unit) && equalBytes(a.vect, b.vect);
}

/** Whether all elements are below their group's order (wire 4.4), and the byte lengths are what the object says. */
export function isValidMaskObject(object: MaskObject): boolean {
  return areElements(object.config.unit, 1, object.unit) && areElements(object.config.vect, object.length, object.vect);
}

function areElements(config: MaskConfig, length: number, elements: Uint8Array): boolean {
  return elements.length === length * config.bytesPerNumber && kernel().inRange(config, elements, 0n, config.order);
}
