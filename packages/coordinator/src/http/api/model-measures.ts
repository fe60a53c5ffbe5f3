// What can be said of a model in a few numbers: how long its weights are as a vector, how they are spread, and how far it lies from the model before
// it. Worked out once a model, when somebody asks, one model at a time with pauses, and remembered for as long as the process lives.

import type { DataType } from '@xaynet/core/mask';
import { BINS, LEVELS } from '../../masked-sample.ts';
import type { MeanJson, ModelJson } from './documents.ts';
import { blocksOf, lengthOf, Pacer } from './model-blocks.ts';
import { roundOf } from './model-formats.ts';
import type { ApiPort } from './port.ts';

type Floats = Float32Array | Float64Array;
type Weights = { readonly id: string; readonly values: Floats };

/** What is known of a model; without `mean`: its weights are no floats. */
export interface Measured {
  readonly mean: MeanJson | undefined;
  readonly difference: ModelJson['difference'];
}

/** Models that are measured, of those that are kept. */
const MOST = 50;
const REMEMBERED = 1000;
const FIRST = 8;

/** See the head of the file. */
export class ModelMeasures {
  readonly #port: Pick<ApiPort, 'models' | 'model' | 'task'>;
  readonly #known = new Map<string, Measured>();
  #walk: Promise<void> | undefined;
  /** The model that was measured last: most often the one before the next. */
  #last: Weights | undefined;

  constructor(port: Pick<ApiPort, 'models' | 'model' | 'task'>) {
    this.#port = port;
  }

  /** What is known of a model now. */
  of(id: string): Measured | undefined {
    return this.#known.get(id);
  }

  /** Measures what is not measured; resolves when that is done, and rejects as the store does. One walk serves all who ask. */
  measure(): Promise<void> {
    this.#walk ??= this.#measureAll().finally(() => {
      this.#walk = undefined;
    });
    return this.#walk;
  }

  /** The weights of the model of a round, looked at; undefined where there is no such model. */
  async mean(round: number): Promise<MeanJson | undefined> {
    const find = async (): Promise<Measured | undefined> => {
      const entry = (await this.#port.models()).find(({ id }) => roundOf(id) === round);
      return entry && this.#known.get(entry.id);
    };
    const found = await find();
    if (found !== undefined) return found.mean;
    await this.#walk?.catch(() => {}); // one that began before the model was there
    await this.measure();
    return (await find())?.mean;
  }

  async #measureAll(): Promise<void> {
    const ids = (await this.#port.models())
      .slice(0, MOST)
      .map(({ id }) => id)
      .reverse();
    for (const [i, id] of ids.entries()) {
      const isKnown = this.#known.has(id);
      if (isKnown && (i + 1 === ids.length || this.#known.has(ids[i + 1]!))) continue;
      const weights = this.#last?.id === id ? this.#last : await this.#read(id);
      if (!isKnown) {
        if (this.#known.size >= REMEMBERED) this.#known.clear();
        const before = this.#last?.id === ids[i - 1] ? this.#last : undefined;
        this.#known.set(id, {
          mean: weights && (await meanOf(weights)),
          difference: (weights && before && (await differenceOf(before, weights))) ?? null,
        });
      }
      this.#last = weights;
    }
  }

  /** Undefined for a model that is gone, and for weights that floats cannot hold. */
  async #read(id: string): Promise<Weights | undefined> {
    const model = await this.#port.model(id);
    if (model === undefined) return undefined;
    const type: DataType = this.#port.task.dataType === 'F32' ? 'F32' : 'F64';
    const values = type === 'F32' ? new Float32Array(lengthOf(model)) : new Float64Array(lengthOf(model));
    let at = 0;
    try {
      for await (const block of blocksOf(model, type)) {
        values.set(block as Floats, at);
        at += block.length;
      }
    } catch {
      return undefined;
    }
    return { id, values };
  }
}

/** Weights that are looked at between two pauses. */
const SLICE = 1 << 18;

/** Calls back for every weight, with pauses for others. */
async function each(values: Floats, use: (value: number, at: number) => void): Promise<void> {
  const pacer = new Pacer();
  for (let from = 0; from < values.length; from += SLICE) {
    const end = Math.min(values.length, from + SLICE);
    for (let at = from; at < end; at++) use(values[at]!, at);
    await pacer.pause();
  }
}

/** The length of a vector, also where the squares of its numbers are too large or too small for doubles. */
class Length {
  #usual = 0;
  #ofLarge = 0;
  #ofSmall = 0;

  add(value: number): void {
    this.#usual += value * value;
    this.#ofLarge += value * Length.#DOWN * (value * Length.#DOWN);
    this.#ofSmall += value * Length.#UP * (value * Length.#UP);
  }

  /** Infinity where the length itself is no double. */
  get value(): number {
    if (this.#usual === Number.POSITIVE_INFINITY) return Math.sqrt(this.#ofLarge) / Length.#DOWN;
    return this.#usual > Length.#LEAST ? Math.sqrt(this.#usual) : Math.sqrt(this.#ofSmall) / Length.#UP;
  }

  static readonly #DOWN = 2 ** -540;
  static readonly #UP = 2 ** 540;
  /** Squares below it have lost digits. */
  static readonly #LEAST = 2 ** -960;
}

async function meanOf({ id, values }: Weights): Promise<MeanJson | undefined> {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const length = new Length();
  await each(values, (value) => {
    if (value < min) min = value;
    if (value > max) max = value;
    length.add(value);
  });
  const l2 = length.value;
  if (values.length === 0 || !Number.isFinite(l2)) return undefined;
  // Halves, because the distance between the ends of the doubles is none.
  const place = (value: number): number => (max > min ? Math.min((value / 2 - min / 2) / (max / 2 - min / 2), 1 - Number.EPSILON) : 0.5);
  const histogram = new Array<number>(BINS).fill(0);
  await each(values, (value) => histogram[Math.floor(place(value) * BINS)]!++);
  const levels = Uint8Array.from(values.subarray(0, LEVELS), (value) => Math.floor(place(value) * 256));
  const first = [...values.subarray(0, FIRST)];
  return { id, weights: values.length, min, max, l2, first, levels: Buffer.from(levels).toString('base64'), histogram };
}

/** Null for models of different lengths, and where a difference is no double. */
async function differenceOf(before: Weights, after: Weights): Promise<ModelJson['difference']> {
  if (before.values.length !== after.values.length) return null;
  let max = 0;
  const length = new Length();
  await each(after.values, (value, at) => {
    const difference = Math.abs(value - before.values[at]!);
    length.add(difference);
    if (difference > max) max = difference;
  });
  const l2 = length.value;
  return Number.isFinite(l2) ? { from: before.id, l2, max } : null;
}
