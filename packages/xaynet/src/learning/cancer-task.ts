// Breast tissue as a task: is a sample malignant? Logistic regression over thirty measurements and a constant, 31 weights, from the Wisconsin
// diagnostic data beside the sources. Every fifth sample is held out. Measurements are put on one scale with the mean and deviation of all
// training samples, which a real federation would find out in a round of its own.

import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { dealTo, labelCounts } from './dealt.ts';
import type { LearningTask, TaskInput } from './task.ts';

/** Measurements of a sample. */
const FEATURES = 30;
/** Weights of the model: one a measurement, and the constant. */
export const CANCER_WEIGHTS: number = FEATURES + 1;
const HELD_OUT = 5;

interface Samples {
  /** Rows × 31, the last of each 1. */
  readonly values: Float64Array;
  /** 1 malignant, 0 benign. */
  readonly labels: Uint8Array;
}

/** Makes the task; throws an ordinary Error for a `length` below 31, and for `writers`, of whom these data know nothing. */
export function cancerTask(input: TaskInput): LearningTask {
  const { length = CANCER_WEIGHTS, training, partition } = input;
  if (length < CANCER_WEIGHTS) throw new Error(`the model of the samples has ${CANCER_WEIGHTS} weights, ${length} are too few`);
  if (partition === 'writers') throw new Error('the samples name nobody they are of: choose another partition');
  const { rows, test } = loadSamples();
  const { hands, about } = dealTo(input, rows.labels, [], '');
  const { epochs = 5, learningRate = 0.1, batch = 4, proximal } = training;
  return {
    name: 'cancer',
    about: `${rows.labels.length} samples of breast tissue, malignant or not, ${about}; tested on ${test.labels.length} that nobody trains on`,
    length,
    initial: new Float32Array(length),
    bound: 20,
    examples: hands.map((hand) => hand.length),
    labels: labelCounts(hands, rows.labels, ['benign', 'malignant']),
    training: { epochs, learningRate, batch },
    train(index, start, random) {
      const trained = start.slice();
      const order = random.shuffle(Uint32Array.from(hands[index]!));
      for (let epoch = 0; epoch < epochs; epoch++) {
        for (let from = 0; from < order.length; from += batch) {
          const gradient = gradientOf(trained, rows, order.subarray(from, from + batch));
          for (let i = 0; i < CANCER_WEIGHTS; i++) trained[i]! -= learningRate * (gradient[i]! + proximal * (trained[i]! - start[i]!));
        }
      }
      return trained;
    },
    evaluate(weights) {
      let right = 0;
      let loss = 0;
      test.labels.forEach((label, row) => {
        const chance = chanceOf(weights, test, row);
        if (chance > 0.5 === (label === 1)) right++;
        loss -= Math.log(Math.max(label === 1 ? chance : 1 - chance, 1e-300)) / test.labels.length;
      });
      return { accuracy: right / test.labels.length, loss };
    },
  };
}

/** Mean gradient of the cross-entropy over some rows: 31 values. */
export function gradientOf(weights: Float32Array, samples: Samples, rows: ArrayLike<number>): Float64Array {
  const gradient = new Float64Array(CANCER_WEIGHTS);
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r]!;
    const error = (chanceOf(weights, samples, row) - samples.labels[row]!) / rows.length;
    for (let i = 0; i < CANCER_WEIGHTS; i++) gradient[i]! += error * samples.values[row * CANCER_WEIGHTS + i]!;
  }
  return gradient;
}

function chanceOf(weights: Float32Array, { values }: Samples, row: number): number {
  let sum = 0;
  for (let i = 0; i < CANCER_WEIGHTS; i++) sum += weights[i]! * values[row * CANCER_WEIGHTS + i]!;
  return 1 / (1 + Math.exp(-sum));
}

/** Training and held-out samples; throws an ordinary Error naming the line when the file is damaged. */
export function loadSamples(file: URL = new URL('../../data/breast_cancer.csv.gz', import.meta.url)): { rows: Samples; test: Samples } {
  const [, ...lines] = gunzipSync(readFileSync(file)).toString('latin1').trim().split('\n');
  const numbers = lines.map((line, at) => {
    const row = line.split(',').map(Number);
    if (row.length !== FEATURES + 1 || !row.every(Number.isFinite)) throw new Error(`${file.pathname}, line ${at + 2}: ${FEATURES + 1} numbers expected`);
    return row;
  });
  const isTest = (_: unknown, at: number): boolean => at % HELD_OUT === HELD_OUT - 1;
  const rows = numbers.filter((_, at) => !isTest(_, at));
  const scales = Array.from({ length: FEATURES }, (_, i) => {
    const mean = rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length;
    const variance = rows.reduce((sum, row) => sum + (row[i]! - mean) ** 2, 0) / rows.length;
    return { mean, deviation: Math.sqrt(variance) };
  });
  const samples = (of: readonly number[][]): Samples => ({
    values: Float64Array.from(of.flatMap((row) => [...scales.map(({ mean, deviation }, i) => (row[i]! - mean) / deviation), 1])),
    labels: Uint8Array.from(of, (row) => 1 - row[FEATURES]!),
  });
  return { rows: samples(rows), test: samples(numbers.filter(isTest)) };
}
