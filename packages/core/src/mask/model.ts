// Models: what a typed array of weights is exactly, and the way back (wire 4.1, 4.2, 4.7). Two conversions exist where a float is no
// number: "strict" refuses the first such weight, "bounded" replaces it by what the table of wire 4.2 says.

import { XaynetError } from '../errors.ts';
import { kernel } from '../kernel/chosen.ts';
import { makeWeights, toPrimitive } from '../kernel/decode.ts';
import type { DataType, Model, Weights } from '../kernel/kernel.ts';
import { exactly, FLOAT32, FLOAT64, type Rational, rational } from '../kernel/rational.ts';

export type { Model, Rational, Weights };
export { rational };
/** What happens to values that a conversion cannot keep: an error, or the nearest allowed value (wire 4.2). */
export type ConversionMode = 'strict' | 'bounded';

/**
 * The exact value of each weight (wire 4.2): a float is the dyadic fraction that it is, no decimal rounding. Mode `bounded` turns NaN
 * into 0 and infinities into the largest finite value of the array's type; mode `strict`, the default, throws `weight-not-finite`.
 * @example
 * ```ts
 * import { modelFromWeights } from '@xaynet/core/mask';
 * modelFromWeights(Float32Array.of(0.1)); // [{ numerator: 13421773n, denominator: 134217728n }]
 * ```
 */
export function modelFromWeights(weights: Weights, mode: ConversionMode = 'strict'): Model {
  if (!isWeights(weights)) throw new XaynetError('rational-invalid', 'a Float32Array, Float64Array, Int32Array or BigInt64Array expected');
  return Array.from<number | bigint, Rational>(finiteWeights(weights, mode), (weight) =>
    typeof weight === 'bigint' ? { numerator: weight, denominator: 1n } : exactly(weight),
  );
}

/** The weights themselves when all are finite; else, as `mode` says, a changed copy or `weight-not-finite` with the index (wire 4.2). */
export function finiteWeights(weights: Weights, mode: ConversionMode): Weights {
  if (!(weights instanceof Float32Array || weights instanceof Float64Array)) return weights;
  if (kernel().areFinite(weights)) return weights;
  const bad = weights.findIndex((weight) => !Number.isFinite(weight));
  if (mode !== 'bounded') throw new XaynetError('weight-not-finite', `weight ${bad} is ${weights[bad]}`);
  const { largest } = weights instanceof Float32Array ? FLOAT32 : FLOAT64;
  return weights.map((weight) => (Number.isNaN(weight) ? 0 : Math.min(Math.max(weight, -largest), largest)));
}

/**
 * The model as primitives (wire 4.7): floats are the nearest to the exact value, ties to even, rounded once, also below the normal
 * range; integers are truncated toward zero. Throws `model-not-representable` with the index of the first weight beyond the type.
 * @example
 * ```ts
 * import { modelToWeights, rational } from '@xaynet/core/mask';
 * modelToWeights([rational(1, 3)], 'F64'); // Float64Array [0.3333333333333333]
 * modelToWeights([rational(-3, 2)], 'I32'); // Int32Array [-1]
 * modelToWeights([rational(2 ** 31)], 'I32'); // throws model-not-representable
 * ```
 */
export function modelToWeights(model: Model, data: 'F32'): Float32Array;
export function modelToWeights(model: Model, data: 'F64'): Float64Array;
export function modelToWeights(model: Model, data: 'I32'): Int32Array;
export function modelToWeights(model: Model, data: 'I64'): BigInt64Array;
export function modelToWeights(model: Model, data: DataType): Weights;
export function modelToWeights(model: Model, data: DataType): Weights {
  checkModel(model);
  const weights = makeWeights(data, model.length);
  model.forEach(({ numerator, denominator }, i) => {
    weights[i] = toPrimitive(numerator, denominator, data, i);
  });
  return weights;
}

/** Whether `model` is one of the four typed arrays and not a list of fractions. */
export function isWeights(model: Weights | Model): model is Weights {
  return model instanceof Float32Array || model instanceof Float64Array || model instanceof Int32Array || model instanceof BigInt64Array;
}

/** Throws `rational-invalid` unless `model` is a list of fractions with positive denominators. */
export function checkModel(model: Model): void {
  if (!Array.isArray(model))
    throw new XaynetError('rational-invalid', 'a model is a Float32Array, Float64Array, Int32Array, BigInt64Array or list of fractions');
  const bad = model.findIndex((weight) => typeof weight?.numerator !== 'bigint' || typeof weight.denominator !== 'bigint' || weight.denominator <= 0n);
  if (bad >= 0) throw new XaynetError('rational-invalid', `weight ${bad}; numbers belong into a typed array`);
}
