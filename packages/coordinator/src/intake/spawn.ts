// Starts a thread with worker.ts: from the sources the source, from the build what it was built to. It never keeps the process alive by itself.

import { Worker } from 'node:worker_threads';

/** What the pool uses of a worker. */
export type WorkerHandle = Pick<Worker, 'postMessage' | 'on' | 'ref' | 'unref' | 'terminate'>;

/** Starts an intake worker. */
export function spawnWorker(): WorkerHandle {
  const here = import.meta.url;
  const script = new URL(here.endsWith('.ts') ? './worker.ts' : './worker.js', here);
  // It makes few objects that live: a small nursery is enough, and saves memory for every worker.
  const resourceLimits = { maxYoungGenerationSizeMb: 6 };
  const worker = new Worker(script, { name: 'xaynet intake', execArgv: conditionsOf(process.execArgv), resourceLimits });
  worker.unref();
  return worker;
}

/** The flags that choose modules; all others, such as `--import`, are the main program's business. */
function conditionsOf(flags: readonly string[]): string[] {
  return flags.flatMap((flag, i) => {
    if (/^(--conditions=|-C=)/.test(flag)) return [flag];
    return flag === '--conditions' || flag === '-C' ? [`--conditions=${flags[i + 1]}`] : [];
  });
}
