// What a worker's script does, by the name that it was started under: run the engine, or add masks for one.

import { serveMasks, type WorkerLike } from '@xaynet/core/threads';
import { serveEngine } from './engine.ts';
import { indexedDbStore } from './indexed-db.ts';
import { lifeline } from './one-tab.ts';
import { MASKS_NAME, type Scope } from './scope.ts';

interface WorkerGlobal {
  addEventListener(type: string, listener: (event: { readonly data?: unknown }) => void): void;
}

/** Serves in this worker; `spawn` starts workers for masks. */
export function serveWorker(worker: Scope, spawn: (() => WorkerLike) | undefined): void {
  const { name, navigator } = worker;
  const post = (message: unknown, transfer: readonly ArrayBuffer[]): void => worker.postMessage?.(message, [...transfer]);
  const listen = (receive: (data: unknown) => void): void => (worker as unknown as WorkerGlobal).addEventListener('message', ({ data }) => receive(data));
  const locks = navigator?.locks;
  if (name === MASKS_NAME) serveMasks(post, listen);
  else serveEngine({ post, listen: ({ message }) => listen(message) }, { locks, lifeline: () => lifeline(locks), spawn, store: indexedDbStore });
}
