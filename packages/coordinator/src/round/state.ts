// What a round is made of, as plain data: the shape of each phase, the events that move it, the effects it asks for. Nothing here
// (nor in phases/ and step.ts) knows a clock, a store or randomness, so a round is a list of events that can be recorded and replayed.

import type { ErrorCode } from '@xaynet/core/errors';
import type { MessageTag } from '@xaynet/core/message';

/** The phases of a round, in their order, then failure and shutdown (coordinator 1.1). */
export type PhaseName = 'idle' | 'sum' | 'update' | 'sum2' | 'unmask' | 'failure' | 'shutdown';

/** The tag of the messages that a phase takes; undefined when it takes none (coordinator 2.1, stage 3). */
export function tagOfPhase(phase: PhaseName): MessageTag | undefined {
  return phase === 'sum' || phase === 'update' || phase === 'sum2' ? phase : undefined;
}

/**
 * How many messages a phase takes and how long it lasts, in seconds (coordinator 1.6). `grace`: how much longer it takes messages once it has
 * enough after time.min, so that those who are slower than the fastest have a chance too (weakness W-30); 0 when absent, as the original.
 */
export interface PhaseLimits {
  readonly count: { readonly min: number; readonly max: number };
  readonly time: { readonly min: number; readonly max: number; readonly grace?: number };
}

/** The part of the settings that decides about rounds. */
export interface RoundSettings {
  readonly pet: { readonly sum: PhaseLimits; readonly update: PhaseLimits; readonly sum2: PhaseLimits };
  /**
   * `plurality`: the mask with the most votes wins, instead of one with more than half of the sum dictionary (threats T7). `arrivalOrder`: the
   * first `count.max` sum participants are the ones, instead of a draw among all who came in window A (threats T6).
   */
  readonly compat: { readonly plurality: boolean; readonly arrivalOrder: boolean };
}

/** The phases that a round can go on from after a restart. */
export type DurablePhase = 'sum' | 'update' | 'sum2' | 'unmask';

/** Where a round stands from now on, to be stored before anybody sees it; the driver adds the time. */
export interface Standing {
  readonly round: number;
  readonly phase: DurablePhase;
  readonly failures: number;
}

/** What participants can fetch: the four published documents (coordinator 1.3). */
export type PublishedDocument = 'params' | 'sums' | 'seeds' | 'model';

/** Messages of one phase, by what became of them; requests purged at its end are in none of the three (coordinator 1.6). */
export interface Counts {
  /** Stored, and counted for the end of the phase. */
  readonly accepted: number;
  /** Looked at and refused. */
  readonly rejected: number;
  /** Not looked at: too many, or too late. */
  readonly discarded: number;
}

interface Common {
  readonly round: number;
  /** Rounds that failed in a row before this one; the back-off grows with it. */
  readonly failures: number;
}

/** Before a round: dictionaries are erased, then key and seed of the new round are made and stored (coordinator 1.5). */
export interface IdleState extends Common {
  readonly phase: 'idle';
  readonly awaits: 'erased' | 'round-stored';
}

/** After a restart in the middle of a round: what is stored of it is read back, then the phase goes on. Takes no requests, as Idle. */
export interface ResumingState extends Common {
  readonly phase: 'idle';
  readonly awaits: 'rebuilt';
  readonly resuming: DurablePhase;
}

/** What sum, update and sum2 have in common (coordinator 1.6). */
export interface Collecting extends Common {
  /**
   * `a`: until time.min, takes up to count.max. `b`: until time.max, ends at count.min, or goes on as `grace`: time.grace longer, takes up to
   * count.max. `closed`: done, the next phase is being made durable.
   */
  readonly window: 'a' | 'b' | 'grace' | 'closed';
  readonly counts: Counts;
  /** The request whose admission is under way; no other event is taken before its outcome. */
  readonly admitting: number | undefined;
  /** The store failed in an admission whose outcome is unknown: no event but `recovered` is taken before the counts are known again. */
  readonly recovering: boolean;
}

export interface SumState extends Collecting {
  readonly phase: 'sum';
}

export interface UpdateState extends Collecting {
  readonly phase: 'update';
  /** Entries of the sum dictionary. */
  readonly sums: number;
}

export interface Sum2State extends Collecting {
  readonly phase: 'sum2';
  readonly sums: number;
  /** Votes of the mask that leads. */
  readonly leading: number;
}

/** Choosing the mask, subtracting it, storing the model (coordinator 1.10). */
export interface UnmaskState extends Common {
  readonly phase: 'unmask';
  readonly sums: number;
  readonly awaits: 'counted' | 'unmasked' | 'model-stored';
}

/** After an error: nothing is left to go on from, then it waits, asks whether the stores are ready, then begins again (coordinator 1.11). */
export interface FailureState extends Common {
  readonly phase: 'failure';
  readonly cause: FailureCause;
  readonly awaits: 'cleared' | 'delay' | 'probed';
  /** Times that the stores were not ready. */
  readonly probes: number;
}

/** The end: everything is answered, nothing moves any more (coordinator 1.12). */
export interface ShutdownState extends Common {
  readonly phase: 'shutdown';
}

/** Where a round stands; switch on `phase`. */
export type RoundState = IdleState | ResumingState | SumState | UpdateState | Sum2State | UnmaskState | FailureState | ShutdownState;

/** Why a round failed, and in which phase. */
export interface FailureCause {
  /** Phase that failed. */
  readonly phase: PhaseName;
  /** Why, as a code. */
  readonly code: ErrorCode;
  /** Why, for people. */
  readonly message: string;
}

/** What can happen to a round. A request is named by the number that the driver gave it; the driver keeps what is in it. */
export type RoundEvent =
  | { readonly type: 'message'; readonly request: number; readonly round: number; readonly tag: MessageTag }
  /** The request is stored, and an update is in the aggregate; `votes`: submissions so far of the same mask (sum2 only). */
  | { readonly type: 'admitted'; readonly request: number; readonly votes: number }
  | { readonly type: 'refused'; readonly request: number; readonly code: ErrorCode }
  /** The store failed: the request may be stored or not. */
  | { readonly type: 'stalled'; readonly request: number; readonly code: ErrorCode }
  /** The store works again; messages of the phase that are stored, and votes of the mask that leads (sum2 only). */
  | { readonly type: 'recovered'; readonly accepted: number; readonly leading: number }
  /** Others admit messages too: so many of this phase are stored by now, and votes of the mask that leads (sum2 only). */
  | { readonly type: 'tallied'; readonly round: number; readonly phase: PhaseName; readonly accepted: number; readonly leading: number }
  /** What is stored of the round is in place; `elapsed`: milliseconds since the phase began, down time included. */
  | { readonly type: 'rebuilt'; readonly accepted: number; readonly sums: number; readonly leading: number; readonly elapsed: number }
  /** The phase to come is stored. */
  | { readonly type: 'entered' }
  /** The failed round is on record, and nothing of it to go on from. */
  | { readonly type: 'cleared' }
  | { readonly type: 'deadline' }
  | { readonly type: 'erased' }
  | { readonly type: 'round-stored' }
  /** The dictionary of the phase was fetched and has so many entries (a seed dictionary: updates in it). */
  | { readonly type: 'frozen'; readonly entries: number }
  /** Votes of the two best masks, best first; fewer when there are fewer masks. */
  | { readonly type: 'counted'; readonly votes: readonly number[] }
  | { readonly type: 'unmasked'; readonly withinBound: boolean }
  | { readonly type: 'model-stored' }
  | { readonly type: 'probed'; readonly ready: boolean }
  /** An effect could not be carried out. */
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string }
  | { readonly type: 'stop' };

/** The answer to a request. `rejected`: looked at and refused; `discarded`: not looked at (coordinator 1.6), `retryAfter`: to be sent again in so many seconds. */
export type Answer =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'rejected'; readonly code: ErrorCode }
  | { readonly kind: 'discarded'; readonly code: ErrorCode; readonly retryAfter?: number };

/** What a step asks the driver to do, in this order. Those marked → are answered by an event when they are done. */
export type Effect =
  /** One atomic change of what participants see: the phase together with its documents (weakness W-08). */
  | {
      readonly type: 'publish';
      readonly phase: PhaseName;
      readonly show: readonly PublishedDocument[];
      readonly hide: readonly PublishedDocument[];
      /** Milliseconds since the phase began: it goes on after a restart. Absent: it begins. */
      readonly elapsed?: number;
    }
  /**
   * Replaces the deadline: `after` milliseconds from now. `queuedFirst`: requests that arrived by then are handled before it. `orSooner`: the
   * deadline that is set stays if it comes first.
   */
  | { readonly type: 'deadline'; readonly after: number; readonly queuedFirst: boolean; readonly orSooner?: true }
  | { readonly type: 'no-deadline' }
  | { readonly type: 'answer'; readonly request: number; readonly phase: PhaseName; readonly answer: Answer }
  /** Discards every request in the queue, with this code. */
  | { readonly type: 'purge'; readonly phase: PhaseName; readonly code: ErrorCode }
  | { readonly type: 'report'; readonly cause: FailureCause }
  /** → admitted, refused, stalled */
  | { readonly type: 'admit'; readonly request: number; readonly tag: MessageTag }
  /** → erased: deletes sum, seed and mask dictionaries. */
  | { readonly type: 'erase' }
  /** → recovered: waits until the store works again, and reads what it has of this phase. */
  | { readonly type: 'recover'; readonly phase: 'sum' | 'update' | 'sum2' }
  /** → rebuilt: reads back what is stored of the round. */
  | { readonly type: 'rebuild'; readonly phase: DurablePhase }
  /** → round-stored: fresh key pair, next seed, stored together with where the round stands. */
  | { readonly type: 'new-round'; readonly progress: Standing }
  /** Begins an empty aggregate. */
  | { readonly type: 'aggregate' }
  /** → frozen: fixes a dictionary and stores the phase that begins with it, to be published by the next `publish` that shows it. */
  | { readonly type: 'freeze'; readonly document: 'sums' | 'seeds'; readonly progress: Standing }
  /** → entered: stores the phase that begins. */
  | { readonly type: 'enter'; readonly progress: Standing }
  /** → cleared: puts the failed round on record and lets go of where it stood. */
  | { readonly type: 'clear'; readonly cause: FailureCause }
  /** → counted */
  | { readonly type: 'count-masks' }
  /** → unmasked: subtracts the best mask from the aggregate. */
  | { readonly type: 'unmask' }
  /** → model-stored */
  | { readonly type: 'store-model' }
  /** → probed: are the stores ready? */
  | { readonly type: 'probe' }
  /** Nothing follows: the driver may close. */
  | { readonly type: 'finish' };

/** Where a phase leads to, with what the next one needs to know. */
export type Next =
  | { readonly to: 'idle'; readonly show: readonly PublishedDocument[]; readonly failures: number }
  | { readonly to: 'sum' }
  | { readonly to: 'update'; readonly sums: number }
  | { readonly to: 'sum2'; readonly sums: number }
  | { readonly to: 'unmask'; readonly sums: number }
  | { readonly to: 'failure'; readonly code: ErrorCode; readonly message: string };

/** What a phase makes of an event: it stays (`state`) or leaves (`next`); the effects come first in either case. */
export type Outcome<S extends RoundState> =
  | { readonly state: S; readonly effects: readonly Effect[] }
  | { readonly next: Next; readonly effects: readonly Effect[] };

/** Whether the store is to work again before the state takes an event of time or of participants. */
export function isRecovering(state: RoundState): boolean {
  return 'recovering' in state && state.recovering;
}

/** Whether the state takes no event but the outcome of the admission under way. */
export function isAdmitting(state: RoundState): boolean {
  return 'admitting' in state && state.admitting !== undefined;
}

export const NO_COUNTS: Counts = { accepted: 0, rejected: 0, discarded: 0 };
