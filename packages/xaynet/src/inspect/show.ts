// Values as people read them: bytes abbreviated, big integers and fractions cut to what a line holds, shares as percent.

import { toHex } from '@xaynet/core/bytes';
import type { Rational } from '@xaynet/core/mask';
import { grouped } from '../figures.ts';

/** Hexadecimal of bytes, the middle left out of what is longer than 16: `03a107bff3ce10be…dc8664125531b8`. */
export function hexOf(bytes: Uint8Array): string {
  return bytes.length <= 16 ? toHex(bytes) : `${toHex(bytes.subarray(0, 8))}…${toHex(bytes.subarray(-4))}`;
}

/** Decimal digits of an integer; of one with more than 24 the first few and how many there are. */
export function integerText(value: bigint): string {
  const digits = value.toString();
  const length = digits.replace('-', '').length;
  return length <= 24 ? digits : `${digits.slice(0, 8 + digits.length - length)}… (${length} digits)`;
}

/** A fraction, and about what it is. */
export function fractionText({ numerator, denominator }: Rational): string {
  const exact = denominator === 1n ? integerText(numerator) : `${integerText(numerator)}/${integerText(denominator)}`;
  return denominator === 1n ? exact : `${exact} ≈ ${decimal(quotient(numerator, denominator))}`;
}

/** A number with about six digits. */
export function decimal(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? String(value) : String(Number(value.toPrecision(6)));
}

/** The quotient of integers of any size, good to some 15 digits. */
export function quotient(numerator: bigint, denominator: bigint): number {
  const excess = Math.max(0, Math.max(bits(numerator), bits(denominator)) - 1000);
  return Number(numerator >> BigInt(excess)) / Number(denominator >> BigInt(excess));
}

function bits(value: bigint): number {
  return (value < 0n ? -value : value).toString(16).length * 4;
}

/** `1 byte`, `2 bytes`, `1 234 567 bytes`. */
export function bytesText(count: number): string {
  return `${grouped(count)} byte${count === 1 ? '' : 's'}`;
}

/** `1 entry`, `2 entries`. */
export function countText(count: number, one: string, many: string): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}
