// Where a command runs: in a worker behind a port, or on the caller's thread. A worker that fails is ended, and every call that waits
// for it is told, so that whoever asked can have the work done again elsewhere.

import { breather, type Pause, platform } from './pause.ts';
import type { WorkerPort } from './port.ts';
import { type Answer, type Command, errorOf, type Values } from './protocol.ts';
import { Workbench } from './workbench.ts';

/** Carries out commands one after the other. */
export interface Executor {
  /**
   * The answer to a command; the buffers in `transfer` may be empty here afterwards. Rejects with the arithmetic's XaynetError, and with
   * {@link ThreadFailure} when the worker is of no use any more.
   */
  call<C extends Command>(command: C, transfer?: readonly ArrayBuffer[]): Promise<Values[C['do']]>;
}

/** A worker has ended, or met trouble that is not the work's own. */
export class ThreadFailure extends Error {}

/** Why a worker is ended whose work nobody wants any more. */
export const ABORTED = 'its work was aborted';

/** A worker that has not answered by then, in milliseconds, is taken for one that cannot start: some policies forbid without a word. */
const START_LIMIT = 10_000;

/** A worker. */
export class RemoteExecutor implements Executor {
  readonly #port: WorkerPort;
  readonly #onEnd: (executor: RemoteExecutor, reason: string) => void;
  readonly #calls = new Map<number, { resolve(value: never): void; reject(error: Error): void }>();
  /** Resolves with whether the worker runs. */
  readonly started: Promise<boolean>;
  #start!: (runs: boolean) => void;
  readonly #timer: unknown;
  #next = 0;
  #runs = false;
  /** Whether it has had work: the first takes longer, until engines have compiled what they run. */
  knows = false;
  #ended = false;

  /** `onEnd` is told once, when the worker has ended for whatever reason. */
  constructor(port: WorkerPort, onEnd: (executor: RemoteExecutor, reason: string) => void) {
    this.#port = port;
    this.#onEnd = onEnd;
    this.started = new Promise((resolve) => {
      this.#start = resolve;
    });
    this.#timer = platform.setTimeout?.(() => this.end(`it did not start within ${START_LIMIT / 1000} s`), START_LIMIT);
    port.hold(true);
    port.listen({ message: (data) => this.#receive(data as Answer | { readonly ready: true }), ended: (reason) => this.end(reason) });
  }

  /** Whether the worker has answered at least once. */
  get runs(): boolean {
    return this.#runs;
  }

  get ended(): boolean {
    return this.#ended;
  }

  call<C extends Command>(command: C, transfer: readonly ArrayBuffer[] = []): Promise<Values[C['do']]> {
    if (this.#ended) return Promise.reject(new ThreadFailure('the thread has ended'));
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#port.hold(true);
      try {
        this.#port.post({ id, command }, transfer);
      } catch (error) {
        this.end(String((error as Error).message)); // what cannot be sent to this worker can be done elsewhere
      }
    });
  }

  /** Ends the worker at once; its calls reject with {@link ThreadFailure}. */
  end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    platform.clearTimeout?.(this.#timer);
    this.#port.terminate();
    for (const { reject } of this.#calls.values()) reject(new ThreadFailure(reason));
    this.#calls.clear();
    this.#start(false);
    this.#onEnd(this, reason);
  }

  #receive(data: Answer | { readonly ready: true }): void {
    if (this.#ended) return;
    if ('ready' in data) {
      this.#runs = true;
      platform.clearTimeout?.(this.#timer);
      this.#start(true);
    } else {
      const call = this.#calls.get(data.id);
      this.#calls.delete(data.id);
      if (call !== undefined && 'value' in data) call.resolve(data.value as never);
      else if (call !== undefined && 'error' in data) call.reject(errorOf(data.error) ?? new ThreadFailure(data.error.message));
    }
    if (this.#calls.size === 0) this.#port.hold(false);
  }
}

/** The caller's thread: gives way before every command. */
export class LocalExecutor implements Executor {
  readonly #bench = new Workbench();
  readonly #pause: Pause;

  constructor(pause: Pause = breather()) {
    this.#pause = pause;
  }

  async call<C extends Command>(command: C): Promise<Values[C['do']]> {
    await this.#pause();
    return this.#bench.run(command) as Values[C['do']];
  }
}
