// Where there are neither workers nor `import.meta`: engines of phones. The pool works without threads and says so.

import type { WorkerPort } from './port.ts';

/** Throws: there are no workers. */
export function spawnWorker(): WorkerPort {
  throw new Error('this engine has no workers');
}
