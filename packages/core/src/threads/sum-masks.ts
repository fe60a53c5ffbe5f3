// The sum of the masks of many seeds as one call, with threads of its own: all that a participant wants of threads, without the slices and
// the unmasking of a pool.

import { spawnWorker } from '#threads';
import { MaskSeed } from '../bytes/fixed.ts';
import { XaynetError } from '../errors.ts';
import { kernel } from '../kernel/chosen.ts';
import { checkRoom } from '../mask/checks.ts';
import { ObjectSum } from '../mask/object-sum.ts';
import { ABORTED, RemoteExecutor } from './executor.ts';
import { MaskSum, type MaskSumWork } from './mask-sum.ts';
import { platform, throwIfAborted } from './pause.ts';
import { type MaskPlan, planMasks, SMALL_WORK } from './plan.ts';
import { portOf, type WorkerLike } from './port.ts';

/** Which threads {@link sumMasks} may use. */
export interface SumThreads {
  /** Most threads at work at a time, the caller's among them; 0 or 1: no other. Default: the number of cores, at most 4. */
  readonly threads?: number | undefined;
  /** Starts a thread that runs `@xaynet/core/threads/worker`; see {@link MaskPoolOptions.spawn}. */
  readonly spawn?: (() => WorkerLike) | undefined;
}

/**
 * The sum of the masks of all seeds, as {@link MaskPool.sumMasks} makes it: with threads where that pays, which are started for it and
 * ended with it. Rejects with `option-invalid`, with what {@link ObjectSum.addMask} throws, and with the signal's reason.
 * @example
 * ```ts
 * import { MaskSeed } from '@xaynet/core/bytes';
 * import { parseMaskConfig } from '@xaynet/core/mask';
 * import { sumMasks } from '@xaynet/core/threads';
 *
 * const vect = parseMaskConfig('Power2/F32/B0/M6');
 * const seeds = [1, 2, 3].map((byte) => MaskSeed(new Uint8Array(32).fill(byte)));
 * const masks = await sumMasks({ config: { vect, unit: vect }, length: 1000, seeds });
 * masks.count; // 3
 * ```
 */
export async function sumMasks(work: MaskSumWork, { threads = defaultThreads(), spawn = spawnWorker }: SumThreads = {}): Promise<ObjectSum> {
  checkThreads(threads);
  const total = new ObjectSum(work.config, work.length);
  const plan = planOf(work, threads);
  const workers: RemoteExecutor[] = [];
  const take = (wanted: number): readonly RemoteExecutor[] => {
    try {
      while (workers.length < wanted) workers.push(new RemoteExecutor(portOf(spawn()), () => undefined));
    } catch {
      // where none can be started, or no more
    }
    return workers;
  };
  try {
    await new MaskSum(work, plan, total).run({ take }, false, () => undefined);
    return total;
  } finally {
    for (const worker of workers) worker.end(ABORTED);
  }
}

/**
 * The number of threads that is used when none is given: one a core, at most 4.
 * @example
 * ```ts
 * import { defaultThreads } from '@xaynet/core/threads';
 * defaultThreads(); // 1, 2, 3 or 4
 * ```
 */
export function defaultThreads(): number {
  return Math.min(4, platform.navigator?.hardwareConcurrency ?? 1);
}

/** Throws `option-invalid` unless it is a number of threads. */
export function checkThreads(threads: number): void {
  if (!Number.isInteger(threads) || threads < 0 || threads > 256) throw new XaynetError('option-invalid', `threads: 0 to 256 expected, ${threads} given`);
}

/** How the work is cut, after it was looked at: throws what adding its masks would throw, and the signal's reason. */
export function planOf({ config, length, seeds, signal }: MaskSumWork, most: number, small: number = SMALL_WORK): MaskPlan {
  throwIfAborted(signal);
  for (const seed of seeds) MaskSeed(seed);
  checkRoom(config, seeds.length);
  return planMasks(config, length, seeds.length, { most, small, kernel: kernel().name });
}
