// The outcomes that phases have in common, so that each phase file reads as its own rules only.

import type { ErrorCode } from '@xaynet/core/errors';
import type { Answer, Effect, Next, Outcome, PhaseName, RoundEvent, RoundState } from '../state.ts';

/** The effect that answers a request of `phase`. */
export function answer(phase: PhaseName, request: number, kind: Answer['kind'], code: ErrorCode = 'message-discarded'): Effect {
  return { type: 'answer', request, phase, answer: kind === 'accepted' ? { kind } : { kind, code } };
}

/** Nothing happens: the event does not concern this state. */
export function stay<S extends RoundState>(state: S): Outcome<S> {
  return { state, effects: [] };
}

/** What a phase does with a request when it takes none: it is discarded (coordinator 1.5, 1.10, 1.11). */
export function discard<S extends RoundState>(state: S, event: RoundEvent): Outcome<S> {
  return { state, effects: event.type === 'message' ? [answer(state.phase, event.request, 'discarded')] : [] };
}

/** The round fails: why, as a code and what was found. */
export function fail(code: ErrorCode, message: string): { readonly next: Next; readonly effects: readonly Effect[] } {
  return { next: { to: 'failure', code, message }, effects: [] };
}
