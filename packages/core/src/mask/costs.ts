// What a masking configuration costs, from its numbers alone: how many draws a number of the mask takes, how much keystream those use up, what travels.
// Orders just above a power of 256 throw nearly every draw away, so that configurations that look alike differ by a factor of a thousand.

import { FLOAT64, nearestFloat } from '../kernel/rational.ts';
import { MASK_CONFIGS, type MaskConfig, parseMaskConfig } from './config.ts';

/** What {@link maskConfigCosts} computes; sizes are bytes per weight. */
export interface MaskConfigCosts {
  /** Bytes of a masked weight on the wire (wire 3.6). */
  readonly bytesPerWeight: number;
  /** 32-bit words of keystream that one draw uses up: the generator hands out whole words and drops what is left of the last (wire 2.2). */
  readonly wordsPerDraw: number;
  /** Share of the draws that are below the order and hence used, above 0 and at most 1 (wire 2.3). */
  readonly acceptance: number;
  /** Draws that a number takes on average: 1 / acceptance. */
  readonly drawsPerWeight: number;
  /** Keystream that a number takes on average: what deriving a mask spends its time on. */
  readonly keystreamBytesPerWeight: number;
  /** The step between two weights that can be told apart, absolute: 10^-decimals; 0 where a double has none so small (F64/Bmax). */
  readonly precision: number;
  /** Decimals that are kept of a weight (wire 3.2). */
  readonly decimals: number;
  /** The most models that may be summed (wire 3.2). */
  readonly maxModels: number;
  /** Time that a weight of an update costs, counted in bytes of keystream: what {@link cheapestConfig} compares. */
  readonly cost: number;
  /** Whether fewer draws than {@link TRAP_ACCEPTANCE} are used, so that masks cost far more than their size suggests. */
  readonly isTrap: boolean;
}

/** Configurations that use a smaller share of their draws than this are traps; 81 of the 240 are. */
export const TRAP_ACCEPTANCE = 0.02;

/** The configuration that new coordinators use when none is asked for: the cheapest of the whole catalogue, with room for a million models. */
export const DEFAULT_MASK_CONFIG: MaskConfig = /* @__PURE__ */ parseMaskConfig('Power2/F32/B0/M6');

/**
 * How many bytes of keystream can be made in the time of one byte on the wire. Keystream is made once by the updater and once by every sum
 * participant, all at the same time; each byte on the wire is sealed and signed, travels, is opened, verified, checked and added.
 * Measured with the portable code: 55 ns to seal, sign, open and verify a byte, 3 to 4 ns to make one of keystream. The factor weighs a few bytes more on the wire against less keystream, and is not delicate: from 9 to 25 the choice for all 240 is the same.
 */
const WIRE_BYTE = 10;

/**
 * The costs of a configuration (wire 2.3, 3.6), exact up to rounding to a double.
 * @example
 * ```ts
 * import { maskConfigCosts, parseMaskConfig } from '@xaynet/core/mask';
 * const { keystreamBytesPerWeight, acceptance } = maskConfigCosts(parseMaskConfig('Power2/F32/B4/M12'));
 * [keystreamBytesPerWeight, acceptance]; // [3072, 0.00390625]
 * ```
 */
export function maskConfigCosts(config: MaskConfig): MaskConfigCosts {
  const draws = 1n << BigInt(8 * config.prngBytes);
  const acceptance = nearestFloat(config.order, draws, FLOAT64)!;
  const drawsPerWeight = drawsOf(config);
  const wordsPerDraw = Math.ceil(config.prngBytes / 4);
  const keystreamBytesPerWeight = keystreamOf(config);
  return {
    bytesPerWeight: config.bytesPerNumber,
    wordsPerDraw,
    acceptance,
    drawsPerWeight,
    keystreamBytesPerWeight,
    precision: nearestFloat(1n, config.expShift, FLOAT64)!,
    decimals: String(config.expShift).length - 1,
    maxModels: config.maxModels,
    cost: keystreamBytesPerWeight + WIRE_BYTE * config.bytesPerNumber,
    isTrap: acceptance < TRAP_ACCEPTANCE,
  };
}

/** Draws that a number takes on average. */
function drawsOf({ order, prngBytes }: MaskConfig): number {
  return nearestFloat(1n << BigInt(8 * prngBytes), order, FLOAT64)!;
}

/** {@link MaskConfigCosts.keystreamBytesPerWeight} alone. */
export function keystreamOf(config: MaskConfig): number {
  return 4 * Math.ceil(config.prngBytes / 4) * drawsOf(config);
}

/** Integer and Prime orders of one size differ in the last digits only: nothing to change a configuration for. */
const SAME = 1 - 1e-6;

/**
 * The cheapest configuration that can stand in for `config`: of the same data type, with no fewer decimals, no smaller bound and no fewer
 * models; `config` itself when none is cheaper. Among equally cheap ones the group type of `config` wins.
 * @example
 * ```ts
 * import { cheapestConfig, maskConfigCosts, parseMaskConfig } from '@xaynet/core/mask';
 * const wanted = parseMaskConfig('Power2/F32/B4/M12');
 * const instead = cheapestConfig(wanted);
 * instead.name; // 'Integer/F32/B4/M12'
 * maskConfigCosts(wanted).cost / maskConfigCosts(instead).cost > 10; // true
 * ```
 */
export function cheapestConfig(config: MaskConfig): MaskConfig {
  const costOf = (candidate: MaskConfig): number => maskConfigCosts(candidate).cost;
  const holdsAsMuch = MASK_CONFIGS.filter(
    ({ data, expShift, addShift, maxModels }) =>
      data === config.data && expShift >= config.expShift && addShift >= config.addShift && maxModels >= config.maxModels,
  );
  const ordered = [config, ...holdsAsMuch.filter(({ group }) => group === config.group), ...holdsAsMuch];
  return ordered.reduce((best, next) => (costOf(next) < SAME * costOf(best) ? next : best));
}
