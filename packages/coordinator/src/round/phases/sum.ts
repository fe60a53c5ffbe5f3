// Sum: collects the ephemeral keys of the sum participants and publishes them as the sum dictionary (coordinator 1.7). The parameters
// of the round become visible together with this phase, so nobody can see them while the phase filter still refuses sum messages.

import { type Effect, type Next, NO_COUNTS, type Outcome, type RoundEvent, type RoundSettings, type RoundState, type SumState } from '../state.ts';
import { collect, openWindow } from './collecting.ts';
import { fail } from './outcome.ts';

export function enterSum(_: Next & { to: 'sum' }, { round, failures }: RoundState, settings: RoundSettings): { state: SumState; effects: readonly Effect[] } {
  return {
    state: { phase: 'sum', round, failures, window: 'a', counts: NO_COUNTS, admitting: undefined },
    effects: [{ type: 'publish', phase: 'sum', show: ['params'], hide: [] }, openWindow(settings.pet.sum)],
  };
}

export function onSum(state: SumState, event: RoundEvent, settings: RoundSettings): Outcome<SumState> {
  if (event.type === 'frozen' && state.window === 'closed') {
    if (event.entries === 0) return fail('sum-dict-empty', 'the store has no sum dictionary');
    return { next: { to: 'update', sums: event.entries }, effects: [] };
  }
  return collect(state, event, { limits: settings.pet.sum, close: (closed) => ({ state: closed, effects: [{ type: 'freeze', document: 'sums' }] }) });
}
