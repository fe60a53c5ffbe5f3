// The pool of threads for masks (worker_threads, Web Workers): sums of masks, sliced aggregation, unmasking. No thread is started before
// work that is worth it, none is needed for the result: what threads cannot do is done on the caller's, in pieces with pauses.

/// <reference lib="esnext.disposable" preserve="true" />

import { spawnWorker } from '#threads';
import { XaynetError } from '../errors.ts';
import { Aggregation } from '../mask/aggregation.ts';
import type { DataType } from '../mask/config.ts';
import { Crew, type MaskPoolReport } from './crew.ts';
import { MaskSum, type MaskSumWork } from './mask-sum.ts';
import { platform, throwIfAborted } from './pause.ts';
import { SMALL_WORK } from './plan.ts';
import type { WorkerLike } from './port.ts';
import { type SlicedShape, SlicedSum } from './sliced-sum.ts';
import { checkThreads, defaultThreads, planOf } from './sum-masks.ts';
import { type UnmaskedFractions, type UnmaskedWeights, type UnmaskWork, unmaskInSlices } from './unmasking.ts';

/** How to make a pool. */
export interface MaskPoolOptions {
  /** Most threads at work at a time, the caller's among them; 0 or 1: no other. Default: the number of cores, at most 4. */
  readonly threads?: number | undefined;
  /**
   * Whether the caller's thread only hands out work and adds up results, and all `threads` are others. Default false: it sums masks too,
   * with a pause every 8 ms. Slices are on other threads in any case, if there are any.
   */
  readonly keepFree?: boolean | undefined;
  /** Whether to share memory with the threads instead of copying: `auto` (default) where the engine allows it. */
  readonly shared?: boolean | 'auto' | undefined;
  /**
   * Starts a thread that runs `@xaynet/core/threads/worker`: a Web Worker, a `Worker` of worker_threads, or a port of your own. Needed
   * where a bundler does not give the worker a file of its own. Default: a worker of this package.
   */
  readonly spawn?: (() => WorkerLike) | undefined;
  /** Work that would take one thread less than so many milliseconds, as estimated, starts none. Default 100; 0: all work starts them. */
  readonly smallWork?: number | undefined;
}

/** Threads for masks. Made by {@link createMaskPool}. */
export interface MaskPool {
  /**
   * The sum of the masks of all seeds, the same as {@link Aggregation.addMask} one after the other gives. Rejects with what that throws,
   * and with the signal's reason.
   */
  sumMasks(work: MaskSumWork): Promise<Aggregation>;
  /** A sum whose vector lies in slices on threads of its own, for large vectors; see {@link SlicedSum}. Rejects like the constructor of {@link Aggregation}. */
  aggregate(shape: SlicedShape): Promise<SlicedSum>;
  /** Unmasks in slices, straight to primitives or to the fractions of a published model. Rejects with what {@link Aggregation.unmask} and `toWeights` throw, and with the signal's reason. */
  unmask(work: UnmaskWork & { readonly data: 'fractions' }): Promise<UnmaskedFractions>;
  unmask(work: UnmaskWork & { readonly data: DataType }): Promise<UnmaskedWeights>;
  /** What the pool did so far. */
  report(): MaskPoolReport;
  /** Ends all threads. Work under way, and later work, is done on the caller's thread; sums in slices are lost. */
  close(): void;
  /** `await using pool = createMaskPool()` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes a pool; starts nothing. Throws `option-invalid` for a number of threads that is none, and for `shared: true` where memory
 * cannot be shared.
 * @example
 * ```ts
 * import { MaskSeed } from '@xaynet/core/bytes';
 * import { parseMaskConfig } from '@xaynet/core/mask';
 * import { createMaskPool } from '@xaynet/core/threads';
 *
 * await using pool = createMaskPool({ threads: 2 });
 * const vect = parseMaskConfig('Power2/F32/B0/M6');
 * const seeds = [1, 2, 3].map((byte) => MaskSeed(new Uint8Array(32).fill(byte)));
 * const masks = await pool.sumMasks({ config: { vect, unit: vect }, length: 1000, seeds });
 * masks.count; // 3
 * pool.report().started; // 0: so little work is done here
 * ```
 */
export function createMaskPool(options: MaskPoolOptions = {}): MaskPool {
  return new Pool(options);
}

class Pool implements MaskPool {
  readonly #crew: Crew;
  /** Crews of sums in slices, which nobody else may use. */
  readonly #slices = new Set<Crew>();
  readonly #spawn: () => WorkerLike;
  readonly #shared: boolean;
  readonly #small: number;
  readonly #threads: number;
  readonly #keepFree: boolean;
  #threaded = 0;
  #inline = 0;
  /** Of crews that are gone. */
  #started = 0;
  #trouble: string | undefined;

  constructor({ threads = defaultThreads(), keepFree = false, shared = 'auto', spawn = spawnWorker, smallWork = SMALL_WORK }: MaskPoolOptions) {
    checkThreads(threads);
    if (!(smallWork >= 0)) throw new XaynetError('option-invalid', `smallWork: a number of milliseconds expected, ${smallWork} given`);
    if (shared === true && !canShare()) throw new XaynetError('option-invalid', 'shared: this page or engine cannot share memory');
    this.#threads = threads;
    this.#keepFree = keepFree;
    this.#crew = new Crew(keepFree ? threads : Math.max(0, threads - 1), spawn);
    this.#spawn = spawn;
    this.#shared = shared === 'auto' ? canShare() : shared;
    this.#small = smallWork;
  }

  async sumMasks(work: MaskSumWork): Promise<Aggregation> {
    throwIfAborted(work.signal);
    const total = new Aggregation(work.config, work.length);
    const plan = planOf(work, this.#threads, this.#small);
    await new MaskSum(work, plan, total).run(this.#crew, this.#keepFree, (workers) => this.#count(workers));
    return total;
  }

  async aggregate(shape: SlicedShape): Promise<SlicedSum> {
    const crew = new Crew(this.#crew.size, this.#spawn);
    this.#slices.add(crew);
    const close = (): void => {
      crew.close();
      if (!this.#slices.delete(crew)) return;
      this.#started += crew.started;
      this.#trouble = crew.trouble ?? this.#trouble;
    };
    const sum = await SlicedSum.begin(shape, { crew, shared: this.#shared, always: this.#small === 0, close });
    this.#count(sum.threads);
    return sum;
  }

  unmask(work: UnmaskWork & { readonly data: 'fractions' }): Promise<UnmaskedFractions>;
  unmask(work: UnmaskWork & { readonly data: DataType }): Promise<UnmaskedWeights>;
  async unmask(work: UnmaskWork): Promise<UnmaskedFractions | UnmaskedWeights> {
    throwIfAborted(work.signal);
    return unmaskInSlices(work, { crew: this.#crew, shared: this.#shared, always: this.#small === 0, used: (threads) => this.#count(threads) });
  }

  #count(threads: number): void {
    if (threads > 0) this.#threaded++;
    else this.#inline++;
  }

  report(): MaskPoolReport {
    const crews = [this.#crew, ...this.#slices];
    return {
      threads: this.#threads,
      alive: crews.reduce((sum, { alive }) => sum + alive, 0),
      started: crews.reduce((sum, { started }) => sum + started, this.#started),
      threaded: this.#threaded,
      inline: this.#inline,
      shared: this.#shared,
      trouble: crews.find(({ trouble }) => trouble !== undefined)?.trouble ?? this.#trouble,
    };
  }

  close(): void {
    for (const crew of [this.#crew, ...this.#slices]) crew.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }
}

/** Pages may share memory only when they are isolated from other origins; elsewhere there is nothing to ask. */
function canShare(): boolean {
  return platform.SharedArrayBuffer !== undefined && platform.crossOriginIsolated !== false;
}
