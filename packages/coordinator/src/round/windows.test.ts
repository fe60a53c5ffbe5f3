// The table of coordinator 1.6, row by row, against the pure step: a simulated driver of a few lines plays requests and time to it, with
// the same rule for deadlines as the real one. Times are in seconds from the beginning of the phase.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Deadline, isDeadlineNext } from './deadline.ts';
import type { PhaseLimits, RoundEvent, RoundSettings, RoundState } from './state.ts';
import { begin, step } from './step.ts';

interface Arrival {
  readonly at: number;
  /** Seconds that the store needs; 0. */
  readonly takes?: number;
  /** False: the store refuses it. */
  readonly ok?: boolean;
  /** True: an update, sent while sum is on. */
  readonly wrong?: boolean;
}

interface Result {
  /** One answer per arrival: its second and kind, for example `'7 accepted'`. */
  readonly answers: readonly string[];
  readonly end: string;
  readonly counts: string;
}

/** Plays a whole Sum phase. */
function play(limits: { count: [number, number]; time: [min: number, max: number, grace?: number] }, arrivals: readonly Arrival[]): Result {
  const sum: PhaseLimits = {
    count: { min: limits.count[0], max: limits.count[1] },
    time: { min: limits.time[0], max: limits.time[1], grace: limits.time[2] ?? 0 },
  };
  const settings: RoundSettings = { pet: { sum, update: sum, sum2: sum }, compat: { plurality: false, arrivalOrder: true } };
  const answers: string[] = arrivals.map(() => 'none');
  let state: RoundState = begin(0).state;
  let now = 0;
  let deadline: Deadline | undefined;
  let admission: { readonly id: number; readonly until: number } | undefined;
  let counts = '';
  const queue: number[] = [];
  const take = (event: RoundEvent): void => {
    const next = step(state, event, settings);
    state = next.state;
    if (state.phase === 'sum') counts = `${state.counts.accepted}/${state.counts.rejected}/${state.counts.discarded}`;
    for (const effect of next.effects) {
      if (effect.type === 'deadline' && !(effect.orSooner && deadline && deadline.at <= now + effect.after)) {
        deadline = { at: now + effect.after, queuedFirst: effect.queuedFirst };
      }
      if (effect.type === 'no-deadline') deadline = undefined;
      if (effect.type === 'admit') admission = { id: effect.request, until: now + (arrivals[effect.request]!.takes ?? 0) * 1000 };
      if (effect.type === 'answer') answers[effect.request] = `${now / 1000} ${effect.answer.kind}`;
      if (effect.type === 'purge') for (const id of queue.splice(0)) answers[id] = `${now / 1000} purged`;
    }
  };
  take({ type: 'erased' });
  take({ type: 'round-stored' });
  let arrived = 0;
  while (state.phase === 'sum' && state.window !== 'closed') {
    while (arrived < arrivals.length && arrivals[arrived]!.at * 1000 <= now) queue.push(arrived++);
    if (admission !== undefined && admission.until <= now) {
      const { id } = admission;
      admission = undefined;
      take(arrivals[id]!.ok === false ? { type: 'refused', request: id, code: 'sum-already-exists' } : { type: 'admitted', request: id, votes: 0 });
    } else if (admission === undefined && isDeadlineNext(deadline, now, queue.length === 0 ? undefined : arrivals[queue[0]!]!.at * 1000)) {
      deadline = undefined;
      take({ type: 'deadline' });
    } else if (admission === undefined && queue.length > 0) {
      const id = queue.shift()!;
      take({ type: 'message', request: id, round: state.round, tag: arrivals[id]!.wrong ? 'update' : 'sum' });
    } else {
      const times = [arrivals[arrived] && arrivals[arrived]!.at * 1000, admission ? admission.until : deadline?.at];
      now = Math.min(...times.filter((time) => time !== undefined && time > now).map(Number));
    }
  }
  const closedAt = now / 1000;
  if (state.phase === 'sum') take({ type: 'frozen', entries: 1 });
  return { answers, end: `${closedAt} ${state.phase === 'failure' ? state.cause.code : state.phase}`, counts };
}

const at = (...times: number[]): Arrival[] => times.map((time) => ({ at: time }));

const ROWS: readonly [string, Parameters<typeof play>[0], readonly Arrival[], { answers: readonly string[]; end: string; counts: string }][] = [
  [
    'count.max reached before time.min: the phase does not end early, further requests are discarded',
    { count: [1, 2], time: [4, 20] },
    at(1, 1.5, 2, 3.9),
    { answers: ['1 accepted', '1.5 accepted', '2 discarded', '3.9 discarded'], end: '4 update', counts: '2/0/2' },
  ],
  [
    'count.min reached before time.min: keeps accepting up to max until time.min',
    { count: [1, 3], time: [4, 20] },
    at(1, 2, 3, 3.5),
    { answers: ['1 accepted', '2 accepted', '3 accepted', '3.5 discarded'], end: '4 update', counts: '3/0/1' },
  ],
  [
    'count.min reached at the end of window A: ends at once, window B lasts zero time',
    { count: [2, 3], time: [4, 20] },
    at(1, 2),
    { answers: ['1 accepted', '2 accepted'], end: '4 update', counts: '2/0/0' },
  ],
  [
    'after time.min: ends at the very request that makes accepted = count.min',
    { count: [1, 2], time: [4, 20] },
    at(7, 7),
    { answers: ['7 accepted', '7 purged'], end: '7 update', counts: '1/0/0' },
  ],
  [
    'time.min = 0: exactly count.min are accepted, count.max has no effect',
    { count: [3, 100], time: [0, 20] },
    at(0, 0, 0, 0, 0),
    { answers: ['0 accepted', '0 accepted', '0 accepted', '0 purged', '0 purged'], end: '0 update', counts: '3/0/0' },
  ],
  [
    'time.min = time.max: window B has zero budget',
    { count: [2, 3], time: [4, 4] },
    at(1, 5),
    { answers: ['1 accepted', 'none'], end: '4 phase-timeout', counts: '1/0/0' },
  ],
  [
    'time.min = time.max: requests already queued can still make it',
    { count: [2, 3], time: [4, 4] },
    [{ at: 1, takes: 3 }, { at: 2 }, { at: 3 }],
    { answers: ['4 accepted', '4 accepted', '4 purged'], end: '4 update', counts: '2/0/0' },
  ],
  ['not enough by time.max: failure timeout', { count: [2, 3], time: [4, 20] }, at(5), { answers: ['5 accepted'], end: '20 phase-timeout', counts: '1/0/0' }],
  ['nothing at all: failure timeout', { count: [1, 2], time: [4, 20] }, [], { answers: [], end: '20 phase-timeout', counts: '0/0/0' }],
  [
    'a request that is being handled when the deadline of window A passes is finished first',
    { count: [1, 2], time: [4, 20] },
    [{ at: 3, takes: 6 }],
    { answers: ['9 accepted'], end: '9 update', counts: '1/0/0' },
  ],
  [
    'window B is measured from the end of window A, overrun included',
    { count: [2, 3], time: [4, 20] },
    [{ at: 3, takes: 6 }],
    { answers: ['9 accepted'], end: '25 phase-timeout', counts: '1/0/0' },
  ],
  [
    'a request that is being handled when window B expires is finished and counts (the original abandons it)',
    { count: [1, 2], time: [4, 20] },
    [{ at: 19, takes: 3 }],
    { answers: ['22 accepted'], end: '22 update', counts: '1/0/0' },
  ],
  [
    'rejected requests never end or fail a phase',
    { count: [1, 2], time: [0, 20] },
    [{ at: 1, ok: false }, { at: 2, ok: false }, { at: 3 }],
    { answers: ['1 rejected', '2 rejected', '3 accepted'], end: '3 update', counts: '1/2/0' },
  ],
  [
    'requests of another type are rejected and do not count toward min',
    { count: [1, 2], time: [0, 20] },
    [{ at: 1, wrong: true }, { at: 2 }],
    { answers: ['1 rejected', '2 accepted'], end: '2 update', counts: '1/1/0' },
  ],
  [
    'when the deadline of window A and a request are ready at the same moment, the deadline wins',
    { count: [1, 2], time: [4, 20] },
    at(1, 4),
    { answers: ['1 accepted', '4 purged'], end: '4 update', counts: '1/0/0' },
  ],
  [
    'when the deadline of window B and a request are ready at the same moment, the request is handled',
    { count: [1, 2], time: [4, 20] },
    at(20),
    { answers: ['20 accepted'], end: '20 update', counts: '1/0/0' },
  ],
  [
    'a request one millisecond after the deadline of window B is too late',
    { count: [1, 2], time: [4, 20] },
    at(20.001),
    { answers: ['none'], end: '20 phase-timeout', counts: '0/0/0' },
  ],
];

for (const [name, limits, arrivals, expected] of ROWS) {
  test(`windows: ${name}`, () => {
    assert.deepEqual(play(limits, arrivals), expected);
  });
}

const GRACE: typeof ROWS = [
  [
    'nobody more comes: it ends when the grace is over',
    { count: [2, 9], time: [4, 20, 3] },
    at(6, 7),
    { answers: ['6 accepted', '7 accepted'], end: '10 update', counts: '2/0/0' },
  ],
  [
    'who comes in time is counted, on the last millisecond too, and does not prolong it',
    { count: [2, 9], time: [4, 20, 3] },
    at(6, 7, 8, 10, 10.001),
    { answers: ['6 accepted', '7 accepted', '8 accepted', '10 accepted', 'none'], end: '10 update', counts: '4/0/0' },
  ],
  [
    'it ends at count.max',
    { count: [2, 3], time: [4, 20, 3] },
    at(6, 7, 8, 8),
    { answers: ['6 accepted', '7 accepted', '8 accepted', '8 purged'], end: '8 update', counts: '3/0/0' },
  ],
  [
    'with count.min = count.max there is none',
    { count: [2, 2], time: [4, 20, 3] },
    at(6, 7, 7),
    { answers: ['6 accepted', '7 accepted', '7 purged'], end: '7 update', counts: '2/0/0' },
  ],
  [
    'never beyond time.max',
    { count: [2, 9], time: [4, 20, 16] },
    at(6, 18, 20, 20.001),
    { answers: ['6 accepted', '18 accepted', '20 accepted', 'none'], end: '20 update', counts: '3/0/0' },
  ],
  [
    'enough on the last millisecond of time.max: none is left',
    { count: [2, 9], time: [4, 20, 3] },
    at(6, 20, 20.001),
    { answers: ['6 accepted', '20 accepted', 'none'], end: '20 update', counts: '2/0/0' },
  ],
  [
    'enough within window A: that was chance enough',
    { count: [2, 9], time: [4, 20, 3] },
    at(2, 3, 5),
    { answers: ['2 accepted', '3 accepted', 'none'], end: '4 update', counts: '2/0/0' },
  ],
  ['too few by time.max fail as ever', { count: [2, 9], time: [4, 20, 3] }, at(6), { answers: ['6 accepted'], end: '20 phase-timeout', counts: '1/0/0' }],
  [
    'what is refused meanwhile changes nothing',
    { count: [2, 9], time: [4, 20, 3] },
    [{ at: 6 }, { at: 7 }, { at: 8, ok: false }, { at: 9, wrong: true }],
    { answers: ['6 accepted', '7 accepted', '8 rejected', '9 rejected'], end: '10 update', counts: '2/2/0' },
  ],
  [
    'time.min = 0: the fastest are no longer the only ones',
    { count: [2, 9], time: [0, 20, 3] },
    at(0, 0, 0, 3),
    { answers: ['0 accepted', '0 accepted', '0 accepted', '3 accepted'], end: '3 update', counts: '4/0/0' },
  ],
  [
    'an admission that is under way when the grace ends is finished and counts',
    { count: [2, 9], time: [4, 20, 3] },
    [{ at: 6 }, { at: 7 }, { at: 9, takes: 4 }],
    { answers: ['6 accepted', '7 accepted', '13 accepted'], end: '13 update', counts: '3/0/0' },
  ],
];

for (const [name, limits, arrivals, expected] of GRACE) {
  test(`grace after window B (W-30): ${name}`, () => {
    assert.deepEqual(play(limits, arrivals), expected);
  });
}

test('a request that overtakes nobody: at the deadline of window A one that is queued waits for window B', () => {
  const { answers, counts } = play({ count: [2, 3], time: [4, 20] }, [{ at: 1 }, { at: 4 }]);
  assert.deepEqual(answers, ['1 accepted', '4 accepted']);
  assert.equal(counts, '2/0/0');
});
