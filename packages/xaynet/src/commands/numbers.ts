// Numbers on the command line: checked where they are read, so that a mistake is answered with the option and the allowed range.

import { type Rational, rational } from '@xaynet/core/mask';
import { InvalidArgumentError } from 'commander';

/** A parser of whole numbers from `least` to `most`. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) throw new InvalidArgumentError(`A whole number from ${least} to ${most} is expected.`);
    return value;
  };
}

/** A parser of decimal numbers from `least` to `most`, also with an exponent as in `1e-3`. */
export function decimalNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d*\.?\d+(e[+-]?\d{1,3})?$/i.test(text) || value < least || value > most)
      throw new InvalidArgumentError(`A number from ${least} to ${most} is expected.`);
    return value;
  };
}

/** The exact fraction that `57/1287`, `3` or `0.25` names; `0.1` is one tenth, not the nearest double. */
export function fraction(text: string): Rational {
  const [, whole, decimals = '', below = '1'] = /^(\d+)(?:\.(\d+))?$/.exec(text) ?? /^(\d+)()\/(\d+)$/.exec(text) ?? [];
  if (whole === undefined || BigInt(below) === 0n) throw new InvalidArgumentError('A number that is not negative is expected, for example 1, 0.25 or 57/1287.');
  return rational(BigInt(whole + decimals), BigInt(below) * 10n ** BigInt(decimals.length));
}
