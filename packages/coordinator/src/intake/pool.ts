// Threads that judge messages, so that the main thread is free for the round and for everybody who asks. Bounded in messages and bytes; first
// come, first served. A worker that dies takes nobody with it: what it had is judged once more elsewhere if its bytes are still here, and
// is refused as our fault otherwise; the worker comes back after a pause that grows. Without workers the same code runs on the caller's thread.

import { type Buffers, LEAST_KEPT } from '../buffers.ts';
import type { Clock } from '../clock.ts';
import type { Logger } from '../log.ts';
import type { JudgeContext } from './context.ts';
import { type FromWorker, judgeTask, type Task, unjudged } from './job.ts';
import { type Judgement, type JudgeTimes, noTimes } from './judge.ts';
import { Seat } from './seat.ts';
import { spawnWorker, type WorkerHandle } from './spawn.ts';

export interface PoolOptions {
  /** Threads; 0: everything is done on the caller's. */
  readonly workers: number;
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly logger: Logger;
  /** Most that may be in the pool; one task always fits. */
  readonly limits?: Partial<PoolLimits> | undefined;
  /** Where the memory of refused messages goes. */
  readonly buffers?: Buffers | undefined;
  /** How a worker is started; in place of a thread with worker.ts. */
  readonly spawn?: (() => WorkerHandle) | undefined;
}

/** What a pool holds and waits for. */
export interface PoolLimits {
  readonly tasks: number;
  readonly bytes: number;
  /** Milliseconds that a worker may take for one task. */
  readonly taskMs: number;
  /** Milliseconds before a lost worker is started again, the first time and at most; it doubles in between. */
  readonly restartMs: number;
  readonly longestRestartMs: number;
  /** Milliseconds that workers get to end by themselves. */
  readonly closeMs: number;
}

export const POOL_LIMITS: PoolLimits = {
  tasks: 4096,
  bytes: 128 * 1024 * 1024,
  taskMs: 60_000,
  restartMs: 100,
  longestRestartMs: 30_000,
  closeMs: 1_000,
};

/** Bodies up to this size are copied to a worker, so that its death does not lose them; larger ones are handed over. */
const COPIED = LEAST_KEPT;
/** Bodies up to this size are judged on the main thread until there are so many of them that workers pay: starting one takes 0.1 s and 30 MB. */
const SMALL = 4096;
const SMALL_ALONE = 64;
const STAGES = ['open', 'verify', 'eligibility', 'check'] as const;

/** How often a task is tried. */
const TRIES = 2;

/** A task on its way. */
export interface Job {
  readonly id: number;
  readonly task: Task;
  /** Bytes of the task; its own array is empty once it was handed over. */
  readonly size: number;
  readonly since: number;
  readonly resolve: (judgement: Judgement) => void;
  tries: number;
  /** The bytes were given away and have not come back. */
  away: boolean;
}

/** See the head of the file. */
export class IntakePool {
  readonly #options: PoolOptions;
  readonly #limits: PoolLimits;
  readonly #seats: readonly Seat[];
  readonly #waiting = new Set<Job>();
  #context: JudgeContext | undefined;
  #ids = 0;
  #tasks = 0;
  #bytes = 0;
  #small = 0;
  #isDraining = false;
  #closed: Promise<void> | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#limits = { ...POOL_LIMITS, ...options.limits };
    const { clock, logger, workers, spawn = spawnWorker } = options;
    const events = {
      free: () => this.#dispatch(),
      judged: (job: Job, message: FromWorker & { kind: 'judged' }) => this.#judged(job, message),
      thrown: (job: Job, message: FromWorker & { kind: 'thrown' }) => this.#thrown(job, message),
      lost: (jobs: readonly Job[]) => this.#lost(jobs),
    };
    this.#seats = Array.from({ length: workers }, () => new Seat({ spawn, clock, logger, limits: this.#limits, events }));
  }

  /** Tasks that are not answered yet, and their bytes. */
  get tasks(): number {
    return this.#tasks;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Workers that have something to do. */
  get busy(): number {
    return this.#seats.filter((seat) => seat.load > 0).length;
  }

  /** Tasks that no worker has yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Whether there may be workers at all. */
  get hasWorkers(): boolean {
    return this.#seats.length > 0;
  }

  /** Workers that run. */
  get running(): number {
    return this.#seats.filter((seat) => seat.isRunning).length;
  }

  /** Whether a task of so many bytes would be one too many now. */
  isFullFor(bytes: number): boolean {
    return this.#tasks >= this.#limits.tasks || (this.#tasks > 0 && this.#bytes + bytes > this.#limits.bytes);
  }

  /**
   * What messages will be judged by from now on: workers get it at once and wipe what they had, as soon as they are done with it. `soon`: there
   * will be work for workers, so they are started now and the first message need not wait for that.
   */
  prepare(context: JudgeContext | undefined, soon = false): void {
    this.#context = context;
    for (const seat of this.#seats) {
      if (soon && seat.isOpen) seat.fill();
      seat.prepare(context);
    }
  }

  /** Judges a task. Its bytes are the pool's from now on, and may be empty afterwards. Never rejects. */
  judge(task: Task): Promise<Judgement> {
    if (this.#closed !== undefined) return Promise.resolve(unjudged('shutting-down'));
    return new Promise((resolve) => {
      const job: Job = { id: ++this.#ids, task, size: task.bytes.length, since: performance.now(), resolve, tries: 0, away: false };
      this.#tasks++;
      this.#bytes += job.size;
      if (this.#isForMain(job)) this.#judgeHere(job);
      else {
        this.#waiting.add(job);
        this.#dispatch();
      }
    });
  }

  /** Ends all workers; what waits is refused. Resolves when no thread is left. Can be called again. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    await Promise.all(this.#seats.map((seat) => seat.close()));
    for (const job of waiting) this.#finish(job, unjudged('shutting-down'));
  }

  #isForMain({ size }: Job): boolean {
    if (this.#seats.length === 0) return true;
    if (size > SMALL || this.#seats.some((seat) => seat.isReady)) return false;
    return ++this.#small <= SMALL_ALONE;
  }

  #dispatch(): void {
    for (const job of this.#waiting) {
      const seat = this.#freeSeat();
      if (seat === undefined) break;
      this.#waiting.delete(job);
      this.#post(seat, job);
    }
    if (this.#waiting.size > 0 && !this.#seats.some((seat) => seat.isRunning)) this.#drainHere();
  }

  #freeSeat(): Seat | undefined {
    const free = this.#seats.filter((seat) => seat.isOpen).sort((a, b) => a.load - b.load);
    return free.find((seat) => seat.fill());
  }

  #post(seat: Seat, job: Job): void {
    const { bytes } = job.task;
    job.tries++;
    const copied = bytes.length <= COPIED;
    // A view of a larger buffer must not take its neighbours along.
    const isOwn = bytes.byteOffset === 0 && bytes.buffer.byteLength <= 2 * bytes.length && bytes.buffer instanceof ArrayBuffer;
    job.away = !copied && isOwn;
    seat.give(job, job.away ? bytes : new Uint8Array(bytes), this.#context);
  }

  #judged(job: Job, { judgement, times, seconds, spent }: FromWorker & { kind: 'judged' }): void {
    this.#options.buffers?.give(spent);
    const whole = (performance.now() - job.since) / 1000;
    job.task.meter?.observe('wait', Math.max(0, whole - seconds), job.size);
    this.#observe(job, times);
    this.#finish(job, judgement.kind === 'refused' ? judgement : { ...judgement, memory: judgement.payload.buffer as ArrayBuffer });
  }

  #observe({ size, task: { meter } }: Job, times: JudgeTimes): void {
    for (const stage of STAGES) if (times[stage] >= 0) meter?.observe(stage, times[stage], size);
  }

  /** A mistake in the program on a worker: once more, here, where it can be told apart from a worker's own trouble. */
  #thrown(job: Job, { error, bytes }: FromWorker & { kind: 'thrown' }): void {
    this.#options.logger.error({ error, bytes: job.size }, 'an intake worker has thrown');
    if (!job.away) this.#judgeHere(job);
    else if (bytes === undefined) this.#finish(job, unjudged('internal-error'));
    else this.#judgeHere({ ...job, task: { ...job.task, bytes }, away: false });
  }

  /** The worker is gone. What was only copied to it is still here; large bodies went with it, and their senders may come again. */
  #lost(jobs: readonly Job[]): void {
    for (const job of jobs) {
      if (this.#closed !== undefined) this.#finish(job, unjudged('shutting-down'));
      else if (job.away || job.tries >= TRIES) this.#finish(job, unjudged('internal-error'));
      else this.#waiting.add(job);
    }
    if (this.#closed === undefined) this.#dispatch();
  }

  /** No worker runs: the main thread does what has not cost a worker its life yet, one task at a time, and answers others in between. */
  #drainHere(): void {
    if (this.#isDraining) return;
    this.#isDraining = true;
    setImmediate(() => {
      this.#isDraining = false;
      if (this.#seats.some((seat) => seat.isRunning)) return this.#dispatch();
      for (const job of this.#waiting) {
        this.#waiting.delete(job);
        if (job.tries === 0) this.#judgeHere(job);
        else this.#finish(job, unjudged('internal-error'));
        break;
      }
      if (this.#waiting.size > 0) this.#drainHere();
    });
  }

  #judgeHere(job: Job): void {
    const times = noTimes();
    let judgement: Judgement;
    try {
      judgement = judgeTask(job.task, times);
    } catch (error) {
      this.#options.logger.error({ error, bytes: job.size }, 'a message could not be judged');
      judgement = unjudged('internal-error');
    }
    this.#observe(job, times);
    this.#finish(job, judgement);
  }

  #finish(job: Job, judgement: Judgement): void {
    this.#tasks--;
    this.#bytes -= job.size;
    job.resolve(judgement);
  }
}
