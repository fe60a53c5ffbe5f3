// How a round goes on after its process has died: from what is stored of it straight into the phase that it was in, with the time that has
// passed counted, as if it had only paused. Pure like every step, so each way to die can be tried without a process.

import { NOTHING_YET } from './phases/collecting.ts';
import { resumeSum } from './phases/sum.ts';
import { resumeSum2 } from './phases/sum2.ts';
import { resumeUpdate } from './phases/update.ts';
import type { Effect, Outcome, PublishedDocument, ResumingState, RoundEvent, RoundSettings, RoundState, Standing } from './state.ts';

/** The first step of a coordinator whose store has a round that is not over: reads it back, then {@link resume}. */
export function beginAgain({ round, phase, failures }: Standing): { state: ResumingState; effects: readonly Effect[] } {
  return {
    state: { phase: 'idle', round, failures, awaits: 'rebuilt', resuming: phase },
    effects: [{ type: 'rebuild', phase }],
  };
}

const SHOWN: Readonly<Record<ResumingState['resuming'], readonly PublishedDocument[]>> = {
  sum: ['params'],
  update: ['params', 'sums'],
  sum2: ['params', 'sums', 'seeds'],
  unmask: ['params'],
};

/** The step into the phase that was interrupted: what it shows is published again, its deadlines count from when it first began. */
export function resume(state: ResumingState, known: RoundEvent & { type: 'rebuilt' }, settings: RoundSettings): Outcome<RoundState> {
  const { round, failures, resuming } = state;
  const { accepted, sums, leading } = known;
  const elapsed = Math.max(0, known.elapsed); // a clock that was set back: the phase begins anew
  const begun = { round, failures, ...NOTHING_YET, counts: { ...NOTHING_YET.counts, accepted } };
  const show: Effect = { type: 'publish', phase: resuming, show: SHOWN[resuming], hide: [], elapsed };
  switch (resuming) {
    case 'sum':
      return after(show, resumeSum({ phase: 'sum', ...begun }, elapsed, settings));
    case 'update':
      return after(show, resumeUpdate({ phase: 'update', ...begun, sums }, elapsed, settings));
    case 'sum2':
      return after(show, resumeSum2({ phase: 'sum2', ...begun, sums, leading }, elapsed, settings));
    case 'unmask':
      return { state: { phase: 'unmask', round, failures, sums, awaits: 'counted' }, effects: [show, { type: 'count-masks' }] };
  }
}

function after(show: Effect, outcome: Outcome<RoundState>): Outcome<RoundState> {
  return { ...outcome, effects: [show, ...outcome.effects] };
}
