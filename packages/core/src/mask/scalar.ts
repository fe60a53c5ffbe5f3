// Scalars: the weight of a participant's model in the mean, an exact fraction that is not negative (wire 4.1, 4.2).

import { XaynetError } from '../errors.ts';
import { toPrimitive } from '../kernel/decode.ts';
import type { DataType } from '../kernel/kernel.ts';
import { exactly, FLOAT32, FLOAT64, type Rational, rational } from '../kernel/rational.ts';
import type { ConversionMode } from './model.ts';

/** An exact fraction that is not negative (wire 4.1). */
export type Scalar = Rational;

/**
 * The scalar that `value` is exactly (wire 4.2). A number is taken as a value of `type` (default F64; F32 rounds it to a binary32
 * first, I32 and I64 want an integer of the type); a big integer or fraction is itself. Negative, NaN and infinite values throw
 * `scalar-invalid` in mode `strict`, the default; in mode `bounded` +∞ becomes the largest value of `type` and the others 0.
 * @example
 * ```ts
 * import { rational, scalarFrom } from '@xaynet/core/mask';
 * scalarFrom(0.5); // { numerator: 1n, denominator: 2n }
 * scalarFrom(rational(120, 360)); // { numerator: 1n, denominator: 3n }: a share of examples, exactly
 * ```
 */
export function scalarFrom(value: number | bigint | Rational, options: { type?: DataType | undefined; mode?: ConversionMode | undefined } = {}): Scalar {
  const { type = 'F64', mode = 'strict' } = options;
  const scalar = typeof value === 'number' ? fromNumber(value, type, mode) : typeof value === 'bigint' ? rational(value) : fromRational(value);
  if (scalar.numerator >= 0n) return scalar;
  if (mode === 'bounded') return rational(0);
  throw new XaynetError('scalar-invalid', `${scalar.numerator}/${scalar.denominator} is negative`);
}

function fromNumber(value: number, type: DataType, mode: ConversionMode): Rational {
  if (type === 'I32' || type === 'I64') {
    const limit = type === 'I32' ? 2 ** 31 : 2 ** 63;
    if (!Number.isInteger(value) || value < -limit || value >= limit) throw new XaynetError('scalar-invalid', `${value} is no ${type}`);
    return rational(BigInt(value));
  }
  const held = type === 'F32' ? Math.fround(value) : value;
  if (Number.isFinite(held)) return exactly(held);
  if (mode !== 'bounded') throw new XaynetError('scalar-invalid', `${value} as ${type}`);
  return exactly(held > 0 ? (type === 'F32' ? FLOAT32 : FLOAT64).largest : 0);
}

function fromRational(value: Rational): Rational {
  if (typeof value?.numerator !== 'bigint' || typeof value.denominator !== 'bigint') throw new XaynetError('scalar-invalid', `${typeof value} given`);
  return rational(value.numerator, value.denominator);
}

/**
 * The scalar as a primitive of `data` (wire 4.7): floats rounded once, integers truncated (I64 as a big integer); throws
 * `model-not-representable`.
 * @example
 * ```ts
 * import { rational, scalarFrom, scalarToPrimitive } from '@xaynet/core/mask';
 * scalarToPrimitive(scalarFrom(rational(120, 360)), 'F64'); // 0.3333333333333333
 * ```
 */
export function scalarToPrimitive(scalar: Scalar, data: DataType): number | bigint {
  checkScalar(scalar);
  return toPrimitive(scalar.numerator, scalar.denominator, data, 0);
}

/** Throws `scalar-invalid` unless `scalar` is a fraction that is not negative. */
export function checkScalar(scalar: Scalar): void {
  const isFraction = typeof scalar?.numerator === 'bigint' && typeof scalar.denominator === 'bigint' && scalar.denominator > 0n;
  if (!isFraction || scalar.numerator < 0n) throw new XaynetError('scalar-invalid', 'a fraction of scalarFrom expected');
}
