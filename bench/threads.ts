// The sum2 case's threads: core's pool, told to use them however little there is to do.

import { createMaskPool } from '@xaynet/core/threads';
import type { Threads } from './sum2-case.ts';

/** Starts a pool of `count` threads and lets each do something, so that starting is not measured. */
export async function startThreads(count: number): Promise<Threads & { close(): void }> {
  const pool = createMaskPool({ threads: count, smallWork: 0 });
  return {
    count,
    async sum(vect, length, seeds) {
      const sum = await pool.sumMasks({ config: { vect, unit: vect }, length, seeds });
      const { trouble } = pool.report();
      if (trouble !== undefined) throw new Error(`the threads are of no use: ${trouble}`);
      return sum.object();
    },
    close: () => pool.close(),
  };
}
