// Starts the thread of a store. From the sources its script is a source too, and gets the condition that finds them.

import { Worker } from 'node:worker_threads';
import type { ThreadStart } from './protocol.ts';

/** Starts a thread for a store; it does not keep the process alive by itself. */
export function spawnStoreThread(start: ThreadStart): Worker {
  const here = import.meta.url;
  const script = new URL(here.endsWith('.ts') ? './worker.ts' : './worker.js', here);
  // node:sqlite announces itself as experimental in some versions of Node; the main thread, which loads it too, has said so already.
  const execArgv = [...conditionsOf(process.execArgv), '--disable-warning=ExperimentalWarning'];
  const resourceLimits = { maxYoungGenerationSizeMb: 6 }; // few of its objects live, and the memory is better used elsewhere
  const worker = new Worker(script, { name: 'xaynet store', workerData: start, execArgv, resourceLimits });
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
