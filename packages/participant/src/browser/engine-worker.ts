// The script of the engine's worker, and of those that add masks for it.

import type { WorkerLike } from '@xaynet/core/threads';
import { MASKS_NAME, scope } from './scope.ts';
import { serveWorker } from './worker-scope.ts';

serveWorker(scope, () => {
  const { Worker, location } = scope;
  if (Worker === undefined || location === undefined) throw new Error('there are no workers in workers here');
  return new Worker(location.href, { type: 'module', name: MASKS_NAME }) as WorkerLike;
});
