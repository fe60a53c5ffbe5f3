// Messages that others admit: the machine is told how many there are, and its windows end as if they had come to itself.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RoundEvent, RoundSettings, RoundState } from './state.ts';
import { begin, type Step, step } from './step.ts';

const limits = { count: { min: 2, max: 4 }, time: { min: 10, max: 60 } };
const SETTINGS: RoundSettings = {
  pet: { sum: limits, update: { ...limits, time: { ...limits.time, grace: 5 } }, sum2: limits },
  compat: { plurality: false, arrivalOrder: true },
};

function play(...events: readonly RoundEvent[]): Step {
  let next: Step = begin(0);
  for (const event of events) next = step(next.state, event, SETTINGS);
  return next;
}

const tally = (phase: 'sum' | 'update' | 'sum2', accepted: number, leading = 0, round = 1): RoundEvent => ({
  type: 'tallied',
  round,
  phase,
  accepted,
  leading,
});
const deadline: RoundEvent = { type: 'deadline' };
const IN_SUM: readonly RoundEvent[] = [{ type: 'erased' }, { type: 'round-stored' }];
const IN_UPDATE: readonly RoundEvent[] = [...IN_SUM, tally('sum', 3), deadline, { type: 'frozen', entries: 3 }];
const IN_SUM2: readonly RoundEvent[] = [...IN_UPDATE, tally('update', 4), deadline, { type: 'frozen', entries: 4 }];
const window = (state: RoundState): string | undefined => ('window' in state ? state.window : undefined);

test('window A takes the count, and its end decides by it; window B ends at the tally that makes it enough', () => {
  assert.equal(window(play(...IN_SUM, tally('sum', 1)).state), 'a');
  assert.equal(window(play(...IN_SUM, tally('sum', 2), deadline).state), 'closed');
  const late = play(...IN_SUM, tally('sum', 1), deadline);
  assert.equal(window(late.state), 'b');
  assert.equal(window(step(late.state, tally('sum', 2), SETTINGS).state), 'closed');
  assert.equal(step(late.state, deadline, SETTINGS).state.phase, 'failure', 'one of two');
});

test('grace begins with enough and ends with all', () => {
  const grace = play(...IN_UPDATE, deadline, tally('update', 2));
  assert.equal(window(grace.state), 'grace');
  assert.equal(window(step(grace.state, tally('update', 3), SETTINGS).state), 'grace');
  assert.equal(window(step(grace.state, tally('update', 4), SETTINGS).state), 'closed');
});

test('sum2 goes by the votes of the leading mask', () => {
  const split = play(...IN_SUM2, deadline, tally('sum2', 2, 1));
  assert.equal(window(split.state), 'b', 'two of three answered, no majority');
  assert.equal(window(step(split.state, tally('sum2', 2, 2), SETTINGS).state), 'closed');
  assert.equal(window(step(split.state, tally('sum2', 3, 1), SETTINGS).state), 'closed', 'nobody is left to come');
});

test('a tally of another round or phase, of a phase that is closed, or while the store recovers, changes nothing', () => {
  const { state } = play(...IN_UPDATE, deadline);
  for (const other of [tally('sum', 4), tally('sum2', 4, 4), tally('update', 4, 0, 2)]) assert.deepEqual(step(state, other, SETTINGS), { state, effects: [] });
  const closed = play(...IN_SUM, tally('sum', 2), deadline).state;
  assert.deepEqual(step(closed, tally('sum', 4), SETTINGS), { state: closed, effects: [] });
  const recovering = { ...state, recovering: true } as RoundState;
  assert.deepEqual(step(recovering, tally('update', 4), SETTINGS), { state: recovering, effects: [] });
});
