// How a chaos run starts its processes: this very Node and these very sources (or the build), a script of this folder, and a channel for a few
// small messages. What a child prints goes to its log file. A child whose starter is gone ends by itself.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Starts `script` (without its ending) with `input` as its first message; output goes to the end of `<folder>/<log>`. */
export function startChild(script: 'coordinator-child' | 'participant-child', input: object, folder: string, log: string): ChildProcess {
  const ending = import.meta.url.endsWith('.ts') ? '.ts' : '.js';
  const output = openSync(join(folder, log), 'a', 0o600);
  try {
    const child = spawn(
      process.execPath,
      [...conditions(process.execArgv), '--disable-warning=ExperimentalWarning', fileURLToPath(new URL(`./${script}${ending}`, import.meta.url))],
      // A group of its own: Ctrl-C in a terminal is for the run, which then ends its children itself.
      {
        detached: true,
        stdio: ['ignore', output, output, 'ipc'],
        env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(folder, 'compiled') },
      },
    );
    child.on('error', () => undefined); // told by `exit` or by the time that nothing happens
    child.send(input, () => undefined);
    return child;
  } finally {
    closeSync(output);
  }
}

/** In a child: its input. */
export function childInput<T>(): Promise<T> {
  process.once('disconnect', () => process.exit(0));
  return new Promise((resolve) => process.once('message', (input: T) => resolve(input)));
}

/** In a child that is at work: what it compiled need not be compiled by the hundreds that follow, even when it is about to be killed. */
export function keepCompiled(): void {
  flushCompileCache();
}

/** In a child: tells the starter, if it is still there. */
export function tell(message: object): void {
  if (process.connected) process.send!(message, undefined, undefined, () => undefined);
}

/** Resolves when the process has ended. */
export function ended(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once('exit', () => resolve()));
}

/** The flags that choose modules; a test runner's are its own business. */
function conditions(flags: readonly string[]): readonly string[] {
  return flags.flatMap((flag, i) => {
    if (/^(--conditions=|-C=)/.test(flag)) return [flag];
    return flag === '--conditions' || flag === '-C' ? [`--conditions=${flags[i + 1]}`] : [];
  });
}
