// The model of participant number i: a one at weight i and zeros elsewhere, so that the mean itself says who was counted.

/** What a script is told before it runs, as the global `xaynetRound`. */
export interface Place {
  readonly url: string;
  /** Number of this participant. */
  readonly index: number;
  /** `fetch`: the engine's own; `lines`: requests are printed and answers read, by `print` and `readline`. */
  readonly way: 'fetch' | 'lines';
}

/** The model of participant `index`. */
export function oneHot(index: number, length: number): Float32Array {
  const weights = new Float32Array(length);
  weights[index] = 1;
  return weights;
}

/** Who was counted in a mean of such models. */
export function counted(weights: ArrayLike<number | bigint>): number[] {
  const numbers: number[] = [];
  for (let i = 0; i < weights.length; i++) if (Number(weights[i]) > 1e-6) numbers.push(i);
  return numbers;
}
