// A participant that drives itself: a loop around `tick` that polls with back-off, calls the user's functions and tells what
// happens as events. The loop ends when it is stopped and never because of the network, the coordinator or the user's code.

/// <reference lib="esnext.disposable" preserve="true" />

import type { RandomBytes } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { abortController } from './abort.ts';
import { Backoff, type PollOptions } from './backoff.ts';
import { systemClock, systemRandom } from './clock.ts';
import type { Conditions } from './conditions.ts';
import { type ParticipantOptions, settingsOf } from './options.ts';
import { Participant } from './participant.ts';
import { coded } from './phases/transition.ts';
import type { Clock } from './ports.ts';
import { EventHub, type ParticipantEvent } from './run-events.ts';
import { modelRequest } from './state.ts';
import type { Tick } from './tick.ts';
import { type Callbacks, Training } from './training.ts';
import { countsAlready } from './verdict.ts';

/** How to run a participant: how it takes part, and the functions that do the application's work. */
export interface RunOptions extends Omit<ParticipantOptions, 'scalar' | 'models' | 'notify' | 'progress'>, Callbacks {
  /** Stops the participant, like {@link ParticipantRun.stop}. */
  readonly signal?: AbortSignal | undefined;
  /** Waiting times when there is nothing to do. After progress it goes on at once. */
  readonly poll?: PollOptions | undefined;
  /** While these give a reason, no tick and no training begins; what is in flight is finished, and the state saved to the store. */
  readonly conditions?: Conditions | undefined;
}

/** A running participant. */
export interface ParticipantRun {
  /** What happens, as it happens. The first reader gets everything from the start; one that lags loses the oldest (`missed`). */
  events(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterableIterator<ParticipantEvent>;
  /** Stops, saves to the store if there is one, and gives the snapshot to go on from. Rejects when the participant never started: `not-started`, or why. */
  stop(): Promise<Uint8Array>;
  /** Resolves when the participant has stopped, for whatever reason. Never rejects. */
  readonly done: Promise<void>;
  /** `await using run = runParticipant(…)` stops it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Takes part in rounds until it is stopped: trains when selected for update, does sum duties when selected for sum (participant 9).
 *
 * Needed are the coordinator (`url`) and `train`. Usual besides: `store`, to go on after a restart; `scalar`, the share in the mean;
 * `conditions`, when to rest; `signal`. All of them: {@link RunOptions}. What happens is told by {@link ParticipantEvent}s:
 * `round`, `selected`, for an update `model-needed`, `training`, `sending`, `sent`, and at the end `idle`.
 *
 * Throws at once for options that cannot work: `option-invalid`, `transport-url`, `transport-insecure`, `random-missing`, `scalar-invalid`,
 * `message-size-too-small`. Everything later is an `error` event: a network that is down is tried again with back-off; an exception in user
 * code skips the round; only a stored state that cannot be used ends the run (`fatal`).
 * @example
 * ```ts
 * import { runParticipant } from '@xaynet/participant';
 *
 * const run = runParticipant({
 *   url: 'http://127.0.0.1:8081',
 *   scalar: 0.5, // my number of examples over the largest one
 *   train: async (global, { length }) => {
 *     const weights = global?.toWeights('F32') ?? new Float32Array(length);
 *     return weights.map((weight) => weight + 0.01); // here goes the training
 *   },
 * });
 * for await (const event of run.events()) {
 *   if (event.type === 'selected') console.log(`this round: ${event.task}`);
 *   if (event.type === 'error') console.log(event.error.message);
 *   if (event.type === 'sent' || event.type === 'refused' || event.type === 'error') break;
 * }
 * const snapshot = await run.stop(); // pass it to Participant.restore, or use the option store
 * ```
 * @example
 * ```ts
 * import { runParticipant, type StateStore } from '@xaynet/participant';
 *
 * let saved: Uint8Array | undefined; // in earnest fileStore of @xaynet/participant/node, or indexedDbStore of …/browser
 * const store: StateStore = {
 *   load: async () => saved,
 *   save: async (snapshot) => {
 *     saved = snapshot;
 *   },
 * };
 * const run = runParticipant({
 *   url: 'http://127.0.0.1:8081',
 *   store,
 *   signal: AbortSignal.timeout(500), // or one that a button aborts
 *   train: (_, { length }) => new Float32Array(length),
 * });
 * await run.done; // the next start goes on where this one was
 * saved !== undefined; // true
 * ```
 */
export function runParticipant(options: RunOptions): ParticipantRun {
  return new Run(options);
}

class Run implements ParticipantRun {
  readonly #options: RunOptions;
  readonly #clock: Clock;
  readonly #random: RandomBytes;
  readonly #hub = new EventHub();
  readonly #controller = abortController();
  readonly #backoff: Backoff;
  #participant: Participant | undefined;
  #fatal: XaynetError | undefined;
  #wake: (() => void) | undefined;
  #woken = false;
  /** What was told last and need not be told again. */
  #toldWaiting = '';
  #toldError = '';
  #sentBytes = 0;
  /** The reasons for the pause that was told, one text; empty: not paused. */
  #toldPause = '';
  /** Work that waits for the end of a pause. */
  #resting: (() => void)[] = [];
  readonly done: Promise<void>;

  constructor(options: RunOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#backoff = new Backoff(options.poll ?? {}, this.#random);
    if (typeof options.train !== 'function') throw new XaynetError('option-invalid', 'train: a function expected');
    const { transport } = settingsOf(participantOptions(options));
    this.#options = { ...options, url: undefined, transport };
    this.done = this.#run();
  }

  events(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterableIterator<ParticipantEvent> {
    return this.#hub.read(options.signal);
  }

  async stop(): Promise<Uint8Array> {
    this.#controller.abort();
    await this.done;
    if (this.#participant === undefined) throw this.#fatal ?? new XaynetError('not-started');
    return this.#participant.snapshot();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#controller.abort();
    await this.done;
  }

  async #run(): Promise<void> {
    const { signal, store, conditions } = this.#options;
    const abort = (): void => this.#controller.abort();
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    let unsubscribe: (() => void) | undefined;
    try {
      unsubscribe = conditions?.subscribe(() => {
        if (this.#reasons().join() !== this.#toldPause) this.#wakeUp();
      });
      const participant = await this.#open();
      await this.#loop(participant);
      if (store !== undefined) await store.save(participant.snapshot());
    } catch (error) {
      this.#fatal = coded(error, 'store-failed');
      this.#hub.emit({ type: 'error', round: this.#participant?.round, error: this.#fatal, fatal: true });
    } finally {
      unsubscribe?.();
      signal?.removeEventListener('abort', abort);
      this.#hub.end();
    }
  }

  async #open(): Promise<Participant> {
    const { store } = this.#options;
    const progress: ParticipantOptions['progress'] = (done) => this.#hub.emit({ type: 'progress', round: this.#participant!.round!, ...done });
    const options = { ...participantOptions(this.#options), progress };
    const stored = await store?.load();
    this.#participant = stored === undefined ? await Participant.create(options) : await Participant.restore(stored, options);
    return this.#participant;
  }

  async #loop(participant: Participant): Promise<void> {
    const { signal } = this.#controller;
    const training = this.#training(participant);
    this.#begin(participant, training);
    if (participant.task !== 'none') this.#hub.emit({ type: 'selected', round: participant.round!, task: participant.task });
    for (;;) {
      await this.#rest(participant);
      if (signal.aborted) break;
      if (training.takeSkip() && participant.task === 'update') {
        participant.skipRound();
        this.#hub.emit({ type: 'idle', round: participant.round });
      }
      let outcome: Tick['outcome'] = 'pending';
      let wait = 0;
      try {
        const before = participant.state;
        const tick = await participant.tick({ signal });
        outcome = tick.outcome;
        wait = tick.wait ?? 0;
        this.#report(participant, training, before, tick);
      } catch (error) {
        if (signal.aborted) break;
        this.#failed(coded(error, 'callback-failed', 'tick'));
      }
      if (participant.modelNeeded !== undefined) training.offer();
      if (outcome === 'progress') this.#backoff.reset();
      // Also after progress the event loop gets its turn: nobody in this process waits for a whole task (quirk Q-21).
      // The wait that the coordinator asks for, and then not all at the same moment.
      await this.#nap(outcome === 'progress' ? 0 : wait + this.#backoff.next());
    }
    training.end();
    this.#goOn(); // what waited for the end of a pause finds its signal aborted
  }

  #training(participant: Participant): Training {
    return new Training(this.#options, {
      participant,
      clock: this.#clock,
      backoff: () => new Backoff(this.#options.poll ?? {}, this.#random),
      emit: (event) => this.#hub.emit(event),
      failed: (error) => this.#failed(error),
      wake: () => this.#wakeUp(),
      ready: async () => {
        if (this.#reasons().length > 0) await new Promise<void>((resolve) => this.#resting.push(resolve));
      },
    });
  }

  #goOn(): void {
    for (const go of this.#resting.splice(0)) go();
  }

  #wakeUp(): void {
    this.#woken = true;
    this.#wake?.();
  }

  #reasons(): readonly string[] {
    try {
      return this.#options.conditions?.reasons() ?? [];
    } catch (error) {
      this.#failed(coded(error, 'callback-failed', 'conditions'));
      return [];
    }
  }

  /** Does nothing as long as there is a reason to; whoever may end the process during a pause finds the state saved. */
  async #rest(participant: Participant): Promise<void> {
    const { signal } = this.#controller;
    for (let reasons = this.#reasons(); reasons.length > 0 && !signal.aborted; reasons = this.#reasons()) {
      const told = reasons.join();
      const news = told !== this.#toldPause;
      this.#toldPause = told;
      try {
        await this.#options.store?.save(participant.snapshot());
      } catch (error) {
        this.#failed(coded(error, 'store-failed'));
      }
      if (news) this.#hub.emit({ type: 'paused', reasons });
      await this.#nap();
    }
    if (signal.aborted) return;
    this.#goOn();
    if (this.#toldPause === '') return;
    this.#toldPause = this.#toldWaiting = ''; // what it waits for is told again, also when it is the same as before
    this.#backoff.reset();
    this.#hub.emit({ type: 'resumed' });
  }

  /** A round began, or was restored. */
  #begin(participant: Participant, training: Training): void {
    const { round, params, publicKey } = participant;
    if (round === undefined || params === undefined) return;
    this.#hub.emit({ type: 'round', round, params, participant: publicKey });
    training.begin(params, modelRequest(params));
  }

  /** Turns a tick into events. */
  #report(participant: Participant, training: Training, before: Tick['state'], tick: Tick): void {
    const emit = (event: ParticipantEvent): void => this.#hub.emit(event);
    const { round, outcome, notifications, sending, sent, verdict, clamped, error, failure, waitingFor } = tick;
    const refused = verdict?.accepted === false && !countsAlready(verdict) ? verdict : undefined;
    if (outcome === 'progress') this.#toldWaiting = this.#toldError = '';
    if (notifications.includes('new-round')) this.#begin(participant, training);
    for (const task of ['sum', 'update'] as const) if (notifications.includes(task)) emit({ type: 'selected', round: round!, task });
    if (clamped !== undefined) emit({ type: 'clamped', round: round!, clamped });
    if (sending !== undefined && (before !== tick.state || sent !== undefined)) {
      this.#sentBytes = before === tick.state ? this.#sentBytes + (sent?.bytes ?? 0) : 0;
      emit({ type: 'sending', round: round!, ...sending, bytes: this.#sentBytes });
      if (sent !== undefined && sent.part === sent.parts)
        emit({ type: 'sent', round: round!, tag: sent.tag, parts: sent.parts, bytes: this.#sentBytes, accepted: verdict && true });
    }
    if (refused) emit({ type: 'refused', round: round!, tag: sent!.tag, code: refused.code, reason: refused.reason });
    // Others were drawn, or the message came at the wrong time: part of the game, as a refusal that is learnt from the dictionary.
    else if (failure?.code === 'sum-not-counted') emit({ type: 'refused', round: round!, tag: 'sum', code: failure.code, reason: failure.message });
    else if (failure) this.#failed(failure);
    if (error) this.#failed(error);
    if (before === 'new-round' && tick.state === 'awaiting' && failure === undefined) emit({ type: 'selected', round: round!, task: 'none' });
    if (notifications.includes('idle')) emit({ type: 'idle', round });
    if (waitingFor !== undefined && waitingFor !== this.#toldWaiting) {
      this.#toldWaiting = waitingFor;
      emit({ type: 'waiting', round, waitingFor });
    }
  }

  #failed(error: XaynetError): void {
    // Told once, but of somebody on the way at every attempt: that must not pass for a network that is down.
    if (error.message === this.#toldError && error.code !== 'transport-pin') return;
    this.#toldError = error.message;
    this.#hub.emit({ type: 'error', round: this.#participant?.round, error, fatal: false });
  }

  /** Sleeps, unless something happens: user code is ready, conditions changed, or the participant stops. Without `ms`, until then. */
  async #nap(ms?: number): Promise<void> {
    const { signal } = this.#controller;
    if (this.#woken || signal.aborted) {
      this.#woken = false;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#wake = (): void => {
        cancel?.();
        signal.removeEventListener('abort', this.#wake!);
        resolve();
      };
      const cancel = ms === undefined ? undefined : this.#clock.after(ms, this.#wake);
      signal.addEventListener('abort', this.#wake);
    });
    this.#wake = undefined;
    this.#woken = false;
  }
}

/** The options of the participant inside: a scalar that is asked for after each training is no scalar of the participant. */
function participantOptions(options: RunOptions): ParticipantOptions {
  const { scalar, ...rest } = options;
  return { ...rest, scalar: typeof scalar === 'function' ? undefined : scalar };
}
