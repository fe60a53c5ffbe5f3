// Exact fractions of big integers, and the two bridges to floating point: what a float is exactly (wire 4.2), and which float is
// nearest to a fraction, rounded once (wire 4.7). Everything fast elsewhere is measured against these few functions.

import { XaynetError } from '../errors.ts';

/** An exact fraction in lowest terms with a positive denominator; zero is 0/1 (wire 4.1). */
export interface Rational {
  /** Any sign. */
  readonly numerator: bigint;
  /** Positive. */
  readonly denominator: bigint;
}

/**
 * The fraction `numerator / denominator` in lowest terms (wire 4.1); numbers must be integers that a double holds exactly.
 * Throws `rational-invalid` for a zero denominator and for numbers that are no safe integers.
 * @example
 * ```ts
 * import { rational } from '@xaynet/core/mask';
 * rational(2, -6); // { numerator: -1n, denominator: 3n }
 * ```
 */
export function rational(numerator: bigint | number, denominator: bigint | number = 1n): Rational {
  let n = integer(numerator, 'numerator');
  let d = integer(denominator, 'denominator');
  if (d === 0n) throw new XaynetError('rational-invalid', 'denominator 0');
  if (d < 0n) {
    n = -n;
    d = -d;
  }
  const divisor = greatestCommonDivisor(n < 0n ? -n : n, d);
  return divisor === 1n ? { numerator: n, denominator: d } : { numerator: n / divisor, denominator: d / divisor };
}

function integer(value: bigint | number, name: string): bigint {
  if (typeof value === 'bigint') return value;
  if (Number.isSafeInteger(value)) return BigInt(value);
  throw new XaynetError('rational-invalid', `${name} ${String(value)} is not a safe integer`);
}

/** Greatest common divisor of non-negative integers; on doubles as soon as both fit. */
export function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  while (a > SAFE || b > SAFE) {
    if (b === 0n) return a;
    [a, b] = [b, a % b];
  }
  return BigInt(safeGreatestCommonDivisor(Number(a), Number(b)));
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Greatest common divisor of non-negative safe integers. */
export function safeGreatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}

/** Number of bits of a non-negative integer; 0 for 0. Linear in its size. */
export function bitLength(value: bigint): number {
  if (value === 0n) return 0;
  const hex = value.toString(16);
  return hex.length * 4 - (Math.clz32(Number.parseInt(hex[0]!, 16)) - 28);
}

const scratch = new DataView(new ArrayBuffer(8));

/** A finite double as an odd integer (or zero) times a power of two. */
export function decompose(value: number): { readonly significand: number; readonly exponent: number } {
  if (value === 0) return { significand: 0, exponent: 0 };
  scratch.setFloat64(0, value);
  const high = scratch.getUint32(0);
  const low = scratch.getUint32(4);
  const biased = (high >>> 20) & 0x7ff;
  const top = (high & 0xfffff) + (biased === 0 ? 0 : 0x100000);
  const zeros = low !== 0 ? trailingZeros(low) : 32 + trailingZeros(top);
  const significand = (top * 0x100000000 + low) / 2 ** zeros;
  return { significand: value < 0 ? -significand : significand, exponent: Math.max(biased, 1) - 1075 + zeros };
}

function trailingZeros(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** The fraction that a finite double is, in lowest terms; also right for a float32 that was widened (wire 4.2). */
export function exactly(value: number): Rational {
  const { significand, exponent } = decompose(value);
  const integer = BigInt(significand);
  return exponent >= 0 ? { numerator: integer << BigInt(exponent), denominator: 1n } : { numerator: integer, denominator: 1n << BigInt(-exponent) };
}

/** A binary floating-point format: its precision in bits, the exponent of its smallest step, and its largest finite value. */
export interface FloatFormat {
  readonly precision: number;
  readonly smallestExponent: number;
  readonly largest: number;
}

/** IEEE-754 binary32. */
export const FLOAT32: FloatFormat = { precision: 24, smallestExponent: -149, largest: (2 ** 24 - 1) * 2 ** 104 };
/** IEEE-754 binary64. */
export const FLOAT64: FloatFormat = { precision: 53, smallestExponent: -1074, largest: Number.MAX_VALUE };

/**
 * The value of `format` nearest to `numerator / denominator` (denominator > 0), ties to even, rounded once (wire 4.7 PORT);
 * undefined when the exact ratio lies beyond the largest finite value. A negative ratio that rounds to zero gives -0.
 * Also what makes a double of a big integer that may be beyond 64 bits, of which `Number` is wrong in Hermes 0.12.
 */
export function nearestFloat(numerator: bigint, denominator: bigint, format: FloatFormat): number | undefined {
  if (numerator === 0n) return 0;
  const n = numerator < 0n ? -numerator : numerator;
  const magnitude = bitLength(n) - bitLength(denominator); // 2^(magnitude - 1) < n/d < 2^(magnitude + 1)
  // The quotient below counts units of 2^-shift: one bit more than the format keeps, or two.
  const shift = Math.min(format.precision + 1 - magnitude, 1 - format.smallestExponent);
  const dividend = shift > 0 ? n << BigInt(shift) : n;
  const divisor = shift < 0 ? denominator << BigInt(-shift) : denominator;
  const quotient = dividend / divisor;
  const drop = Math.max(bitLength(quotient) - format.precision, 1);
  let kept = quotient >> BigInt(drop);
  const rest = quotient - (kept << BigInt(drop));
  const half = 1n << BigInt(drop - 1);
  if (rest > half || (rest === half && ((kept & 1n) === 1n || quotient * divisor !== dividend))) kept += 1n;
  const value = Number(kept) * 2 ** (drop - shift);
  if (value >= format.largest && n > exactly(format.largest).numerator * denominator) return undefined;
  return numerator < 0n ? -value : value;
}
