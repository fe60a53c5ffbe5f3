// Starts the engine's worker in modules and their bundles. The one expression below is what bundlers look for to give the worker a file
// of its own. Workers for masks are the same script under another name: they are started by the engine, which is that script.

import type { WorkerLike } from '@xaynet/core/threads';

declare const Worker: (new (script: object, options: { type: 'module'; name: string }) => WorkerLike) | undefined;
declare const URL: new (path: string, base: string) => object;

/** Starts the engine's worker; throws when there can be none. */
export function engineWorker(): WorkerLike {
  if (typeof Worker === 'undefined') throw new Error('there is no Worker here');
  return new Worker(new URL('./engine-worker.js', (import.meta as unknown as { readonly url: string }).url), { type: 'module', name: 'xaynet engine' }); // bundlers want the name as it is
}

/** How a page that is its own engine starts workers for masks: as core does. */
export const masksWorker: (() => WorkerLike) | undefined = undefined;
