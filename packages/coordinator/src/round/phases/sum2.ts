// Sum2: counts the masks that sum participants compute from the seeds (coordinator 1.9). Under the majority rule (threats T7) it waits
// until one mask has more than half of the sum dictionary behind it: ending at the first few answers would let one liar, who answers in
// milliseconds, force a tie. It gives up waiting when everybody has answered, at count.max, and at time.max.

import type { Effect, Next, Outcome, PhaseLimits, RoundEvent, RoundSettings, RoundState, Sum2State } from '../state.ts';
import { type Collection, collect, NOTHING_YET, openWindow, reopen } from './collecting.ts';

export function enterSum2(
  next: Next & { to: 'sum2' },
  { round, failures }: RoundState,
  settings: RoundSettings,
): { state: Sum2State; effects: readonly Effect[] } {
  return {
    state: { phase: 'sum2', round, failures, ...NOTHING_YET, sums: next.sums, leading: 0 },
    effects: [{ type: 'publish', phase: 'sum2', show: ['seeds'], hide: [] }, openWindow(settings.pet.sum2)],
  };
}

export function onSum2(state: Sum2State, event: RoundEvent, settings: RoundSettings): Outcome<Sum2State> {
  if (event.type === 'entered' && state.window === 'closed') return { next: { to: 'unmask', sums: state.sums }, effects: [] };
  return collect(state, event, collection(state, settings));
}

export function resumeSum2(state: Sum2State, elapsed: number, settings: RoundSettings): Outcome<Sum2State> {
  return reopen(state, elapsed, collection(state, settings));
}

function collection({ round, failures, sums }: Sum2State, settings: RoundSettings): Collection<Sum2State> {
  const limits = sum2Limits(sums, settings);
  return {
    limits,
    admitted: (counted, votes) => ({ ...counted, leading: Math.max(counted.leading, votes) }),
    enough: ({ counts, leading }) => settings.compat.plurality || isMajority(leading, sums) || counts.accepted >= Math.min(sums, limits.count.max),
    full: ({ counts }) => counts.accepted >= sums,
    // Unmask publishes that the dictionaries are gone: a participant may act on it, so it is stored first.
    close: (closed) => ({ state: closed, effects: [{ type: 'enter', progress: { round, phase: 'unmask', failures } }] }),
  };
}

/** Whether so many votes are more than half of the sum dictionary. */
export function isMajority(votes: number, sums: number): boolean {
  return 2 * votes > sums;
}

/**
 * The limits of sum2 with `sums` sum participants. A majority is needed for a model at all, so the minimum is raised to it; and so is
 * a smaller maximum, because a round that may not take as many answers as it needs would fail for certain. A minimum above the
 * number of sum participants stays: the operator asked for that many answers, and fewer must not do.
 */
export function sum2Limits(sums: number, settings: RoundSettings): PhaseLimits {
  const { count, time } = settings.pet.sum2;
  if (settings.compat.plurality) return { count, time };
  const min = Math.max(count.min, Math.floor(sums / 2) + 1);
  return { count: { min, max: Math.max(count.max, min) }, time };
}
