// What page and engine say to each other over a port. Plain values and packed bytes only: what has methods, identity or a lazy side
// (contexts, models, errors, signals) travels as a parcel (parcels.ts) and is made again at the other end.

import type { ParticipantOptions } from '../options.ts';
import type { RunOptions } from '../run.ts';
import type { PackedContext, PackedError, PackedEvent, PackedModel } from './parcels.ts';

/** The options of a run that are plain values; the others stay where they were given. */
export type PlainOptions = Omit<ParticipantOptions, 'transport' | 'random' | 'clock' | 'fetch' | 'spawn' | 'store' | 'models' | 'notify' | 'progress'> &
  Pick<RunOptions, 'poll'>;

/** Functions of the application that the engine calls. */
export type Callback = 'train' | 'shouldTrain' | 'onGlobalModel' | 'scalar';

/** How the engine is to begin. */
export interface Start {
  readonly type: 'start';
  /** Name of the stored identity, and of the lock. */
  readonly name: string;
  readonly options: PlainOptions;
  /** Which functions the application has. */
  readonly callbacks: readonly Callback[];
  /** Where the state is kept: in IndexedDB, by the page (a store of the application), or nowhere. */
  readonly store: 'indexed-db' | 'own' | 'none';
  /** Reasons to rest at the start. */
  readonly reasons: readonly string[];
  /** Where the engine runs, why there if it was not meant to, and which conditions cannot be seen there: for the event `engine`. */
  readonly place: 'worker' | 'page';
  readonly why: string | undefined;
  readonly unseen: readonly string[];
}

/** From the page to the engine. */
export type ToEngine =
  | Start
  | { readonly type: 'reasons'; readonly reasons: readonly string[] }
  | { readonly type: 'answer'; readonly call: number; readonly value: unknown }
  | { readonly type: 'failure'; readonly call: number; readonly error: PackedError }
  | { readonly type: 'stop'; readonly snapshot: boolean };

/** From the engine to the page. A `call` is answered once, by `answer` or `failure`. */
export type ToPage =
  /** It runs; `alive` names the lock that it holds for as long as it lives, where there are locks. */
  | { readonly type: 'ready'; readonly alive: string | undefined }
  | { readonly type: 'event'; readonly event: PackedEvent }
  | { readonly type: 'call'; readonly call: number; readonly name: Callback; readonly context: PackedContext; readonly model: PackedModel | undefined }
  | { readonly type: 'load'; readonly call: number }
  | { readonly type: 'save'; readonly call: number; readonly bytes: Uint8Array }
  /** The signal of a context aborted. */
  | { readonly type: 'abort'; readonly context: number }
  /** It has stopped, for whatever reason, and says nothing more. */
  | { readonly type: 'ended'; readonly snapshot: Uint8Array | undefined; readonly error: PackedError | undefined };
