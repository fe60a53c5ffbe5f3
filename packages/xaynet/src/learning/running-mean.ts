// The plain weighted mean of many models, added one at a time so that none need be kept. Each weight is a sum of three doubles that keep what
// the one before rounded off (Knuth's two-sum), so a sum of binary32 weights times whole numbers is exact as long as its terms span less than
// some 100 bits; what ever falls off the end is added up and belongs to the bound of a comparison. 24 bytes a weight.

import type { MaskConfigPair, Rational } from '@xaynet/core/mask';
import { differenceBound } from './exact-mean.ts';

/** How far a model is from the mean, and how far it may be. */
export interface MeanComparison {
  /** Largest |model − mean| of a weight, and where. */
  readonly difference: number;
  readonly at: number;
  /** What it must not exceed: the truncation of the masking (wire 4.6) and the rounding of this comparison. */
  readonly bound: number;
}

/** See the head of the file. */
export class RunningMean {
  readonly #high: Float64Array;
  readonly #middle: Float64Array;
  readonly #low: Float64Array;
  #lost = 0;
  #shares = 0;
  #count = 0;

  constructor(length: number) {
    this.#high = new Float64Array(length);
    this.#middle = new Float64Array(length);
    this.#low = new Float64Array(length);
  }

  /** Models in it. */
  get count(): number {
    return this.#count;
  }

  /** Sum of their shares. */
  get shares(): number {
    return this.#shares;
  }

  /**
   * Adds a model with a whole share from 1 to 2^24. Each product of weight and share is first cut to ±`limit`, as masking does, and
   * then `excess` is added to it.
   */
  add(weights: Float32Array, share: number, { limit = Number.POSITIVE_INFINITY, excess = 0 }: { limit?: number; excess?: number } = {}): void {
    const [high, middle, low] = [this.#high, this.#middle, this.#low];
    let lost = 0;
    for (let i = 0; i < high.length; i++) {
      const x = Math.max(-limit, Math.min(limit, weights[i]! * share)) + excess; // 24 and 24 bits: exact without an excess
      const a = high[i]!;
      const s = a + x;
      const sv = s - a;
      const e = a - (s - sv) + (x - sv);
      high[i] = s;
      if (e === 0) continue;
      const b = middle[i]!;
      const t = b + e;
      const tv = t - b;
      const f = b - (t - tv) + (e - tv);
      middle[i] = t;
      if (f === 0) continue;
      const c = low[i]!;
      const u = c + f;
      const uv = u - c;
      low[i] = u;
      lost = Math.max(lost, Math.abs(c - (u - uv) + (f - uv)));
    }
    this.#lost += lost;
    this.#shares += share;
    this.#count++;
  }

  /** The mean, correctly rounded but for a last bit. */
  weights(): Float64Array {
    return Float64Array.from(this.#high, (high, i) => (high + (this.#middle[i]! + this.#low[i]!)) / this.#shares);
  }

  /** Compares a published model, in doubles, with the mean; `scalarSum` is what the round says the shares add up to. */
  compare(model: Float64Array, config: MaskConfigPair, scalarSum: Rational): MeanComparison {
    if (model.length !== this.#high.length) throw new Error(`models of ${model.length} and ${this.#high.length} weights cannot be compared`);
    let difference = 0;
    let at = 0;
    let largest = 0;
    for (let i = 0; i < model.length; i++) {
      const mean = (this.#high[i]! + (this.#middle[i]! + this.#low[i]!)) / this.#shares;
      if (Math.abs(mean) > largest) largest = Math.abs(mean);
      const apart = Math.abs(model[i]! - mean);
      if (apart <= difference && !Number.isNaN(apart)) continue;
      difference = apart;
      at = i;
    }
    const scaled = 2 ** 40;
    const mean = { numerator: BigInt(Math.ceil(largest * scaled)), denominator: BigInt(scaled) };
    const rounding = 4 * Number.EPSILON * largest + this.#lost / this.#shares;
    return { difference, at, bound: differenceBound(config, this.#count, scalarSum, mean) + rounding };
  }
}
