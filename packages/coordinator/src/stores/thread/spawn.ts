// Starts the thread of a store, with worker.ts.

import type { Worker } from 'node:worker_threads';
import { startThread } from '../../thread.ts';
import type { ThreadStart } from './protocol.ts';

/** Starts a thread for a store; it does not keep the process alive by itself. */
export function spawnStoreThread(start: ThreadStart): Worker {
  // node:sqlite announces itself as experimental in some versions of Node; the main thread, which loads it too, has said so already.
  return startThread({ near: import.meta.url, name: 'xaynet store', flags: ['--disable-warning=ExperimentalWarning'], workerData: start });
}
