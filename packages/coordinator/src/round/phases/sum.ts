// Sum: collects the ephemeral keys of the sum participants and publishes them as the sum dictionary (coordinator 1.7). The parameters
// of the round become visible together with this phase, so nobody can see them while the phase filter still refuses sum messages.

import type { Effect, Next, Outcome, RoundEvent, RoundSettings, RoundState, SumState } from '../state.ts';
import { type Collection, collect, NOTHING_YET, openWindow, reopen } from './collecting.ts';
import { fail } from './outcome.ts';

/** Candidates are admitted up to so many for every place, and up to {@link MOST_CANDIDATES}: each costs 64 bytes and some work, a place costs much more. */
const CANDIDATES_PER_PLACE = 16;
const MOST_CANDIDATES = 65_536;

export function enterSum(_: Next & { to: 'sum' }, { round, failures }: RoundState, settings: RoundSettings): { state: SumState; effects: readonly Effect[] } {
  return {
    state: { phase: 'sum', round, failures, ...NOTHING_YET },
    effects: [{ type: 'publish', phase: 'sum', show: ['params'], hide: [] }, openWindow(settings.pet.sum)],
  };
}

export function onSum(state: SumState, event: RoundEvent, settings: RoundSettings): Outcome<SumState> {
  if (event.type === 'frozen' && state.window === 'closed') {
    if (event.entries === 0) return fail('sum-dict-empty', 'the store has no sum dictionary');
    return { next: { to: 'update', sums: event.entries }, effects: [] };
  }
  return collect(state, event, collection(state, settings));
}

export function resumeSum(state: SumState, elapsed: number, settings: RoundSettings): Outcome<SumState> {
  return reopen(state, elapsed, collection(state, settings));
}

function collection({ round, failures }: SumState, settings: RoundSettings): Collection<SumState> {
  const { count, time } = settings.pet.sum;
  return {
    limits: { count: { min: count.min, max: mostCandidates(settings) }, time },
    close: (closed) => ({ state: closed, effects: [{ type: 'freeze', document: 'sums', progress: { round, phase: 'update', failures } }] }),
  };
}

/**
 * How many sum participants are admitted: more than there are places, which are then drawn among all who came, so that nobody gets one by being
 * first (threats T6). Without grace window B ends at the minimum, so this matters in window A and in the grace only.
 */
export function mostCandidates({ pet, compat }: RoundSettings): number {
  const { max } = pet.sum.count;
  return compat.arrivalOrder ? max : Math.max(max, Math.min(CANDIDATES_PER_PLACE * max, MOST_CANDIDATES));
}
