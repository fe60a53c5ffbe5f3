// Update: adds masked models to the aggregate and collects the sealed seeds of their masks, which it publishes as the seed dictionary
// (coordinator 1.8). The driver admits a model and its seeds as one act, and publishes the seeds of exactly the models in the aggregate.

import type { Effect, Next, Outcome, RoundEvent, RoundSettings, RoundState, UpdateState } from '../state.ts';
import { type Collection, collect, NOTHING_YET, openWindow, reopen } from './collecting.ts';
import { fail } from './outcome.ts';

export function enterUpdate(
  next: Next & { to: 'update' },
  { round, failures }: RoundState,
  settings: RoundSettings,
): { state: UpdateState; effects: readonly Effect[] } {
  return {
    state: { phase: 'update', round, failures, ...NOTHING_YET, sums: next.sums },
    effects: [{ type: 'aggregate' }, { type: 'publish', phase: 'update', show: ['sums'], hide: [] }, openWindow(settings.pet.update)],
  };
}

export function onUpdate(state: UpdateState, event: RoundEvent, settings: RoundSettings): Outcome<UpdateState> {
  if (event.type === 'frozen' && state.window === 'closed') {
    if (event.entries === 0) return fail('seed-dict-empty', 'the store has no seed dictionary');
    return { next: { to: 'sum2', sums: state.sums }, effects: [] };
  }
  return collect(state, event, collection(state, settings));
}

export function resumeUpdate(state: UpdateState, elapsed: number, settings: RoundSettings): Outcome<UpdateState> {
  return reopen(state, elapsed, collection(state, settings));
}

function collection({ round, failures }: UpdateState, settings: RoundSettings): Collection<UpdateState> {
  return {
    limits: settings.pet.update,
    close: (closed) => ({ state: closed, effects: [{ type: 'freeze', document: 'seeds', progress: { round, phase: 'sum2', failures } }] }),
  };
}
