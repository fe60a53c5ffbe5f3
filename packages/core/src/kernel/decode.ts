// From elements back to numbers: (element - offset)·factor, rounded once (wire 4.6, 4.7). Narrow elements go through double-double
// arithmetic: the result is known to 2^-100 of itself, which decides nearly every rounding; the rest, and all wide elements, go
// through big integers.

import { XaynetError } from '../errors.ts';
import { bytesToInteger, readWord } from './elements.ts';
import type { DataType, Decoding, Group, Weights } from './kernel.ts';
import { isNarrow, readHigh } from './narrow.ts';
import { exactly, FLOAT32, FLOAT64, greatestCommonDivisor, nearestFloat, type Rational, safeGreatestCommonDivisor } from './rational.ts';

/** Elements as primitives of `data`; see {@link Unmasking.decode}. */
export function decode(group: Group, elements: Uint8Array, decoding: Decoding, data: DataType): Weights {
  const length = elements.length / group.bytesPerNumber;
  const weights = makeWeights(data, length);
  const exact = (i: number): number | bigint => {
    const element = bytesToInteger(elements, i * group.bytesPerNumber, group.bytesPerNumber);
    return toPrimitive((element - decoding.offset) * decoding.factor.numerator, decoding.factor.denominator, data, i);
  };
  const fast = isNarrow(group) ? narrowDecoder(group, elements, decoding, data) : undefined;
  for (let i = 0; i < length; i++) {
    const value = fast?.(i) ?? exact(i);
    weights[i] = data === 'I64' && typeof value === 'number' ? BigInt(value) : value;
  }
  return weights;
}

/** The data type whose primitives a typed array holds. */
export function dataTypeOf(weights: Weights): DataType {
  if (weights instanceof Float32Array) return 'F32';
  if (weights instanceof Float64Array) return 'F64';
  return weights instanceof Int32Array ? 'I32' : 'I64';
}

/** A typed array of zeros. */
export function makeWeights(data: DataType, length: number): Weights {
  switch (data) {
    case 'F32':
      return new Float32Array(length);
    case 'F64':
      return new Float64Array(length);
    case 'I32':
      return new Int32Array(length);
    case 'I64':
      return new BigInt64Array(length);
    default:
      throw new RangeError(`data type: 'F32', 'F64', 'I32' or 'I64' expected, ${String(data)} given`);
  }
}

/** A fraction (denominator > 0) as a primitive, exactly as wire 4.7 wants it; throws `model-not-representable`. */
export function toPrimitive(numerator: bigint, denominator: bigint, data: DataType, index: number): number | bigint {
  if (data === 'F32' || data === 'F64') {
    const value = nearestFloat(numerator, denominator, data === 'F32' ? FLOAT32 : FLOAT64);
    if (value === undefined) throw new XaynetError('model-not-representable', `weight ${index} as ${data}`);
    return value;
  }
  const truncated = numerator / denominator;
  if (BigInt.asIntN(data === 'I32' ? 32 : 64, truncated) !== truncated) throw new XaynetError('model-not-representable', `weight ${index} as ${data}`);
  return data === 'I32' ? Number(truncated) : truncated;
}

const SPLIT = 2 ** 27 + 1; // Veltkamp: cuts a double into two halves whose products are exact

/** What is known of a value that was computed as high + low: it is within 2^-100 of itself. */
const ERROR = 2 ** -100;

/**
 * Computes single weights of narrow elements: `undefined` where the rounding is not certain or the result may be out of range.
 * The integer n = element - offset is below 2^63 and exactly two doubles; the factor is two doubles with an error below 2^-106; their
 * product keeps all terms but the smallest: its error is below 2^-103.
 */
function narrowDecoder(group: Group, elements: Uint8Array, decoding: Decoding, data: DataType): ((i: number) => number | undefined) | undefined {
  const { numerator, denominator } = decoding.factor;
  const factor = nearestFloat(numerator, denominator, FLOAT64);
  if (factor === undefined || factor < 1e-100 || factor > 1e100 || decoding.offset < 0n || decoding.offset >= 1n << 62n) return undefined;
  const held = exactly(factor);
  const factorLow = nearestFloat(numerator * held.denominator - held.numerator * denominator, denominator * held.denominator, FLOAT64)!;
  const factorTop = factor * SPLIT - (factor * SPLIT - factor);
  const factorRest = factor - factorTop;
  const offsetLow = Number(decoding.offset & 0xffff_ffffn);
  const offsetHigh = Number(decoding.offset >> 32n);
  const width = group.bytesPerNumber;
  const round = { F32: roundToFloat32, F64: roundToFloat64, I32: truncateToInt32, I64: truncateToInt64 }[data];
  const step = nearestFloat(1n, denominator, FLOAT64)!;
  return (i) => {
    const upper = (readHigh(elements, i * width + 4, width) - offsetHigh) * 0x1_0000_0000;
    const lower = readWord(elements, i * width, 4) - offsetLow;
    const n = upper + lower;
    const nLow = lower - (n - upper);
    const nTop = n * SPLIT - (n * SPLIT - n);
    const nRest = n - nTop;
    const product = n * factor;
    const exactRest = nTop * factorTop - product + nTop * factorRest + nRest * factorTop + nRest * factorRest;
    const rest = exactRest + (n * factorLow + nLow * factor);
    const high = product + rest;
    return round(high, rest - (high - product), step);
  };
}

function roundToFloat64(high: number, low: number): number | undefined {
  const error = Math.abs(high) * ERROR;
  return high + (low - error) === high && high + (low + error) === high ? high : undefined;
}

/** The boundaries between two floats are doubles, so rounding `high` is right unless it is itself a boundary. */
function roundToFloat32(high: number): number | undefined {
  if (Math.abs(high) >= 2 ** 127) return undefined;
  const rounded = Math.fround(high);
  const other = high + (high - rounded);
  return other !== rounded && Math.fround(other) === other ? undefined : rounded;
}

/**
 * A value that is no integer differs from one by at least `step`, the inverse of the denominator; while the error is a small part of
 * that, the two are told apart with certainty.
 */
function truncateToInt64(high: number, low: number, step: number): number | undefined {
  const error = Math.abs(high) * ERROR * 4;
  if (Math.abs(high) >= 2 ** 52 || error * 4 >= step) return undefined;
  const near = Math.round(high);
  const distance = high - near + low;
  if (Math.abs(distance) <= error) return near + 0; // not -0
  const floor = distance > 0 ? near : near - 1;
  return high < 0 ? floor + 1 : floor;
}

function truncateToInt32(high: number, low: number, step: number): number | undefined {
  const truncated = truncateToInt64(high, low, step);
  return truncated === undefined || truncated !== (truncated | 0) ? undefined : truncated;
}

/** Elements as fractions in lowest terms; see {@link Unmasking.decodeExactly}. */
export function decodeExactly(group: Group, elements: Uint8Array, decoding: Decoding): Rational[] {
  const { numerator, denominator } = decoding.factor;
  const width = group.bytesPerNumber;
  const isFast = isNarrow(group) && decoding.offset < 1n << 62n && denominator <= BigInt(Number.MAX_SAFE_INTEGER);
  const offsetLow = Number(decoding.offset & 0xffff_ffffn);
  const offsetHigh = isFast ? Number(decoding.offset >> 32n) : 0;
  const divisor = isFast ? Number(denominator) : 0;
  const fractions: Rational[] = [];
  for (let at = 0; at < elements.length; at += width) {
    const n = isFast ? (readHigh(elements, at + 4, width) - offsetHigh) * 0x1_0000_0000 + (readWord(elements, at, 4) - offsetLow) : Number.NaN;
    if (Number.isSafeInteger(n)) {
      const common = safeGreatestCommonDivisor(Math.abs(n), divisor);
      fractions.push({ numerator: BigInt(n / common) * numerator, denominator: BigInt(divisor / common) });
    } else {
      const exact = bytesToInteger(elements, at, width) - decoding.offset;
      const common = greatestCommonDivisor(exact < 0n ? -exact : exact, denominator);
      fractions.push({ numerator: (exact / common) * numerator, denominator: denominator / common });
    }
  }
  return fractions;
}
