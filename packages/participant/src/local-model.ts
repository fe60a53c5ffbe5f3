// A model on its way in: checked against the round at the moment it is given, so that a wrong length is the caller's error with
// both numbers, not an update that the coordinator drops without a word (quirk Q-03), and copied, so that training can go on in place.

import { XaynetError } from '@xaynet/core/errors';
import type { Scalar } from '@xaynet/core/mask';
import { scalarFrom } from '@xaynet/core/mask';
import type { LocalModel, ModelRequest } from './ports.ts';
import type { TakenModel } from './state.ts';

/**
 * Checks and copies a model. Throws `model-length` with both numbers, `weight-not-finite` with the index (strict mode only),
 * `scalar-invalid`, and `option-invalid` for what is no model, such as an array of numbers.
 */
export function takeModel(model: LocalModel, request: ModelRequest | undefined, fallback: Scalar): TakenModel {
  const { weights, mode = 'strict' } = model;
  if (!isModel(weights))
    throw new XaynetError(
      'option-invalid',
      `weights: a Float32Array, Float64Array, Int32Array, BigInt64Array or an array of fractions expected${Array.isArray(weights) ? '; Float32Array.from(weights) makes one of numbers' : ''}`,
    );
  if (request !== undefined && weights.length !== request.length) {
    throw new XaynetError('model-length', `${weights.length} weights given, the round takes ${request.length}`);
  }
  if (mode === 'strict' && (weights instanceof Float32Array || weights instanceof Float64Array)) {
    const bad = weights.findIndex((weight) => !Number.isFinite(weight));
    if (bad >= 0) throw new XaynetError('weight-not-finite', `weight ${bad} is ${weights[bad]}`);
  }
  const scalar = model.scalar === undefined ? fallback : scalarFrom(model.scalar);
  return { weights: weights.slice(), scalar, mode };
}

function isModel(weights: unknown): boolean {
  if (Array.isArray(weights)) return weights.every((weight) => typeof weight?.numerator === 'bigint' && typeof weight.denominator === 'bigint');
  return weights instanceof Float32Array || weights instanceof Float64Array || weights instanceof Int32Array || weights instanceof BigInt64Array;
}
