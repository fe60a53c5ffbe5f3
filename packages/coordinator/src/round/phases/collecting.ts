// What sum, update and sum2 do alike: take requests one at a time through two time windows (coordinator 1.6). Window A lasts time.min and
// takes up to count.max; window B lasts until time.max at most and ends at the very request that makes the phase complete, or, where the
// operator grants grace, that much later, with more participants than just the fastest (weakness W-30).

import {
  type Collecting,
  type Counts,
  type Effect,
  NO_COUNTS,
  type Outcome,
  type PhaseLimits,
  type RoundEvent,
  type Sum2State,
  type SumState,
  type UpdateState,
} from '../state.ts';
import { answer, discard, fail, stay } from './outcome.ts';

type CollectingState = SumState | UpdateState | Sum2State;

/** What differs from phase to phase. */
export interface Collection<S extends CollectingState> {
  readonly limits: PhaseLimits;
  /** Whether the phase has what it needs; without it, `count.min` accepted messages are what it needs. */
  readonly enough?: (state: S) => boolean;
  /** Whether nothing more can come; without it, `count.max` accepted messages are that. Ends the grace. */
  readonly full?: (state: S) => boolean;
  /** Where a complete phase leads: on, or to an effect that fetches what it publishes. */
  readonly close: (state: S) => Outcome<S>;
  /** The state after an admission, besides the counters. */
  readonly admitted?: (state: S, votes: number) => S;
}

/** How a phase that collects begins. */
export const NOTHING_YET: Pick<Collecting, 'window' | 'counts' | 'admitting' | 'recovering'> = {
  window: 'a',
  counts: NO_COUNTS,
  admitting: undefined,
  recovering: false,
};

const MILLISECONDS = 1000;
/** Seconds after which a message that the store could not take may come again. */
export const RETRY_AFTER = 2;

/** The effect that opens window A. In it the deadline comes first, so with `time.min = 0` it handles nothing. */
export function openWindow(limits: PhaseLimits): Effect {
  return { type: 'deadline', after: limits.time.min * MILLISECONDS, queuedFirst: false };
}

/** One event of a phase that collects; the outcomes of what `close` began are the phase's own. */
export function collect<S extends CollectingState>(state: S, event: RoundEvent, phase: Collection<S>): Outcome<S> {
  switch (event.type) {
    case 'message':
      return takeMessage(state, event, phase.limits);
    case 'admitted': {
      const counted = count(state, 'accepted');
      const after = phase.admitted?.(counted, event.votes) ?? counted;
      const answered = [answer(state.phase, event.request, 'accepted')];
      return goOnOrClose(after, phase, answered);
    }
    case 'refused':
      return { state: count(state, 'rejected'), effects: [answer(state.phase, event.request, 'rejected', event.code)] };
    case 'stalled':
      // The store may have it or not, so it is neither accepted nor rejected: whoever sends it again learns which.
      return {
        state: { ...state, admitting: undefined, recovering: true },
        effects: [stalled(state.phase, event.request), { type: 'recover', phase: state.phase }],
      };
    case 'recovered':
      return state.recovering ? recount(state, event, phase) : stay(state);
    case 'tallied':
      return isOf(event, state) && state.window !== 'closed' && !state.recovering ? recount(state, event, phase) : stay(state);
    case 'deadline':
      return passDeadline(state, phase);
    default:
      return stay(state);
  }
}

/** At most count.max are handled, the rest is discarded unseen; what is late or of another round is rejected. */
function takeMessage<S extends CollectingState>(state: S, event: RoundEvent & { type: 'message' }, limits: PhaseLimits): Outcome<S> {
  const { phase, round, window, counts } = state;
  if (state.recovering) return { state, effects: [stalled(phase, event.request)] };
  if (window === 'closed') return discard(state, event);
  if (counts.accepted >= limits.count.max) return { state: count(state, 'discarded'), effects: [answer(phase, event.request, 'discarded')] };
  if (event.tag !== phase || event.round !== round) {
    return { state: count(state, 'rejected'), effects: [answer(phase, event.request, 'rejected', 'message-unexpected')] };
  }
  return { state: { ...state, admitting: event.request }, effects: [{ type: 'admit', request: event.request, tag: event.tag }] };
}

/** End of window A: complete, or on to window B. End of window B: too few is a failure. */
function passDeadline<S extends CollectingState>(state: S, phase: Collection<S>): Outcome<S> {
  const { time, count: wanted } = phase.limits;
  if (state.window === 'closed' || state.recovering) return stay(state);
  if (state.window === 'a') {
    if (isEnough(state, phase)) return close(state, phase);
    return { state: { ...state, window: 'b' }, effects: [{ type: 'deadline', after: (time.max - time.min) * MILLISECONDS, queuedFirst: true }] };
  }
  if (state.counts.accepted >= wanted.min) return close(state, phase);
  return fail('phase-timeout', `${state.phase}: ${state.counts.accepted} of at least ${wanted.min} messages accepted within ${time.max} s`);
}

/** A tally that was taken before the phase began says nothing about it. */
function isOf(event: RoundEvent & { type: 'tallied' }, { round, phase }: CollectingState): boolean {
  return event.round === round && event.phase === phase;
}

/** What is stored counts, whatever was answered and by whom; in window B it may be enough by now. */
function recount<S extends CollectingState>(state: S, { accepted, leading }: RoundEvent & { type: 'recovered' | 'tallied' }, phase: Collection<S>): Outcome<S> {
  const known: S = { ...state, recovering: false, counts: { ...state.counts, accepted }, ...('leading' in state ? { leading } : {}) };
  return goOnOrClose(known, phase, []);
}

/** After a count has grown: window B ends with what it needs, unless there is grace, and the grace when nothing more can come. */
function goOnOrClose<S extends CollectingState>(state: S, phase: Collection<S>, first: readonly Effect[]): Outcome<S> {
  const { window } = state;
  if (window === 'grace' && isFull(state, phase)) return close(state, phase, first);
  if (window !== 'b' || !isEnough(state, phase)) return { state, effects: first };
  const after = graceOf(phase);
  if (after === 0 || isFull(state, phase)) return close(state, phase, first);
  // The deadline that stands is that of time.max.
  return { state: { ...state, window: 'grace' }, effects: [...first, { type: 'deadline', after, queuedFirst: true, orSooner: true }] };
}

/**
 * A phase that goes on after a restart, `elapsed` milliseconds after it began: in the window that it would be in had it never stopped. Time
 * went on meanwhile, so a phase that has what it needs by then ends at once, and one whose time is up ends when its deadline is taken. When it
 * came to have enough is not stored, and nobody could send anything since the coordinator died: the whole grace begins with the restart.
 */
export function reopen<S extends CollectingState>(state: S, elapsed: number, phase: Collection<S>): Outcome<S> {
  const { min, max } = phase.limits.time;
  if (elapsed < min * MILLISECONDS) return { state, effects: [{ type: 'deadline', after: min * MILLISECONDS - elapsed, queuedFirst: false }] };
  const late: S = { ...state, window: 'b' };
  const left = Math.max(0, max * MILLISECONDS - elapsed);
  const grace = Math.min(left, graceOf(phase));
  if (!isEnough(late, phase)) return { state: late, effects: [{ type: 'deadline', after: left, queuedFirst: true }] };
  if (grace === 0 || isFull(late, phase)) return close(late, phase);
  return { state: { ...late, window: 'grace' }, effects: [{ type: 'deadline', after: grace, queuedFirst: true }] };
}

function stalled(phase: CollectingState['phase'], request: number): Effect {
  return { type: 'answer', request, phase, answer: { kind: 'discarded', code: 'storage-failed', retryAfter: RETRY_AFTER } };
}

function isEnough<S extends CollectingState>(state: S, phase: Collection<S>): boolean {
  return state.counts.accepted >= phase.limits.count.min && (phase.enough?.(state) ?? true);
}

function isFull<S extends CollectingState>(state: S, phase: Collection<S>): boolean {
  return state.counts.accepted >= phase.limits.count.max || (phase.full?.(state) ?? false);
}

/** In milliseconds. */
function graceOf<S extends CollectingState>({ limits }: Collection<S>): number {
  return (limits.time.grace ?? 0) * MILLISECONDS;
}

function close<S extends CollectingState>(state: S, phase: Collection<S>, first: readonly Effect[] = []): Outcome<S> {
  const closed = phase.close({ ...state, window: 'closed' });
  return { ...closed, effects: [...first, { type: 'no-deadline' }, ...closed.effects] };
}

function count<S extends CollectingState>(state: S, which: keyof Counts): S {
  return { ...state, admitting: undefined, counts: { ...state.counts, [which]: state.counts[which] + 1 } };
}
