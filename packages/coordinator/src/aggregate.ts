// The aggregate of a round and its other half in the store: the contributions that are not in a checkpoint yet. Every contribution has a
// position, and the aggregate knows the last one it has, so after any doubt (a lost reply, a restart) it can ask for what comes after it
// and is never in need of knowing what happened: nothing is added twice, nothing is left out.

import { XaynetError } from '@xaynet/core/errors';
import { Aggregation, type MaskObject, maskObjectSize } from '@xaynet/core/mask';
import type { RoundParams } from '@xaynet/core/round';
import { type Memory, release } from './buffers.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';
import type { Meter } from './meter.ts';
import { messageOf, type Patience } from './patience.ts';
import type { Store } from './stores/contract.ts';

/** What an aggregate works with. */
export interface AggregateContext {
  readonly store: Store;
  readonly patience: Patience;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly meter: Meter;
  /** Contributions from one checkpoint to the next; left out: {@link contributionsPerCheckpoint}. */
  readonly checkpointEvery?: number | undefined;
  /** Shown every masked model that is added, to be read before it returns. */
  readonly peek?: ((maskedModel: MaskObject) => void) | undefined;
}

const CHECKPOINT_BYTES = 64 * 1024 * 1024;
const FEWEST_PER_CHECKPOINT = 16;

/** A checkpoint writes a whole object again: seldom enough to cost little, often enough that a restart reads about 64 MiB at most. */
export function contributionsPerCheckpoint(objectBytes: number): number {
  return Math.max(FEWEST_PER_CHECKPOINT, Math.floor(CHECKPOINT_BYTES / objectBytes));
}

/** See the head of the file. */
export class RoundAggregate {
  readonly #context: AggregateContext;
  readonly #sum: Aggregation;
  readonly #every: number;
  /** Position of the last contribution in the sum. */
  #position: number;
  /** Position at which the next checkpoint is due. */
  #due: number;
  /** Position up to which a checkpoint has the sum. */
  #saved: number;
  #saving: Promise<void> | undefined;

  private constructor(context: AggregateContext, sum: Aggregation, position: number) {
    this.#context = context;
    this.#sum = sum;
    this.#position = position;
    this.#saved = position;
    this.#every = context.checkpointEvery ?? contributionsPerCheckpoint(maskObjectSize(sum.config, sum.length));
    this.#due = position + this.#every;
  }

  /** An empty aggregate (coordinator 1.8). */
  static empty(context: AggregateContext, { maskConfig, modelLength }: RoundParams): RoundAggregate {
    return new RoundAggregate(context, new Aggregation(maskConfig, modelLength), 0);
  }

  /** The aggregate of what is stored; contributions are read one by one. Throws what the store throws, and the codes of `Aggregation`. */
  static async restore(context: AggregateContext, params: RoundParams): Promise<RoundAggregate> {
    const checkpoint = await context.patience.once(() => context.store.checkpoint());
    const restored =
      checkpoint === undefined
        ? RoundAggregate.empty(context, params)
        : new RoundAggregate(context, Aggregation.restore(checkpoint.aggregate, checkpoint.count), checkpoint.position);
    await restored.catchUp();
    return restored;
  }

  /** What several processes have added up, in no checkpoint yet. */
  static gathered(context: AggregateContext, sum: Aggregation): RoundAggregate {
    const gathered = new RoundAggregate(context, sum, sum.count);
    gathered.#saved = 0;
    return gathered;
  }

  /** The sum itself: to be read only. */
  get sum(): Aggregation {
    return this.#sum;
  }

  get count(): number {
    return this.#sum.count;
  }

  /** Adds what was admitted at this position. False: something before it is missing, and nothing was added; {@link RoundAggregate.catchUp}. */
  add(maskedModel: MaskObject, position: number, meter: Meter = this.#context.meter): boolean {
    if (this.#context.store.keepsContributions && position !== this.#position + 1) return false;
    this.#add(maskedModel, position, meter);
    if (this.#context.store.keepsContributions && position >= this.#due && this.#saving === undefined) this.#saveBeside();
    return true;
  }

  /** Adds what the store has and the sum has not. Can be called again after it was rejected, and then goes on from there. */
  async catchUp(): Promise<void> {
    const { store, patience } = this.#context;
    if (!store.keepsContributions) return;
    for await (const { position, maskedModel } of patience.each(() => store.contributions(this.#position))) this.#add(maskedModel, position);
  }

  /** Stores a checkpoint of the whole sum, unless there is one. */
  async save(): Promise<void> {
    await this.#saving;
    if (this.#context.store.keepsContributions && this.#position > this.#saved) await this.#save();
  }

  /** Resolves when no checkpoint is being written. */
  async settled(): Promise<void> {
    await this.#saving;
  }

  #add(maskedModel: MaskObject, position: number, meter: Meter = this.#context.meter): void {
    const { clock } = this.#context;
    if (position <= this.#position) throw new XaynetError('internal-error', `contribution ${position} after ${this.#position}`);
    const begun = clock.now();
    this.#sum.add(maskedModel);
    this.#position = position;
    this.#context.peek?.(maskedModel);
    meter.observe('aggregate', (clock.now() - begun) / 1000, maskedModel.vect.length);
  }

  /** Beside the admissions: if it cannot be stored now, contributions stay where they are and a later one brings it along. */
  #saveBeside(): void {
    const { logger } = this.#context;
    this.#due = this.#position + this.#every;
    this.#saving = this.#save()
      .catch((error: unknown) => logger.warn({ error: messageOf(error) }, 'a checkpoint could not be stored; the contributions are kept'))
      .finally(() => {
        this.#saving = undefined;
      });
  }

  async #save(): Promise<void> {
    const { store, patience, clock, meter } = this.#context;
    const begun = clock.now();
    const position = this.#position;
    const checkpoint = { position, aggregate: this.#sum.object(), count: this.#sum.count };
    const bytes = checkpoint.aggregate.vect.length;
    const memory: Memory = { buffer: checkpoint.aggregate.vect.buffer as ArrayBuffer };
    await patience.once(() => store.setCheckpoint(checkpoint, memory));
    if (memory.buffer !== undefined) release(memory.buffer);
    this.#saved = Math.max(this.#saved, position);
    meter.observe('checkpoint', (clock.now() - begun) / 1000, bytes);
  }
}
