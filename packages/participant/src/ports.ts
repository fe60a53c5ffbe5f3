// The ports of a participant: everything it needs from outside, each as small as it can be. The phases see nothing of the
// world but these, so a participant runs against a real coordinator, a fake one or a recording without knowing (participant 1.3).

import type { PublicSigningKey } from '@xaynet/core/bytes';
import type { ConversionMode, DataType, Model, Rational, Weights } from '@xaynet/core/mask';
import type { PublishedModel, RoundParams, SumDict, UpdateSeedDict } from '@xaynet/core/round';

/**
 * How a participant talks to its coordinator (participant 1.3). Each method may fail with any error; the participant tries
 * again later. A transport keeps no state of a participant, so many participants can share one.
 */
export interface Transport {
  /** Parameters of the current round. */
  params(signal?: AbortSignal): Promise<RoundParams>;
  /** Sum dictionary, or undefined while there is none; an answer of more than `maxBytes` bytes should be refused unread. */
  sums(signal?: AbortSignal, maxBytes?: number): Promise<SumDict | undefined>;
  /** Mask seeds sealed for the sum participant with this key, or undefined while there are none. */
  seeds(participant: PublicSigningKey, signal?: AbortSignal, maxBytes?: number): Promise<UpdateSeedDict | undefined>;
  /** Latest global model, as `readModel` of `@xaynet/core/round` makes it of its bytes, or undefined before the first one. */
  model(signal?: AbortSignal, maxBytes?: number): Promise<PublishedModel | undefined>;
  /** Delivers one sealed message or chunk. Delivered does not mean accepted: resolves to the verdict where there is one (participant 2.6). */
  send(bytes: Uint8Array, signal?: AbortSignal): Promise<Verdict | undefined>;
}

/**
 * What became of a message, as the coordinator says. Undefined in its place: the coordinator does not say, as original ones never do, or
 * not yet, as for a chunk of an incomplete message. `code` is one of docs/ERRORS.md where the coordinator is of this project.
 */
export type Verdict = { readonly accepted: true } | { readonly accepted: false; readonly code: string; readonly reason: string };

/** What an update participant needs a model for: the round, the data type that it computes in, and the number of weights. */
export interface ModelRequest {
  /** Id of the round: pass it on to `setModel`, so that a late model is refused. */
  readonly round: string;
  /** The round computes with this type; weights of another are converted exactly. */
  readonly dataType: DataType;
  /** Number of weights that the model must have. */
  readonly length: number;
}

/** A trained model on its way into an update. */
export interface LocalModel {
  /** Weights of any numeric type, or exact fractions. */
  readonly weights: Weights | Model;
  /** Share of this model in the mean, for example its number of training examples over the largest one; default: the participant's. */
  readonly scalar?: number | bigint | Rational | undefined;
  /** `strict` (default) refuses NaN and infinities, `bounded` turns them into 0 and the largest finite values (wire 4.2). */
  readonly mode?: ConversionMode | undefined;
}

/** Where models come from when the application would rather be asked than call `setModel`. */
export interface ModelSource {
  /** The model for this round, or undefined while it is not ready. Asked until it delivers; then not again in this round. */
  load(request: ModelRequest, signal?: AbortSignal): Promise<LocalModel | undefined> | LocalModel | undefined;
}

/** Keeps the state of one participant across restarts. It holds secret keys: keep it where only the application can read. */
export interface StateStore {
  /** The bytes saved last, or undefined when nothing was saved. */
  load(): Promise<Uint8Array | undefined>;
  /** Replaces what was saved. Must be durable, and all or nothing, when the promise resolves: messages are sent afterwards. */
  save(snapshot: Uint8Array): Promise<void>;
}

/** Time: the only clock that this package sees. */
export interface Clock {
  /** Milliseconds since any fixed moment. */
  now(): number;
  /** Calls `run` once after `ms` milliseconds, unless the returned function is called before. */
  after(ms: number, run: () => void): () => void;
}

/**
 * What a participant tells its host (participant 1.6): `new-round` when parameters changed, `sum` or `update` when selected,
 * `load-model` right after `update`, `idle` when there is nothing to do until the next round.
 */
export type Notification = 'new-round' | 'sum' | 'update' | 'load-model' | 'idle';
