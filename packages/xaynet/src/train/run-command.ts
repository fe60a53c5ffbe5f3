// One run of the user's command in a process group of its own, so that all it starts can be ended: when it is over, when its round is, and
// also when this process is killed. For that a second process of the group waits at the end of a pipe that only this process holds open.

import { type ChildProcess, spawn } from 'node:child_process';
import { Lines } from './lines.ts';

/** How to run a command. */
export interface CommandOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Ends the command: SIGTERM to its group, and SIGKILL after the grace. */
  readonly signal: AbortSignal;
  /** Milliseconds that it may take; undefined: as long as it likes. */
  readonly timeout: number | undefined;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly grace: number;
  /** Told each line that it prints. */
  readonly line: (text: string, stream: 'stdout' | 'stderr') => void;
}

/** How it ended. */
export interface CommandEnd {
  /** `aborted`: by the signal. `failed`: it could not be started. */
  readonly how: 'exit' | 'killed' | 'timeout' | 'aborted' | 'failed';
  /** Exit code, signal, or why it could not be started. */
  readonly what: string;
  readonly seconds: number;
  /** The last lines of its standard error, the oldest first. */
  readonly last: readonly string[];
}

/** Waits for the end of the pipe, then ends the group. It ignores the SIGTERM that the group gets; it is killed with the rest. */
const LIFELINE = `{ trap '' TERM; cat <&3; kill -TERM 0; sleep 5; kill -KILL 0; } </dev/null >/dev/null 2>&1 &
exec /bin/sh -c "$1" 3<&-`;

/** A program that left the group may hold the output open for longer than this, in milliseconds; nobody waits for it. */
const OUTPUT_GRACE = 500;

/** Runs `command` through the shell (sh; cmd on Windows); resolves when it has ended and nothing of its group is left. Never rejects. */
export function runCommand(command: string, options: CommandOptions): Promise<CommandEnd> {
  const { env, signal, timeout, grace, line } = options;
  const begun = performance.now();
  const child = start(command, { ...process.env, ...env });
  const errors = new Lines((text) => line(text, 'stderr'), 10);
  const output = new Lines((text) => line(text, 'stdout'), 0);
  child.stdout?.on('data', (piece: Buffer) => output.push(piece));
  child.stderr?.on('data', (piece: Buffer) => errors.push(piece));
  (child.stdio[3] as NodeJS.WritableStream | undefined)?.on('error', () => {});
  let why: 'timeout' | 'aborted' | undefined;
  let hard: NodeJS.Timeout | undefined;
  const end = (cause: 'timeout' | 'aborted'): void => {
    why ??= cause;
    endGroup(child, 'SIGTERM');
    hard ??= setTimeout(() => endGroup(child, 'SIGKILL'), grace);
  };
  const onAbort = (): void => end('aborted');
  const limit = timeout === undefined ? undefined : setTimeout(() => end('timeout'), timeout);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  return new Promise((resolve) => {
    let done: Omit<CommandEnd, 'seconds' | 'last'> | undefined;
    const finish = (): void => {
      output.end();
      errors.end();
      for (const stream of child.stdio) stream?.destroy();
      resolve({ ...done!, seconds: (performance.now() - begun) / 1000, last: errors.last });
    };
    const ended = (how: CommandEnd['how'], what: string): void => {
      if (done !== undefined) return;
      clearTimeout(limit);
      clearTimeout(hard);
      signal.removeEventListener('abort', onAbort);
      endGroup(child, 'SIGKILL'); // what it left running, and who waits at the pipe
      done = { how: why ?? how, what };
      const late = setTimeout(finish, OUTPUT_GRACE);
      child.once('close', () => {
        clearTimeout(late);
        finish();
      });
    };
    child.once('error', (error) => ended('failed', error.message));
    child.once('exit', (code, name) => ended(code === null ? 'killed' : 'exit', String(code ?? name)));
  });
}

function start(command: string, env: NodeJS.ProcessEnv): ChildProcess {
  if (process.platform === 'win32') return spawn(command, { shell: true, env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
  return spawn('/bin/sh', ['-c', LIFELINE, 'sh', command], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
}

/** Sends a signal to all of the group; it may be gone. */
function endGroup({ pid }: ChildProcess, name: 'SIGTERM' | 'SIGKILL'): void {
  if (pid === undefined) return;
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => {});
    return;
  }
  try {
    process.kill(-pid, name);
  } catch {
    // Nobody of the group is left.
  }
}
