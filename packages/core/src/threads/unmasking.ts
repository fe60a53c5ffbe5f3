// Unmasking a large sum: slice by slice, each to primitives at once, on threads or on the caller's with pauses. A slice that a lost
// worker had is given out again, as the sum itself stays with the caller.

import { XaynetError } from '../errors.ts';
import { makeWeights } from '../kernel/decode.ts';
import type { Aggregation } from '../mask/aggregation.ts';
import { checkMask } from '../mask/checks.ts';
import type { Weights } from '../mask/model.ts';
import type { MaskObject } from '../mask/object.ts';
import type { Scalar } from '../mask/scalar.ts';
import type { Crew } from './crew.ts';
import { ABORTED, type Executor, LocalExecutor, type RemoteExecutor, ThreadFailure } from './executor.ts';
import { type AbortSignalLike, breather, Meter, type Pause, type Progress, throwIfAborted } from './pause.ts';
import { LARGE_VECTOR, SLICE } from './plan.ts';
import type { Result, UnmaskedValue } from './protocol.ts';
import { type Carrier, copies, type Slice, sharedBlock, slicesOf, views } from './slices.ts';

/** A sum to be unmasked. */
export interface UnmaskWork {
  /** The sum of the masked models; left as it is. */
  readonly sum: Aggregation;
  /** The sum of their masks. */
  readonly mask: MaskObject;
  /** What the weights shall be: primitives, or `fractions` as in a published model (wire 7.3). */
  readonly data: Result;
  /** Stops the work at once; the pool can be used afterwards. */
  readonly signal?: AbortSignalLike | undefined;
  /** Told how many weights are done. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Called between slices on the caller's thread. Default: gives way to the event loop every 16 ms. */
  readonly pause?: Pause | undefined;
}

/** What `UnmaskedModel` says of an unmasked mean. */
export interface UnmaskedMean {
  /** Number of weights. */
  readonly length: number;
  /** Number of models in the mean. */
  readonly count: number;
  /** S, the sum of the scalars; positive. */
  readonly scalarSum: Scalar;
  /** As `UnmaskedModel.withinBound`. */
  readonly withinBound: boolean;
}

/** An unmasked mean as primitives. */
export interface UnmaskedWeights extends UnmaskedMean {
  /** Of the type that was asked for, rounded once (floats) or truncated (integers). */
  readonly weights: Weights;
}

/** An unmasked mean as fractions: what `publishModel` takes. */
export interface UnmaskedFractions extends UnmaskedMean {
  /** The fractions of a published model, without their count (wire 7.3), piece by piece. */
  fractions(): Iterable<Uint8Array>;
}

/** Unmasks; `used` is told how many threads take part. */
export async function unmaskInSlices(
  work: UnmaskWork,
  pool: { readonly crew: Crew; readonly shared: boolean; readonly always: boolean; readonly used: (threads: number) => void },
): Promise<UnmaskedWeights | UnmaskedFractions> {
  const { sum, mask, signal } = work;
  if (sum.count === 0) throw new XaynetError('unmask-no-model');
  checkMask(sum, mask);
  const unmasking = new Unmasking(work);
  const wanted = pool.always || sum.length >= LARGE_VECTOR ? unmasking.slices : 0;
  const workers: RemoteExecutor[] = [];
  const stop = (): void => {
    for (const worker of workers) worker.end(ABORTED);
    pool.crew.wake();
  };
  signal?.addEventListener('abort', stop);
  try {
    workers.push(...(await pool.crew.borrow(wanted, () => signal?.aborted === true)));
    if (signal?.aborted) stop();
    if (workers.length > 0) {
      const carrier = (): Carrier => (pool.shared ? sharedBlock(sum.config, SLICE) : copies);
      await Promise.all(workers.map((worker) => unmasking.drive(worker, carrier(), carrier()).catch(passThreadFailure(worker))));
    }
    throwIfAborted(signal);
    pool.used(workers.filter(({ runs }) => runs).length);
    await unmasking.drive(new LocalExecutor(work.pause ?? breather()), views, views);
    return unmasking.result();
  } catch (error) {
    stop();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    pool.crew.release(workers);
  }
}

/** A worker that fails ends; what it had was put back. */
function passThreadFailure(worker: { end(reason: string): void }): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof ThreadFailure)) throw error;
    worker.end(error.message);
  };
}

class Unmasking {
  readonly #work: UnmaskWork;
  readonly #sum: MaskObject;
  readonly #queue: Slice[];
  readonly #meter: Meter;
  readonly slices: number;
  readonly #weights: Weights | undefined;
  /** By the number of the slice's first weight. */
  readonly #fractions = new Map<number, Uint8Array>();
  #scalarSum: Scalar | undefined;
  #withinBound = true;

  constructor(work: UnmaskWork) {
    const { sum, data, onProgress } = work;
    this.#work = work;
    this.#sum = sum.object();
    this.#queue = slicesOf(sum.length, SLICE).reverse(); // taken from the end
    this.#meter = new Meter(sum.length, onProgress);
    this.slices = this.#queue.length;
    this.#weights = data === 'fractions' ? undefined : makeWeights(data, sum.length);
  }

  /** Unmasks slices until none is left. */
  async drive(executor: Executor, sums: Carrier, masks: Carrier): Promise<void> {
    const { sum, mask, data, signal } = this.#work;
    for (let slice = this.#queue.pop(); slice !== undefined; slice = this.#queue.pop()) {
      throwIfAborted(signal);
      const mine = sums.pack(this.#sum, slice);
      const its = masks.pack(mask, slice);
      try {
        const command = { do: 'unmask', object: mine.object, count: sum.count, mask: its.object, data } as const;
        this.#keep(slice, await executor.call(command, [...mine.transfer, ...its.transfer]));
      } catch (error) {
        this.#queue.push(slice);
        throw error;
      }
    }
  }

  #keep({ from, to }: Slice, { result, scalarSum, withinBound }: UnmaskedValue): void {
    if (this.#weights === undefined) this.#fractions.set(from, result as Uint8Array);
    else (this.#weights as { set(weights: unknown, at: number): void }).set(result, from);
    this.#scalarSum = scalarSum;
    this.#withinBound &&= withinBound;
    this.#meter.add(to - from);
  }

  result(): UnmaskedWeights | UnmaskedFractions {
    this.#meter.finish();
    const { length, count } = this.#work.sum;
    const mean: UnmaskedMean = { length, count, scalarSum: this.#scalarSum!, withinBound: this.#withinBound };
    if (this.#weights !== undefined) return { ...mean, weights: this.#weights };
    const pieces = [...this.#fractions].sort(([a], [b]) => a - b).map(([, piece]) => piece);
    return { ...mean, fractions: () => pieces };
  }
}
