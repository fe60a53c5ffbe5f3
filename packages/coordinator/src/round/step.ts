// The one function that moves a round: state and event in, next state and effects out, nothing touched. It sends the event to the
// phase and, when the phase leaves, enters the next one, so that the phases never import each other in a circle.

import { enterFailure, onFailure } from './phases/failure.ts';
import { enterIdle, onIdle } from './phases/idle.ts';
import { enterShutdown, onShutdown } from './phases/shutdown.ts';
import { enterSum, onSum } from './phases/sum.ts';
import { enterSum2, onSum2 } from './phases/sum2.ts';
import { enterUnmask, onUnmask } from './phases/unmask.ts';
import { enterUpdate, onUpdate } from './phases/update.ts';
import { beginAgain, resume } from './resume.ts';
import type { Effect, Next, Outcome, RoundEvent, RoundSettings, RoundState, Standing } from './state.ts';

/** A state, and what the driver has to do to make it true, in order. */
export interface Step {
  readonly state: RoundState;
  readonly effects: readonly Effect[];
}

/** The first step of a coordinator: Idle of the round after `lastRound` (0 on a fresh start, else the stored one; coordinator 1.4). See {@link step}. */
export function begin(lastRound: number): Step {
  return enterIdle({ to: 'idle', show: [], failures: 0 }, lastRound);
}

/** The first step of a process: a new round after `lastRound`, or on with the one that `progress` says was interrupted. */
export function firstStep(lastRound: number, progress: Standing | undefined): Step {
  return progress === undefined ? begin(lastRound) : beginAgain(progress);
}

/**
 * What an event does to a round: the state after it, and what is to be done to make that true (coordinator 1). Pure: equal arguments, equal
 * results; never throws.
 * @example
 * ```ts
 * import { begin, type PhaseLimits, type RoundSettings, step } from '@xaynet/coordinator/replay';
 * const limits: PhaseLimits = { count: { min: 1, max: 9 }, time: { min: 0, max: 60 } };
 * const settings: RoundSettings = { pet: { sum: limits, update: limits, sum2: limits }, compat: { plurality: false, arrivalOrder: false } };
 * const erased = step(begin(0).state, { type: 'erased' }, settings);
 * step(erased.state, { type: 'round-stored' }, settings).state.phase; // 'sum'
 * ```
 */
export function step(state: RoundState, event: RoundEvent, settings: RoundSettings): Step {
  if (event.type === 'stop' && state.phase !== 'shutdown') return enterShutdown(state);
  const outcome = dispatch(state, event, settings);
  if ('state' in outcome) return outcome;
  const entered = enter(outcome.next, state, settings);
  return { state: entered.state, effects: [...outcome.effects, ...purge(state, outcome.next), ...entered.effects] };
}

function dispatch(state: RoundState, event: RoundEvent, settings: RoundSettings): Outcome<RoundState> {
  if (event.type === 'failed' && state.phase !== 'failure' && state.phase !== 'shutdown') {
    return { next: { to: 'failure', code: event.code, message: event.message }, effects: [] };
  }
  switch (state.phase) {
    case 'idle':
      return state.awaits === 'rebuilt' && event.type === 'rebuilt' ? resume(state, event, settings) : onIdle(state, event);
    case 'sum':
      return onSum(state, event, settings);
    case 'update':
      return onUpdate(state, event, settings);
    case 'sum2':
      return onSum2(state, event, settings);
    case 'unmask':
      return onUnmask(state, event, settings);
    case 'failure':
      return onFailure(state, event);
    case 'shutdown':
      return onShutdown(state, event);
  }
}

/** Whoever still waits when a phase ends is discarded by it, before anything of the next phase is seen; Failure purges by itself. */
function purge(from: RoundState, next: Next): readonly Effect[] {
  return next.to === 'failure' ? [] : [{ type: 'purge', phase: from.phase, code: 'message-discarded' }];
}

function enter(next: Next, from: RoundState, settings: RoundSettings): Step {
  switch (next.to) {
    case 'idle':
      return enterIdle(next, from.round);
    case 'sum':
      return enterSum(next, from, settings);
    case 'update':
      return enterUpdate(next, from, settings);
    case 'sum2':
      return enterSum2(next, from, settings);
    case 'unmask':
      return enterUnmask(next, from);
    case 'failure':
      return enterFailure(next, from);
  }
}
