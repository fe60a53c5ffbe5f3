// The sum of the masks of many seeds: parallel over seeds, as the draws of one are sequential. The caller's thread and the workers take
// from one queue and keep a sum each; these are added at the end. What a lost worker had taken goes back into the queue, so nothing is
// lost or doubled. While workers start, and where none can, the caller's thread is at work already.

import type { MaskSeed } from '../bytes/fixed.ts';
import type { MaskConfigPair } from '../mask/config.ts';
import type { ObjectSum } from '../mask/object-sum.ts';
import { ABORTED, type RemoteExecutor, ThreadFailure } from './executor.ts';
import { Feeder } from './feeder.ts';
import { type AbortSignalLike, breather, Meter, type Pause, type Progress, throwIfAborted } from './pause.ts';
import type { MaskPlan } from './plan.ts';
import { type SumValue, unpack } from './protocol.ts';

/** Masks to be summed. */
export interface MaskSumWork {
  /** Of the masks. */
  readonly config: MaskConfigPair;
  /** Elements of a mask. */
  readonly length: number;
  /** Left as they are; to be kept until the promise settles. */
  readonly seeds: readonly MaskSeed[];
  /** Stops the work at once; the pool can be used afterwards. */
  readonly signal?: AbortSignalLike | undefined;
  /** Told how many seeds are done. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Called between pieces of some 4 ms on the caller's thread. Default: gives way to the event loop every 8 ms. */
  readonly pause?: Pause | undefined;
}

/** Who has workers for a sum: a pool's crew, or who starts some for this one sum and ends them afterwards. */
export interface Lender {
  /** At most so many, at once; none when there can be none. */
  take(wanted: number): readonly RemoteExecutor[];
  /** Where the workers may be in use elsewhere: waits for some until `isOver`, which is looked at after each `wake`. */
  borrow?(wanted: number, isOver: () => boolean): Promise<readonly RemoteExecutor[]>;
  wake?(): void;
  /** Takes workers back that may be lent again. */
  release?(workers: readonly RemoteExecutor[]): void;
}

/** One sum under way. */
export class MaskSum {
  readonly #work: MaskSumWork;
  readonly #plan: MaskPlan;
  readonly #total: ObjectSum;
  readonly #meter: Meter;
  /** Seeds that nobody works on. */
  readonly #queue: MaskSeed[];
  readonly #feeders = new Set<Feeder>();
  /** Sums of workers that are not in the total yet. */
  readonly #parts: SumValue[] = [];
  readonly #helpers = new Set<RemoteExecutor>();
  /** Whether the caller's thread is at it: then the total may be in the middle of a mask. */
  #isHere = false;
  #isOver = false;
  #failure: { readonly error: unknown } | undefined;
  #over!: (runs: false) => void;
  /** Resolves when it is too late to join. */
  readonly #tooLate = new Promise<false>((resolve) => {
    this.#over = resolve;
  });

  /** Adds to `total`, which has room for all. */
  constructor(work: MaskSumWork, plan: MaskPlan, total: ObjectSum) {
    this.#work = work;
    this.#plan = plan;
    this.#total = total;
    this.#meter = new Meter(work.seeds.length, work.onProgress);
    this.#queue = [...work.seeds].reverse(); // taken from the end
  }

  /** Sums, with the workers of the plan and, unless it `keepsFree`, the caller's thread; `used` is told how many workers took part. */
  async run(lender: Lender, keepsFree: boolean, used: (workers: number) => void): Promise<void> {
    const { signal } = this.#work;
    throwIfAborted(signal);
    const workers: RemoteExecutor[] = [];
    const stop = (): void => {
      for (const worker of workers) worker.end(ABORTED);
      lender.wake?.();
    };
    signal?.addEventListener('abort', stop);
    try {
      const wanted = keepsFree ? this.#plan.threads : this.#plan.threads - 1;
      workers.push(...lender.take(wanted)); // at once, so that they have work before the caller's thread begins its own
      const join = async (): Promise<void> => {
        if (workers.length === 0) workers.push(...((await lender.borrow?.(wanted, () => this.#isOver || signal?.aborted === true)) ?? []));
        await this.#drive(workers);
      };
      await Promise.all([join(), keepsFree ? undefined : this.#here(lender)]);
      // What lost workers left over, or what there was no worker for.
      while (this.#queue.length > 0) {
        throwIfAborted(signal);
        const alive = workers.filter(({ runs, ended }) => runs && !ended);
        await Promise.all([this.#drive(alive), keepsFree && alive.length > 0 ? undefined : this.#here(lender)]);
      }
      throwIfAborted(signal);
      this.#merge();
    } catch (error) {
      this.#isOver = true;
      this.#failure = { error };
      stop();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      lender.release?.(workers);
    }
    used(this.#helpers.size);
    this.#meter.finish();
  }

  async #drive(workers: readonly RemoteExecutor[]): Promise<void> {
    await Promise.all(workers.map((worker) => this.#driveOne(worker)));
  }

  async #driveOne(worker: RemoteExecutor): Promise<void> {
    if (!worker.runs && !(await Promise.race([worker.started, this.#tooLate]))) return;
    if (this.#isHere && !worker.knows && this.#queue.length * this.#plan.seed < this.#plan.join) return;
    worker.knows = true;
    const feeder = new Feeder(worker, this.#work, this.#plan, this.#queue);
    let told = 0;
    this.#feeders.add(feeder);
    try {
      const part = await feeder.run((count) => {
        told += count;
        this.#meter.add(count);
      });
      if (part === undefined) return;
      this.#helpers.add(worker);
      this.#parts.push(part);
    } catch (error) {
      this.#queue.push(...feeder.taken);
      this.#meter.add(-told);
      worker.end(error instanceof Error ? error.message : String(error));
      if (!(error instanceof ThreadFailure)) throw error;
    } finally {
      this.#feeders.delete(feeder);
    }
    if (!this.#isHere) this.#merge();
  }

  #merge(): void {
    for (const { object, count } of this.#parts.splice(0)) this.#total.addSum(unpack(object), count);
  }

  /** On the caller's thread, until the queue is empty: seed by seed, with pauses between seeds and between parts of large vectors. */
  async #here(lender: Lender): Promise<void> {
    const { signal, pause = breather(8) } = this.#work;
    const rest = async (): Promise<void> => {
      for (const feeder of this.#feeders) feeder.feed();
      await pause();
      throwIfAborted(signal);
      if (this.#failure !== undefined) throw this.#failure.error;
    };
    this.#isHere = true;
    try {
      for (let seed = this.#queue.pop(); seed !== undefined; seed = this.#queue.pop()) {
        for (const _ of this.#total.addMaskInPieces(seed, this.#plan.piece)) await rest();
        this.#merge();
        this.#meter.add(1);
        await rest();
      }
    } finally {
      this.#isHere = false;
      this.#isOver = true;
      this.#over(false);
      lender.wake?.();
    }
  }
}
