// Starts a thread of this package: from the sources its script is a source, too, from the build what it was built to.

import { Worker } from 'node:worker_threads';

/** A thread to start: `near`, the `import.meta.url` of a module in the folder of its worker.ts; flags besides those that choose modules. */
export interface ThreadOptions {
  readonly near: string;
  readonly name: string;
  readonly flags?: readonly string[];
  readonly workerData?: unknown;
}

/** Starts a thread; it does not keep the process alive by itself. */
export function startThread({ near, name, flags = [], workerData }: ThreadOptions): Worker {
  const script = new URL(near.endsWith('.ts') ? './worker.ts' : './worker.js', near);
  const execArgv = [...conditionsOf(process.execArgv), ...flags];
  // Threads here make few objects that live: a small nursery is enough, and the memory is better used elsewhere.
  const resourceLimits = { maxYoungGenerationSizeMb: 6 };
  const worker = new Worker(script, { name, workerData, execArgv, resourceLimits });
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
