// A process beside the benchmark: what it prints, and its end with ours.

import { spawn } from 'node:child_process';
import { atEnd } from './end.ts';

/** What Node prints when it runs `args`; it is ended with `signal` when the benchmark is. Rejects when it fails; `what` names it then. */
export function outputOf(args: readonly string[], { what, signal, cwd }: { what: string; signal: NodeJS.Signals; cwd?: string }): Promise<string> {
  const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] });
  const forget = atEnd(() => child.kill(signal));
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      forget();
      if (code === 0) resolve(output);
      else reject(new Error(`${what} ended with ${code}`));
    });
  });
}
