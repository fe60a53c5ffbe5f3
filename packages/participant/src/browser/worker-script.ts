// Starts workers in a page that was given one script by a tag: that script is all there is, so it is the workers' script too.

import type { WorkerLike } from '@xaynet/core/threads';
import { ENGINE_NAME, MASKS_NAME, scope } from './scope.ts';

/** Where this script came from: known only while it runs for the first time. */
const source = scope.document === undefined ? scope.location?.href : (scope.document.currentScript?.src ?? undefined);

/** Starts the engine's worker; throws when there can be none. */
export function engineWorker(): WorkerLike {
  return start(ENGINE_NAME);
}

/** Starts a worker for masks; throws when there can be none. */
export function masksWorker(): WorkerLike {
  return start(MASKS_NAME);
}

function start(name: string): WorkerLike {
  const { Worker } = scope;
  if (Worker === undefined) throw new Error('there is no Worker here');
  if (!source) throw new Error('the script was not loaded by a script tag with src');
  return new Worker(source, { type: 'classic', name }) as WorkerLike;
}
