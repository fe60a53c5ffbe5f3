// The driver puts the pure machine to work: it alone decides in which order events happen, and carries out what a step asks for. Requests
// wait in a bounded queue and go in one at a time; the outcome of an effect goes first, then a stop, then deadline or request by the rule
// of round/deadline.ts. Whatever throws becomes a failed round, never a dead process.

import type { EncryptKeyPair, RandomBytes } from '@xaynet/core/crypto';
import type { RoundParams } from '@xaynet/core/round';
import { Bulletin, type View } from './bulletin.ts';
import type { Clock } from './clock.ts';
import type { EventBus } from './events.ts';
import type { Logger } from './log.ts';
import { type MaterialSettings, RoundMaterial } from './material.ts';
import { type QueueLimits, RequestQueue, type Waiting } from './queue.ts';
import type { Request } from './request.ts';
import { type Deadline, isDeadlineNext } from './round/deadline.ts';
import { type Answer, type Effect, isAdmitting, type PhaseName, type PublishedDocument, type RoundEvent, type RoundState } from './round/state.ts';
import { begin, type Step, step } from './round/step.ts';
import type { Store } from './stores/contract.ts';

/** Where a coordinator begins: fresh, or from what its store holds. */
export interface Beginning {
  /** Number of the last round; the first one to come has the next. */
  readonly lastRound: number;
  readonly keys: EncryptKeyPair;
  readonly params: RoundParams;
  readonly model: Uint8Array | undefined;
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
  /** Sees every event and what it led to: a round is the list of these, and can be replayed with `step`. */
  readonly record?: ((event: RoundEvent, next: Step) => void) | undefined;
}

/** Runs rounds one after another (coordinator 1). */
export class Driver {
  readonly bulletin: Bulletin;
  readonly #options: DriverOptions;
  readonly #material: RoundMaterial;
  #state: RoundState;
  readonly #queue: RequestQueue;
  readonly #inHand = new Map<number, Waiting>();
  #requests = 0;
  readonly #results: RoundEvent[] = [];
  #work: Promise<void> = Promise.resolve();
  #deadline: Deadline | undefined;
  #cancelTimer: () => void = () => {};
  #window: { earliestEnd: number; latestEnd: number } | undefined;
  #moving = false;
  #stopping = false;
  readonly #finished: Promise<void>;
  #finish!: () => void;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#queue = new RequestQueue(options.queue);
    const { keys, params, model, lastRound } = options.beginning;
    this.#material = new RoundMaterial({ ...options, keys, params });
    this.bulletin = new Bulletin({ round: lastRound, phase: 'idle', keys, params, sums: undefined, seeds: undefined, model });
    this.#state = { phase: 'idle', round: lastRound, failures: 0, awaits: 'erased' };
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

  /** When the phase ends, in milliseconds of the clock: not before `earliestEnd`, not after `latestEnd`; undefined for a phase without times. */
  get window(): { readonly earliestEnd: number; readonly latestEnd: number } | undefined {
    return this.#window;
  }

  /** Begins the first round. To be called once. */
  start(): void {
    this.#apply(begin(this.#options.beginning.lastRound));
    this.#move();
  }

  /** Queues a request; resolves when the round has answered it, or at once with `queue-full`. */
  submit(request: Request): Promise<Answer> {
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

  /** Answers everybody who waits and ends; resolves when nothing is under way any more. Can be called again. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#move();
    await this.#finished;
    await this.#work;
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
    if (isDeadlineNext(this.#deadline, this.#options.clock.now(), this.#queue.first()?.arrivedAt)) {
      this.#clearDeadline();
      return { type: 'deadline' };
    }
    const first = this.#queue.shift();
    if (first === undefined) return undefined;
    this.#inHand.set(first.id, first);
    return { type: 'message', request: first.id, round: first.request.round, tag: first.request.payload.tag };
  }

  #take(event: RoundEvent): void {
    const before = this.#state;
    let next: Step;
    try {
      next = step(before, event, this.#options.settings);
    } catch (error) {
      this.#options.logger.error({ error, event: event.type }, 'a step of the round has thrown');
      if (event.type !== 'failed') this.#results.push({ type: 'failed', code: 'internal-error', message: `event ${event.type}` });
      return;
    }
    if (next.state.phase !== before.phase && 'counts' in before) {
      // The step that admits the last message may leave the phase at once; that message counts too.
      const accepted = before.counts.accepted + (event.type === 'admitted' ? 1 : 0);
      this.#options.logger.info({ round: before.round, phase: before.phase, ...before.counts, accepted }, 'phase ends');
    }
    this.#options.record?.(event, next);
    this.#apply(next);
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
    switch (effect.type) {
      case 'publish':
        this.#publish(effect.phase, effect.show, effect.hide);
        break;
      case 'deadline':
        this.#setDeadline(effect.after, effect.queuedFirst);
        break;
      case 'no-deadline':
        this.#clearDeadline();
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
    this.#work = work
      .catch((error: unknown): RoundEvent => {
        this.#options.logger.error({ error }, 'an effect of the round was rejected');
        return { type: 'failed', code: 'internal-error', message: String(error) };
      })
      .then((event) => {
        this.#results.push(event);
        this.#move();
      });
  }

  /** One new view for everybody: the phase together with its documents. */
  #publish(phase: PhaseName, show: readonly PublishedDocument[], hide: readonly PublishedDocument[]): void {
    const { bulletin } = this;
    const { bus, logger } = this.#options;
    const { round } = this.#state;
    const has = (document: PublishedDocument): boolean => show.includes(document);
    const { keys, params, sums, seeds, model } = this.#material;
    const now = bulletin.view;
    const view: View = {
      round,
      phase,
      keys: has('params') ? keys : now.keys,
      params: has('params') ? params : now.params,
      sums: has('sums') ? sums : hide.includes('sums') ? undefined : now.sums,
      seeds: has('seeds') ? seeds : hide.includes('seeds') ? undefined : now.seeds,
      model: has('model') ? model!.model.bytes : now.model,
    };
    bulletin.publish(view);
    this.#window = this.#windowOf(phase);
    const limits = phase === 'sum' || phase === 'update' || phase === 'sum2' ? this.#options.settings.pet[phase] : {};
    if (has('model')) logger.info({ round: model!.round, updates: model!.updates, weights: model!.model.length }, 'global model published');
    logger.info({ round, phase, ...limits }, 'phase begins');
    if (has('params')) bus.emit({ type: 'round', round, params });
    if (has('model')) {
      bus.emit({ type: 'model', weights: model!.model.length, ...model! });
    }
    bus.emit({ type: 'phase', round, phase, ...this.#window });
  }

  #windowOf(phase: PhaseName): { earliestEnd: number; latestEnd: number } | undefined {
    if (phase !== 'sum' && phase !== 'update' && phase !== 'sum2') return undefined;
    const { min, max } = this.#options.settings.pet[phase].time;
    const now = this.#options.clock.now();
    return { earliestEnd: now + min * 1000, latestEnd: now + max * 1000 };
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

  #setDeadline(after: number, queuedFirst: boolean): void {
    this.#clearDeadline();
    this.#deadline = { at: this.#options.clock.now() + after, queuedFirst };
    this.#armTimer();
  }

  /** Timers may wake up early, and cannot wait for ever: then they are set again. */
  #armTimer(): void {
    const { clock } = this.#options;
    if (this.#deadline === undefined) return;
    this.#cancelTimer = clock.setTimer(Math.max(0, this.#deadline.at - clock.now()), () => {
      if (this.#deadline !== undefined && clock.now() < this.#deadline.at) this.#armTimer();
      else this.#move();
    });
  }

  #clearDeadline(): void {
    this.#cancelTimer();
    this.#cancelTimer = () => {};
    this.#deadline = undefined;
  }
}
