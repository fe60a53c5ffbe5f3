// Failure: hides the dictionaries, lets go of where the round stood, waits, asks the stores whether they are ready, and begins again in
// Idle (coordinator 1.11). The original tries again at once and for ever; here the wait doubles with every failure in a row, so a permanent
// fault does not burn rounds and participants' work (weakness W-27). A single failure costs no wait.

import type { ErrorCode } from '@xaynet/core/errors';
import type { Effect, FailureState, Next, Outcome, RoundEvent, RoundState } from '../state.ts';
import { answer, discard, stay } from './outcome.ts';

/** First wait, in milliseconds; it doubles from then on. */
export const FIRST_WAIT = 1000;
/** Longest wait, in milliseconds. */
export const LONGEST_WAIT = 60_000;
/** Longest wait after a timeout: nobody came, which is no fault of the coordinator, and whoever comes should not wait long. */
export const LONGEST_WAIT_AFTER_TIMEOUT = 5000;

/** Milliseconds to wait before the stores are asked, after so many failures in a row. */
export function waitAfterFailure(failures: number, code: ErrorCode): number {
  if (failures <= 1) return 0;
  return Math.min(FIRST_WAIT * 2 ** (failures - 2), code === 'phase-timeout' ? LONGEST_WAIT_AFTER_TIMEOUT : LONGEST_WAIT);
}

export function enterFailure(next: Next & { to: 'failure' }, from: RoundState): { state: FailureState; effects: readonly Effect[] } {
  const failures = from.failures + 1;
  const cause = { phase: from.phase, code: next.code, message: next.message };
  const pending = 'admitting' in from && from.admitting !== undefined ? [answer(from.phase, from.admitting, 'rejected', next.code)] : [];
  return {
    state: { phase: 'failure', round: from.round, failures, cause, awaits: 'cleared', probes: 0 },
    effects: [
      ...pending,
      { type: 'no-deadline' },
      { type: 'publish', phase: 'failure', show: [], hide: ['sums', 'seeds'] },
      { type: 'report', cause },
      { type: 'purge', phase: 'failure', code: 'message-discarded' },
      { type: 'clear', cause },
    ],
  };
}

export function onFailure(state: FailureState, event: RoundEvent): Outcome<FailureState> {
  if (event.type === 'message') return discard(state, event);
  if (state.awaits === 'cleared' && (event.type === 'cleared' || event.type === 'failed')) {
    return { state: { ...state, awaits: 'delay' }, effects: [wait(waitAfterFailure(state.failures, state.cause.code))] };
  }
  if (event.type === 'deadline' && state.awaits === 'delay') return { state: { ...state, awaits: 'probed' }, effects: [{ type: 'probe' }] };
  if (state.awaits === 'probed' && (event.type === 'probed' || event.type === 'failed')) {
    if (event.type === 'probed' && event.ready) return { next: { to: 'idle', show: [], failures: state.failures }, effects: [] };
    const probes = state.probes + 1;
    return { state: { ...state, awaits: 'delay', probes }, effects: [wait(Math.min(FIRST_WAIT * 2 ** (probes - 1), LONGEST_WAIT))] };
  }
  return stay(state);
}

function wait(after: number): Effect {
  return { type: 'deadline', after, queuedFirst: false };
}
