// Starts a Web Worker. The one expression below is what bundlers look for to give the worker a file of its own; where none does, or
// a page's policy forbids workers, the pool is told and works without. An application can also start the workers itself (`spawn`).

import { portOf, type WebWorkerLike, type WorkerPort } from './port.ts';

declare const Worker: (new (script: object, options: { type: 'module'; name: string }) => WebWorkerLike) | undefined;
declare const URL: new (path: string, base: string) => object;

interface ImportMeta {
  readonly url: string;
}

/** Starts a worker; throws when there can be none. */
export function spawnWorker(): WorkerPort {
  if (typeof Worker === 'undefined') throw new Error('there is no Worker here');
  return portOf(new Worker(new URL('./worker.browser.js', (import.meta as unknown as ImportMeta).url), { type: 'module', name: 'xaynet masks' }));
}
