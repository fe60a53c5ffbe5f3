// A logistic regression: thirty weights and a bias in one Float32Array, which is what a round averages. Written out, because it is
// short; any library that gives and takes weights as an array of numbers would do.
import { type Cells, FEATURES } from './cells.ts';

/** Numbers of the model: one weight a measurement, and the bias at the end. */
export const WEIGHTS: number = FEATURES + 1;

// What each measurement ranges over, [lowest, highest], as published with the data: all services must scale alike, so it is agreed
// on beforehand. Radius, texture, perimeter, area, smoothness, compactness, concavity, concave points, symmetry, fractal dimension:
// first their means over the nuclei of a sample, then their standard errors, then the largest three.
// biome-ignore format: a table
const RANGES: readonly (readonly [number, number])[] = [
  [6.9, 28.2], [9.7, 39.3], [43, 189], [143, 2501], [0.05, 0.164], [0.019, 0.346], [0, 0.427], [0, 0.202], [0.1, 0.305], [0.049, 0.098],
  [0.11, 2.88], [0.36, 4.89], [0.75, 22], [6.8, 543], [0.001, 0.032], [0.002, 0.136], [0, 0.396], [0, 0.053], [0.007, 0.079], [0.0008, 0.03],
  [7.9, 36.1], [12, 49.6], [50, 252], [185, 4254], [0.07, 0.223], [0.027, 1.06], [0, 1.26], [0, 0.291], [0.15, 0.664], [0.055, 0.208],
];

function scaled(features: readonly number[]): number[] {
  return features.map((value, i) => (value - RANGES[i]![0]) / (RANGES[i]![1] - RANGES[i]![0]));
}

/** The probability that a sample with these thirty measurements is malignant. */
export function predict(weights: Float32Array, features: readonly number[]): number {
  const sum = scaled(features).reduce((total, value, i) => total + value * weights[i]!, weights[FEATURES]!);
  return 1 / (1 + Math.exp(-sum));
}

/** A copy of `weights` after some passes of gradient descent over `cells`. */
export function train(weights: Float32Array, { features, malignant }: Cells): Float32Array {
  const trained = weights.slice();
  for (let pass = 0; pass < PASSES; pass++) {
    const gradient = new Float64Array(WEIGHTS);
    for (const [row, sample] of features.entries()) {
      const error = (predict(trained, sample) - malignant[row]!) / features.length;
      for (const [i, value] of scaled(sample).entries()) gradient[i]! += error * value;
      gradient[FEATURES]! += error;
    }
    for (let i = 0; i < WEIGHTS; i++) trained[i]! -= LEARNING_RATE * gradient[i]!;
  }
  return trained;
}

const PASSES = 20;
const LEARNING_RATE = 0.5;

/** Share of `cells` that `weights` name rightly, 0 to 1. */
export function accuracy(weights: Float32Array, { features, malignant }: Cells): number {
  const right = features.filter((sample, row) => predict(weights, sample) > 0.5 === (malignant[row] === 1));
  return right.length / features.length;
}
