// The sum2 case's threads: core's pool, told to use them however little there is to do. Beside it a pool of one thread: the same work
// in the same pieces, so that the ratio says what the second thread adds.

import { createMaskPool } from '@xaynet/core/threads';
import type { Threads } from './sum2-case.ts';

/** A pool of `count` threads beside the caller's, which stays free; they start at the first work, which is not measured. */
export async function startThreads(count: number): Promise<Threads & { close(): void }> {
  const pool = createMaskPool({ threads: count, smallWork: 0, keepFree: true });
  const one = createMaskPool({ threads: 1 });
  return {
    count,
    async sum(vect, length, seeds) {
      const sum = await pool.sumMasks({ config: { vect, unit: vect }, length, seeds });
      const { trouble } = pool.report();
      if (trouble !== undefined) throw new Error(`the threads are of no use: ${trouble}`);
      return sum.object();
    },
    alone: async (vect, length, seeds) => (await one.sumMasks({ config: { vect, unit: vect }, length, seeds })).object(),
    close: () => pool.close(),
  };
}
