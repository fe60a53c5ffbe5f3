// The driver puts the pure machine to work: it alone decides in which order events happen, and carries out what a step asks for. Requests
// wait in a bounded queue and go in one at a time; the outcome of an effect goes first, then a stop, then deadline or request by the rule
// of round/deadline.ts. A store that fails makes it pause, whatever else throws becomes a failed round, and nothing a dead process.

import type { EncryptKeyPair, RandomBytes } from '@xaynet/core/crypto';
import { type ErrorCode, isXaynetError } from '@xaynet/core/errors';
import type { MaskObject } from '@xaynet/core/mask';
import type { RoundParams } from '@xaynet/core/round';
import { Bulletin } from './bulletin.ts';
import type { Clock } from './clock.ts';
import { DeadlineTimer } from './deadline-timer.ts';
import type { RoundEngine } from './engine.ts';
import type { EventBus } from './events.ts';
import type { Logger } from './log.ts';
import { acceptedIn, type MaterialOptions, type MaterialSettings, RoundMaterial } from './material.ts';
import { type Meter, SILENT_METER } from './meter.ts';
import { Patience, type Pause, Stopped } from './patience.ts';
import { type PhaseWindow, Publisher } from './publisher.ts';
import { type QueueLimits, RequestQueue, type Waiting } from './queue.ts';
import type { Request } from './request.ts';
import { isDeadlineNext } from './round/deadline.ts';
import { type Answer, type Effect, isAdmitting, isRecovering, type PhaseName, type RoundEvent, type RoundState } from './round/state.ts';
import { firstStep, type Step, step } from './round/step.ts';
import type { RoundCounts, RoundProgress, Store } from './stores/contract.ts';

/** Where a coordinator begins: fresh, or from what its store holds. */
export interface Beginning {
  /** Number of the last round; the first one to come has the next. */
  readonly lastRound: number;
  readonly keys: EncryptKeyPair;
  readonly params: RoundParams;
  readonly model: Uint8Array | undefined;
  /** The round it is of. */
  readonly modelRound?: number | undefined;
  /** Where the round with the number `lastRound` stands, when it goes on. */
  readonly progress?: RoundProgress | undefined;
  /** Sum participants that are stored of it: perhaps more than the settings allow by now. */
  readonly sums?: number | undefined;
}

export interface DriverOptions {
  readonly settings: MaterialSettings;
  readonly store: Store;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
  readonly bus: EventBus;
  readonly beginning: Beginning;
  readonly queue?: QueueLimits | undefined;
  readonly meter?: Meter | undefined;
  /** Milliseconds that one call of the store may take; undefined: as long as it likes. */
  readonly storeTimeout?: number | undefined;
  /** Contributions from one checkpoint to the next; by their size when left out. */
  readonly checkpointEvery?: number | undefined;
  /**
   * Other processes admit messages to the same store, so what is stored is counted again before time decides. `bulletin`: where this process sees what
   * is published, whoever leads; `fenced`: another one leads, and the driver has ended; `gather`: the sum of all updates that the processes have added
   * up, once no more are admitted.
   */
  readonly shared?: { readonly bulletin: Bulletin; readonly fenced: () => void; readonly gather: NonNullable<MaterialOptions['gather']> } | undefined;
  /** Shown every masked model that is added; see aggregate.ts. */
  readonly peek?: ((maskedModel: MaskObject) => void) | undefined;
  /** Sees every event and what it led to, undefined when the step threw: a round is the list of these, and can be replayed with `step`. Must not throw. */
  readonly record?: ((taken: { event: RoundEvent; next: Step | undefined; request: Request | undefined }) => void) | undefined;
}

/** Seconds after which a message that came during the stop may come again. */
const RETRY_AFTER_STOP = 5;

/** Runs rounds one after another (coordinator 1). */
export class Driver implements RoundEngine {
  readonly bulletin: Bulletin;
  readonly #options: DriverOptions;
  readonly #material: RoundMaterial;
  readonly #patience: Patience;
  readonly #publisher: Publisher;
  readonly #timer: DeadlineTimer;
  readonly #meter: Meter;
  readonly #first: Step;
  #state: RoundState;
  readonly #queue: RequestQueue;
  readonly #inHand = new Map<number, Waiting>();
  #requests = 0;
  readonly #results: RoundEvent[] = [];
  #work: Promise<void> = Promise.resolve();
  #underWay = 0;
  #moving = false;
  #readsBack = false;
  #stopping = false;
  #retired = false;
  /** The deadline at which what is stored was counted, or is. */
  #recounted: object | undefined;
  readonly #finished: Promise<void>;
  #finish!: () => void;

  constructor(options: DriverOptions) {
    this.#options = options;
    const { meter = SILENT_METER, clock, logger, storeTimeout: timeout } = options;
    const { keys, params, model, modelRound, lastRound, progress } = options.beginning;
    this.#meter = meter;
    this.#queue = new RequestQueue(options.queue);
    this.#patience = new Patience({ clock, logger, timeout, onChange: (paused) => this.#pauseChanged(paused) });
    const unmasking = (round: number, done: number, total: number): void => options.bus.emit({ type: 'unmasking', round, done, total });
    const given = { ...options, gather: options.shared?.gather, meter, patience: this.#patience, unmasking };
    this.#material = new RoundMaterial({ ...given, keys, params, progress });
    this.bulletin =
      options.shared?.bulletin ?? new Bulletin({ round: lastRound, phase: 'idle', keys, params, sums: undefined, seeds: undefined, model, modelRound });
    this.#publisher = new Publisher({ ...options, meter, bulletin: this.bulletin, material: this.#material });
    this.#timer = new DeadlineTimer(clock, () => this.#move());
    this.#first = firstStep(lastRound, progress);
    this.#state = progress === undefined ? { phase: 'idle', round: lastRound, failures: 0, awaits: 'erased' } : this.#first.state;
    if (progress !== undefined) this.#patience.pause('round-resuming', `round ${progress.round} is being read back`);
    this.#finished = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** The state of the machine: plain data. */
  get state(): RoundState {
    return this.#state;
  }

  /** Requests that wait. */
  get queued(): number {
    return this.#queue.size;
  }

  /** Updates in the aggregate. */
  get updates(): number {
    return this.#material.updates;
  }

  /** When the phase ends; undefined for a phase without times. */
  get window(): PhaseWindow | undefined {
    return this.#publisher.window;
  }

  /** Why no messages are taken now, though the phase takes some; undefined: they are. */
  get paused(): Pause | undefined {
    return this.#patience.paused;
  }

  /** Whether it does nothing until a message comes or time goes by: no effect is under way and no request waits. */
  get isWaiting(): boolean {
    return this.#underWay === 0 && this.#results.length === 0 && this.#queue.size === 0;
  }

  /** Why no message is taken now, though nothing is wrong with it: the store fails, or the process is about to end and another goes on. */
  get unavailable(): { readonly code: ErrorCode; readonly retryAfter: number } | undefined {
    return this.paused ?? (this.#stopping ? { code: 'shutting-down', retryAfter: RETRY_AFTER_STOP } : undefined);
  }

  /** Begins the first round, or goes on with the one that was interrupted. To be called once. */
  start(): void {
    this.#apply(this.#first);
    this.#move();
  }

  /** Queues a request; resolves when the round has answered it, or at once with `queue-full` or the code of the pause. */
  submit(request: Request): Promise<Answer> {
    if (this.paused !== undefined) {
      const answer = answerWhile(this.paused);
      this.#tell(request, this.#state.phase, answer);
      return Promise.resolve(answer);
    }
    if (this.#queue.isFullFor(request.bytes)) {
      const answer: Answer = { kind: 'discarded', code: 'queue-full' };
      this.#tell(request, this.#state.phase, answer);
      return Promise.resolve(answer);
    }
    return new Promise((resolve) => {
      const id = ++this.#requests;
      this.#queue.add({ id, request, arrivedAt: this.#options.clock.now(), resolve });
      this.#move();
    });
  }

  /** Others have admitted messages: what is stored of the phase by now. */
  tally(round: number, phase: PhaseName, counts: RoundCounts): void {
    if (this.#state.round !== round || this.#state.phase !== phase || !('counts' in this.#state)) return;
    this.#results.push(tallied(round, phase, counts));
    this.#move();
  }

  /** Gives the round up; a round that has failed, or is not there, is left alone. */
  fail(code: ErrorCode, message: string): void {
    this.#results.push({ type: 'failed', code, message });
    this.#move();
  }

  /** Ends without a word to anybody: another process goes on with the round. Resolves when nothing is under way any more. */
  async retire(): Promise<void> {
    this.#retired = true;
    await this.stop();
  }

  /**
   * Answers everybody who waits and ends; resolves when nothing is under way any more. The round is not failed: with a store that keeps
   * contributions the next start goes on with it. Can be called again.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#patience.stop();
    this.#move();
    await this.#finished;
    await this.#work;
    await this.#material.settled();
  }

  /** Takes events until there is none that may be taken now. */
  #move(): void {
    if (this.#moving) return;
    this.#moving = true;
    try {
      for (let event = this.#nextEvent(); event !== undefined; event = this.#nextEvent()) this.#take(event);
    } finally {
      this.#moving = false;
    }
  }

  #nextEvent(): RoundEvent | undefined {
    const result = this.#results.shift();
    if (result !== undefined) return result;
    if (isAdmitting(this.#state)) return undefined;
    if (this.#stopping && this.#state.phase !== 'shutdown') return { type: 'stop' };
    if (isRecovering(this.#state)) return undefined;
    if (isDeadlineNext(this.#timer.deadline, this.#options.clock.now(), this.#queue.first()?.arrivedAt)) {
      if (this.#recounts(this.#timer.deadline!)) return undefined;
      this.#timer.clear();
      return { type: 'deadline' };
    }
    const first = this.#queue.shift();
    if (first === undefined) return undefined;
    this.#inHand.set(first.id, first);
    (first.request.meter ?? this.#meter).observe('queue', (this.#options.clock.now() - first.arrivedAt) / 1000, first.request.bytes);
    return { type: 'message', request: first.id, round: first.request.round, tag: first.request.payload.tag };
  }

  /** Whether the deadline has to wait until what others have stored is counted. */
  #recounts(deadline: object): boolean {
    const state = this.#state;
    if (this.#options.shared === undefined || !('counts' in state)) return false;
    if (this.#recounted === deadline) return this.#underWay > 0;
    this.#recounted = deadline;
    const { round, phase } = state;
    const { store } = this.#options;
    this.#await(this.#patience.call('recount', () => store.counts()).then((counts) => tallied(round, phase, counts)));
    return true;
  }

  #take(event: RoundEvent): void {
    const before = this.#state;
    let next: Step;
    try {
      next = step(before, event, this.#options.settings);
    } catch (error) {
      this.#options.logger.error({ error, event: event.type }, 'a step of the round has thrown');
      this.#record(event, undefined);
      if (event.type !== 'failed') this.#results.push({ type: 'failed', code: 'internal-error', message: `event ${event.type}` });
      return;
    }
    if (next.state.phase !== before.phase && 'counts' in before) {
      // The step that admits the last message may leave the phase at once; that message counts too.
      const accepted = before.counts.accepted + (event.type === 'admitted' ? 1 : 0);
      this.#options.logger.info({ round: before.round, phase: before.phase, ...before.counts, accepted }, 'phase ends');
    }
    this.#record(event, next);
    this.#apply(next);
  }

  #record(event: RoundEvent, next: Step | undefined): void {
    const { record } = this.#options;
    record?.({ event, next, request: event.type === 'message' ? this.#inHand.get(event.request)?.request : undefined });
  }

  #apply(next: Step): void {
    this.#state = next.state;
    for (const effect of next.effects) {
      try {
        this.#perform(effect);
      } catch (error) {
        this.#options.logger.error({ error, effect: effect.type }, 'an effect of the round has thrown');
        this.#results.push({ type: 'failed', code: 'internal-error', message: `${effect.type}: ${String(error)}` });
      }
    }
  }

  #perform(effect: Effect): void {
    const { bus, logger } = this.#options;
    if (this.#retired && effect.type !== 'finish') return;
    switch (effect.type) {
      case 'publish':
        this.#publisher.publish(effect, this.#state.round);
        break;
      case 'deadline':
        this.#timer.set(effect.after, effect.queuedFirst, effect.orSooner);
        break;
      case 'no-deadline':
        this.#timer.clear();
        break;
      case 'answer':
        this.#answer(this.#inHand.get(effect.request), effect.phase, effect.answer);
        break;
      case 'purge':
        this.#purge(effect.phase, { kind: 'discarded', code: effect.code });
        break;
      case 'report':
        logger.error({ round: this.#state.round, ...effect.cause }, 'the round failed');
        bus.emit({ type: 'failure', round: this.#state.round, ...effect.cause });
        break;
      case 'aggregate':
        this.#material.beginAggregate();
        break;
      case 'admit':
        this.#await(this.#material.admit(effect.request, this.#inHand.get(effect.request)!.request));
        break;
      case 'finish':
        this.#finish();
        break;
      default:
        this.#await(this.#material.perform(effect, this.#state.round));
    }
  }

  /** The event of an effect that takes time; a rejection is a mistake of this program and fails the round. */
  #await(work: Promise<RoundEvent>): void {
    this.#underWay++;
    this.#work = work
      .catch((error: unknown): RoundEvent => {
        if (error instanceof Stopped) return { type: 'stop' };
        if (isXaynetError(error, 'storage-fenced')) return this.#fenced();
        this.#options.logger.error({ error }, 'an effect of the round was rejected');
        return { type: 'failed', code: 'internal-error', message: String(error) };
      })
      .then((event) => {
        this.#underWay--;
        this.#results.push(event);
        this.#move();
      });
  }

  /** Another process leads: what this one thinks of the round is of no interest to anybody any more. */
  #fenced(): RoundEvent {
    this.#options.logger.warn({ round: this.#state.round }, 'another process leads the round; this one follows');
    this.#retired = true;
    this.#stopping = true;
    this.#patience.stop();
    this.#options.shared?.fenced();
    return { type: 'stop' };
  }

  /** Whoever waits when a pause begins is told so at once; it may be a long one. */
  #pauseChanged(paused: Pause | undefined): void {
    const { bus, logger } = this.#options;
    if (paused === undefined) {
      if (!this.#readsBack) logger.info({ round: this.#state.round }, 'no longer paused');
      this.#readsBack = false;
      bus.emit({ type: 'resumed' });
      return;
    }
    // A restart is no trouble: who reads the log for warnings must not find one at each.
    this.#readsBack = paused.code === 'round-resuming';
    if (this.#readsBack) logger.info({ round: this.#state.round }, 'reading back the round');
    else logger.warn({ code: paused.code, reason: paused.message }, 'paused: no messages are taken');
    bus.emit({ type: 'paused', ...paused });
    this.#purge(this.#state.phase, answerWhile(paused));
  }

  #answer(waiting: Waiting | undefined, phase: PhaseName, answer: Answer): void {
    if (waiting === undefined) return;
    this.#inHand.delete(waiting.id);
    waiting.resolve(answer);
    this.#tell(waiting.request, phase, answer);
  }

  #purge(phase: PhaseName, answer: Answer): void {
    for (let waiting = this.#queue.shift(); waiting !== undefined; waiting = this.#queue.shift()) this.#answer(waiting, phase, answer);
  }

  #tell({ round, participant, payload, bytes }: Request, phase: PhaseName, answer: Answer): void {
    const about = { round, phase, tag: payload.tag, participant, bytes };
    const { kind } = answer;
    this.#options.logger.debug({ ...about, ...answer }, 'message answered');
    this.#options.bus.emit(kind === 'accepted' ? { type: kind, ...about } : { type: kind, ...about, code: answer.code });
  }
}

function tallied(round: number, phase: PhaseName, counts: RoundCounts): RoundEvent {
  return { type: 'tallied', round, phase, accepted: acceptedIn(counts, phase), leading: counts.leading };
}

function answerWhile({ code, retryAfter }: Pause): Answer {
  return { kind: 'discarded', code, retryAfter };
}
