// TensorFlow.js layers models, known by their structure: nothing of TensorFlow.js is imported, so any of its builds and backends will do.
// Names come from the place of a layer and the name of a weight in it (`0/kernel`), not from TensorFlow.js, which numbers the names of
// layers through a page: the same model, made a second time, has other ones.

import { XaynetError } from '@xaynet/core/errors';
import type { Weights } from '@xaynet/core/mask';
import { flatten, type Manifest, manifestOf, type NamedTensors, type TensorData, unflatten } from './tensors.ts';

/** What is used of TensorFlow.js (`import * as tf from '@tensorflow/tfjs'`, or of `@tensorflow/tfjs-core`). */
export interface Tfjs {
  tensor(values: Float32Array | Int32Array, shape: number[], dtype: 'float32' | 'int32'): unknown;
  tidy(run: () => void): unknown;
}

/** What is used of a weight of a layer. */
export interface TfjsVariable {
  readonly originalName: string;
  readonly shape: readonly (number | null)[];
  readonly dtype: string;
  readonly trainable: boolean;
  read(): { data(): Promise<unknown> };
  write(value: never): unknown;
}

/** What is used of a layer, which may be a model itself. */
export interface TfjsLayer {
  readonly trainable: boolean;
  readonly weights: readonly TfjsVariable[];
}

/** What is used of a layers model, sequential or not. */
export interface TfjsModel {
  readonly layers: readonly TfjsLayer[];
}

/** What {@link tfjsAdapter} may be told. */
export interface TfjsOptions {
  /**
   * Which weights take part: `layers`, the default, all of layers that are trainable, so that statistics of batch normalisation are
   * averaged with the weights beside them, and frozen layers stay at home; `trainable`, what training changes by gradients alone, so that each
   * participant keeps statistics of its own; `all`.
   */
  readonly include?: 'layers' | 'trainable' | 'all' | undefined;
}

/** A model as participants need it: its weights as the vector of a round, and back. */
export interface TfjsAdapter {
  /** How the vector is laid out: layer by layer, in each as TensorFlow.js and Keras list its weights. */
  readonly manifest: Manifest;
  /** The weights now, copied. */
  weights(): Promise<Weights>;
  /** Puts weights into the model, all or none; throws `model-length` when there are more or fewer. No tensor is left over. */
  load(weights: Weights): void;
  /** The weights as tensors by name, copied. */
  tensors(): Promise<NamedTensors>;
}

/**
 * Ties a layers model of TensorFlow.js to rounds. Throws `tensor-missing` for a model without such weights,
 * and `tensor-dtype` for weights other than float32 and int32. Layers that are frozen or added later are not noticed: make a new one then.
 * @example
 * ```ts
 * import { runParticipant } from '@xaynet/participant';
 * import { type Tfjs, type TfjsModel, tfjsAdapter } from '@xaynet/participant/tfjs';
 * function join(tf: Tfjs, model: TfjsModel & { fit(x: unknown, y: unknown): Promise<unknown> }, x: unknown, y: unknown) {
 *   const adapter = tfjsAdapter(tf, model);
 *   return runParticipant({
 *     url: 'http://127.0.0.1:8081',
 *     train: async (global) => {
 *       if (global) adapter.load(global.weights);
 *       await model.fit(x, y);
 *       return adapter.weights();
 *     },
 *   });
 * }
 * ```
 */
export function tfjsAdapter(tf: Tfjs, model: TfjsModel, options: TfjsOptions = {}): TfjsAdapter {
  const variables = variablesOf(model, options.include ?? 'layers');
  const names = [...variables.keys()];
  if (names.length === 0)
    throw new XaynetError('tensor-missing', `the model has no weights to include (${options.include ?? 'layers'}): are all layers frozen?`);
  const empty = Object.fromEntries([...variables].map(([name, variable]) => [name, emptyTensor(name, variable)]));
  const manifest = manifestOf(empty, { order: names });

  async function tensors(): Promise<NamedTensors> {
    const read = async ([name, variable]: [string, TfjsVariable]) =>
      [name, { shape: shapeOf(variable), data: ((await variable.read().data()) as TensorData).slice() }] as const;
    return Object.fromEntries(await Promise.all([...variables].map(read)));
  }

  return {
    manifest,
    tensors,
    weights: async () => flatten(await tensors(), manifest),
    load(weights) {
      const loaded = unflatten(weights, manifest);
      tf.tidy(() => {
        for (const [name, variable] of variables) {
          const { data } = loaded[name]!;
          variable.write(tf.tensor(data as Float32Array | Int32Array, shapeOf(variable), data instanceof Int32Array ? 'int32' : 'float32') as never);
        }
      });
    },
  };
}

function variablesOf(model: TfjsModel, include: 'layers' | 'trainable' | 'all'): Map<string, TfjsVariable> {
  const variables = new Map<string, TfjsVariable>();
  let index = 0;
  const visit = (layers: readonly TfjsLayer[], isFrozen: boolean): void => {
    for (const layer of layers) {
      // A layer without weights has no number: one for the input comes and goes as a model is saved and loaded.
      if (layer.weights.length === 0) continue;
      if ('layers' in layer && Array.isArray(layer.layers)) {
        visit(layer.layers, isFrozen || !layer.trainable);
        continue;
      }
      const place = index++;
      if (include !== 'all' && (isFrozen || !layer.trainable)) continue;
      for (const variable of layer.weights) {
        if (include === 'trainable' && !variable.trainable) continue;
        // The name of the layer may stand before it; wrappers such as Bidirectional have layers inside whose weights are called alike.
        const own = `${place}/${variable.originalName.slice(variable.originalName.lastIndexOf('/') + 1)}`;
        let name = own;
        for (let i = 1; variables.has(name); i++) name = `${own}_${i}`;
        variables.set(name, variable);
      }
    }
  };
  visit(model.layers, false);
  return variables;
}

function shapeOf({ shape }: TfjsVariable): number[] {
  return shape.map((size) => size ?? 0);
}

/** Zeros of the shape and type of a weight, for the manifest. */
function emptyTensor(name: string, variable: TfjsVariable): { shape: number[]; data: TensorData } {
  const shape = shapeOf(variable);
  const size = shape.reduce((product, size) => product * size, 1);
  if (variable.dtype === 'float32') return { shape, data: new Float32Array(size) };
  if (variable.dtype === 'int32') return { shape, data: new Int32Array(size) };
  throw new XaynetError('tensor-dtype', `${name}: float32 or int32 expected, ${variable.dtype} given`);
}
