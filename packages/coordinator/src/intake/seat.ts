// One place in the pool: a worker, what it has been given, and how it comes back. It has at most two tasks at a time, one it works on and one
// so that it never waits for the main thread; the rest wait where they are safe from its end. A seat starts empty: the first task fills it.

import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import { freeze, type JudgeContext } from './context.ts';
import type { FromWorker, ToWorker } from './job.ts';
import type { Job, PoolLimits } from './pool.ts';
import type { WorkerHandle } from './spawn.ts';

/** What a seat tells its pool. */
export interface SeatEvents {
  /** There is room for a task. */
  free(): void;
  judged(job: Job, message: FromWorker & { kind: 'judged' }): void;
  thrown(job: Job, message: FromWorker & { kind: 'thrown' }): void;
  /** The worker is gone, and these were not answered. */
  lost(jobs: readonly Job[]): void;
}

export interface SeatOptions {
  readonly spawn: () => WorkerHandle;
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly logger: Logger;
  readonly limits: PoolLimits;
  readonly events: SeatEvents;
}

const TASKS = 2;
/** Parts of the time that a task may take. */
const PARTS = 6;

/** See the head of the file. */
export class Seat {
  readonly #options: SeatOptions;
  #worker: WorkerHandle | undefined;
  #ready = false;
  #jobs = new Map<number, Job>();
  /** What the worker judges by now. */
  #context: JudgeContext | undefined;
  /** Losses in a row. */
  #losses = 0;
  #isPausing = false;
  #cancelRestart: () => void = () => {};
  #cancelTimeout: () => void = () => {};
  #closing = false;
  #ended: (() => void) | undefined;

  constructor(options: SeatOptions) {
    this.#options = options;
  }

  /** Whether it can do work now or soon. */
  get isRunning(): boolean {
    return !this.#isPausing && !this.#closing;
  }

  /** Whether its worker has been heard of. */
  get isReady(): boolean {
    return this.#ready;
  }

  get isOpen(): boolean {
    return this.isRunning && this.#jobs.size < TASKS;
  }

  get load(): number {
    return this.#jobs.size;
  }

  /** Gives the worker another context, or takes the one it has; it is done with all tasks before by then. */
  prepare(context: JudgeContext | undefined): void {
    if (this.#worker === undefined || context === this.#context) return;
    this.#context = context;
    const frozen = context === undefined ? undefined : freeze(context);
    this.#post({ kind: 'context', context: frozen });
    frozen?.keys.secretKey.fill(0);
  }

  /** Sees to it that there is a worker; false when none can be started now. */
  fill(): boolean {
    return this.#worker !== undefined || this.#start();
  }

  /** Hands a task to the worker, which must be there, with the context it was received under; afterwards the worker goes back to `current`. */
  give(job: Job, bytes: Uint8Array, current: JudgeContext | undefined): void {
    const { context, from } = job.task;
    this.#jobs.set(job.id, job);
    if (this.#jobs.size === 1) {
      this.#worker!.ref();
      this.#watch();
    }
    this.prepare(context);
    this.#post({ kind: 'judge', id: job.id, bytes, from }, [bytes.buffer as ArrayBuffer]);
    if (current !== context) this.prepare(current);
  }

  /** Ends the worker; what it had is lost. */
  close(): Promise<void> {
    this.#closing = true;
    this.#cancelRestart();
    if (this.#worker === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => void this.#worker?.terminate(), this.#options.limits.closeMs);
      this.#ended = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#worker!.ref();
      this.#post({ kind: 'close' });
    });
  }

  #start(): boolean {
    let worker: WorkerHandle;
    try {
      worker = this.#options.spawn();
    } catch (error) {
      this.#gone(String(error));
      return false;
    }
    this.#worker = worker;
    const gone = (reason: string): void => {
      if (this.#worker === worker) this.#gone(reason);
    };
    worker.on('message', (message: FromWorker) => {
      if (this.#worker === worker) this.#take(message);
    });
    worker.on('messageerror', () => void worker.terminate());
    worker.on('error', (error) => gone(error instanceof Error ? error.message : String(error)));
    worker.on('exit', (code) => gone(`it exited with ${code}`));
    return true;
  }

  #take(message: FromWorker): void {
    if (message.kind === 'ready') {
      this.#ready = true;
      return;
    }
    const job = this.#jobs.get(message.id);
    if (job === undefined) return;
    this.#losses = 0;
    this.#jobs.delete(message.id);
    this.#cancelTimeout();
    if (this.#jobs.size === 0) this.#worker!.unref();
    else this.#watch();
    const { events } = this.#options;
    if (message.kind === 'judged') events.judged(job, message);
    else events.thrown(job, message);
    events.free();
  }

  /**
   * A worker that hangs is lost. The time is counted in parts: one in which the whole process was suspended counts once, however long it was,
   * and in the others the worker can work. An answer that has come in the last one is taken first.
   */
  #watch(parts: number = PARTS): void {
    const { clock, limits } = this.#options;
    let isOver = false;
    const cancel = clock.setTimer(limits.taskMs / PARTS, () => {
      if (parts > 1) this.#watch(parts - 1);
      else setImmediate(() => !isOver && this.#giveUp());
    });
    this.#cancelTimeout = () => {
      isOver = true;
      cancel();
    };
  }

  #giveUp(): void {
    const { limits, logger } = this.#options;
    logger.error({ seconds: limits.taskMs / 1000 }, 'an intake worker does not answer and is ended');
    void this.#worker!.terminate();
    this.#gone('it did not answer in time');
  }

  #gone(reason: string): void {
    const { clock, events, limits, logger } = this.#options;
    const jobs = [...this.#jobs.values()];
    this.#jobs = new Map();
    this.#worker = undefined;
    this.#ready = false;
    this.#context = undefined;
    this.#cancelTimeout();
    if (this.#closing) this.#ended?.();
    else {
      const ms = Math.min(limits.longestRestartMs, limits.restartMs * 2 ** this.#losses++);
      logger.error({ reason, tasks: jobs.length, restartMs: ms }, 'an intake worker is gone');
      this.#isPausing = true;
      this.#cancelRestart = clock.setTimer(ms, () => {
        this.#isPausing = false;
        events.free();
      });
    }
    if (jobs.length > 0) events.lost(jobs);
  }

  #post(message: ToWorker, transfer: readonly ArrayBuffer[] = []): void {
    this.#worker!.postMessage(message, transfer as ArrayBuffer[]);
  }
}
