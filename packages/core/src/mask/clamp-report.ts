// What masking cuts off (wire 4.3). Nothing in a masked update tells that weights were clamped, and no mean shows it for sure, so the one
// who masks must be told. The usual answer, nothing, takes one pass of comparisons on doubles; only then is anything counted.

import { exactly, FLOAT32, FLOAT64, nearestFloat, type Rational, rational } from '../kernel/rational.ts';
import { checkConfigPair, MASK_CONFIGS, type MaskConfigPair } from './config.ts';
import { clampScalar } from './masking.ts';
import { checkModel, isWeights, type Model, type Weights } from './model.ts';
import { checkScalar, type Scalar } from './scalar.ts';

/** What masking a model cuts off, and what would hold it; numbers are rounded to doubles, comparisons are exact. */
export interface ClampReport {
  /** Weights that, times the scalar, are beyond the bound; 0 when it is the scalar alone that is clamped. */
  readonly count: number;
  /** Number of weights. */
  readonly length: number;
  /** `count / length`, 0 to 1. */
  readonly share: number;
  /** Largest magnitude of scalar times weight. */
  readonly largest: number;
  /** A of the vector's configuration: magnitudes above it become it. */
  readonly bound: number;
  /** Whether the scalar is beyond the bound of its own configuration: the participant then weighs less in the mean than it asked for. */
  readonly scalarClamped: boolean;
  /** For people: which configuration, or which scalars, would hold everything. */
  readonly hint: string;
}

/**
 * Counts the weights that masking would clamp: those for which |scalar · weight| exceeds the bound A of the vector's configuration, after the
 * scalar was clamped to that of the unit's (wire 4.3). Undefined when neither weights nor scalar are clamped, which takes about a
 * nanosecond a weight. Values at the bound are not clamped. Throws `config-unknown`, `scalar-invalid`, `rational-invalid`.
 * @example
 * ```ts
 * import { clampReport, parseMaskConfig, scalarFrom } from '@xaynet/core/mask';
 * const vect = parseMaskConfig('Prime/F32/B0/M3');
 * const report = clampReport({ config: { vect, unit: vect }, scalar: scalarFrom(1), model: Float32Array.of(0.5, 1, -3, 1.5) });
 * report?.share; // 0.5
 * report?.hint; // 'Prime/F32/B2/M3 would hold all; so would scalars divided by 10 by every participant, with 1 decimal less'
 * ```
 */
export function clampReport(input: { config: MaskConfigPair; scalar: Scalar; model: Weights | Model }): ClampReport | undefined {
  const { config, scalar, model } = input;
  checkConfigPair(config);
  checkScalar(scalar);
  const { vect, unit } = config;
  const used = clampScalar(scalar, unit.addShift);
  const scalarClamped = used !== scalar;
  if (!isWeights(model)) checkModel(model);
  // Weights up to A / scalar are kept. Every weight is a double or is compared exactly, so the last double up to there decides for all.
  const limit = used.numerator > 0n ? rational(vect.addShift * used.denominator, used.numerator) : undefined;
  const last = limit === undefined ? Infinity : lastDouble(limit);
  if (!scalarClamped && isWithin(model, last)) return undefined;
  const { count, largest } = isDoubles(model) ? measure(model, last) : measureExactly(model, limit);
  if (count === 0 && !scalarClamped) return undefined;
  return {
    count,
    length: model.length,
    share: count / (model.length || 1),
    largest: toDouble(times(used, largest)),
    bound: toDouble(rational(vect.addShift)),
    scalarClamped,
    hint: (scalarClamped ? `the scalar counts as ${unit.addShift}: ` : '') + advice(config, scalar, times(scalar, largest)),
  };
}

type Doubles = Float32Array | Float64Array | Int32Array;

function isDoubles(model: Weights | Model): model is Doubles {
  return ArrayBuffer.isView(model) && !(model instanceof BigInt64Array);
}

/** The largest double that is not above a positive fraction. */
function lastDouble(limit: Rational): number {
  const nearest = nearestFloat(limit.numerator, limit.denominator, FLOAT64);
  if (nearest === undefined) return Infinity;
  const cell = Float64Array.of(nearest);
  if (isAbove(exactly(nearest), limit)) new BigInt64Array(cell.buffer)[0]! -= 1n;
  return cell[0]!;
}

/** Whether certainly no magnitude is above the limit that `last` stands for. */
function isWithin(model: Weights | Model, last: number): boolean {
  if (isDoubles(model)) return areWithin(model, last);
  // A big integer that is rounded to a double below the last one is below the limit; rounded to the last one, it may be above.
  const safe = last < 2 ** 53 ? last : last * (1 - 2 ** -52);
  return model instanceof BigInt64Array && model.every((weight) => Math.abs(Number(weight)) <= safe);
}

function areWithin(weights: Doubles, last: number): boolean {
  for (let i = 0; i < weights.length; i++) if (Math.abs(weights[i]!) > last) return false;
  return true;
}

interface Measured {
  readonly count: number;
  /** Largest magnitude of a weight. */
  readonly largest: Rational;
}

/** What mode `bounded` makes of a weight that is no number is what counts here: infinities are the largest value of the array's type. */
function measure(weights: Doubles, last: number): Measured {
  const most = (weights instanceof Float32Array ? FLOAT32 : FLOAT64).largest;
  let count = 0;
  let largest = 0;
  for (const weight of weights) {
    const magnitude = Math.min(Math.abs(weight), most);
    if (magnitude > largest) largest = magnitude;
    if (magnitude > last) count++;
  }
  return { count, largest: exactly(largest) };
}

function measureExactly(model: Model | BigInt64Array, limit: Rational | undefined): Measured {
  let count = 0;
  let largest = rational(0);
  for (const weight of model) {
    const { numerator, denominator } = typeof weight === 'bigint' ? { numerator: weight, denominator: 1n } : weight;
    const magnitude = { numerator: numerator < 0n ? -numerator : numerator, denominator };
    if (isAbove(magnitude, largest)) largest = magnitude;
    if (limit !== undefined && isAbove(magnitude, limit)) count++;
  }
  return { count, largest };
}

/**
 * The next larger bound that holds values and scalar; and, since a mean does not change when all scalars are divided by the same number, the
 * power of ten that makes them fit, if decimals are left then.
 */
function advice({ vect, unit }: MaskConfigPair, scalar: Scalar, largest: Rational): string {
  const fits = ({ addShift }: { addShift: bigint }): boolean => ![largest, scalar].some((value) => isAbove(value, rational(addShift)));
  const holds = MASK_CONFIGS.find(
    (config) => config.group === vect.group && config.data === vect.data && config.model === vect.model && config.addShift >= vect.addShift && fits(config),
  );
  let decimals = 0;
  let ten = 1n;
  for (; isAbove(largest, rational(vect.addShift * ten)) || isAbove(scalar, rational(unit.addShift * ten)); ten *= 10n) decimals++;
  // Dividing by as many decimals as the configuration keeps would leave nothing.
  const divided = ten < vect.expShift && `scalars divided by ${ten} by every participant, with ${decimals} decimal${decimals === 1 ? '' : 's'} less`;
  if (holds !== undefined) return `${holds.name} would hold all${divided ? `; so would ${divided}` : ''}`;
  return `no bound of ${vect.data} holds all${divided ? `, but ${divided}, would` : ': check the weights'}`;
}

function isAbove(a: Rational, b: Rational): boolean {
  return a.numerator * b.denominator > b.numerator * a.denominator;
}

function times(a: Rational, b: Rational): Rational {
  return { numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator };
}

function toDouble({ numerator, denominator }: Rational): number {
  return nearestFloat(numerator, denominator, FLOAT64) ?? Infinity;
}
