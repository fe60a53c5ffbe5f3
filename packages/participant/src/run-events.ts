// What a running participant tells, and the queue it tells it through: any number of readers, each with a bounded queue, so that
// a reader that sleeps, or never comes, costs a fixed amount of memory and holds nobody up.

import type { PublicSigningKey } from '@xaynet/core/bytes';
import type { XaynetError } from '@xaynet/core/errors';
import type { ClampReport, DataType } from '@xaynet/core/mask';
import type { MessageTag } from '@xaynet/core/message';
import type { RoundParams } from '@xaynet/core/round';
import type { GlobalModel } from './global-model.ts';
import type { WaitingFor } from './phases/transition.ts';
import type { Task } from './state.ts';

/** An event of {@link runParticipant}; switch on `type`. `round` is the id of the round, undefined before the first is known. */
export type ParticipantEvent =
  /** A new round was seen. */
  | { readonly type: 'round'; readonly round: string; readonly params: RoundParams; readonly participant: PublicSigningKey }
  /** The role in the round is decided. */
  | { readonly type: 'selected'; readonly round: string; readonly task: Task }
  /** The round's global model was fetched; undefined when there is none yet. */
  | { readonly type: 'global-model'; readonly round: string; readonly model: GlobalModel | undefined }
  /** Selected for update: a model of this shape is needed. */
  | { readonly type: 'model-needed'; readonly round: string; readonly dataType: DataType; readonly length: number }
  /** `train` was called. */
  | { readonly type: 'training'; readonly round: string }
  /** Weights of the model, or its scalar, were beyond the bound of the round and became it: how many, and what would hold them (wire 4.3). */
  | { readonly type: 'clamped'; readonly round: string; readonly clamped: ClampReport }
  /** A computation takes long: `done` of `total` are (masks added up for `sum2`, weights masked for `mask`, seeds sealed for `update`); the last says `total`. */
  | { readonly type: 'progress'; readonly round: string; readonly task: 'sum2' | 'mask' | 'update'; readonly done: number; readonly total: number }
  /** A message is under way: `part` of `parts` were delivered, 0 at the start; `bytes` is the sealed size of these parts. */
  | { readonly type: 'sending'; readonly round: string; readonly tag: MessageTag; readonly part: number; readonly parts: number; readonly bytes: number }
  /** A whole message was delivered. `accepted` is what the coordinator says of it; undefined where it does not, as original ones never do (participant 2.6). */
  | {
      readonly type: 'sent';
      readonly round: string;
      readonly tag: MessageTag;
      readonly parts: number;
      readonly bytes: number;
      readonly accepted: boolean | undefined;
    }
  /**
   * Instead of `sent`: the coordinator refuses the message, for good; the code of its reason, and its words. `idle` follows, except for a sum
   * message that came too early. With `sum-not-counted`, later: the message was sent, and the sum dictionary is without it.
   */
  | { readonly type: 'refused'; readonly round: string; readonly tag: MessageTag; readonly code: string; readonly reason: string }
  /** Nothing can be done before this comes; told once for each reason. */
  | { readonly type: 'waiting'; readonly round: string | undefined; readonly waitingFor: WaitingFor }
  /** Nothing to do until the next round: not selected, task done, or task given up (then an `error` came before). */
  | { readonly type: 'idle'; readonly round: string | undefined }
  /** The conditions give reasons not to work: nothing begins until they are gone. Told again when the reasons change. */
  | { readonly type: 'paused'; readonly reasons: readonly string[] }
  /** There is no reason to rest any more. */
  | { readonly type: 'resumed' }
  /**
   * In pages: an engine started, in a `worker` or in the `page` (`reason` says why not in a worker), with this masking kernel; where its
   * state is kept, encrypted or in clear; whether other tabs are held off; and the conditions that cannot be seen in this browser.
   */
  | {
      readonly type: 'engine';
      readonly place: 'worker' | 'page';
      readonly reason: string | undefined;
      readonly kernel: string;
      readonly kernelReason: string | undefined;
      readonly store: 'encrypted' | 'clear' | 'own' | 'none';
      readonly oneTab: boolean;
      readonly unseen: readonly string[];
    }
  /** Something failed. `fatal`: the participant could not start and has ended; otherwise it goes on. */
  | { readonly type: 'error'; readonly round: string | undefined; readonly error: XaynetError; readonly fatal: boolean }
  /** This reader was too slow: `count` events were dropped, the oldest, and of global models all but the last two. */
  | { readonly type: 'missed'; readonly count: number };

/** Most events a reader can lag behind. */
export const MAX_QUEUED_EVENTS = 256;
/** Most of them that hold a global model: 256 events are of more rounds than there is memory for models. */
const MAX_QUEUED_MODELS = 2;

/** Passes events to readers. What comes before the first reader waits for it. */
export class EventHub {
  readonly #readers = new Set<Reader>();
  #early: Reader | undefined = new Reader();
  #ended = false;

  /** Tells all readers. */
  emit(event: ParticipantEvent): void {
    this.#early?.push(event);
    for (const reader of this.#readers) reader.push(event);
  }

  /** No more events: every iteration ends when it has delivered what is queued. */
  end(): void {
    this.#ended = true;
    for (const reader of this.#readers) reader.end();
    this.#early?.end();
  }

  /** Events from now on; for the first reader, from the beginning. Ends with the run, and when the signal aborts. */
  read(signal?: AbortSignal): AsyncGenerator<ParticipantEvent, void, undefined> {
    const reader = this.#early ?? new Reader();
    this.#early = undefined;
    if (this.#ended) reader.end();
    this.#readers.add(reader);
    return this.#iterate(reader, signal);
  }

  async *#iterate(reader: Reader, signal: AbortSignal | undefined): AsyncGenerator<ParticipantEvent, void, undefined> {
    const stop = (): void => reader.end(true);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop);
    try {
      for (;;) {
        const event = await reader.next();
        if (event === undefined) return;
        yield event;
      }
    } finally {
      this.#readers.delete(reader);
      signal?.removeEventListener('abort', stop);
    }
  }
}

class Reader {
  #queue: ParticipantEvent[] = [];
  #missed = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  push(event: ParticipantEvent): void {
    if (this.#ended) return;
    this.#queue.push(event);
    const models = this.#queue.filter((queued) => 'model' in queued);
    const tooMany = models[MAX_QUEUED_MODELS] ? this.#queue.indexOf(models[0]!) : this.#queue.length - MAX_QUEUED_EVENTS - 1;
    if (tooMany >= 0) {
      this.#queue.splice(tooMany, 1);
      this.#missed++;
    }
    this.#wake?.();
  }

  end(now = false): void {
    this.#ended = true;
    if (now) this.#queue = [];
    this.#wake?.();
  }

  async next(): Promise<ParticipantEvent | undefined> {
    while (this.#queue.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#missed > 0) {
      const count = this.#missed;
      this.#missed = 0;
      return { type: 'missed', count };
    }
    return this.#queue.shift();
  }
}
