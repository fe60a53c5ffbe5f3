// The coordinator of a chaos run, seen as processes that follow one another on one data folder: start, kill, stop, freeze, start again.

import type { ChildProcess } from 'node:child_process';
import { ended, startChild } from './child.ts';
import type { CoordinatorInput, CoordinatorNews } from './coordinator-child.ts';

/** Milliseconds for a process to listen, or to end when it is told to: more is a process that hangs. */
const PATIENCE = 60_000;

/** What the run is told. */
export interface CoordinatorPorts {
  readonly folder: string;
  readonly config: string;
  /** That the settings name; the same for all processes, so that nobody needs to be told of a restart. */
  readonly port: number;
  readonly news: (news: CoordinatorNews) => void;
  /** File for what it prints; `coordinator.log` when left out. */
  readonly log?: string | undefined;
}

/** The coordinator; at most one process at a time. */
export class CoordinatorProcess {
  readonly #ports: CoordinatorPorts;
  #child: ChildProcess | undefined;
  /** Whether the end of the process that runs now is wanted. */
  #wanted = false;

  constructor(ports: CoordinatorPorts) {
    this.#ports = ports;
  }

  /** Port that it listens on, or will; undefined while there is no process. */
  get port(): number | undefined {
    return this.#child === undefined || this.#wanted ? undefined : this.#ports.port;
  }

  /** Starts a process and resolves when it listens (true), was ended by {@link CoordinatorProcess.end} before, or gave up (false). */
  start(skew: number): Promise<boolean> {
    const { folder, config, news, log = 'coordinator.log' } = this.#ports;
    const child = startChild('coordinator-child', { config, skew } satisfies CoordinatorInput, folder, log);
    this.#child = child;
    this.#wanted = false;
    return new Promise((resolve) => {
      let said = false; // one account of why it does not run is enough
      const hangs = setTimeout(() => {
        said = true;
        news({ type: 'no-start', text: `it did not listen within ${PATIENCE / 1000} s` });
        resolve(false);
      }, PATIENCE);
      child.on('message', (message: CoordinatorNews) => {
        if (message.type === 'listening' && this.#child === child && !this.#wanted) {
          clearTimeout(hangs);
          resolve(true);
        }
        if (message.type === 'no-start') said = true;
        news(message);
      });
      child.once('exit', (code, signal) => {
        clearTimeout(hangs);
        if (this.#child === child && !this.#wanted && !said) news({ type: 'no-start', text: `it ended by itself (${signal ?? `exit code ${code}`})` });
        resolve(false);
      });
    });
  }

  /** Sends SIGKILL at once, without waiting for anything. */
  kill(): void {
    this.#wanted = true;
    this.#child?.kill('SIGKILL');
  }

  /** Asks it to stop; true when it did so in time and with exit code 0. */
  async terminate(): Promise<boolean> {
    const child = this.#child;
    if (child === undefined) return true;
    this.#wanted = true;
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
    await ended(child);
    clearTimeout(late);
    return child.exitCode === 0;
  }

  /** Stops its time, or lets it go on. */
  freeze(frozen: boolean): void {
    this.#child?.kill(frozen ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Resolves when no process is left. */
  async gone(): Promise<void> {
    if (this.#child !== undefined) await ended(this.#child);
  }
}
