// What sum, update and sum2 do alike: take requests one at a time through two time windows (coordinator 1.6). Window A lasts time.min and
// takes up to count.max; window B lasts until time.max at most and ends at the very request that makes the phase complete.

import type { Counts, Effect, Outcome, PhaseLimits, RoundEvent, Sum2State, SumState, UpdateState } from '../state.ts';
import { answer, discard, fail, stay } from './outcome.ts';

type CollectingState = SumState | UpdateState | Sum2State;

/** What differs from phase to phase. */
export interface Collection<S extends CollectingState> {
  readonly limits: PhaseLimits;
  /** Whether the phase has what it needs; without it, `count.min` accepted messages are what it needs. */
  readonly enough?: (state: S) => boolean;
  /** Where a complete phase leads: on, or to an effect that fetches what it publishes. */
  readonly close: (state: S) => Outcome<S>;
  /** The state after an admission, besides the counters. */
  readonly admitted?: (state: S, votes: number) => S;
}

const MILLISECONDS = 1000;

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
      return after.window === 'b' && isEnough(after, phase) ? close(after, phase, answered) : { state: after, effects: answered };
    }
    case 'refused':
      return { state: count(state, 'rejected'), effects: [answer(state.phase, event.request, 'rejected', event.code)] };
    case 'deadline':
      return passDeadline(state, phase);
    default:
      return stay(state);
  }
}

/** At most count.max are handled, the rest is discarded unseen; what is late or of another round is rejected. */
function takeMessage<S extends CollectingState>(state: S, event: RoundEvent & { type: 'message' }, limits: PhaseLimits): Outcome<S> {
  const { phase, round, window, counts } = state;
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
  if (state.window === 'closed') return stay(state);
  if (state.window === 'a') {
    if (isEnough(state, phase)) return close(state, phase);
    return { state: { ...state, window: 'b' }, effects: [{ type: 'deadline', after: (time.max - time.min) * MILLISECONDS, queuedFirst: true }] };
  }
  if (state.counts.accepted >= wanted.min) return close(state, phase);
  return fail('phase-timeout', `${state.phase}: ${state.counts.accepted} of at least ${wanted.min} messages accepted within ${time.max} s`);
}

function isEnough<S extends CollectingState>(state: S, phase: Collection<S>): boolean {
  return state.counts.accepted >= phase.limits.count.min && (phase.enough?.(state) ?? true);
}

function close<S extends CollectingState>(state: S, phase: Collection<S>, first: readonly Effect[] = []): Outcome<S> {
  const closed = phase.close({ ...state, window: 'closed' });
  return { ...closed, effects: [...first, { type: 'no-deadline' }, ...closed.effects] };
}

function count<S extends CollectingState>(state: S, which: keyof Counts): S {
  return { ...state, admitting: undefined, counts: { ...state.counts, [which]: state.counts[which] + 1 } };
}
