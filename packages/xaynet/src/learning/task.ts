// What participants learn together, as a simulation sees it: how long the model is, who holds how many examples, how one of them trains, how
// good a model is. Three there are: digits and cancer are real data, synthetic vectors can have any length and cost next to nothing to train.

import type { SeededRandom } from './seeded-random.ts';

/** How good a model is. */
export interface Evaluation {
  /** Share of the held-out examples that it names rightly; undefined where there is nothing to name. */
  readonly accuracy?: number | undefined;
  /** Smaller is better: cross-entropy on the held-out examples, or the distance from what there is to be learnt. */
  readonly loss: number;
}

/** How participants train; what a task has no use for it ignores. */
export interface LocalTraining {
  readonly epochs?: number | undefined;
  readonly learningRate?: number | undefined;
  readonly batch?: number | undefined;
  /** μ of FedProx; 0: none. */
  readonly proximal: number;
}

/** How participants do train: {@link LocalTraining} with every default filled in. */
export type TrainingParameters = Readonly<Record<'epochs' | 'learningRate' | 'batch', number>>;

/** Who holds how many examples of what. */
export interface LabelCounts {
  readonly labels: readonly string[];
  /** For each participant a count for each label. */
  readonly counts: readonly (readonly number[])[];
}

/** See the head of the file. */
export interface LearningTask {
  readonly name: 'digits' | 'cancer' | 'synthetic';
  /** One sentence or two: what is learnt from what, what is held out, how it was dealt. */
  readonly about: string;
  /** Weights of the model that travels, padding included. */
  readonly length: number;
  /** What everybody starts from. */
  readonly initial: Float32Array;
  /** The largest |weight| that is expected of a trained model. */
  readonly bound: number;
  /** Examples of each participant, one or more. */
  readonly examples: readonly number[];
  /** Undefined where examples have no labels. */
  readonly labels?: LabelCounts | undefined;
  /** Undefined where training has no such parameters. */
  readonly training?: TrainingParameters | undefined;
  /** What participant `index` makes of `start`: a new array of `length` weights. */
  train(index: number, start: Float32Array, random: SeededRandom): Float32Array;
  evaluate(weights: Float32Array): Evaluation;
}

/** What every task is made from. */
export interface TaskInput {
  readonly participants: number;
  readonly seed: number;
  /** Weights that travel; undefined: as many as the model has. */
  readonly length?: number | undefined;
  readonly partition: 'iid' | 'dirichlet' | 'sizes' | 'writers';
  /** Concentration of `dirichlet`, deviation of `sizes`. */
  readonly skew: number;
  readonly training: LocalTraining;
}
