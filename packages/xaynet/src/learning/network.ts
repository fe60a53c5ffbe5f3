// A model and its trainer for the digits: a perceptron with one hidden layer (64 pixels, 32 rectified units, 10 digits), 2410
// weights in one Float32Array, trained by plain stochastic gradient descent on cross-entropy. Written out rather than imported
// because it must be small, deterministic and free of native code; the gradient is tested against finite differences.

import { CLASSES, type Digits, PIXELS } from './digits.ts';
import type { SeededRandom } from './seeded-random.ts';

/** Hidden units. */
export const HIDDEN = 32;
// Where the four parts begin: hidden weights (unit by unit, 64 each), hidden biases, output weights (digit by digit, 32 each), output biases.
const HIDDEN_BIAS: number = HIDDEN * PIXELS;
const OUTPUT: number = HIDDEN_BIAS + HIDDEN;
const OUTPUT_BIAS: number = OUTPUT + CLASSES * HIDDEN;
/** Weights of the model: 64·32 + 32 + 32·10 + 10. */
export const WEIGHTS: number = OUTPUT_BIAS + CLASSES;

/** How to train. */
export interface Training {
  readonly epochs: number;
  readonly learningRate: number;
  readonly batch: number;
  /** Pull towards the weights that training began with: adds μ·(w − start) to the gradient (FedProx, Li et al. 2020). Default 0. */
  readonly proximal?: number | undefined;
}

/** Fresh weights: uniform in ±√(6/(inputs+outputs)) for each layer, biases zero. */
export function initialWeights(random: SeededRandom): Float32Array {
  const weights = new Float32Array(WEIGHTS);
  const first = Math.sqrt(6 / (PIXELS + HIDDEN));
  const second = Math.sqrt(6 / (HIDDEN + CLASSES));
  for (let i = 0; i < HIDDEN_BIAS; i++) weights[i] = (2 * random.next() - 1) * first;
  for (let i = OUTPUT; i < OUTPUT_BIAS; i++) weights[i] = (2 * random.next() - 1) * second;
  return weights;
}

/** Hidden activations and class probabilities of one image, written into `hidden` and `output`. */
function forward(weights: Float32Array, images: Float32Array, row: number, hidden: Float64Array, output: Float64Array): void {
  const image = row * PIXELS;
  for (let unit = 0; unit < HIDDEN; unit++) {
    let sum = weights[HIDDEN_BIAS + unit]!;
    const from = unit * PIXELS;
    for (let i = 0; i < PIXELS; i++) sum += weights[from + i]! * images[image + i]!;
    hidden[unit] = Math.max(sum, 0);
  }
  let largest = Number.NEGATIVE_INFINITY;
  for (let digit = 0; digit < CLASSES; digit++) {
    let sum = weights[OUTPUT_BIAS + digit]!;
    const from = OUTPUT + digit * HIDDEN;
    for (let unit = 0; unit < HIDDEN; unit++) sum += weights[from + unit]! * hidden[unit]!;
    output[digit] = sum;
    if (sum > largest) largest = sum;
  }
  let total = 0;
  for (let digit = 0; digit < CLASSES; digit++) {
    output[digit] = Math.exp(output[digit]! - largest);
    total += output[digit]!;
  }
  for (let digit = 0; digit < CLASSES; digit++) output[digit] = output[digit]! / total;
}

/** Mean cross-entropy of `weights` over the `rows` of `digits`; adds its gradient to `gradient` (2410 values) when given. */
export function loss(weights: Float32Array, digits: Digits, rows: ArrayLike<number>, gradient?: Float64Array): number {
  const hidden = new Float64Array(HIDDEN);
  const output = new Float64Array(CLASSES);
  const share = 1 / rows.length;
  let sum = 0;
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r]!;
    forward(weights, digits.images, row, hidden, output);
    sum -= Math.log(Math.max(output[digits.labels[row]!]!, 1e-300));
    if (gradient === undefined) continue;
    output[digits.labels[row]!]! -= 1; // now the derivative by the ten inputs of the softmax
    const image = row * PIXELS;
    for (let unit = 0; unit < HIDDEN; unit++) {
      let back = 0;
      for (let digit = 0; digit < CLASSES; digit++) {
        const at = OUTPUT + digit * HIDDEN + unit;
        back += weights[at]! * output[digit]!;
        gradient[at]! += share * output[digit]! * hidden[unit]!;
      }
      if (hidden[unit]! <= 0) continue;
      back *= share;
      gradient[HIDDEN_BIAS + unit]! += back;
      const from = unit * PIXELS;
      for (let i = 0; i < PIXELS; i++) gradient[from + i]! += back * digits.images[image + i]!;
    }
    for (let digit = 0; digit < CLASSES; digit++) gradient[OUTPUT_BIAS + digit]! += share * output[digit]!;
  }
  return sum * share;
}

/** Trained copy of `weights`: `epochs` passes over `digits` in an order drawn from `random`. */
export function train(weights: Float32Array, digits: Digits, how: Training, random: SeededRandom): Float32Array {
  const epochs = trainByEpochs(weights, digits, how, random);
  for (;;) {
    const { done, value } = epochs.next();
    if (done) return value;
  }
}

/** As {@link train}, for whoever has something else to do between two epochs: yields how many are over. */
export function* trainByEpochs(weights: Float32Array, digits: Digits, how: Training, random: SeededRandom): Generator<number, Float32Array> {
  const trained = weights.slice();
  const gradient = new Float64Array(WEIGHTS);
  const { proximal = 0 } = how;
  const order = Uint32Array.from(digits.labels.keys());
  for (let epoch = 0; epoch < how.epochs; epoch++) {
    random.shuffle(order);
    for (let from = 0; from < order.length; from += how.batch) {
      gradient.fill(0);
      loss(trained, digits, order.subarray(from, from + how.batch), gradient);
      if (proximal > 0) for (let i = 0; i < WEIGHTS; i++) gradient[i]! += proximal * (trained[i]! - weights[i]!);
      for (let i = 0; i < WEIGHTS; i++) trained[i]! -= how.learningRate * gradient[i]!;
    }
    yield epoch + 1;
  }
  return trained;
}

/** Share of the images of `digits` that `weights` names rightly, 0 to 1. */
export function accuracy(weights: Float32Array, digits: Digits): number {
  const hidden = new Float64Array(HIDDEN);
  const output = new Float64Array(CLASSES);
  let right = 0;
  for (let row = 0; row < digits.labels.length; row++) {
    forward(weights, digits.images, row, hidden, output);
    if (output.indexOf(Math.max(...output)) === digits.labels[row]) right++;
  }
  return right / digits.labels.length;
}
