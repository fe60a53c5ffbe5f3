// The user's code in a running participant: asked for consent once a round, given the global model, and trained once a round,
// beside the ticks, so that a round that ends meanwhile is noticed and the training is told by its signal (quirks ).

import type { PublicSigningKey } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import type { DataType, Model, Rational, Weights } from '@xaynet/core/mask';
import type { RoundParams } from '@xaynet/core/round';
import { abortController } from './abort.ts';
import type { Backoff } from './backoff.ts';
import { sleep } from './clock.ts';
import type { GlobalModel } from './global-model.ts';
import type { Participant } from './participant.ts';
import { coded } from './phases/transition.ts';
import type { Clock, LocalModel, ModelRequest } from './ports.ts';
import type { ParticipantEvent } from './run-events.ts';
import type { TransportError } from './transport-error.ts';

/** What user code is told of the round it works for. */
export interface TrainContext {
  /** Id of the round. */
  readonly round: string;
  /** Parameters of the round, as the coordinator published them. */
  readonly params: RoundParams;
  /** The round computes with this type. */
  readonly dataType: DataType;
  /** Number of weights that the trained model must have. */
  readonly length: number;
  /** Identity of this participant. */
  readonly participant: PublicSigningKey;
  /** Aborts when the round is over or the participant stops: the result is of no use any more. */
  readonly signal: AbortSignal;
}

/** What training gives: weights, or weights with their share in the mean. */
export type Trained = Weights | Model | LocalModel;

/** The user's functions. An exception in one of them is reported as an `error` event; then the round goes on without this participant. */
export interface Callbacks {
  /**
   * Trains from the global model; undefined: there is none yet (or it has another number of weights than the round), start from
   * initial weights. Called at most once a round, never twice at the same time.
   */
  train(global: GlobalModel | undefined, context: TrainContext): Promise<Trained> | Trained;
  /** Whether to train in this round; asked once a round. Default: yes. */
  shouldTrain?(context: TrainContext): Promise<boolean> | boolean;
  /** Given the global model at the start of each round, before `train`. Without it, the model is fetched only to train. */
  onGlobalModel?(global: GlobalModel | undefined, context: TrainContext): Promise<void> | void;
  /** Share in the mean of this participant's models: a number for all rounds, or a function that is asked after each training. */
  readonly scalar?: number | bigint | Rational | ((context: TrainContext) => number | bigint | Rational) | undefined;
}

/** What training needs of the loop around it. */
export interface TrainingHost {
  readonly participant: Participant;
  readonly clock: Clock;
  /** Waiting times between attempts to fetch the global model. */
  readonly backoff: () => Backoff;
  emit(event: ParticipantEvent): void;
  failed(error: XaynetError): void;
  /** Something changed: tick now. */
  wake(): void;
  /** Resolves when there is no reason (any more) not to work, or the participant stops. */
  ready(): Promise<void>;
}

/** Milliseconds that a training whose round is over may take to end before somebody is told. */
const PATIENCE = 10_000;

interface Work {
  readonly context: TrainContext;
  readonly controller: AbortController;
  global: Promise<GlobalModel | undefined> | undefined;
  offered: boolean;
  skip: boolean;
}

/** Runs the user's functions for one round at a time. */
export class Training {
  readonly #callbacks: Callbacks;
  readonly #host: TrainingHost;
  #work: Work | undefined;
  /** Settles when the `train` that runs has ended; undefined: none does. */
  #running: Promise<void> | undefined;

  constructor(callbacks: Callbacks, host: TrainingHost) {
    this.#callbacks = callbacks;
    this.#host = host;
  }

  /** A round began: what was done for the last one is aborted. */
  begin(params: RoundParams, request: ModelRequest): void {
    this.end();
    const { participant } = this.#host;
    const controller = abortController();
    const context = { ...request, params, participant: participant.publicKey, signal: controller.signal };
    const work: Work = { context, controller, global: undefined, offered: false, skip: false };
    this.#work = work;
    if (this.#callbacks.onGlobalModel !== undefined && participant.newGlobalModel) void this.#globalModel(work);
  }

  /** The round is over, or the participant stops. */
  end(): void {
    this.#work?.controller.abort();
    this.#work = undefined;
  }

  /** A model is needed: begins the training, unless it was begun in this round. */
  offer(): void {
    const work = this.#work;
    if (work === undefined || work.offered) return;
    work.offered = true;
    void this.#train(work);
  }

  /** Whether the round shall be left: the user declined, or user code failed. True once. */
  takeSkip(): boolean {
    const work = this.#work;
    if (!work?.skip) return false;
    work.skip = false;
    return true;
  }

  async #train(work: Work): Promise<void> {
    const { emit, participant, wake, ready } = this.#host;
    const { round, dataType, length, signal } = work.context;
    emit({ type: 'model-needed', round, dataType, length });
    try {
      if (!(await this.#isWanted(work))) return this.#leave(work);
      const global = await this.#globalModel(work);
      await this.#turn(work);
      await ready();
      if (signal.aborted) return;
      emit({ type: 'training', round });
      const training = this.#call('train', () => this.#callbacks.train(global?.matchesRound === true ? global : undefined, work.context));
      this.#running = training.then(
        () => this.#ended(),
        () => this.#ended(),
      );
      const { weights, scalar, mode } = localModel(await training);
      const share = scalar ?? (await this.#scalar(work));
      if (work !== this.#work && this.#work === undefined) return; // stopped
      participant.setModel(weights, { round, scalar: share, mode });
      wake();
    } catch (error) {
      if (work === this.#work) this.#leave(work, error);
      // The round ended while the model was trained: that is worth a word, an abort that the training obeyed is not.
      else if (error instanceof XaynetError && error.code === 'model-round') this.#host.failed(error);
    }
  }

  #ended(): void {
    this.#running = undefined;
  }

  /**
   * Two trainings never run at the same time. One that takes no notice of its signal holds up those of later rounds, which is told, but
   * neither sum duties nor the loop; when this round is over, nobody waits for it here any more.
   */
  async #turn({ context: { signal } }: Work): Promise<void> {
    while (this.#running !== undefined && !signal.aborted) {
      const running = this.#running;
      let waits = true;
      void sleep(this.#host.clock, PATIENCE, signal).then(() => {
        if (waits && !signal.aborted)
          this.#host.failed(new XaynetError('callback-failed', 'train: it still runs for an earlier round, though its signal aborted'));
      });
      const over = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      await Promise.race([running, over]);
      waits = false;
    }
  }

  async #isWanted({ context }: Work): Promise<boolean> {
    const { shouldTrain } = this.#callbacks;
    return shouldTrain === undefined || (await this.#call('shouldTrain', () => shouldTrain.call(this.#callbacks, context)));
  }

  async #scalar({ context }: Work): Promise<LocalModel['scalar']> {
    const { scalar } = this.#callbacks;
    return typeof scalar === 'function' ? this.#call('scalar', () => scalar(context)) : undefined;
  }

  #leave(work: Work, error?: unknown): void {
    if (error !== undefined) this.#host.failed(coded(error, 'callback-failed'));
    work.skip = true;
    this.#host.wake();
  }

  /** The global model of a round: fetched once, tried again until it is there or the round is over. */
  #globalModel(work: Work): Promise<GlobalModel | undefined> {
    work.global ??= this.#fetchGlobalModel(work);
    return work.global;
  }

  async #fetchGlobalModel({ context }: Work): Promise<GlobalModel | undefined> {
    const { participant, clock, emit, failed, ready } = this.#host;
    const { round, signal } = context;
    const backoff = this.#host.backoff();
    for (;;) {
      await ready();
      if (signal.aborted) return undefined;
      let model: GlobalModel | undefined;
      try {
        model = await participant.globalModel({ signal });
      } catch (error) {
        if (signal.aborted) return undefined;
        failed(coded(error, 'transport-unreachable'));
        await sleep(clock, ((error as Partial<TransportError>).retryAfter ?? 0) + backoff.next(), signal);
        continue;
      }
      if (signal.aborted) return undefined;
      emit({ type: 'global-model', round, model });
      if (model?.matchesRound === false)
        failed(new XaynetError('model-length', `the global model has ${model.length} weights, the round takes ${context.length}`));
      const { onGlobalModel } = this.#callbacks;
      if (onGlobalModel !== undefined) {
        await this.#call('onGlobalModel', () => onGlobalModel.call(this.#callbacks, model, context)).catch((error: unknown) =>
          failed(coded(error, 'callback-failed')),
        );
      }
      return model;
    }
  }

  /** Calls user code; what it throws becomes `callback-failed` with the name of the function. */
  async #call<T>(name: string, run: () => Promise<T> | T): Promise<T> {
    try {
      return await run();
    } catch (error) {
      throw coded(error, 'callback-failed', name);
    }
  }
}

function localModel(trained: Trained): LocalModel {
  return typeof trained === 'object' && trained !== null && 'weights' in trained ? trained : { weights: trained };
}
