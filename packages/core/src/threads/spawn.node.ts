// Starts a worker of worker_threads: Node, Bun, Deno. From the sources the worker is a source too, and gets the condition that finds them.

import { type NodeWorkerLike, portOf, type WorkerPort } from './port.ts';

interface Process {
  readonly execArgv: readonly string[];
  getBuiltinModule(name: 'node:worker_threads'): {
    readonly Worker: new (script: object, options: { name: string; execArgv: string[] }) => NodeWorkerLike;
  };
}

declare const process: Process;
declare const URL: new (path: string, base: string) => object;

/** Starts a worker; throws when there can be none. */
export function spawnWorker(): WorkerPort {
  const here = (import.meta as unknown as { url: string }).url;
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const script = new URL(here.endsWith('.ts') ? './worker.node.ts' : './worker.node.js', here);
  return portOf(new Worker(script, { name: 'xaynet masks', execArgv: conditionsOf(process.execArgv) }));
}

/** The flags that choose modules; all others, such as `--import`, are the main program's business. */
function conditionsOf(flags: readonly string[]): string[] {
  return flags.flatMap((flag, i) => {
    if (/^(--conditions=|-C=)/.test(flag)) return [flag];
    return flag === '--conditions' || flag === '-C' ? [`--conditions=${flags[i + 1]}`] : [];
  });
}
