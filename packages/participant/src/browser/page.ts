// The page's end of the port: owns the options, the application's functions and the events; starts the engine in a worker, or in the
// page where there can be none, starts it again when it dies, and never has two at once.

import { XaynetError } from '@xaynet/core/errors';
import type { Weights } from '@xaynet/core/mask';
import { Backoff } from '../backoff.ts';
import { systemClock, systemRandom } from '../clock.ts';
import { settingsOf } from '../options.ts';
import { coded } from '../phases/transition.ts';
import type { StateStore } from '../ports.ts';
import type { ParticipantRun } from '../run.ts';
import { EventHub, type ParticipantEvent } from '../run-events.ts';
import type { Callbacks, Trained } from '../training.ts';
import { Connection, type EngineLink } from './connection.ts';
import { watchLifeline } from './one-tab.ts';
import type { BrowserOptions } from './options.ts';
import { type PackedError, packError, unpackError } from './parcels.ts';
import type { PlainOptions, Start, ToPage } from './protocol.ts';
import type { LockManager } from './scope.ts';

/** What tells of reasons to rest. */
export interface Watch {
  reasons(): readonly string[];
  /** Rules about things that cannot be seen here. */
  readonly unseen: readonly string[];
  stop(): void;
}

/** What the page's end needs of the page. */
export interface PageHost {
  /** Starts the engine in a worker; throws when there can be none. */
  readonly inWorker: () => EngineLink;
  /** Starts it in the page. */
  readonly inPage: () => EngineLink;
  readonly locks: LockManager | undefined;
  readonly watch: (changed: () => void) => Watch;
  /** Calls `sleep` when the page is about to be put away, `wake` when it is back. */
  readonly lifecycle: (sleep: () => void, wake: () => void) => () => void;
}

/** Waits before an engine that died is started again: the first time none, then these; the last one is repeated. */
const RESTARTS = [0, 1000, 5000, 30_000];
/** Exceptions of user code that are kept for the event that tells of them. */
const MAX_THROWN = 8;
const CALLBACKS = ['train', 'shouldTrain', 'onGlobalModel', 'scalar'] as const;
/** Options that a worker cannot be given. */
const FUNCTIONS = ['transport', 'fetch', 'random', 'clock', 'spawn', 'models', 'notify', 'progress'];

/** A participant whose engine may be elsewhere. */
export class BrowserRun implements ParticipantRun {
  readonly #options: BrowserOptions;
  readonly #plain: PlainOptions;
  readonly #store: Start['store'];
  readonly #host: PageHost;
  readonly #hub = new EventHub();
  readonly #watch: Watch;
  readonly #forget: (() => void)[] = [];
  readonly #thrown = new Map<number, unknown>();
  readonly done: Promise<void>;
  #end!: () => void;
  /** The engine that runs now. */
  #engine: Connection | undefined;
  /** Why there can be no worker. */
  #why: string | undefined;
  #inPage: boolean;
  #deaths = 0;
  #cancelRestart: () => void = () => undefined;
  #asleep = false;
  #over = false;
  #stopping = false;
  #wantsSnapshot = false;
  #snapshot: Uint8Array | undefined;
  #failure: XaynetError | undefined;
  /** Settles when no `train` is running: an engine that was started again may ask while the last one's training still is. */
  #training: Promise<unknown> = Promise.resolve();
  #nextThrown = 1;

  constructor(options: BrowserOptions, host: PageHost) {
    for (const name of FUNCTIONS) {
      if ((options as unknown as Record<string, unknown>)[name] !== undefined)
        throw new XaynetError('option-invalid', `${name}: cannot be passed to a worker; runParticipant takes it`);
    }
    for (const name of CALLBACKS) {
      const given = options[name];
      if (typeof given !== 'function' && name !== 'scalar' && (name === 'train' || given !== undefined))
        throw new XaynetError('option-invalid', `${name}: a function expected`);
    }
    const { train: _, shouldTrain: __, onGlobalModel: ___, signal, name, worker, conditions: ____, store, scalar, ...plain } = options;
    this.#plain = { ...plain, scalar: typeof scalar === 'function' ? undefined : scalar };
    settingsOf(this.#plain);
    new Backoff(options.poll ?? {}, systemRandom);
    this.#options = { ...options, name: name ?? options.url };
    this.#store = store === undefined ? 'indexed-db' : store === false ? 'none' : 'own';
    this.#host = host;
    this.#inPage = worker === false;
    this.done = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.#watch = host.watch(() => this.#engine?.post({ type: 'reasons', reasons: this.#watch.reasons() }));
    this.#forget.push(() => this.#watch.stop());
    this.#forget.push(
      host.lifecycle(
        () => this.#sleep(),
        () => this.#wake(),
      ),
    );
    const abort = (): void => this.#stop(false);
    signal?.addEventListener('abort', abort);
    this.#forget.push(() => signal?.removeEventListener('abort', abort));
    if (signal?.aborted) this.#finish();
    else this.#launch();
  }

  events(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterableIterator<ParticipantEvent> {
    return this.#hub.read(options.signal);
  }

  async stop(): Promise<Uint8Array> {
    this.#stop(true);
    await this.done;
    if (this.#snapshot === undefined) throw this.#failure ?? new XaynetError('not-started', 'no engine ran');
    return this.#snapshot;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop(false);
    await this.done;
  }

  #stop(snapshot: boolean): void {
    if (this.#over) return;
    this.#stopping = true;
    this.#wantsSnapshot ||= snapshot;
    if (this.#engine?.runs === true) this.#engine.post({ type: 'stop', snapshot: this.#wantsSnapshot });
    else if (this.#engine === undefined) this.#finish(); // asleep, or between two engines: what is stored is all there is
  }

  /** Starts an engine; there is none. */
  #launch(): void {
    this.#cancelRestart();
    let link: EngineLink | undefined;
    try {
      link = this.#inPage ? undefined : this.#host.inWorker();
    } catch (error) {
      this.#give(String((error as Error).message));
    }
    this.#connect(link ?? this.#host.inPage(), link === undefined ? 'page' : 'worker');
  }

  /** There can be no worker. */
  #give(why: string): void {
    this.#inPage = true;
    this.#why = why;
  }

  #connect(link: EngineLink, place: Start['place']): void {
    const engine = new Connection(link, {
      ready: (alive) => this.#ready(engine, alive, place),
      heard: (message) => this.#receive(engine, message),
      lost: (reason) => this.#lost(engine, reason),
    });
    this.#engine = engine;
  }

  #ready(engine: Connection, alive: string | undefined, place: Start['place']): void {
    const { locks } = this.#host;
    if (alive !== undefined && locks !== undefined && place === 'worker') {
      watchLifeline(locks, alive, engine.signal, () => engine.lose('the worker has ended'));
    }
    const { name } = this.#options;
    const callbacks = CALLBACKS.filter((callback) => typeof this.#options[callback] === 'function');
    const { unseen } = this.#watch;
    const reasons = this.#watch.reasons();
    engine.post({ type: 'start', name: name!, options: this.#plain, callbacks, store: this.#store, reasons, place, why: this.#why, unseen });
    if (this.#stopping) engine.post({ type: 'stop', snapshot: this.#wantsSnapshot });
  }

  /** An engine is gone that nobody ended. */
  #lost(engine: Connection, reason: string): void {
    this.#engine = undefined;
    if (!engine.runs) {
      this.#give(reason);
      if (this.#stopping) this.#finish();
      else this.#launch();
      return;
    }
    const error = new XaynetError('worker-lost', reason);
    this.#hub.emit({ type: 'error', round: engine.round, error, fatal: false });
    if (this.#stopping) {
      this.#failure = error;
      this.#finish();
      return;
    }
    const wait = RESTARTS[Math.min(this.#deaths++, RESTARTS.length - 1)]!;
    this.#cancelRestart = systemClock.after(wait, () => this.#launch());
  }

  /** The page is put away, perhaps for ever: another tab may take part. */
  #sleep(): void {
    if (this.#over || this.#asleep) return;
    this.#asleep = true;
    this.#cancelRestart();
    this.#engine?.close();
    this.#engine = undefined;
  }

  #wake(): void {
    if (!this.#asleep) return;
    this.#asleep = false;
    if (!this.#over) this.#launch();
  }

  #receive(engine: Connection, message: ToPage): void {
    switch (message.type) {
      case 'event': {
        const event = engine.unpacker.event(message.event, (thrown) => this.#thrown.get(thrown));
        if (event.type === 'round') engine.round = event.round;
        if (event.type === 'sent') this.#deaths = 0;
        if (event.type === 'error' && event.fatal) this.#failure = event.error;
        this.#hub.emit(event);
        return;
      }
      case 'call':
        void this.#answer(engine, message.call, () => this.#call(engine, message));
        return;
      case 'load':
        void this.#answer(engine, message.call, () => this.#ownStore().load());
        return;
      case 'save':
        void this.#answer(engine, message.call, () => this.#ownStore().save(message.bytes));
        return;
      case 'abort':
        engine.unpacker.abort(message.context);
        return;
      case 'ended':
        this.#snapshot = message.snapshot;
        if (message.error !== undefined) this.#failure ??= coded(unpackError(message.error), 'callback-failed');
        engine.close();
        this.#engine = undefined;
        this.#finish();
    }
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelRestart();
    for (const forget of this.#forget) forget();
    this.#hub.end();
    this.#end();
  }

  #ownStore(): StateStore {
    return this.#options.store as StateStore;
  }

  /** Calls a function of the application. */
  #call(engine: Connection, { name, context: packed, model }: Extract<ToPage, { type: 'call' }>): Promise<unknown> | unknown {
    const context = engine.unpacker.context(packed);
    const global = model && engine.unpacker.model(model);
    const options = this.#options as Required<Callbacks>;
    switch (name) {
      case 'train':
        return this.#train(() => (context.signal.aborted ? Promise.reject(context.signal.reason) : options.train(global, context)));
      case 'shouldTrain':
        return options.shouldTrain(context);
      case 'onGlobalModel':
        return options.onGlobalModel(global, context);
      default:
        return (options.scalar as (given: typeof context) => unknown)(context);
    }
  }

  async #train(train: () => Promise<Trained> | Trained): Promise<Trained> {
    await this.#training;
    const training = (async () => train())();
    this.#training = training.catch(() => undefined);
    return training;
  }

  async #answer(engine: Connection, call: number, run: () => Promise<unknown> | unknown): Promise<void> {
    try {
      const { value, transfer } = travelling(await run());
      engine.post({ type: 'answer', call, value }, transfer);
    } catch (error) {
      engine.post({ type: 'failure', call, error: this.#kept(error) });
    }
  }

  /** Keeps what user code threw, as it is, for the event that tells of it. */
  #kept(error: unknown): PackedError {
    const number = this.#nextThrown++;
    this.#thrown.set(number, error);
    this.#thrown.delete(number - MAX_THROWN);
    return packError(error, number);
  }
}

/** What user code returned, ready to be sent: weights as copies that may move, because the application may go on in its own. */
function travelling(value: unknown): { value: unknown; transfer: ArrayBuffer[] } {
  if (ArrayBuffer.isView(value)) {
    const copy = (value as Weights).slice();
    return { value: copy, transfer: [copy.buffer as ArrayBuffer] };
  }
  if (typeof value !== 'object' || value === null || !('weights' in value)) return { value, transfer: [] };
  const { weights, scalar, mode } = value as { weights: unknown; scalar?: unknown; mode?: unknown };
  const copy = travelling(weights);
  return { value: { weights: copy.value, scalar, mode }, transfer: copy.transfer };
}
