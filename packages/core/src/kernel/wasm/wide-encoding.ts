// Weights to wide elements through an instance. The factor from weights to elements becomes a fixed-point number once for a vector
// (see assembly/wide-encode.ts); weights that it leaves undecided, next to none, are encoded by big integers, one by one.

import { dataTypeOf } from '../decode.ts';
import { integerToBytes } from '../elements.ts';
import { encode } from '../encode.ts';
import type { Encoding, Weights } from '../kernel.ts';
import { bitLength, type Rational, rational } from '../rational.ts';
import { type Instance, KINDS } from './engine.ts';
import { INPUT, OUTPUT } from './layout.ts';
import { JOB, limbsOf, UNDECIDED } from './wide-group.ts';

const JOB_BYTES = 0x1800;
const MOST_LIMBS = 64; // of a multiplier
const LARGEST_EXPONENT = 971; // of a double, as an integer of 53 bits times a power of two

/** Writes encoded weights, as many as fit a tile, packed, to OUTPUT; nothing else may place a job in between. */
export type WideEncoder = (weights: Weights) => void;

/** Places the job in the instance; undefined when the numbers are beyond its layout. */
export function wideEncoder({ bytes, exports }: Instance, encoding: Encoding, scalar: Rational): WideEncoder | undefined {
  const job = jobOf(encoding, scalar);
  if (job === undefined) return undefined;
  bytes.set(job, JOB);
  return (weights) => {
    bytes.set(new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength), INPUT);
    const count = exports.encodeWide(KINDS[dataTypeOf(weights)], INPUT, weights.length, JOB, OUTPUT, UNDECIDED);
    const width = encoding.bytesPerNumber;
    for (const i of new Uint32Array(bytes.buffer, UNDECIDED, count)) {
      encode(encoding, scalar, weights.subarray(i, i + 1), bytes.subarray(OUTPUT + i * width, OUTPUT + (i + 1) * width));
    }
  };
}

/** A fixed-point number: `value / 2^fraction`. */
interface Multiplier {
  readonly value: bigint;
  readonly fraction: number;
}

function jobOf(encoding: Encoding, scalar: Rational): Uint8Array | undefined {
  const factor = rational(scalar.numerator * encoding.expShift, scalar.denominator);
  const middle = encoding.addShift * encoding.expShift;
  const limbs = limbsOf(encoding);
  const middleBits = bitLength(middle);
  const twos = trailingZeros(factor.denominator);
  const divisor = factor.denominator >> BigInt(twos);
  const zeros = trailingZeros(factor.numerator);
  const exact = { value: factor.numerator >> BigInt(zeros), fraction: twos - zeros };
  const first = divisor === 1n ? exact : inexact(factor, middleBits);
  if (first.value === 0n && factor.numerator !== 0n) return undefined;
  if (middleBits + 2 > 64 * limbs || bitLength(first.value) > 64 * MOST_LIMBS || Math.abs(exact.fraction) > 4000) return undefined;
  const isRepeatable = bitLength(divisor) <= 64 && bitLength(exact.value) <= 64 * MOST_LIMBS;

  const job = new Uint8Array(JOB_BYTES);
  const view = new DataView(job.buffer);
  placeMultiplier(job, 0, 64, first);
  if (isRepeatable) placeMultiplier(job, 16, 64 + 512, exact);
  view.setUint32(32, divisor === 1n ? 1 : 0, true);
  view.setInt32(36, middleBits, true);
  view.setUint32(40, limbs, true);
  view.setUint32(44, encoding.bytesPerNumber, true);
  view.setBigUint64(48, isRepeatable ? divisor : 0n, true);
  integerToBytes(middle, job, 64 + 1024, 8 * limbs);
  integerToBytes(2n * middle, job, 64 + 1024 + 320, 8 * limbs);
  return job;
}

/**
 * The factor rounded down, with 128 bits behind the point of every product with 2^e that is not beyond the bound anyway: a weight is
 * m·2^e with 2^52 <= m < 2^53, or smaller with e = -1074, or an integer with e = 0, and the factor is at least 2^(size - 1).
 */
function inexact(factor: Rational, middleBits: number): Multiplier {
  const size = bitLength(factor.numerator) - bitLength(factor.denominator);
  const fraction = 128 + Math.min(Math.max(middleBits - 51 - size, 0), LARGEST_EXPONENT);
  return { value: (factor.numerator << BigInt(fraction)) / factor.denominator, fraction };
}

function placeMultiplier(job: Uint8Array, shape: number, at: number, { value, fraction }: Multiplier): void {
  const bits = bitLength(value);
  const limbs = Math.ceil(bits / 64);
  const view = new DataView(job.buffer, shape, 16);
  view.setUint32(0, limbs, true);
  view.setInt32(4, fraction, true);
  view.setInt32(8, bits, true);
  view.setInt32(12, trailingZeros(value), true);
  integerToBytes(value, job, at, 8 * limbs);
}

function trailingZeros(value: bigint): number {
  return value === 0n ? 0 : bitLength(value & -value) - 1;
}
