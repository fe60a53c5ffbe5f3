// Unmask: chooses the mask, has it subtracted from the aggregate and the model stored (coordinator 1.10). Takes no requests. Until the
// model is stored nothing is published, so whatever fails here leaves the previous model in place.

import type { Effect, Next, Outcome, RoundEvent, RoundSettings, RoundState, UnmaskState } from '../state.ts';
import { discard, fail, stay } from './outcome.ts';
import { isMajority } from './sum2.ts';

export function enterUnmask(next: Next & { to: 'unmask' }, { round, failures }: RoundState): { state: UnmaskState; effects: readonly Effect[] } {
  return {
    state: { phase: 'unmask', round, failures, sums: next.sums, awaits: 'counted' },
    effects: [{ type: 'publish', phase: 'unmask', show: [], hide: ['sums', 'seeds'] }, { type: 'count-masks' }],
  };
}

export function onUnmask(state: UnmaskState, event: RoundEvent, settings: RoundSettings): Outcome<UnmaskState> {
  if (event.type === 'message') return discard(state, event);
  if (event.type === 'counted' && state.awaits === 'counted') return chooseMask(state, event.votes, settings);
  if (event.type === 'unmasked' && state.awaits === 'unmasked') {
    // T11: forged or inconsistent masks give numbers all over the group; honest means lie within the bound.
    if (!event.withinBound) return fail('model-out-of-range', 'the unmasked model is not kept');
    return { state: { ...state, awaits: 'model-stored' }, effects: [{ type: 'store-model' }] };
  }
  if (event.type === 'model-stored' && state.awaits === 'model-stored') {
    return { next: { to: 'idle', show: ['model'], failures: 0 }, effects: [] };
  }
  return stay(state);
}

/** A majority of the sum dictionary (threats T7) or, with `compat.plurality`, the unique first place. */
function chooseMask(state: UnmaskState, votes: readonly number[], settings: RoundSettings): Outcome<UnmaskState> {
  const [best, second = 0] = votes;
  if (best === undefined) return fail('mask-none', 'no mask was submitted');
  const wins = settings.compat.plurality ? best > second : isMajority(best, state.sums);
  if (wins) return { state: { ...state, awaits: 'unmasked' }, effects: [{ type: 'unmask' }] };
  if (best === second) return fail('mask-ambiguous', `two masks with ${best} votes each, ${state.sums} sum participants`);
  return fail('mask-no-majority', `${best} votes of ${state.sums} sum participants`);
}
