// Shutdown: everybody who waits gets an answer, and nothing moves any more (coordinator 1.12; the original leaves them without one).

import type { Effect, Outcome, RoundEvent, RoundState, ShutdownState } from '../state.ts';
import { answer, stay } from './outcome.ts';

export function enterShutdown({ round, failures }: RoundState): { state: ShutdownState; effects: readonly Effect[] } {
  return {
    state: { phase: 'shutdown', round, failures },
    effects: [
      { type: 'no-deadline' },
      { type: 'purge', phase: 'shutdown', code: 'shutting-down' },
      { type: 'publish', phase: 'shutdown', show: [], hide: [] },
      { type: 'finish' },
    ],
  };
}

export function onShutdown(state: ShutdownState, event: RoundEvent): Outcome<ShutdownState> {
  if (event.type === 'message') return { state, effects: [answer('shutdown', event.request, 'discarded', 'shutting-down')] };
  return stay(state);
}
