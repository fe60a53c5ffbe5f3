// Starts a thread with worker.ts, which judges messages.

import type { Worker } from 'node:worker_threads';
import { startThread } from '../thread.ts';

/** What the pool uses of a worker. */
export type WorkerHandle = Pick<Worker, 'postMessage' | 'on' | 'ref' | 'unref' | 'terminate'>;

/** Starts an intake worker. */
export function spawnWorker(): WorkerHandle {
  return startThread({ near: import.meta.url, name: 'xaynet intake' });
}
