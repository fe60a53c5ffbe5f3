// The agent's heart: a participant whose training is done by whoever asks for it. At most one task is open; it is the same for everybody who
// asks until a model is taken, it is left, or its round is over. An app that crashed asks again and gets it again.

import { XaynetError } from '@xaynet/core/errors';
import type { DataType, Rational, Weights } from '@xaynet/core/mask';
import type { Callbacks, GlobalModel, LocalModel, ParticipantEvent, ParticipantRun, RunOptions, WaitingFor } from '@xaynet/participant';

/** A model that is wanted. */
export interface OpenTask {
  /** Names the task in routes; of this round. */
  readonly id: string;
  readonly round: string;
  /** Number of weights. */
  readonly length: number;
  readonly dataType: DataType;
  /** What to start from; undefined: nothing has been learnt yet. */
  readonly global: GlobalModel | undefined;
}

interface Held extends OpenTask {
  readonly give: (model: LocalModel) => void;
}

/** An error as it is remembered. */
export interface PastError {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly round: string | undefined;
  readonly code: string;
  readonly message: string;
}

/** Where the participant stands. */
export interface Standing {
  readonly joined: boolean;
  /** Public key in base64; undefined before the first round. */
  readonly participant: Uint8Array | undefined;
  readonly round: string | undefined;
  readonly role: 'none' | 'sum' | 'update';
  readonly waitingFor: WaitingFor | undefined;
  readonly rounds: number;
  /** Update messages that were delivered. */
  readonly updates: number;
  readonly errors: readonly PastError[];
}

/** Errors and ids of tasks that are remembered. */
const REMEMBERED = 16;

/** Starts a participant; the agent gives it its callbacks. */
export type StartRun = (callbacks: Callbacks & Pick<RunOptions, 'signal'>) => ParticipantRun;

/** Takes part, and hands its training out. */
export class Tasks {
  readonly #start: StartRun;
  readonly #tell: (type: string, data: object | ParticipantEvent) => void;
  readonly #errors: PastError[] = [];
  readonly #past: string[] = [];
  readonly #waiting = new Set<() => void>();
  #run: ParticipantRun | undefined;
  #ended: Promise<void> = Promise.resolve();
  #open: Held | undefined;
  #standing: Omit<Standing, 'joined' | 'errors'> = { participant: undefined, round: undefined, role: 'none', waitingFor: undefined, rounds: 0, updates: 0 };

  /** `tell` hears every event of the participant, and `task`, `joined`, `left`. */
  constructor(start: StartRun, tell: (type: string, data: object | ParticipantEvent) => void) {
    this.#start = start;
    this.#tell = tell;
  }

  get standing(): Standing {
    return { ...this.#standing, joined: this.#run !== undefined, errors: this.#errors };
  }

  /** The task that is open now. */
  get current(): OpenTask | undefined {
    return this.#open;
  }

  /** Takes part, if it does not yet. `failed` hears why a participant could not go on at all. */
  join(failed: (error: XaynetError) => void): void {
    if (this.#run !== undefined) return;
    const run = this.#start({ train: (global, context) => this.#train(global, context) });
    this.#run = run;
    this.#tell('joined', {});
    this.#ended = this.#follow(run, failed);
  }

  /** Stops taking part; the state is saved, and the task that is open is over. Resolves when that is done. */
  async leave(): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    await run[Symbol.asyncDispose]();
    await this.#ended;
    if (this.#run === run) this.#run = undefined;
    this.#tell('left', {});
  }

  /** The open task, waited for at most `ms` milliseconds. */
  async next(ms: number, signal: AbortSignal): Promise<OpenTask | undefined> {
    if (this.#open !== undefined || ms === 0 || signal.aborted) return this.#open;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#waiting.add(done);
      signal.addEventListener('abort', done);
    });
    return this.#open;
  }

  /** The task of this id if it is open. Throws `model-round` when its round is over, `model-not-wanted` when it is done, `agent-task-unknown`. */
  task(id: string): OpenTask {
    return this.#held(id);
  }

  /** Gives the trained model. Throws as {@link task}, and `model-length`. */
  give(id: string, weights: Weights, scalar: Rational | undefined): void {
    const task = this.#held(id);
    if (weights.length !== task.length) throw new XaynetError('model-length', `${weights.length} weights given, the round takes ${task.length}`);
    this.#close(task, 'done');
    task.give({ weights, scalar });
  }

  /** Leaves the task: this round goes on without an update of this participant. Throws as {@link task}. */
  skip(id: string): void {
    this.#close(this.#held(id), 'done'); // the participant waits for a model until its round is over
  }

  #held(id: string): Held {
    if (this.#open?.id === id) return this.#open;
    if (this.#past.includes(`${id} done`)) throw new XaynetError('model-not-wanted', `task ${id} has its model, or was skipped`);
    if (this.#past.includes(`${id} over`)) throw new XaynetError('model-round', `task ${id} is over`);
    throw new XaynetError('agent-task-unknown', id);
  }

  #close(task: Held, how: 'done' | 'over'): void {
    if (this.#open !== task) return;
    this.#open = undefined;
    this.#past.push(`${task.id} ${how}`);
    if (this.#past.length > REMEMBERED) this.#past.shift();
  }

  /** What the participant calls when it needs a model: opens a task, and settles when it is closed. */
  #train(global: GlobalModel | undefined, { round, length, dataType, signal }: Parameters<Callbacks['train']>[1]): Promise<LocalModel> {
    return new Promise((give, reject) => {
      const id = round.slice(0, 16);
      const over = (): void => {
        this.#close(task, 'over');
        reject(signal.reason);
      };
      const task: Held = { id, round, length, dataType, global, give };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener('abort', over, { once: true });
      this.#open = task;
      this.#tell('task', { id, round, length, dataType });
      for (const wake of [...this.#waiting]) wake();
    });
  }

  async #follow(run: ParticipantRun, failed: (error: XaynetError) => void): Promise<void> {
    for await (const event of run.events()) {
      this.#note(event);
      this.#tell(event.type, event);
      if (event.type === 'error' && event.fatal) failed(event.error);
    }
    if (this.#run === run) this.#run = undefined;
  }

  #note(event: ParticipantEvent): void {
    const before = this.#standing;
    switch (event.type) {
      case 'round':
        this.#standing = { ...before, participant: event.participant, round: event.round, role: 'none', waitingFor: undefined, rounds: before.rounds + 1 };
        break;
      case 'selected':
        this.#standing = { ...before, role: event.task };
        break;
      case 'idle':
        this.#standing = { ...before, role: 'none' };
        break;
      case 'waiting':
        this.#standing = { ...before, waitingFor: event.waitingFor };
        break;
      case 'sent':
        this.#standing = { ...before, waitingFor: undefined, updates: before.updates + (event.tag === 'update' ? 1 : 0) };
        break;
      case 'error':
        this.#errors.push({ at: Date.now(), round: event.round, code: event.error.code, message: event.error.message });
        if (this.#errors.length > REMEMBERED) this.#errors.shift();
        break;
      default:
    }
  }
}
