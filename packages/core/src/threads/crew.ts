// The workers of a pool: started when work asks for them, lent to one piece of work at a time, kept for the next. When workers cannot
// be started here at all, that is found out once and remembered with the reason.

import { RemoteExecutor } from './executor.ts';
import type { AbortSignalLike } from './pause.ts';
import { portOf, type WorkerLike } from './port.ts';

/** What a pool did so far. */
export interface MaskPoolReport {
  /** Most threads at a time. */
  readonly threads: number;
  /** Threads that exist now. */
  readonly alive: number;
  /** Threads that were started so far. */
  readonly started: number;
  /** Pieces of work that were done with threads. */
  readonly threaded: number;
  /** Pieces of work that were done on the caller's thread, small ones above all. */
  readonly inline: number;
  /** Whether memory is shared with the threads. */
  readonly shared: boolean;
  /** Why a thread could not be started, or ended before its time; undefined when all is well. */
  readonly trouble: string | undefined;
}

/** Workers that can be borrowed. */
export class Crew {
  readonly size: number;
  readonly #spawn: () => WorkerLike;
  readonly #members = new Set<RemoteExecutor>();
  readonly #idle: RemoteExecutor[] = [];
  readonly #waiting = new Set<() => void>();
  #unable = false;
  #closed = false;
  started = 0;
  trouble: string | undefined;

  constructor(size: number, spawn: () => WorkerLike) {
    this.size = size;
    this.#spawn = spawn;
  }

  get alive(): number {
    return this.#members.size;
  }

  /**
   * Between 1 and `wanted` workers, none of them in use elsewhere; waits while all are. None when there can be none, or the signal has
   * aborted. They are given back by {@link Crew.release}.
   */
  async borrow(wanted: number, signal?: AbortSignalLike): Promise<RemoteExecutor[]> {
    while (this.#idle.length === 0 && this.#members.size >= this.size && !signal?.aborted && this.size > 0) await this.#turn(signal);
    const borrowed: RemoteExecutor[] = [];
    while (borrowed.length < wanted && !signal?.aborted) {
      const worker = this.#idle.pop() ?? this.#start();
      if (worker === undefined) break;
      borrowed.push(worker);
    }
    return borrowed;
  }

  /** Takes workers back. */
  release(workers: readonly RemoteExecutor[]): void {
    for (const worker of workers) if (!worker.ended) this.#idle.push(worker);
    this.#wake();
  }

  /** Ends all workers; no other will be started. */
  close(): void {
    this.#closed = true;
    for (const worker of [...this.#members]) worker.end(CLOSED);
  }

  #start(): RemoteExecutor | undefined {
    if (this.#unable || this.#closed || this.#members.size >= this.size) return undefined;
    try {
      const worker = new RemoteExecutor(portOf(this.#spawn()), (ended, reason) => this.#ended(ended, reason));
      this.#members.add(worker);
      this.started++;
      return worker;
    } catch (error) {
      this.#unable = true;
      this.trouble = String((error as Error).message);
      return undefined;
    }
  }

  #ended(worker: RemoteExecutor, reason: string): void {
    this.#members.delete(worker);
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
    if (reason !== ABORTED && reason !== CLOSED) {
      this.trouble = reason;
      if (!worker.runs) this.#unable = true; // it never ran: the next would not either
    }
    this.#wake();
  }

  #turn(signal: AbortSignalLike | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

/** Why a worker is ended whose work nobody wants any more. */
export const ABORTED = 'its work was aborted';
const CLOSED = 'the pool was closed';
