// What a coordinator tells about itself while it runs, as typed events: to listeners at once, to async iterators through a bounded buffer.
// Observers can never hurt the round: a listener that throws is logged, an iterator that is too slow loses the oldest events and is told so.

import type { PublicSigningKey } from '@xaynet/core/bytes';
import type { ErrorCode } from '@xaynet/core/errors';
import type { Rational } from '@xaynet/core/mask';
import type { MessageTag } from '@xaynet/core/message';
import type { PublishedModel, RoundParams } from '@xaynet/core/round';
import { type Logger, SILENT_LOGGER } from './log.ts';
import type { MaskedSample } from './masked-sample.ts';
import type { PhaseName } from './round/state.ts';
import type { RoundRecord } from './stores/contract.ts';

/** What every event about a message says. */
interface AboutMessage {
  readonly round: number;
  readonly phase: PhaseName;
  readonly tag: MessageTag;
  readonly participant: PublicSigningKey;
  /** Size of the payload, reassembled and opened, in bytes. */
  readonly bytes: number;
}

/** Something that happened in a coordinator; switch on `type`. */
export type CoordinatorEvent =
  /** A round begins: these parameters are published. */
  | { readonly type: 'round'; readonly round: number; readonly params: RoundParams }
  /** A phase begins. A phase that takes messages ends between `earliestEnd` and `latestEnd`, milliseconds of the coordinator's clock. */
  | { readonly type: 'phase'; readonly round: number; readonly phase: PhaseName; readonly earliestEnd?: number; readonly latestEnd?: number }
  /** The message counts; an update is in the aggregate. */
  | ({ readonly type: 'accepted' } & AboutMessage)
  /** The message was looked at by the phase and refused. */
  | ({ readonly type: 'rejected'; readonly code: ErrorCode } & AboutMessage)
  /** The phase had all it takes, or was over. */
  | ({ readonly type: 'discarded'; readonly code: ErrorCode } & AboutMessage)
  /** Bytes that never became a message of the round: not to be opened, not signed, not eligible, and so on. */
  | { readonly type: 'refused'; readonly round: number; readonly phase: PhaseName; readonly code: ErrorCode; readonly bytes: number }
  /** The mean of a model of more than 2^18 weights is being unmasked: so many of its weights are done. Told at most twenty times a second, and not to strangers. */
  | { readonly type: 'unmasking'; readonly round: number; readonly done: number; readonly total: number }
  /**
   * A global model is published: the exact mean, converted by who asks for its weights or fractions; number of weights, number of
   * updates in it, sum of their scalars.
   */
  | {
      readonly type: 'model';
      readonly round: number;
      readonly model: PublishedModel;
      readonly weights: number;
      readonly updates: number;
      readonly scalarSum: Rational;
      /** What the sum looked like while it was masked; public from now on, see docs/SECURITY.md. */
      readonly masked: MaskedSample;
    }
  /** In a fleet: so many messages of the phase are stored by now, whichever process took them; told when it has changed, several times a second at most. */
  | { readonly type: 'tally'; readonly round: number; readonly phase: PhaseName; readonly accepted: number }
  /** A round is over that another process of the fleet led. */
  | { readonly type: 'ended'; readonly record: RoundRecord }
  /** The application told numbers of a round that is over: `Coordinator.report`. */
  | { readonly type: 'report'; readonly round: number; readonly values: Readonly<Record<string, number>> }
  /** A round failed, in this phase. */
  | { readonly type: 'failure'; readonly round: number; readonly phase: PhaseName; readonly code: ErrorCode; readonly message: string }
  /** The store fails, or a round is being read back after a restart: messages are refused until `resumed`. */
  | { readonly type: 'paused'; readonly since: number; readonly code: ErrorCode; readonly message: string; readonly retryAfter: number }
  | { readonly type: 'resumed' }
  /** Only for iterators: so many events before the next one were dropped because they were not taken in time. */
  | { readonly type: 'dropped'; readonly count: number };

// A buffer holds so many events. A model can be large, so it counts for many: at most eight wait in one buffer.
const BUFFER = 1024;
const MODEL_COST = 128;

/** Hands events to whoever listens. */
export class EventBus {
  readonly #listeners = new Set<(event: CoordinatorEvent) => void>();
  readonly #logger: Logger;

  constructor(logger: Logger = SILENT_LOGGER) {
    this.#logger = logger;
  }

  /** Calls `listener` with every event from now on, at once and in order; returns what ends that. */
  on(listener: (event: CoordinatorEvent) => void): () => void {
    const own = (event: CoordinatorEvent): void => listener(event);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Tells all listeners; never throws. */
  emit(event: CoordinatorEvent): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(event);
      } catch (error) {
        this.#logger.error({ error, event: event.type }, 'a listener of events has thrown');
      }
    }
  }

  /** The events from now on, until `signal` or after the shutdown. A consumer that lags behind by more than the buffer gets `dropped`. */
  events(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterableIterator<CoordinatorEvent> {
    return new EventIterator((listener) => this.on(listener), options.signal);
  }
}

class EventIterator implements AsyncIterableIterator<CoordinatorEvent> {
  readonly #buffer: CoordinatorEvent[] = [];
  readonly #waiting: ((result: IteratorResult<CoordinatorEvent>) => void)[] = [];
  readonly #unsubscribe: () => void;
  #cost = 0;
  #dropped = 0;
  #ended = false;

  constructor(subscribe: (listener: (event: CoordinatorEvent) => void) => () => void, signal: AbortSignal | undefined) {
    this.#unsubscribe = subscribe((event) => this.#push(event));
    if (signal?.aborted) this.#end(true);
    signal?.addEventListener('abort', () => this.#end(true), { once: true });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<CoordinatorEvent> {
    return this;
  }

  async next(): Promise<IteratorResult<CoordinatorEvent>> {
    if (this.#dropped > 0) {
      const count = this.#dropped;
      this.#dropped = 0;
      return { done: false, value: { type: 'dropped', count } };
    }
    const event = this.#buffer.shift();
    if (event !== undefined) {
      this.#cost -= costOf(event);
      return { done: false, value: event };
    }
    if (this.#ended) return { done: true, value: undefined };
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async return(): Promise<IteratorResult<CoordinatorEvent>> {
    this.#end(true);
    return { done: true, value: undefined };
  }

  #push(event: CoordinatorEvent): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) waiting({ done: false, value: event });
    else {
      this.#buffer.push(event);
      this.#cost += costOf(event);
      while (this.#cost > BUFFER && this.#buffer.length > 1) {
        this.#cost -= costOf(this.#buffer.shift()!);
        this.#dropped++;
      }
    }
    if (event.type === 'phase' && event.phase === 'shutdown') this.#end(false);
  }

  #end(forget: boolean): void {
    this.#ended = true;
    this.#unsubscribe();
    if (forget) {
      this.#buffer.length = 0;
      this.#dropped = 0;
    }
    for (const waiting of this.#waiting.splice(0)) waiting({ done: true, value: undefined });
  }
}

function costOf(event: CoordinatorEvent): number {
  return event.type === 'model' ? MODEL_COST : 1;
}
