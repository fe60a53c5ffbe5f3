// Idle: erases what the last round left, then makes and stores key and seed of the new one (coordinator 1.5). Takes no requests.
// Its round id is already the new one: the number is consumed when Idle begins, also when the round never comes to be.

import type { Effect, IdleState, Next, Outcome, ResumingState, RoundEvent } from '../state.ts';
import { discard, stay } from './outcome.ts';

export function enterIdle(next: Next & { to: 'idle' }, lastRound: number): { state: IdleState; effects: readonly Effect[] } {
  return {
    state: { phase: 'idle', round: lastRound + 1, failures: next.failures, awaits: 'erased' },
    effects: [{ type: 'publish', phase: 'idle', show: next.show, hide: [] }, { type: 'erase' }],
  };
}

export function onIdle(state: IdleState | ResumingState, event: RoundEvent): Outcome<IdleState | ResumingState> {
  if (event.type === 'message') return discard(state, event);
  if (event.type === 'erased' && state.awaits === 'erased') {
    return {
      state: { ...state, awaits: 'round-stored' },
      effects: [{ type: 'new-round', progress: { round: state.round, phase: 'sum', failures: state.failures } }],
    };
  }
  if (event.type === 'round-stored' && state.awaits === 'round-stored') return { next: { to: 'sum' }, effects: [] };
  return stay(state);
}
