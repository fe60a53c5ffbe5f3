// A worker at a sum of masks: it gets its next seeds shortly before it has done the last, so that it never waits for the caller's thread,
// and never holds many that others could have taken. How long it takes for one is measured, as it goes.

import { MaskSeed } from '../bytes/fixed.ts';
import type { MaskConfigPair } from '../mask/config.ts';
import { type RemoteExecutor, ThreadFailure } from './executor.ts';
import { BATCH, LEAD, type MaskPlan } from './plan.ts';
import { type Shape, type SumValue, shapeOf } from './protocol.ts';

interface Batch {
  readonly count: number;
  readonly answer: Promise<number>;
}

let sums = 0;

/** One worker at one sum. */
export class Feeder {
  readonly #worker: RemoteExecutor;
  readonly #shape: Shape;
  readonly #plan: MaskPlan;
  readonly #queue: MaskSeed[];
  readonly #sum: number = sums++;
  /** Not answered yet, the oldest first. */
  readonly #batches: Batch[] = [];
  /** Seeds given to the worker. */
  readonly taken: MaskSeed[] = [];
  /** Milliseconds a seed. */
  #pace: number;
  /** When it will have nothing more to do, as far as is known. */
  #idleFrom: number = Date.now();
  #part: Promise<SumValue> | undefined;

  /** `queue` is shared with others; seeds are taken from its end. */
  constructor(worker: RemoteExecutor, { config, length }: { config: MaskConfigPair; length: number }, plan: MaskPlan, queue: MaskSeed[]) {
    this.#worker = worker;
    this.#shape = shapeOf(config, length);
    this.#plan = plan;
    this.#queue = queue;
    this.#pace = plan.seed;
  }

  /**
   * Has the worker take seeds until the queue is empty; the sum of what it took, undefined when that is nothing. `done` is told how many
   * seeds are done. Rejects as {@link RemoteExecutor.call}; then nothing of {@link Feeder.taken} is in any sum.
   */
  async run(done: (count: number) => void): Promise<SumValue | undefined> {
    this.feed();
    for (let batch = this.#batches.shift(); batch !== undefined; batch = this.#batches.shift()) {
      const ms = await batch.answer;
      this.#pace = ms / batch.count;
      this.#idleFrom = Date.now() + this.#pace * this.#batches.reduce((sum, { count }) => sum + count, 0);
      done(batch.count);
      this.feed();
    }
    const value = await this.#part;
    if (value === undefined || value.count === this.taken.length) return value;
    throw new ThreadFailure(`${value.count} masks in the sum of a thread, ${this.taken.length} expected`);
  }

  /** Gives the worker more if it will soon need it; to be called again and again. */
  feed(): void {
    const pace = Math.max(this.#pace, 1e-3);
    for (let left = this.#idleFrom - Date.now(); left < LEAD && this.#queue.length > 0 && this.#part === undefined; left += this.#post(left, pace));
    if (this.#queue.length > 0 || this.taken.length === 0 || this.#part !== undefined) return;
    this.#part = this.#worker.call({ do: 'take', sum: this.#sum });
    this.#part.catch(() => undefined); // told by the batches before
  }

  /** Posts a batch; the milliseconds that it will take. Towards the end batches become small, so that all threads end together. */
  #post(left: number, pace: number): number {
    const fair = Math.ceil(this.#queue.length / (2 * this.#plan.threads));
    const count = Math.max(1, Math.min(fair, Math.ceil((BATCH - Math.max(0, left)) / pace)));
    const batch = this.#queue.splice(-count);
    this.taken.push(...batch);
    const seeds = new Uint8Array(MaskSeed.LENGTH * batch.length);
    batch.forEach((seed, i) => void seeds.set(seed, MaskSeed.LENGTH * i));
    const answer = this.#worker.call({ do: 'add-masks', sum: this.#sum, shape: this.#shape, seeds }, [seeds.buffer]);
    answer.catch(() => undefined); // told when its turn comes
    this.#batches.push({ count: batch.length, answer });
    this.#idleFrom = Math.max(this.#idleFrom, Date.now()) + pace * batch.length;
    return pace * batch.length;
  }
}
