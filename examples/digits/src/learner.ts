// The model and its training, in TensorFlow.js: 64 pixels, 48 rectified units, 10 digits. A round averages weights, so everybody begins
// with the same ones, made from a seed. Nothing here knows of rounds; it runs in pages and in Node.
import '@tensorflow/tfjs-backend-cpu';
import { ready, type Tensor, tensor, tensor2d, tidy, train } from '@tensorflow/tfjs-core';
import { initializers, layers, type Sequential, sequential } from '@tensorflow/tfjs-layers';
import type { Weights } from '@xaynet/core/mask';
import { type TfjsAdapter, tfjsAdapter } from '@xaynet/participant/tfjs';
import { type Digits, PIXELS } from './digits.ts';

/** Hidden units. */
export const HIDDEN = 48;
const CLASSES = 10;
/** Numbers of the model: two layers, each with its biases. */
export const WEIGHTS: number = PIXELS * HIDDEN + HIDDEN + HIDDEN * CLASSES + CLASSES;

/** How a participant trains in a round. */
const EPOCHS = 2;
const BATCH = 8;
const LEARNING_RATE = 0.2;

/** A model that can be trained, asked and judged. */
export class Learner {
  readonly #model: Sequential;
  readonly #adapter: TfjsAdapter;

  private constructor(model: Sequential) {
    this.#model = model;
    this.#adapter = tfjsAdapter({ tensor, tidy }, model);
  }

  /** An untrained model; all are alike. */
  static async create(): Promise<Learner> {
    await ready();
    const model = sequential({
      layers: [
        layers.dense({ inputShape: [PIXELS], units: HIDDEN, activation: 'relu', kernelInitializer: initializers.glorotUniform({ seed: 1 }) }),
        layers.dense({ units: CLASSES, activation: 'softmax', kernelInitializer: initializers.glorotUniform({ seed: 2 }) }),
      ],
    });
    model.compile({ optimizer: train.sgd(LEARNING_RATE), loss: 'categoricalCrossentropy' });
    return new Learner(model);
  }

  /** All weights as one vector: what a round averages. */
  weights(): Promise<Weights> {
    return this.#adapter.weights();
  }

  /** Puts such a vector into the model. */
  load(weights: Weights): void {
    this.#adapter.load(weights);
  }

  /** Some passes over `digits` in random order; ends early when the signal aborts. */
  async train({ images, labels }: Digits, signal?: AbortSignal): Promise<void> {
    const order = labels.map((_, row) => row);
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      shuffle(order);
      for (let from = 0; from < order.length && !signal?.aborted; from += BATCH) {
        const rows = order.slice(from, from + BATCH);
        const x = matrix(rows.map((row) => images[row]!));
        const y = matrix(rows.map((row) => Float32Array.from({ length: CLASSES }, (_, digit) => Number(digit === labels[row]))));
        await this.#model.trainOnBatch(x, y); // not fit(), which waits for animation frames: there are none in a tab that nobody looks at
        x.dispose();
        y.dispose();
      }
    }
  }

  /** Share of `digits` that are named rightly, 0 to 1. */
  accuracy({ images, labels }: Digits): number {
    const right = this.#ask(images).filter((probabilities, row) => probabilities.indexOf(Math.max(...probabilities)) === labels[row]);
    return right.length / labels.length;
  }

  /** How probable each of the ten digits is for an image. */
  probabilities(image: Float32Array): number[] {
    return this.#ask([image])[0]!;
  }

  #ask(images: readonly Float32Array[]): number[][] {
    const flat = tidy(() => (this.#model.predict(matrix(images)) as Tensor).dataSync<'float32'>());
    return images.map((_, row) => Array.from(flat.subarray(row * CLASSES, (row + 1) * CLASSES)));
  }
}

function matrix(rows: readonly Float32Array[]) {
  const columns = rows[0]!.length;
  const values = new Float32Array(rows.length * columns);
  for (const [i, row] of rows.entries()) values.set(row, i * columns);
  return tensor2d(values, [rows.length, columns]);
}

function shuffle(rows: number[]): void {
  for (let i = rows.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
}
