// Masking a model and deriving its mask (wire 2.4, 4.3). Both draw from the seed in the same order, the unit first and then the
// vector, so a mask is what masking adds, and subtracting it gives the encoded model back.

import { MaskSeed } from '../bytes/fixed.ts';
import { kernel } from '../kernel/chosen.ts';
import { type Rational, rational } from '../kernel/rational.ts';
import { checkConfigPair, type MaskConfigPair } from './config.ts';
import { type ConversionMode, checkModel, finiteWeights, isWeights, type Model, type Weights } from './model.ts';
import { emptyMaskObject, type MaskObject } from './object.ts';
import { checkScalar, type Scalar } from './scalar.ts';

/**
 * Masks a model (wire 4.3): each weight times the scalar, clamped to the bound, shifted, truncated and hidden behind a draw of `seed`.
 * Exact for typed arrays and fractions alike; the type of the array need not be the configuration's. A seed masks one model, ever.
 * Throws `weight-not-finite` (unless `mode` is `bounded`), `rational-invalid`, `scalar-invalid`, `config-unknown`, `mask-length`,
 * `length-mismatch`.
 * @example
 * ```ts
 * import { MaskSeed } from '@xaynet/core/bytes';
 * import { Aggregation, deriveMask, maskModel, parseMaskConfig, scalarFrom } from '@xaynet/core/mask';
 * const vect = parseMaskConfig('Power2/F32/B0/M6');
 * const config = { vect, unit: vect };
 * const seed = MaskSeed(new Uint8Array(32).fill(7)); // 32 random bytes in earnest
 * const masked = maskModel({ config, seed, scalar: scalarFrom(1), model: Float32Array.of(0.5, -0.25) });
 * Aggregation.from(masked).unmask(deriveMask({ config, seed, length: 2 })).toWeights('F32'); // Float32Array [0.5, -0.25]
 * ```
 */
export function maskModel(input: MaskingInput): MaskObject {
  return maskModelInPieces(input, input.model.length).next().value as MaskObject; // one piece: the first step is the last
}

/** What is masked, and how; see {@link maskModel}. */
export interface MaskingInput {
  readonly config: MaskConfigPair;
  readonly seed: MaskSeed;
  readonly scalar: Scalar;
  readonly model: Weights | Model;
  readonly mode?: ConversionMode | undefined;
}

/**
 * The same as {@link maskModel}, `size` weights at a time: between two pieces the iterator gives the number of weights that are masked, at its end
 * the object. For threads that must answer others in between; the model must not change meanwhile.
 * @example
 * ```ts
 * import { MaskSeed } from '@xaynet/core/bytes';
 * import { maskModelInPieces, parseMaskConfig, scalarFrom } from '@xaynet/core/mask';
 * const vect = parseMaskConfig('Power2/F32/B0/M6');
 * const seed = MaskSeed(new Uint8Array(32).fill(7)); // 32 random bytes in earnest
 * const work = maskModelInPieces({ config: { vect, unit: vect }, seed, scalar: scalarFrom(1), model: new Float32Array(100_000) }, 32_768);
 * let step = work.next();
 * for (; !step.done; step = work.next()) await new Promise((resolve) => setTimeout(resolve, 0)); // 32768, 65536 and 98304 are done
 * step.value.vect.length; // 700000: seven bytes an element
 * ```
 */
export function* maskModelInPieces(input: MaskingInput, size: number): Generator<number, MaskObject> {
  const { config, scalar } = input;
  checkConfigPair(config);
  checkScalar(scalar);
  const seed = MaskSeed(input.seed);
  if (!isWeights(input.model)) checkModel(input.model);
  // Plain numbers, so that no getter of a list runs in the middle of a kernel's work.
  const model = isWeights(input.model) ? input.model : input.model.map(({ numerator, denominator }) => ({ numerator, denominator }));
  const object = emptyMaskObject(config, model.length);
  const clamped = clampScalar(scalar, config.unit.addShift);
  const draws = kernel().draws(seed);
  draws.mask(config.unit, ONE, [clamped], object.unit);
  const width = config.vect.bytesPerNumber;
  for (let from = 0; from < model.length; from += size) {
    if (from > 0) yield from;
    const piece = isWeights(model) ? model.subarray(from, from + size) : model.slice(from, from + size);
    if (!draws.mask(config.vect, clamped, piece, object.vect.subarray(width * from, width * (from + size)))) {
      return yield* maskModelInPieces({ ...input, model: finiteWeights(model as Weights, input.mode ?? 'strict') }, size);
    }
  }
  return object;
}

/**
 * The mask of a seed (wire 2.4): `length` elements and a unit. Throws `config-unknown`, `mask-length`, `length-mismatch`.
 */
export function deriveMask(input: { config: MaskConfigPair; seed: MaskSeed; length: number }): MaskObject {
  const { config } = input;
  checkConfigPair(config);
  const object = emptyMaskObject(config, input.length);
  const draws = kernel().draws(MaskSeed(input.seed));
  draws.write(config.unit, object.unit);
  draws.write(config.vect, object.vect);
  return object;
}

const ONE: Rational = rational(1);

/** s' = min(s, A) of the unit's configuration; a scalar has no lower clamp, as it is never negative. */
export function clampScalar(scalar: Scalar, bound: bigint): Rational {
  return scalar.numerator > bound * scalar.denominator ? rational(bound) : scalar;
}
