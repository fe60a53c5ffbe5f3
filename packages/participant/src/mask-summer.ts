// Sums the masks of a sum2 task, on threads where that pays. They are started for one sum and ended with it: between two ticks there is
// no thread, as there is no timer.

import { XaynetError } from '@xaynet/core/errors';
import type { ObjectSum } from '@xaynet/core/mask';
import { defaultThreads, type MaskSumWork, sumMasks, type WorkerLike } from '@xaynet/core/threads';

/** How a participant uses threads. */
export interface ThreadOptions {
  /**
   * Most threads for the sum of the masks (sum2), the caller's among them, when there is enough to do for them; 0 or 1: no other. The
   * caller's works in pieces with pauses. Default: one a core, at most 4. Each takes 8 bytes a weight while it works.
   */
  readonly threads?: number | undefined;
  /**
   * Starts a thread that runs `@xaynet/core/threads/worker`, where the default cannot: in a page whose bundler does not give the worker
   * a file of its own. Without it such a page works without threads.
   */
  readonly spawn?: (() => WorkerLike) | undefined;
}

/** Sums the masks of some seeds. */
export type MaskSummer = (work: MaskSumWork) => Promise<ObjectSum>;

/** The summer of the options; throws `option-invalid`. */
export function maskSummer({ threads = defaultThreads(), spawn }: ThreadOptions): MaskSummer {
  if (!Number.isInteger(threads) || threads < 0 || threads > 256) throw new XaynetError('option-invalid', `threads: 0 to 256 expected, ${threads} given`);
  return (work) => sumMasks(work, { threads, spawn });
}
