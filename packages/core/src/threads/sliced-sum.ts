// A sum of mask objects whose vector lies in slices, each on a thread of its own, so that adding a large object costs the caller no more
// than handing it over. An object is checked in all slices before it is added in any: a refused one leaves no trace.

import { XaynetError } from '../errors.ts';
import { makeWeights } from '../kernel/decode.ts';
import { Aggregation } from '../mask/aggregation.ts';
import { checkMask, checkShape, hasItsLengths } from '../mask/checks.ts';
import type { DataType, MaskConfigPair } from '../mask/config.ts';
import { checkLength, emptyMaskObject, type MaskObject } from '../mask/object.ts';
import type { Crew } from './crew.ts';
import { type Executor, LocalExecutor, ThreadFailure } from './executor.ts';
import { LARGE_VECTOR, SLICE } from './plan.ts';
import { type Carrier, copies, type Slice, sharedBlock, slicesOf, views } from './slices.ts';
import type { UnmaskedWeights } from './unmasking.ts';

/** What is summed. */
export interface SlicedShape {
  readonly config: MaskConfigPair;
  /** Number of vector elements. */
  readonly length: number;
}

/** A slice and where it is summed. */
interface Home {
  readonly slice: Slice;
  readonly sum: number;
  readonly executor: Executor;
  readonly carrier: Carrier;
}

/**
 * A sum in slices; the same results as {@link Aggregation}, as promises. Calls are carried out one after the other, in the order they are
 * made. When a thread ends before its time its slice is lost: every later call rejects with `thread-lost`.
 * @example
 * ```ts
 * import { MaskSeed } from '@xaynet/core/bytes';
 * import { deriveMask, parseMaskConfig } from '@xaynet/core/mask';
 * import { createMaskPool } from '@xaynet/core/threads';
 *
 * await using pool = createMaskPool({ threads: 2 });
 * const vect = parseMaskConfig('Power2/F32/B0/M6');
 * const config = { vect, unit: vect };
 * const sum = await pool.aggregate({ config, length: 1000 }); // a SlicedSum
 * await sum.add(deriveMask({ config, seed: MaskSeed(new Uint8Array(32).fill(1)), length: 1000 }));
 * sum.count; // 1
 * (await sum.object()).length; // 1000
 * ```
 */
export class SlicedSum {
  readonly config: MaskConfigPair;
  /** Number of vector elements. */
  readonly length: number;
  /** Threads that hold slices; 0: all lie on the caller's thread. */
  readonly threads: number;
  readonly #homes: readonly Home[];
  readonly #close: () => void;
  #count = 0;
  #lost: string | undefined;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(shape: SlicedShape, homes: readonly Home[], threads: number, close: () => void) {
    this.config = shape.config;
    this.length = shape.length;
    this.#homes = homes;
    this.threads = threads;
    this.#close = close;
  }

  /** An empty sum; see `MaskPool.aggregate`. */
  static async begin(shape: SlicedShape, pool: { crew: Crew; shared: boolean; always: boolean; close: () => void }): Promise<SlicedSum> {
    const { config } = new Aggregation(shape.config, 0); // throws for configurations that are none
    const { length } = shape;
    checkLength(length);
    const wanted = pool.always || length >= LARGE_VECTOR ? Math.min(pool.crew.size, Math.max(1, length)) : 0;
    const workers = await pool.crew.borrow(wanted);
    const running = (await Promise.all(workers.map(({ started }) => started))).every(Boolean);
    if (workers.length > 0 && running) {
      const slices = slicesOf(length, Math.max(1, Math.ceil(length / workers.length)));
      const homes = slices.map((slice, sum): Home => {
        const carrier = pool.shared ? sharedBlock(config, slice.to - slice.from) : copies;
        return { slice, sum, executor: workers[sum]!, carrier };
      });
      return new SlicedSum({ config, length }, homes, workers.length, pool.close);
    }
    pool.close();
    const executor = new LocalExecutor();
    const homes = slicesOf(length, SLICE).map((slice, sum) => ({ slice, sum, executor, carrier: views }));
    return new SlicedSum({ config, length }, homes, 0, pool.close);
  }

  /** Number of objects summed. */
  get count(): number {
    return this.#count;
  }

  /**
   * Adds `object`, which may be changed again when the promise has settled. Rejects with what {@link Aggregation.add} throws, and then
   * leaves the sum as it was.
   */
  add(object: MaskObject): Promise<void> {
    return this.#inTurn(async () => {
      checkShape(this, object); // elements are checked slice by slice
      if (!hasItsLengths(object)) throw new XaynetError('aggregate-invalid-object');
      const parts = this.#homes.map(({ slice, sum, executor, carrier }) => {
        const parcel = carrier.pack(object, slice);
        return executor.call({ do: 'check', sum, object: parcel.object }, parcel.transfer);
      });
      if ((await Promise.all(parts)).includes(false)) throw new XaynetError('aggregate-invalid-object');
      await Promise.all(this.#homes.map(({ sum, executor }) => executor.call({ do: 'add', sum })));
      this.#count++;
    });
  }

  /** The sum, as a copy; rejects with `unmask-no-model` when nothing was added. */
  object(): Promise<MaskObject> {
    return this.#inTurn(async () => {
      if (this.#count === 0) throw new XaynetError('unmask-no-model');
      const object = emptyMaskObject(this.config, this.length);
      await this.#eachHome(async ({ slice, sum, executor }) => {
        const { object: part } = await executor.call({ do: 'read', sum });
        object.vect.set(part.vect, slice.from * this.config.vect.bytesPerNumber);
        object.unit.set(part.unit);
      });
      return object;
    });
  }

  /** Unmasks each slice where it lies; rejects with what {@link Aggregation.unmask} and `toWeights` throw. */
  unmask(mask: MaskObject, data: DataType): Promise<UnmaskedWeights> {
    return this.#inTurn(async () => {
      if (this.#count === 0) throw new XaynetError('unmask-no-model');
      checkMask(this, mask);
      const weights = makeWeights(data, this.length);
      const parts = await this.#eachHome(async ({ slice, sum, executor, carrier }) => {
        const parcel = carrier.pack(mask, slice);
        const part = await executor.call({ do: 'unmask-sum', sum, mask: parcel.object, data }, parcel.transfer);
        (weights as { set(weights: unknown, at: number): void }).set(part.result, slice.from);
        return part;
      });
      const { length } = this;
      return { weights, length, count: this.#count, scalarSum: parts[0]!.scalarSum, withinBound: parts.every(({ withinBound }) => withinBound) };
    });
  }

  /** Ends the threads of this sum; what was summed is gone. */
  close(): void {
    this.#lost ??= 'the sum was closed';
    this.#close();
  }

  async #eachHome<T>(run: (home: Home) => Promise<T>): Promise<T[]> {
    return Promise.all(this.#homes.map(run));
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      if (this.#lost !== undefined) throw new XaynetError('thread-lost', this.#lost);
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof ThreadFailure)) throw error;
        this.#lost = error.message;
        this.#close();
        throw new XaynetError('thread-lost', error.message, { cause: error });
      }
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
