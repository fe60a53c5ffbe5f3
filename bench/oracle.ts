// The oracle at work: what each case would be if somebody wrote it down with big integers, a weight at a time, without any thought of
// speed. Results are held against it, and its time per weight is the lower end of the scale.

import type { MaskConfig, Rational, Weights } from '@xaynet/core/mask';
import { littleEndian, type OracleGenerator, oracleEncode, oracleExact } from '../tests/oracle.ts';

/** Unit and `length` elements of a mask. */
export function deriveSlowly(config: MaskConfig, generator: OracleGenerator, length: number): bigint[] {
  generator.draw(config.order);
  return Array.from({ length }, () => generator.draw(config.order));
}

/** The elements of a masked model; the scalar is at most 1. */
export function maskSlowly(config: MaskConfig, generator: OracleGenerator, scalar: Rational, weights: Weights): bigint[] {
  generator.draw(config.order);
  return Array.from<number | bigint, bigint>(
    weights,
    (weight) => (oracleEncode(config, scalar, oracleExact(weight)) + generator.draw(config.order)) % config.order,
  );
}

/** `sums += elements`, in place; throws for what is no element. */
export function addSlowly(config: MaskConfig, sums: bigint[], elements: Uint8Array): void {
  for (let i = 0; i < sums.length; i++) {
    const element = elementAt(config, elements, i);
    if (element >= config.order) throw new Error(`element ${i} is out of range`);
    sums[i] = (sums[i]! + element) % config.order;
  }
}

/** Number `i` of packed elements. */
export function elementAt(config: MaskConfig, elements: Uint8Array, i: number): bigint {
  return littleEndian(elements.subarray(i * config.bytesPerNumber, (i + 1) * config.bytesPerNumber));
}

/** How the difference of sum and mask becomes a weight: `(difference - offset) · numerator / denominator`. */
export interface Undoing {
  readonly offset: bigint;
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** What undoes masking of `count` models whose scalars, as elements less their shift, sum to `scalars` / E. */
export function undoingOf(config: MaskConfig, count: number, unitDifference: bigint): Undoing {
  const offset = BigInt(count) * config.addShift * config.expShift;
  return { offset, numerator: 1n, denominator: unitDifference - offset };
}

/** The weights of the first `length` sums, when `mask` is their mask. */
export function unmaskSlowly(config: MaskConfig, sums: readonly bigint[], mask: Uint8Array, undoing: Undoing, length: number): (number | bigint)[] {
  return Array.from({ length }, (_, i) => {
    const difference = (sums[i]! + config.order - elementAt(config, mask, i)) % config.order;
    const numerator = (difference - undoing.offset) * undoing.numerator;
    return divide(numerator, undoing.denominator, config.data);
  });
}

/** One division of big integers, with 62 to 64 bits of quotient and the rest as one sticky bit; then one rounding. */
export function divide(numerator: bigint, denominator: bigint, data: MaskConfig['data']): number | bigint {
  if (data === 'I64') return numerator / denominator;
  if (data === 'I32') return Number(numerator / denominator);
  const magnitude = numerator < 0n ? -numerator : numerator;
  const kept = data === 'F32' ? 40 : 62;
  const shift = BigInt(Math.max(0, 4 * (denominator.toString(16).length - magnitude.toString(16).length) + kept));
  const dividend = magnitude << shift;
  let quotient = dividend / denominator;
  let sticky = quotient * denominator === dividend ? 0n : 1n;
  let exponent = -Number(shift);
  const excess = quotient.toString(16).length * 4 - (kept + 8);
  if (excess > 0) {
    if (BigInt.asUintN(excess, quotient) !== 0n) sticky = 1n;
    quotient >>= BigInt(excess);
    exponent += excess;
  }
  const value = scale(Number(quotient | sticky), exponent);
  const rounded = data === 'F32' ? Math.fround(value) : value;
  return numerator < 0n ? -rounded : rounded;
}

/** `value · 2^exponent`, also where the power alone is no double. */
function scale(value: number, exponent: number): number {
  const half = Math.trunc(exponent / 2);
  return value * 2 ** half * 2 ** (exponent - half);
}

/** Fractions in lowest terms as a published model lays them out (wire 7.3), without the count in front. */
export function writeSlowly(fractions: readonly Rational[]): Uint8Array {
  const bytes: number[] = [];
  for (const { numerator, denominator } of fractions) {
    const divisor = gcd(numerator < 0n ? -numerator : numerator, denominator);
    for (const number of [numerator / divisor, denominator / divisor]) {
      const words: number[] = [];
      for (let rest = number < 0n ? -number : number; rest > 0n; rest >>= 32n) words.push(Number(rest & 0xffff_ffffn));
      bytes.push(number < 0n ? 0xff : number > 0n ? 1 : 0, words.length & 0xff, words.length >> 8, 0, 0, 0, 0, 0, 0);
      for (const word of words) bytes.push(word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24);
    }
  }
  return Uint8Array.from(bytes);
}

function gcd(a: bigint, b: bigint): bigint {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

/** The first `length` weights of a published model, from where the fractions begin. */
export function readSlowly(bytes: Uint8Array, length: number, data: MaskConfig['data']): (number | bigint)[] {
  let at = 0;
  const signed = (): bigint => {
    const sign = bytes[at] === 0xff ? -1n : BigInt(bytes[at]!);
    const words = Number(littleEndian(bytes.subarray(at + 1, at + 9)));
    at += 9 + 4 * words;
    return sign * littleEndian(bytes.subarray(at - 4 * words, at));
  };
  return Array.from({ length }, () => {
    const numerator = signed();
    return divide(numerator, signed(), data);
  });
}
