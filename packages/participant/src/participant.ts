// A participant that its application drives: every call of `tick` does at most one unit of work and says what it waits for. The
// engine behind it is a pure step on plain data; this class holds the last whole state, the waiting model and the ports.

import type { PublicSigningKey } from '@xaynet/core/bytes';
import { equalBytes } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import { type Model, rational, type Scalar, type Weights } from '@xaynet/core/mask';
import { type RoundParams, roundIdOf } from '@xaynet/core/round';
import { breather, ifLong } from './clock.ts';
import { type GlobalModel, globalModelOf } from './global-model.ts';
import { takeModel } from './local-model.ts';
import { DEFAULT_MAX_MESSAGE_SIZE, keysOf, maxMessageSizeOf, type ParticipantOptions, type Settings, scalarOf, settingsOf } from './options.ts';
import { attempt, pending, type WaitingFor } from './phases/transition.ts';
import type { LocalModel, ModelRequest, Notification } from './ports.ts';
import { RoundPace } from './round-pace.ts';
import { maxModelBytes } from './rules.ts';
import { decodeSnapshot, encodeSnapshot, type Snapshot, type WaitingModel } from './snapshot.ts';
import { eraseDropped, isComputation, modelRequest, modelRequestOf, type Phase, type PhaseName, type State, type Task, taskOf } from './state.ts';
import { type Step, step } from './step.ts';
import { SumWatch } from './sum-watch.ts';
import type { CallOptions, SetModelOptions, Tick } from './tick.ts';
import { TransportError } from './transport-error.ts';

/**
 * Takes part in rounds of masked federated learning, one small unit of work at a time (participant 1).
 *
 * Nothing happens between calls: no timer, no thread. A process may end at any moment; {@link Participant.restore} goes on
 * from the last {@link Participant.snapshot}. With a `store`, the state is saved before every message that depends on it, so
 * a restart repeats a message, but never answers sum2 in two ways for one ephemeral key (threats T3). Without a store,
 * restoring a snapshot that is older than a delivered sum2 message could: keep only the newest one.
 * @example
 * ```ts
 * import { Participant } from '@xaynet/participant';
 *
 * const participant = await Participant.create({ url: 'http://127.0.0.1:8081', scalar: 1 });
 * for (let ticks = 0; ticks < 3; ticks++) {
 *   const { outcome, waitingFor } = await participant.tick();
 *   const wanted = participant.modelNeeded; // { round, dataType, length } when this participant shall train
 *   if (wanted) participant.setModel(new Float32Array(wanted.length), { round: wanted.round });
 *   if (outcome === 'pending') console.log(`waiting for ${waitingFor}`); // 'network' when nobody listens there
 * }
 * const bytes = participant.snapshot();
 * const later = await Participant.restore(bytes, { url: 'http://127.0.0.1:8081' });
 * later.task; // 'none', 'sum' or 'update'
 * ```
 */
export class Participant {
  readonly #settings: Settings;
  readonly #pace: RoundPace;
  /** Messages of this round that were begun again. */
  #begunAgain = 0;
  #sumWatch = new SumWatch();
  #state: State;
  #waiting: WaitingModel | undefined;
  #newGlobalModel: boolean;
  #waitingFor: WaitingFor | undefined;
  #ticking = false;
  /** Whether the phase changed, or a model was set, since the store last saved. */
  #unsaved = true;

  private constructor(settings: Settings, snapshot: Snapshot) {
    this.#settings = settings;
    this.#pace = new RoundPace(settings.random);
    this.#state = snapshot.state;
    this.#waiting = snapshot.waiting;
    this.#newGlobalModel = snapshot.newGlobalModel;
  }

  /**
   * A fresh participant. Rejects with `option-invalid`, `transport-url`, `transport-insecure`, `random-missing`,
   * `scalar-invalid` or `message-size-too-small`.
   */
  static async create(options: ParticipantOptions): Promise<Participant> {
    const settings = settingsOf(options);
    const state: State = {
      keys: keysOf(options, settings.random),
      scalar: scalarOf(options, rational(1)),
      maxMessageSize: maxMessageSizeOf(options, DEFAULT_MAX_MESSAGE_SIZE),
      params: undefined,
      phase: { name: 'awaiting' },
    };
    return Participant.#started(settings, { state, waiting: undefined, newGlobalModel: false });
  }

  /**
   * The participant that a {@link Participant.snapshot} was taken of. `scalar` and `maxMessageSize` in the options replace the
   * saved ones; `keys` only assert. Rejects like {@link Participant.create}, and with `snapshot-format`, `snapshot-version`,
   * `snapshot-corrupt` or `snapshot-keys`.
   */
  static async restore(snapshot: Uint8Array, options: ParticipantOptions): Promise<Participant> {
    const saved = decodeSnapshot(snapshot);
    const settings = settingsOf(options);
    const { state } = saved;
    if (options.keys !== undefined && !equalBytes(options.keys.publicKey, state.keys.publicKey)) throw new XaynetError('snapshot-keys');
    const scalar = scalarOf(options, state.scalar);
    const maxMessageSize = maxMessageSizeOf(options, state.maxMessageSize);
    return Participant.#started(settings, { ...saved, state: { ...state, scalar, maxMessageSize } });
  }

  static #started(settings: Settings, snapshot: Snapshot): Participant {
    for (const notification of notificationsOnStart(snapshot.state.phase)) settings.notify(notification);
    return new Participant(settings, snapshot);
  }

  /** The participant's identity, 32 bytes. */
  get publicKey(): PublicSigningKey {
    return this.#state.keys.publicKey;
  }

  /** Id of the current round: hexadecimal SHA-256 of its parameters; undefined before the first answer. */
  get round(): string | undefined {
    return this.#state.params === undefined ? undefined : roundIdOf(this.#state.params);
  }

  /** Parameters of the current round, undefined before the first answer. */
  get params(): RoundParams | undefined {
    return this.#state.params;
  }

  /** Where the participant stands in the round. */
  get state(): PhaseName {
    return this.#state.phase.name;
  }

  /** What the participant does in this round. */
  get task(): Task {
    return taskOf(this.#state.phase);
  }

  /** What the last tick waited for; undefined when it made progress, and before the first. */
  get waitingFor(): WaitingFor | undefined {
    return this.#waitingFor;
  }

  /** Share in the mean of models that are set without one. */
  get scalar(): Scalar {
    return this.#state.scalar;
  }

  /** What model to train now, or undefined when none is needed: not selected for update, or one was set already. */
  get modelNeeded(): ModelRequest | undefined {
    const request = modelRequestOf(this.#state);
    if (request === undefined || this.#settings.models !== undefined) return undefined;
    return this.#waitingModel(request.round) === undefined ? request : undefined;
  }

  /** Whether a round began since the global model was last fetched, so that there may be a new one (participant 2.6). */
  get newGlobalModel(): boolean {
    return this.#newGlobalModel;
  }

  #waitingModel(round: string): WaitingModel | undefined {
    const model = this.#waiting;
    return model === undefined || (model.round !== undefined && model.round !== round) ? undefined : model;
  }

  /**
   * Gives the model for the current round. It is checked and copied at once. Before the first tick no round is known: then it
   * is kept for the first round that selects this participant for update, and checked there.
   *
   * Throws `model-length` (with both numbers), `weight-not-finite`, `scalar-invalid`; `model-round` when `round` is not the
   * current round; `model-not-wanted` when the participant is not selected for update or has taken a model for this round.
   */
  setModel(weights: Weights | Model, options: SetModelOptions = {}): void {
    const { params, phase } = this.#state;
    if (this.#settings.models !== undefined) throw new XaynetError('model-not-wanted', 'this participant asks its own model source');
    const round = this.round;
    if (options.round !== undefined && options.round !== round) {
      throw new XaynetError(
        'model-round',
        `made for ${options.round.slice(0, 8)}…, the round is ${round === undefined ? 'not known yet' : `${round.slice(0, 8)}…`}`,
      );
    }
    const open = params === undefined || phase.name === 'new-round' || modelRequestOf(this.#state) !== undefined;
    if (!open) throw new XaynetError('model-not-wanted', `phase ${phase.name}`);
    this.#waiting = { ...takeModel({ ...options, weights }, params && modelRequest(params), this.#state.scalar), round };
    this.#unsaved = true; // who is killed now need not train again
  }

  /** Leaves the task of this round, if there is one; the participant waits for the next round. */
  skipRound(): void {
    const { phase } = this.#state;
    if (this.#ticking) throw new XaynetError('participant-busy');
    this.#waiting = undefined;
    if (phase.name === 'awaiting') return;
    this.#commit({ ...this.#state, phase: { name: 'awaiting' } });
    this.#settings.notify('idle');
  }

  /**
   * Does one unit of work: asks whether the round is still the same, then one step of the phase. What network, coordinator,
   * model and store can cause is in the result. Rejects with the signal's reason, and with `participant-busy` when called
   * while another tick runs; the state is as before then.
   */
  async tick(options: CallOptions = {}): Promise<Tick> {
    const { signal } = options;
    if (signal?.aborted) throw signal.reason;
    if (this.#ticking) throw new XaynetError('participant-busy');
    this.#ticking = true;
    try {
      const done = (await this.#saveFirst(signal)) ?? (await this.#step(signal));
      return this.#report(this.#paced(done));
    } finally {
      this.#ticking = false;
    }
  }

  /**
   * Ticks until nothing can be done, `ms` milliseconds are over, or the signal aborts; returns the last tick. Made for
   * background tasks with a budget. A tick under way is never cut off by the budget, only by the signal.
   */
  async runFor(options: { readonly ms: number } & CallOptions): Promise<Tick> {
    if (!(options.ms >= 0)) throw new XaynetError('option-invalid', `ms: 0 or more expected, ${options.ms} given`);
    const { clock } = this.#settings;
    const end = clock.now() + options.ms;
    for (;;) {
      const tick = await this.tick(options);
      if (tick.outcome === 'pending' || clock.now() >= end) return tick;
    }
  }

  /**
   * Fetches the latest global model; undefined when there is none yet. Rejects with the transport's error, then
   * {@link Participant.newGlobalModel} stays set (quirk Q-20).
   */
  async globalModel(options: CallOptions = {}): Promise<GlobalModel | undefined> {
    const { transport, rules } = this.#settings;
    const known = this.#state.params;
    const params = known ?? (await transport.params(options.signal));
    const model = await transport.model(options.signal, maxModelBytes(rules, params));
    if (this.#state.params === known) this.#newGlobalModel = false; // else a round began meanwhile, and with it maybe another model
    return model === undefined ? undefined : globalModelOf(model, params);
  }

  /** The whole participant as bytes, secret keys included; the participant goes on. May be called at any time. */
  snapshot(): Uint8Array {
    return encodeSnapshot({ state: this.#state, waiting: this.#waiting, newGlobalModel: this.#newGlobalModel });
  }

  /** Saves a changed phase before anything is sent or asked: what was sent is never forgotten (threats T3, T17). */
  async #saveFirst(signal: AbortSignal | undefined): Promise<Step | undefined> {
    const { store } = this.#settings;
    const state = this.#state;
    if (store === undefined || !this.#unsaved || isComputation(state.phase)) return undefined;
    const saved = await attempt({ signal }, 'store-failed', () => store.save(this.snapshot()));
    if ('error' in saved) return { ...pending(state.phase, 'store', saved.error), state };
    this.#unsaved = false;
    return undefined;
  }

  async #step(signal: AbortSignal | undefined): Promise<Step> {
    const { rules, transport, random, clock, freshness, sumMasks, progress, resendSum, freshKeys } = this.#settings;
    const models = this.#settings.models ?? { load: (request: ModelRequest) => this.#loadWaiting(request) };
    const onProgress = ifLong(clock, progress);
    const sumDoubt = resendSum ? () => this.#sumWatch.isDue(clock.now()) : undefined;
    const done = await step(this.#state, {
      rules,
      transport,
      models,
      random,
      pause: breather(clock),
      sumMasks,
      onProgress,
      sumDoubt,
      mayBeginAgain: () => this.#begunAgain++ < MOST_BEGUN_AGAIN,
      signal,
      freshness,
      freshKeys,
    });
    this.#commit(done.state);
    return done;
  }

  #loadWaiting(request: ModelRequest): LocalModel | undefined {
    const model = this.#waitingModel(request.round);
    if (model !== undefined && model.weights.length !== request.length) {
      this.#waiting = undefined; // set before the round was known, and of no use in it
      throw new XaynetError('model-length', `${model.weights.length} weights were set, the round takes ${request.length}`);
    }
    return model;
  }

  #commit(state: State): void {
    const before = this.#state;
    this.#state = state;
    if (before.phase.name !== state.phase.name || before.params !== state.params) this.#unsaved = true;
    if (before.params !== state.params) {
      if (this.#waiting?.round !== undefined) this.#waiting = undefined;
      this.#newGlobalModel = true;
      this.#sumWatch = new SumWatch();
      this.#begunAgain = 0;
    }
    if (state.phase.name === 'update' && state.phase.model !== undefined && before.phase.name === 'update' && before.phase.model === undefined)
      this.#waiting = undefined;
    eraseDropped(before.phase, state.phase);
    if (before.keys !== state.keys) before.keys.secretKey.fill(0);
  }

  /** A round that follows others too fast is taken, but nothing is done in it at once; a busy coordinator is asked when it wants to be. */
  #paced(done: Step): Paced {
    const { notifications, sent } = done;
    if (sent !== undefined && sent.tag !== 'sum' && sent.part === sent.parts) this.#pace.finished();
    if (!notifications.includes('new-round')) {
      const wait = done.error instanceof TransportError ? done.error.retryAfter : undefined;
      return wait === undefined ? done : { ...done, wait };
    }
    const wait = this.#pace.began(this.#settings.clock.now());
    if (wait === undefined) return done;
    const error = new XaynetError('rounds-too-fast', `waiting ${Math.round(wait)} ms`);
    return { ...done, outcome: 'pending', waitingFor: 'round', wait, error };
  }

  #report(done: Paced): Tick {
    this.#waitingFor = done.waitingFor;
    for (const notification of done.notifications) this.#settings.notify(notification);
    const { outcome, waitingFor, wait, error, failure, sent, verdict, clamped, notifications } = done;
    const { phase } = this.#state;
    const sending =
      'encoder' in phase ? { tag: phase.encoder.tag, part: phase.encoder.next - (phase.failed === undefined ? 0 : 1), parts: phase.parts } : undefined;
    return {
      outcome,
      state: phase.name,
      task: taskOf(phase),
      round: this.round,
      waitingFor,
      wait,
      error,
      failure,
      sent,
      verdict,
      clamped,
      sending,
      notifications,
    };
  }
}

/** Times in a round that a message is sent from its beginning because the coordinator dropped its chunks; a process that is restarted counts anew. */
const MOST_BEGUN_AGAIN = 3;

/** A step, and how long to wait after it. */
type Paced = Step & { readonly wait?: number };

/** What a host is told when a participant comes to life in this phase (participant 1.10). */
function notificationsOnStart(phase: Phase): Notification[] {
  switch (phase.name) {
    case 'new-round':
      return ['new-round'];
    case 'awaiting':
      return ['idle'];
    case 'sum':
      return ['sum'];
    case 'update':
      return phase.model === undefined && phase.masked === undefined && phase.localSeedDict === undefined ? ['update', 'load-model'] : ['update'];
    default:
      return [];
  }
}
