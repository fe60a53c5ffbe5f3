// The sum of the masks of many seeds: parallel over seeds, as the draws of one are sequential. Workers take small batches from one queue
// and keep a sum each; these are added at the end. What a lost worker had taken goes back into the queue, so nothing is lost or doubled.

import { MaskSeed } from '../bytes/fixed.ts';
import { kernel } from '../kernel/chosen.ts';
import type { Aggregation } from '../mask/aggregation.ts';
import type { MaskConfigPair } from '../mask/config.ts';
import { emptyMaskObject } from '../mask/object.ts';
import { ABORTED, type Crew } from './crew.ts';
import { type RemoteExecutor, ThreadFailure } from './executor.ts';
import { type AbortSignalLike, breather, Meter, type Pause, type Progress, throwIfAborted } from './pause.ts';
import type { MaskPlan } from './plan.ts';
import { shapeOf, unpack } from './protocol.ts';

/** Masks to be summed. */
export interface MaskSumWork {
  readonly config: MaskConfigPair;
  /** Elements of a mask. */
  readonly length: number;
  /** Left as they are; to be kept until the promise settles. */
  readonly seeds: readonly MaskSeed[];
  /** Stops the work at once; the pool can be used afterwards. */
  readonly signal?: AbortSignalLike | undefined;
  /** Told how many seeds are done. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Called between pieces on the caller's thread. Default: gives way to the event loop every 16 ms. */
  readonly pause?: Pause | undefined;
}

let sums = 0;

/** One sum under way. */
export class MaskSum {
  readonly #work: MaskSumWork;
  readonly #plan: MaskPlan;
  readonly #total: Aggregation;
  readonly #meter: Meter;
  /** Seeds that nobody works on. */
  readonly #queue: MaskSeed[];

  /** Adds to `total`, which has room for all. */
  constructor(work: MaskSumWork, plan: MaskPlan, total: Aggregation) {
    this.#work = work;
    this.#plan = plan;
    this.#total = total;
    this.#meter = new Meter(work.seeds.length, work.onProgress);
    this.#queue = [...work.seeds].reverse(); // taken from the end
  }

  /** Has workers do it, and does what they leave over; `used` is told how many took part. */
  async run(crew: Crew, used: (threads: number) => void): Promise<Aggregation> {
    const threads = this.#plan.threads > 0 ? await this.#withThreads(crew) : 0;
    throwIfAborted(this.#work.signal);
    used(threads);
    if (this.#queue.length > 0) await this.#here(this.#queue.splice(0));
    this.#meter.finish();
    return this.#total;
  }

  async #withThreads(crew: Crew): Promise<number> {
    const { signal } = this.#work;
    const workers = await crew.borrow(this.#plan.threads, signal);
    const stop = (): void => {
      for (const worker of workers) worker.end(ABORTED);
    };
    signal?.addEventListener('abort', stop);
    try {
      if (signal?.aborted) stop();
      // More than one turn only when workers were lost after others had finished.
      for (let alive = workers; alive.length > 0 && this.#queue.length > 0; alive = alive.filter(({ ended }) => !ended)) {
        await Promise.all(alive.map((worker) => this.#drive(worker)));
      }
      return workers.filter(({ runs }) => runs).length;
    } catch (error) {
      stop();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      crew.release(workers);
    }
  }

  async #drive(worker: RemoteExecutor): Promise<void> {
    const { config, length } = this.#work;
    const sum = sums++;
    const taken: MaskSeed[] = [];
    let told = 0;
    try {
      while (this.#queue.length > 0) {
        const batch = this.#queue.splice(-this.#batch());
        taken.push(...batch);
        const seeds = new Uint8Array(MaskSeed.LENGTH * batch.length);
        batch.forEach((seed, i) => void seeds.set(seed, MaskSeed.LENGTH * i));
        await worker.call({ do: 'add-masks', sum, shape: shapeOf(config, length), seeds }, [seeds.buffer]);
        this.#meter.add(batch.length);
        told += batch.length;
      }
      if (taken.length === 0) return;
      const { object, count } = await worker.call({ do: 'take', sum });
      if (count !== taken.length) throw new ThreadFailure(`${count} masks in the sum of a thread, ${taken.length} expected`);
      this.#total.addSum(unpack(object), count);
    } catch (error) {
      this.#queue.push(...taken);
      this.#meter.add(-told);
      worker.end(error instanceof Error ? error.message : String(error));
      if (!(error instanceof ThreadFailure)) throw error;
    }
  }

  /** Near the end batches become smaller, so that all workers end together. */
  #batch(): number {
    return Math.max(1, Math.min(this.#plan.batch, Math.ceil(this.#queue.length / (2 * this.#plan.threads))));
  }

  /** On the caller's thread: a seed, or a part of the vector of a seed, between two pauses. */
  async #here(seeds: readonly MaskSeed[]): Promise<void> {
    const { config, length, signal, pause = breather() } = this.#work;
    const { piece } = this.#plan;
    const tiles = length <= 2 * piece ? undefined : Array.from({ length: Math.ceil(length / piece) }, (_, i) => Math.min(piece, length - i * piece));
    const vect = tiles?.map((elements) => kernel().sum(config.vect, elements));
    const unit = kernel().sum(config.unit, 1);
    for (const seed of seeds) {
      if (vect === undefined) {
        this.#total.addMask(seed);
      } else {
        const draws = kernel().draws(MaskSeed(seed));
        unit.addDraws(draws);
        for (const tile of vect) {
          tile.addDraws(draws);
          await pause();
          throwIfAborted(signal);
        }
      }
      this.#meter.add(1);
      await pause();
      throwIfAborted(signal);
    }
    if (vect === undefined) return;
    const object = emptyMaskObject(config, length);
    let at = 0;
    for (const tile of vect) {
      const end = at + tile.length * config.vect.bytesPerNumber;
      tile.read(object.vect.subarray(at, end));
      at = end;
    }
    unit.read(object.unit);
    this.#total.addSum(object, seeds.length);
  }
}
