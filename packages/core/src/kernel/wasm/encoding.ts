// Encoding weights into 64-bit lanes, tile by tile (wire 4.3): the factor s·E is split here, in exact arithmetic, into two doubles for
// the functions of assembly/encode.ts, and what they cannot decide is decided here on big integers.
//
// The margin: the first part has `bits` bits, so that its product with a weight (with half a weight, for 64-bit ones) is exact; the
// second is below 2^-bits of the first. Only products with the second are rounded, and sums of such: at most eight roundings of 2^-53
// of middle · 2^-bits, where the weight is not clamped anyway. Sixteen are assumed. Below a quarter the sign decides. A long that a
// double does not hold adds 2^-53 of the whole product; it is not clamped only when the factor is small.

import { dataTypeOf } from '../decode.ts';
import { encodeWeight } from '../encode.ts';
import type { Encoding, Model, Weights } from '../kernel.ts';
import { exactly, FLOAT64, nearestFloat, type Rational, rational } from '../rational.ts';
import { type Instance, tiles } from './engine.ts';
import { DRAWS, GROUP, INPUT, LANES, OUTPUT, TILE_BYTES } from './layout.ts';

/** Numbers of undecided weights, behind the weights themselves. */
const LIST = INPUT + 0xa000;
/** Listed for a weight that is no number. */
const NOT_FINITE = 0xffff_ffff;
/** One pass is tried where so small a part of all weights, or less, makes it fail for a tile. */
const MOST_DOUBT = 2 ** -15;
/** The largest A·E for which the margin is small. */
const MOST_MIDDLE = 1n << 47n;

/** What encodes `count` weights from number `from` on, at most a tile; false when one is not finite. */
export interface Encoder {
  /** Into the lanes at LANES, one more when `count` is odd. */
  encode(from: number, count: number): boolean;
  /** To OUTPUT, packed, after adding the lanes at DRAWS modulo the order. */
  mask(from: number, count: number): boolean;
}

/** Prepares an instance; its GROUP is in use until the last weight is encoded. */
export function makeEncoder(instance: Instance, encoding: Encoding, scalar: Rational, weights: Weights | Model): Encoder {
  const { bytes } = instance;
  const lanes = new DataView(bytes.buffer);
  const factor = rational(scalar.numerator * encoding.expShift, scalar.denominator);
  const middle = encoding.addShift * encoding.expShift;
  const decide = (from: number, i: number): void => lanes.setBigUint64(LANES + 8 * i, encodeWeight(factor, middle, weights[from + i]!), true);
  const encodeTile = ArrayBuffer.isView(weights) && middle <= MOST_MIDDLE ? chooseTile(instance, factor, Number(middle), weights) : undefined;
  if (encodeTile === undefined || !ArrayBuffer.isView(weights)) {
    return encoderOf(instance, (from, count) => {
      for (let i = 0; i < count; i++) if (typeof weights[from + i] === 'number' && !Number.isFinite(weights[from + i])) return false;
      for (let i = 0; i < count; i++) decide(from, i);
      if (count % 2 === 1) lanes.setBigUint64(LANES + 8 * count, 0n, true);
      return true;
    });
  }
  const source = new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength);
  const size = weights.BYTES_PER_ELEMENT;
  const check = finiteCheck(instance, weights);
  const bring = (from: number, count: number): void => {
    bytes.set(source.subarray(from * size, (from + count) * size), INPUT);
    bytes.fill(0, INPUT + count * size, INPUT + count * size + 16);
  };
  const encode = (from: number, count: number): boolean => {
    if (encodeTile.notices !== true && check?.(INPUT, count) === 0) return false;
    const undecided = encodeTile.encode(count);
    for (let k = 0; k < undecided; k++) {
      const i = lanes.getUint32(LIST + 4 * k, true);
      if (i === NOT_FINITE) return false;
      decide(from, i);
    }
    return true;
  };
  return encoderOf(
    instance,
    (from, count) => {
      bring(from, count);
      return encode(from, count);
    },
    (from, count) => {
      bring(from, count);
      return encodeTile.mask?.(GROUP, INPUT, count, DRAWS, OUTPUT) === 1;
    },
  );
}

function encoderOf({ exports }: Instance, encode: Encoder['encode'], tryMask?: Encoder['mask']): Encoder {
  let tries = 0;
  let failures = 0;
  return {
    encode,
    mask(from, count) {
      if (tryMask !== undefined && 4 * failures < tries + 8) {
        tries++;
        if (tryMask(from, count)) return true;
        failures++; // often where many weights are zero
      }
      if (!encode(from, count)) return false;
      exports.packSums(GROUP, LANES, DRAWS, count, OUTPUT);
      return true;
    },
  };
}

/** Encodes weights at INPUT, and gives how many it listed. */
interface TileEncoder {
  encode(count: number): number;
  /** Whether weights that are no numbers are listed, as NOT_FINITE. */
  readonly notices?: boolean;
  /** Encodes, adds draws and packs at once, if it gives 1. */
  readonly mask?: Instance['exports']['maskF32'];
}

/** The function for weights of this type and factor, its numbers written; undefined when the factor is too near the ends of doubles. */
function chooseTile({ exports, bytes }: Instance, factor: Rational, middle: number, weights: Weights): TileEncoder | undefined {
  const multiplier = nearestFloat(factor.numerator, factor.denominator, FLOAT64) ?? Number.POSITIVE_INFINITY;
  if (multiplier > 1e250 || (multiplier < 1e-200 && factor.numerator !== 0n)) return undefined;
  const type = dataTypeOf(weights);
  const isFloats = type === 'F32';
  const bits = { F32: 29, F64: 26, I32: 21, I64: 26 }[type];
  const first = factor.denominator === 1n && type.startsWith('I') && isExactly(multiplier, factor) ? multiplier : cut(multiplier, bits);
  const rest = isExactly(first, factor) ? 0 : restOf(factor, first);
  const limit = (middle + 4.5) / multiplier; // half a unit away from an integer, so that clamped weights are decided
  const areLong = type === 'I64' && limit > 2 ** 53; // some have more bits than a double
  const margin = middle * 2 ** (-bits - 49) + 2 ** -50 + (areLong ? middle * 2 ** -51 : 0);
  const numbers = new DataView(bytes.buffer, GROUP);
  [first, rest, limit, 2 ** 52 + middle, 2 ** 52 + 2 * middle, margin, 2 ** 52].forEach((number, i) => {
    numbers.setFloat64(64 + 8 * i, number, true);
  });
  numbers.setBigInt64(120, rest === 0 && !areLong ? -1n : 0n, true); // whether a product without a tail is exact
  const roundedMargin = 1.01 * middle * 2 ** -52 + 2 ** -50;
  numbers.setFloat64(152, multiplier, true);
  numbers.setFloat64(184, roundedMargin, true);
  if (first === 0) {
    const encode = (count: number): number => {
      bytes.fill(0, INPUT, INPUT + 4 * (count + 1)); // whatever the weights are
      exports.encodeExactF32(GROUP, INPUT, count, LANES);
      return 0;
    };
    return { encode };
  }
  if (rest === 0 && type !== 'F64' && (isFloats || factor.denominator === 1n)) {
    const exact = exports[`encodeExact${type}`];
    const encode = (count: number): number => {
      exact(GROUP, INPUT, count, LANES);
      return 0;
    };
    return isFloats ? { encode, mask: exports.maskExactF32 } : { encode };
  }
  const encode = exports[`encode${type}`];
  const encodeTile = { encode: (count: number) => encode(GROUP, INPUT, count, LANES, LIST), notices: isFloats };
  return isFloats && roundedMargin < MOST_DOUBT ? { ...encodeTile, mask: exports.maskF32 } : encodeTile;
}

/** A double rounded to so many bits (Veltkamp). */
function cut(value: number, bits: number): number {
  const spread = value * (2 ** (53 - bits) + 1);
  return spread - (spread - value);
}

function isExactly(value: number, factor: Rational): boolean {
  const { numerator, denominator } = exactly(value);
  return numerator === factor.numerator && denominator === factor.denominator;
}

function restOf(factor: Rational, first: number): number {
  const { numerator, denominator } = exactly(first);
  return nearestFloat(factor.numerator * denominator - numerator * factor.denominator, factor.denominator * denominator, FLOAT64)!;
}

/** What finds weights that are no numbers, where there can be any. */
function finiteCheck({ exports }: Instance, weights: Weights): ((weights: number, count: number) => number) | undefined {
  return weights instanceof Float32Array ? exports.areFiniteF32 : weights instanceof Float64Array ? exports.areFiniteF64 : undefined;
}

/** See {@link Kernel.areFinite}. */
export function areFinite(weights: Float32Array | Float64Array): boolean {
  const instance = tiles();
  const { bytes } = instance;
  const source = new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength);
  const check = finiteCheck(instance, weights);
  let areAll = true;
  for (let from = 0; areAll && from < source.length; from += TILE_BYTES / 4) {
    const piece = source.subarray(from, from + TILE_BYTES / 4);
    bytes.set(piece, INPUT);
    bytes.fill(0, INPUT + piece.length, INPUT + piece.length + 16);
    areAll = check?.(INPUT, piece.length / weights.BYTES_PER_ELEMENT) !== 0;
  }
  bytes.fill(0, INPUT, INPUT + Math.min(source.length, TILE_BYTES / 4));
  return areAll;
}
