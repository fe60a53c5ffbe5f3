// The engine's end of the port: runs a participant wherever it is (a worker, or the page itself) and knows of the page only what
// arrives. It holds the lock that lets one tab at a time take part, so that the lock ends with whoever does the work.

import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import { maskingBackend } from '@xaynet/core/mask';
import type { WorkerLike, WorkerPort } from '@xaynet/core/threads';
import { sleep, systemClock } from '../clock.ts';
import { coded } from '../phases/transition.ts';
import type { StateStore } from '../ports.ts';
import { type ParticipantRun, type RunOptions, runParticipant } from '../run.ts';
import type { ParticipantEvent } from '../run-events.ts';
import { Application } from './application.ts';
import { holdTurn, isWanted } from './one-tab.ts';
import { packError } from './parcels.ts';
import type { Start, ToEngine } from './protocol.ts';
import { Reasons } from './reasons.ts';
import type { LockManager } from './scope.ts';

/** A store of the browser, and whether what it keeps is encrypted. */
export interface BrowserStore extends StateStore {
  readonly wrapped: boolean;
}

/** What the engine has where it runs. */
export interface EngineHost {
  readonly locks: LockManager | undefined;
  /** Starts a thread for masks. */
  readonly spawn?: (() => WorkerLike) | undefined;
  /** Takes a lock for as long as this thread lives, and names it. */
  readonly lifeline?: (() => Promise<string | undefined>) | undefined;
  /** Opens the store of a name. */
  readonly store: (name: string) => BrowserStore;
  /** Tests only: a coordinator in memory. */
  readonly options?: Partial<RunOptions> | undefined;
}

type Port = Pick<WorkerPort, 'post' | 'listen'>;

/** Serves one page; the returned function ends everything at once, as the end of a worker would. */
export function serveEngine(port: Port, host: EngineHost): () => void {
  const engine = new Engine(port, host);
  port.listen({ message: (data) => engine.receive(data as ToEngine), ended: () => engine.kill() });
  void engine.begin();
  return () => engine.kill();
}

/** How often a resting hidden tab looks whether another waits, and how long it is before a changed state is loaded again, in milliseconds. */
const STEP_ASIDE = 1000;
const RELOAD = 1000;

/** Why a turn ended: `over`: the run is; `aside`: another tab waits and this one is hidden; `reload`: what is stored is not what this run stored. */
type TurnEnd = 'over' | 'aside' | 'reload';

class Engine {
  readonly #host: EngineHost;
  readonly #application: Application;
  readonly #reasons = new Reasons();
  readonly #stopped = new AbortController();
  #run: ParticipantRun | undefined;
  #wantsSnapshot = false;
  /** Nothing may be stored or held any more. */
  #dead = false;
  #die!: (end: TurnEnd) => void;
  readonly #killed = new Promise<TurnEnd>((resolve) => {
    this.#die = resolve;
  });

  constructor(port: Port, host: EngineHost) {
    this.#host = host;
    this.#application = new Application(port);
  }

  /** Says that it is there, once others can see whether it lives. */
  async begin(): Promise<void> {
    this.#application.post({ type: 'ready', alive: await this.#host.lifeline?.() });
  }

  receive(message: ToEngine): void {
    switch (message.type) {
      case 'start':
        void this.#start(message);
        return;
      case 'reasons':
        this.#reasons.set(message.reasons);
        return;
      case 'stop':
        this.#wantsSnapshot ||= message.snapshot;
        this.#stopped.abort();
        return;
      default:
        this.#application.answered(message);
    }
  }

  /** As if the process had died: what is in flight is dropped, nothing is stored afterwards, the lock is free. */
  kill(): void {
    this.#dead = true;
    this.#application.silence();
    this.#die('over');
    this.#stopped.abort();
  }

  async #start(start: Start): Promise<void> {
    this.#reasons.set(start.reasons);
    let snapshot: Uint8Array | undefined;
    let failure: unknown;
    try {
      await this.#turns(start);
      if (this.#wantsSnapshot) snapshot = await this.#snapshot();
    } catch (error) {
      failure = error;
      if (!this.#stopped.signal.aborted) this.#application.emit({ type: 'error', round: undefined, error: coded(error, 'option-invalid'), fatal: true });
    }
    this.#application.end({ snapshot, error: failure === undefined ? undefined : packError(failure) });
  }

  #snapshot(): Promise<Uint8Array> {
    if (this.#run === undefined) throw new XaynetError('not-started');
    return this.#run.stop();
  }

  /** One turn after the other, until a run ends for good. */
  async #turns(start: Start): Promise<void> {
    const { locks } = this.#host;
    const { signal } = this.#stopped;
    const emit = (event: ParticipantEvent): void => this.#application.emit(event);
    const store = this.#store(start);
    const { kernel, reason } = maskingBackend();
    const { name, place, why, unseen } = start;
    const kept = start.store !== 'indexed-db' ? start.store : (store as BrowserStore).wrapped ? 'encrypted' : 'clear';
    emit({ type: 'engine', place, reason: why, kernel, kernelReason: reason, store: kept, oneTab: locks !== undefined, unseen });
    const waiting = (): void => emit({ type: 'waiting', round: undefined, waitingFor: 'tab' });
    let end: TurnEnd | undefined;
    while (end !== 'over' && !signal.aborted) {
      if (end === 'reload') await sleep(systemClock, RELOAD, signal);
      if (this.#reasons.hidden) {
        if (end !== 'aside') emit({ type: 'paused', reasons: this.#reasons.reasons() });
        await this.#reasons.seen(signal);
        if (!signal.aborted) emit({ type: 'resumed' });
      }
      await holdTurn(locks, name, signal, waiting, async () => {
        end = await this.#turn(start, store);
      });
    }
  }

  /** One run, from what is stored to its end. */
  async #turn({ name, options, callbacks }: Start, store: StateStore | undefined): Promise<TurnEnd> {
    const { spawn, options: own } = this.#host;
    const controller = new AbortController();
    const stop = (): void => controller.abort();
    this.#stopped.signal.addEventListener('abort', stop);
    let end: TurnEnd = 'over';
    let abandon: (end: TurnEnd) => void = () => undefined;
    const abandoned = new Promise<TurnEnd>((resolve) => {
      abandon = resolve;
    });
    const fenced =
      store &&
      this.#fenced(store, () => {
        abandon('reload');
        stop();
      });
    const functions = this.#application.functions(callbacks);
    const run = runParticipant({ ...options, spawn, ...own, ...functions, store: fenced, conditions: this.#reasons, signal: controller.signal });
    this.#run = run;
    const forget = this.#stepAside(name, () => {
      end = 'aside';
      stop();
    });
    let forwarding = true;
    const told = async (): Promise<TurnEnd> => {
      for await (const event of run.events()) if (forwarding) this.#application.emit(event);
      await run.done;
      return end;
    };
    end = await Promise.race([told(), abandoned, this.#killed]);
    forwarding = false;
    forget();
    this.#stopped.signal.removeEventListener('abort', stop);
    if (end !== 'over') this.#run = undefined; // what it would tell is old as soon as somebody goes on
    return end;
  }

  /** While the page rests because it is hidden, looks whether another tab waits, and calls `aside` once when one does. */
  #stepAside(name: string, aside: () => void): () => void {
    const { locks } = this.#host;
    let cancel: (() => void) | undefined;
    let over = false;
    const look = async (): Promise<void> => {
      cancel = undefined;
      const wanted = this.#reasons.hidden && locks !== undefined && (await isWanted(locks, name));
      if (over || !this.#reasons.hidden) return;
      if (wanted) aside();
      else watch();
    };
    const watch = (): void => {
      if (this.#reasons.hidden) cancel ??= systemClock.after(STEP_ASIDE, () => void look());
    };
    const forget = this.#reasons.subscribe(watch);
    watch();
    return () => {
      over = true;
      forget();
      cancel?.();
    };
  }

  #store({ name, store }: Start): StateStore | undefined {
    if (store === 'indexed-db') return this.#host.store(name);
    return store === 'own' ? this.#application.store : undefined;
  }

  /**
   * A store for one run. A run that was killed may be at work for a moment more; it must not replace what its successor stores. And one
   * that finds that it is not the only one (its predecessor's last save came late, or there are no locks) goes no further: what is stored
   * is the state of the participant, so that is gone on from.
   */
  #fenced(store: StateStore, reload: () => void): StateStore {
    const never = new Promise<never>(() => undefined);
    let over = false;
    return {
      load: () => store.load(),
      save: async (bytes) => {
        if (this.#dead || over) return never;
        try {
          await store.save(bytes);
        } catch (error) {
          if (!isXaynetError(error, 'store-conflict')) throw error;
          over = true;
          this.#application.emit({ type: 'error', round: undefined, error, fatal: false });
          reload();
          return never;
        }
      },
    };
  }
}
