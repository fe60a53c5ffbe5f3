// The workers of a pool: started when work asks for them, lent to one piece of work at a time, kept for the next. When workers cannot
// be started here at all, that is found out in two attempts and remembered with the reason.

import { ABORTED, RemoteExecutor } from './executor.ts';
import { portOf, type WorkerLike } from './port.ts';

/** What a pool did so far. */
export interface MaskPoolReport {
  /** Most threads at work at a time, the caller's among them unless it is kept free. */
  readonly threads: number;
  /** Threads beside the caller's that exist now. */
  readonly alive: number;
  /** Threads that were started so far. */
  readonly started: number;
  /** Pieces of work that other threads took part in. */
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
  readonly #waiting: (() => void)[] = [];
  /** Times that workers were asked for. */
  #attempts = 0;
  /** The attempt whose worker ended before it ran, if none has run since. */
  #failed: number | undefined;
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
   * Between 1 and `wanted` workers, none of them in use elsewhere; waits while all are, until `isOver`: that is looked at after each
   * {@link Crew.wake}. None when there can be none, or it is over. They are given back by {@link Crew.release}.
   */
  async borrow(wanted: number, isOver: () => boolean = () => false): Promise<RemoteExecutor[]> {
    while (wanted > 0 && this.#idle.length === 0 && this.#members.size >= this.size && this.size > 0 && !isOver()) await this.#turn();
    return isOver() ? [] : this.take(wanted);
  }

  /** The same without waiting. */
  take(wanted: number): RemoteExecutor[] {
    const borrowed: RemoteExecutor[] = [];
    this.#attempts++;
    while (borrowed.length < wanted) {
      const worker = this.#idle.pop() ?? this.#start();
      if (worker === undefined) break;
      borrowed.push(worker);
    }
    return borrowed;
  }

  /** Takes workers back. */
  release(workers: readonly RemoteExecutor[]): void {
    for (const worker of workers) if (!worker.ended) this.#idle.push(worker);
    this.wake();
  }

  /** Has those who wait for workers look again. */
  wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Ends all workers; no other will be started. */
  close(): void {
    this.#closed = true;
    for (const worker of [...this.#members]) worker.end(CLOSED);
  }

  #start(): RemoteExecutor | undefined {
    if (this.#unable || this.#closed || this.#members.size >= this.size) return undefined;
    const attempt = this.#attempts;
    try {
      const worker = new RemoteExecutor(portOf(this.#spawn()), (ended, reason) => this.#ended(ended, reason, attempt));
      void worker.started.then((runs) => {
        if (runs) this.#failed = undefined;
      });
      this.#members.add(worker);
      this.started++;
      return worker;
    } catch (error) {
      this.#fail(String((error as Error).message), attempt);
      return undefined;
    }
  }

  #ended(worker: RemoteExecutor, reason: string, attempt: number): void {
    this.#members.delete(worker);
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
    if (reason !== ABORTED && reason !== CLOSED) {
      if (worker.runs) this.trouble = reason;
      else this.#fail(reason, attempt);
    }
    this.wake();
  }

  /** A worker that never ran may have had bad luck; when the next work's does no better, there is no other. */
  #fail(reason: string, attempt: number): void {
    this.trouble = reason;
    if (this.#failed !== undefined && this.#failed !== attempt) this.#unable = true;
    this.#failed ??= attempt;
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push(resolve));
  }
}

const CLOSED = 'the pool was closed';
