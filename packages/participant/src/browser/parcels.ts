// Values under way between page and engine. A structured clone would lose what makes them what they are: an error its class, a model
// its methods, parameters the identity of their configurations. So each travels as bytes and numbers and is made again on arrival. What
// is mentioned often (the context of a round, its global model) travels once and is known by a number afterwards.

import type { PublicSigningKey } from '@xaynet/core/bytes';
import { type ErrorCode, XaynetError } from '@xaynet/core/errors';
import type { DataType, Weights } from '@xaynet/core/mask';
import { decodeRoundParams, encodeRoundParams, type PublishedModel, type RoundParams, readModel } from '@xaynet/core/round';
import { type GlobalModel, globalModelOf } from '../global-model.ts';
import type { ParticipantEvent } from '../run-events.ts';
import { modelRequest } from '../state.ts';
import { errorOf, wordsOf } from '../thrown.ts';
import type { TrainContext } from '../training.ts';
import { TransportError } from '../transport-error.ts';

/** An error: code and message, what a transport adds, and the number of what user code threw, which stays in the page. */
export interface PackedError {
  readonly code: ErrorCode | undefined;
  readonly message: string;
  readonly transport?: { readonly url: string; readonly status: number | undefined; readonly retryAfter: number | undefined } | undefined;
  readonly thrown?: number | undefined;
}

/** A global model: its document, and its weights, which the engine has converted. */
export interface PackedModel {
  readonly id: number;
  readonly content: { readonly params: Uint8Array; readonly length: number; readonly bytes: Uint8Array; readonly weights: Weights | undefined } | undefined;
}

/** What user code is told of a round. */
export interface PackedContext {
  readonly id: number;
  readonly content: { readonly params: Uint8Array; readonly participant: Uint8Array } | undefined;
}

/** An event whose `params`, `model` and `error` are packed. */
export type PackedEvent = Readonly<Record<string, unknown>> & { readonly type: ParticipantEvent['type'] };

/** What user code threw, while its copy is in the engine. */
export class Thrown extends Error {
  readonly thrown: number;
  constructor(thrown: number, message: string) {
    super(message);
    this.thrown = thrown;
  }
}

/** Packs an error of any kind; `thrown` is the number under which the page keeps it. */
export function packError(error: unknown, thrown?: number): PackedError {
  const message = wordsOf(error);
  const transport = errorOf(error, TransportError);
  return {
    code: errorOf(error, XaynetError)?.code,
    message,
    thrown: thrown ?? thrownIn(error),
    transport: transport && { url: transport.url, status: transport.status, retryAfter: transport.retryAfter },
  };
}

function thrownIn(error: unknown): number | undefined {
  return errorOf(error, Thrown)?.thrown ?? errorOf(errorOf(error, Error)?.cause, Thrown)?.thrown;
}

/**
 * The error that was packed, with its cause: what user code threw, where this end still has it, else {@link Thrown}, which stands for it
 * and is also what an error without a code becomes.
 */
export function unpackError({ code, message, transport, thrown }: PackedError, original?: unknown): XaynetError | Thrown {
  if (code === undefined) return new Thrown(thrown ?? 0, message);
  const known = errorOf(original, XaynetError);
  if (known?.code === code) return known;
  const cause = original ?? (thrown === undefined ? undefined : new Thrown(thrown, message));
  const error =
    transport === undefined
      ? new XaynetError(code, undefined, cause === undefined ? undefined : { cause })
      : new TransportError(code, '', { ...transport, cause });
  error.message = message;
  return error;
}

/** The bytes of a view alone, so that moving them takes nothing else along. */
export function alone<A extends Weights | Uint8Array>(view: A): A & { readonly buffer: ArrayBuffer } {
  return (view.byteLength === view.buffer.byteLength && view.buffer instanceof ArrayBuffer ? view : view.slice()) as A & { readonly buffer: ArrayBuffer };
}

/** The engine's end: packs, and remembers what the page has. */
export class Packer {
  readonly #ids = new WeakMap<object, number>();
  #next = 1;
  /** Of the round that was told last. */
  #params: RoundParams | undefined;

  /** What moved with the last parcels. */
  transfer: ArrayBuffer[] = [];

  #once<T>(value: object, content: () => T): { id: number; content: T | undefined } {
    const known = this.#ids.get(value);
    if (known !== undefined) return { id: known, content: undefined };
    const id = this.#next++;
    this.#ids.set(value, id);
    return { id, content: content() };
  }

  context(context: TrainContext): PackedContext {
    return this.#once(context, () => ({ params: encodeRoundParams(context.params), participant: context.participant }));
  }

  /** The document moves away: nobody here uses a model after it was handed over. */
  model(model: GlobalModel): PackedModel {
    return this.#once(model, () => {
      let weights: Weights | undefined;
      try {
        weights = model.weights;
      } catch {
        // one that does not fit the data type throws where it is read, as it does without a worker
      }
      const bytes = alone(model.bytes);
      weights = weights && alone(weights);
      this.transfer.push(bytes.buffer);
      if (weights !== undefined) this.transfer.push(weights.buffer as ArrayBuffer);
      return { params: encodeRoundParams(this.#params!), length: model.length, bytes, weights };
    });
  }

  event(event: ParticipantEvent): PackedEvent {
    if (event.type === 'round') {
      this.#params = event.params;
      return { ...event, params: encodeRoundParams(event.params) };
    }
    if (event.type === 'global-model') return { ...event, model: event.model && this.model(event.model) };
    return event.type === 'error' ? { ...event, error: packError(event.error) } : { ...event };
  }

  /** Takes the list of buffers that move. */
  take(): ArrayBuffer[] {
    const { transfer } = this;
    this.transfer = [];
    return transfer;
  }
}

/** The page's end: makes things again, and keeps the last context and model. */
export class Unpacker {
  #model: { readonly id: number; readonly model: GlobalModel } | undefined;
  #context: { readonly id: number; readonly context: TrainContext; readonly controller: AbortController } | undefined;

  context({ id, content }: PackedContext): TrainContext {
    if (content !== undefined) {
      this.end();
      const params = decodeRoundParams(content.params);
      const controller = new AbortController();
      const context = { ...modelRequest(params), params, participant: content.participant as PublicSigningKey, signal: controller.signal };
      this.#context = { id, context, controller };
    }
    if (this.#context?.id !== id) throw new Error(`context ${id} is not the last`);
    return this.#context.context;
  }

  /** Aborts a context: one round is worked for at a time, so only the last can be meant. */
  abort(id: number): void {
    if (this.#context?.id === id) this.#context.controller.abort();
  }

  /** Aborts what there is. */
  end(): void {
    this.#context?.controller.abort();
    this.#context = undefined;
  }

  model({ id, content }: PackedModel): GlobalModel {
    if (content !== undefined) this.#model = { id, model: globalModelOf(arrived(content), decodeRoundParams(content.params)) };
    if (this.#model?.id !== id) throw new Error(`model ${id} is not the last`);
    return this.#model.model;
  }

  event(event: PackedEvent, causeOf: (thrown: number) => unknown): ParticipantEvent {
    const { params, model, error } = event as { params?: Uint8Array; model?: PackedModel; error?: PackedError };
    const made: Record<string, unknown> = { ...event };
    if (params !== undefined) made.params = decodeRoundParams(params);
    if (model !== undefined) made.model = this.model(model);
    if (error !== undefined) made.error = unpackError(error, error.thrown === undefined ? undefined : causeOf(error.thrown));
    return made as unknown as ParticipantEvent;
  }
}

/** The published model that arrived: converted weights are used once, everything else is read from the document when somebody asks. */
function arrived({ params, length, bytes, weights }: NonNullable<PackedModel['content']>): PublishedModel {
  const { data } = decodeRoundParams(params).maskConfig.vect;
  let converted = weights;
  return {
    length,
    bytes,
    toWeights: ((wanted: DataType) => {
      const ready = wanted === data ? converted : undefined;
      if (ready === undefined) return readModel(bytes).toWeights(wanted);
      converted = undefined;
      return ready;
    }) as PublishedModel['toWeights'],
    toModel: () => readModel(bytes).toModel(),
  };
}
