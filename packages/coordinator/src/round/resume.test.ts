// Every way to go on after a restart: each phase, before, in and after each of its windows, with and without enough messages; clocks that
// were set back, down times beyond the longest; and an admission whose outcome nobody knows.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostCandidates } from './phases/sum.ts';
import { beginAgain } from './resume.ts';
import type { DurablePhase, Effect, RoundEvent, RoundSettings, RoundState } from './state.ts';
import { begin, type Step, step } from './step.ts';

const limits = { count: { min: 2, max: 10 }, time: { min: 4, max: 20 } };
const SETTINGS: RoundSettings = { pet: { sum: limits, update: limits, sum2: limits }, compat: { plurality: false, arrivalOrder: false } };

/** A round interrupted in `phase`, going on `elapsed` seconds after the phase began. */
function goOn(phase: DurablePhase, elapsed: number, accepted: number, leading = accepted, settings = SETTINGS): Step {
  const first = beginAgain({ round: 7, phase, failures: 1 });
  assert.deepEqual(first.effects, [{ type: 'rebuild', phase }], 'no phase that it is not in is told of');
  return step(first.state, { type: 'rebuilt', accepted, sums: 3, leading, elapsed: elapsed * 1000 }, settings);
}

const next = (from: Step | RoundState, event: RoundEvent, settings = SETTINGS): Step => step('effects' in from ? from.state : from, event, settings);
const deadlineOf = ({ effects }: Step): string | undefined => {
  const found = effects.find((effect): effect is Effect & { type: 'deadline' } => effect.type === 'deadline');
  return found && `${found.after / 1000}${found.queuedFirst ? ' queue first' : ''}`;
};
const ENDS: Readonly<Record<'sum' | 'update' | 'sum2', Effect>> = {
  sum: { type: 'freeze', document: 'sums', progress: { round: 7, phase: 'update', failures: 1 } },
  update: { type: 'freeze', document: 'seeds', progress: { round: 7, phase: 'sum2', failures: 1 } },
  sum2: { type: 'enter', progress: { round: 7, phase: 'unmask', failures: 1 } },
};
const SHOWN = { sum: ['params'], update: ['params', 'sums'], sum2: ['params', 'sums', 'seeds'], unmask: ['params'] } as const;

for (const phase of ['sum', 'update', 'sum2'] as const) {
  test(`${phase} goes on in window A with what is left of it, whatever is stored`, () => {
    for (const [elapsed, accepted] of [
      [0, 0],
      [3.5, 0],
      [3.5, 10],
    ] as const) {
      const now = goOn(phase, elapsed, accepted);
      assert.equal('window' in now.state && now.state.window, 'a');
      assert.deepEqual('counts' in now.state && now.state.counts, { accepted, rejected: 0, discarded: 0 });
      assert.equal(deadlineOf(now), `${4 - elapsed}`);
      assert.deepEqual(now.effects[0], { type: 'publish', phase, show: SHOWN[phase], hide: [], elapsed: elapsed * 1000 });
      assert.deepEqual([now.state.phase, now.state.round, now.state.failures], [phase, 7, 1]);
    }
  });

  test(`${phase} goes on in window B when it has too little, and ends at the message that makes it enough`, () => {
    for (const elapsed of [4, 19]) {
      const now = goOn(phase, elapsed, 1);
      assert.equal('window' in now.state && now.state.window, 'b');
      assert.equal(deadlineOf(now), `${20 - elapsed} queue first`);
      const taken = next(now, { type: 'message', request: 1, round: 7, tag: phase });
      const last = next(taken, { type: 'admitted', request: 1, votes: 2 });
      assert.deepEqual(last.effects.at(-1), ENDS[phase]);
    }
  });

  test(`${phase} with enough when window A is over ends at once, however long ago that was`, () => {
    for (const elapsed of [4, 20, 1e6]) {
      const now = goOn(phase, elapsed, 3);
      assert.equal('window' in now.state && now.state.window, 'closed');
      assert.deepEqual(now.effects.at(-1), ENDS[phase]);
    }
  });

  test(`${phase} after its time with too little: what waits is handled first, then it times out`, () => {
    for (const elapsed of [20, 21, 1e6]) {
      const now = goOn(phase, elapsed, 1);
      assert.equal(deadlineOf(now), '0 queue first');
      const failed = next(now, { type: 'deadline' }).state;
      assert.equal(failed.phase === 'failure' && failed.cause.code, 'phase-timeout');
    }
  });

  test(`${phase} on a clock that was set back begins anew, and keeps what it has`, () => {
    const now = goOn(phase, -3600, 2);
    assert.equal(deadlineOf(now), '4');
    assert.equal(now.effects[0]!.type === 'publish' && now.effects[0]!.elapsed, 0);
    assert.equal('counts' in now.state && now.state.counts.accepted, 2);
  });

  test(`${phase}: an admission of unknown outcome stops everything but stop until the counts are known`, () => {
    const window = goOn(phase, 5, 1);
    const taken = next(window, { type: 'message', request: 1, round: 7, tag: phase });
    const stalled = next(taken, { type: 'stalled', request: 1, code: 'storage-failed' });
    const answer = { kind: 'discarded', code: 'storage-failed', retryAfter: 2 } as const;
    assert.deepEqual(stalled.effects, [
      { type: 'answer', request: 1, phase, answer },
      { type: 'recover', phase },
    ]);
    assert.deepEqual(next(stalled, { type: 'message', request: 2, round: 7, tag: phase }).effects, [{ type: 'answer', request: 2, phase, answer }]);
    assert.deepEqual(next(stalled, { type: 'deadline' }), { state: stalled.state, effects: [] });
    assert.equal(next(stalled, { type: 'stop' }).state.phase, 'shutdown');
    const without = next(stalled, { type: 'recovered', accepted: 1, leading: 1 });
    assert.deepEqual(without, { state: window.state, effects: [] }, 'it was not stored');
    const stored = next(stalled, { type: 'recovered', accepted: 2, leading: 2 });
    assert.deepEqual(stored.effects.at(-1), ENDS[phase], 'it was stored, and is the last one needed');
    assert.deepEqual(next(window, { type: 'recovered', accepted: 9, leading: 9 }).state, window.state, 'nothing was to be recovered');
  });
}

const graceful = { count: { min: 2, max: 3 }, time: { min: 4, max: 20, grace: 5 } };
const GRACE: RoundSettings = { pet: { sum: graceful, update: graceful, sum2: graceful }, compat: { plurality: false, arrivalOrder: true } };

for (const phase of ['sum', 'update', 'sum2'] as const) {
  test(`${phase} with enough when it goes on in window B has its grace from then on, never beyond time.max (W-30)`, () => {
    for (const [elapsed, left] of [
      [4, 5],
      [14, 5],
      [15, 5],
      [16, 4],
      [19.5, 0.5],
    ] as const) {
      const now = goOn(phase, elapsed, 2, 2, GRACE);
      assert.equal('window' in now.state && now.state.window, 'grace');
      assert.equal(deadlineOf(now), `${left} queue first`);
      assert.deepEqual(next(now, { type: 'deadline' }, GRACE).effects.at(-1), ENDS[phase], 'its end');
      const taken = next(now, { type: 'message', request: 1, round: 7, tag: phase }, GRACE);
      assert.deepEqual(next(taken, { type: 'admitted', request: 1, votes: 3 }, GRACE).effects.at(-1), ENDS[phase], 'count.max');
      const stalled = next(taken, { type: 'stalled', request: 1, code: 'storage-failed' }, GRACE);
      const lost = next(stalled, { type: 'recovered', accepted: 2, leading: 2 }, GRACE);
      assert.deepEqual(lost, { state: now.state, effects: [] }, 'an admission that was not stored, and no second grace');
    }
    for (const [elapsed, accepted] of [
      [20, 2],
      [1e6, 2],
      [5, 3],
    ] as const) {
      assert.deepEqual(goOn(phase, elapsed, accepted, accepted, GRACE).effects.at(-1), ENDS[phase], 'no time is left, or no place');
    }
    assert.equal(deadlineOf(goOn(phase, 15, 1, 1, GRACE)), '5 queue first', 'too few: time.max as ever');
    assert.equal(deadlineOf(goOn(phase, 1, 2, 2, GRACE)), '3', 'window A as ever');
  });

  test(`${phase}: what turns out to be stored after a failure of the store can begin the grace (W-30)`, () => {
    const window = goOn(phase, 5, 1, 1, GRACE);
    const taken = next(window, { type: 'message', request: 1, round: 7, tag: phase }, GRACE);
    const stalled = next(taken, { type: 'stalled', request: 1, code: 'storage-failed' }, GRACE);
    const known = next(stalled, { type: 'recovered', accepted: 2, leading: 2 }, GRACE);
    assert.equal('window' in known.state && known.state.window, 'grace');
    assert.deepEqual(known.effects, [{ type: 'deadline', after: 5000, queuedFirst: true, orSooner: true }]);
  });
}

test('sum2 ends its grace when everybody has answered, though it may take more (W-30)', () => {
  const many = { ...graceful, count: { min: 2, max: 50 } };
  const settings: RoundSettings = { ...GRACE, pet: { ...GRACE.pet, sum2: many } };
  const now = goOn('sum2', 5, 2, 2, settings);
  const taken = next(now, { type: 'message', request: 1, round: 7, tag: 'sum2' }, settings);
  assert.deepEqual(next(taken, { type: 'admitted', request: 1, votes: 3 }, settings).effects.at(-1), ENDS.sum2);
});

test('sum2 goes on until a majority of the sum participants agrees, as ever', () => {
  assert.equal('window' in goOn('sum2', 5, 2, 1).state && deadlineOf(goOn('sum2', 5, 2, 1)), '15 queue first');
  assert.deepEqual(goOn('sum2', 5, 2, 2).effects.at(-1), ENDS.sum2);
  assert.deepEqual(goOn('sum2', 5, 3, 1).effects.at(-1), ENDS.sum2, 'all have answered');
});

test('unmask begins again with counting', () => {
  const now = goOn('unmask', 100, 3);
  assert.deepEqual(now.effects, [{ type: 'publish', phase: 'unmask', show: ['params'], hide: [], elapsed: 100_000 }, { type: 'count-masks' }]);
  assert.deepEqual(now.state, { phase: 'unmask', round: 7, failures: 1, sums: 3, awaits: 'counted' });
});

test('while the round is read back no message is taken; damage fails it, and stop ends it without', () => {
  const first = beginAgain({ round: 7, phase: 'update', failures: 0 });
  const discarded = next(first, { type: 'message', request: 1, round: 7, tag: 'update' });
  assert.deepEqual(discarded.effects, [{ type: 'answer', request: 1, phase: 'idle', answer: { kind: 'discarded', code: 'message-discarded' } }]);
  const failed = next(first, { type: 'failed', code: 'seed-dict-damaged', message: '' });
  assert.deepEqual(failed.effects.at(-1), { type: 'clear', cause: { phase: 'idle', code: 'seed-dict-damaged', message: '' } });
  const stopped = next(first, { type: 'stop' });
  assert.ok(stopped.effects.every(({ type }) => type !== 'clear'));
});

test('a list of events replays to the same states after a resume, as data', () => {
  const events: RoundEvent[] = [
    { type: 'rebuilt', accepted: 1, sums: 1, leading: 0, elapsed: 5000 },
    { type: 'message', request: 1, round: 7, tag: 'update' },
    { type: 'stalled', request: 1, code: 'storage-failed' },
    { type: 'recovered', accepted: 2, leading: 0 },
    { type: 'frozen', entries: 2 },
    { type: 'deadline' },
    { type: 'stop' },
  ];
  const play = (list: readonly RoundEvent[]): Step[] => {
    const steps: Step[] = [beginAgain({ round: 7, phase: 'update', failures: 0 })];
    for (const event of list) steps.push(next(steps.at(-1)!, event));
    return steps;
  };
  const steps = play(events);
  assert.deepEqual(play(JSON.parse(JSON.stringify(events)) as RoundEvent[]), steps);
  assert.deepEqual(
    steps.map(({ state }) => state.phase),
    ['idle', 'update', 'update', 'update', 'update', 'sum2', 'sum2', 'shutdown'],
  );
});

test('sum admits more than there are places, so that a draw can decide; in the order of arrival it does not (T6)', () => {
  const settings = (max: number, arrivalOrder: boolean): RoundSettings => ({
    pet: { ...SETTINGS.pet, sum: { ...limits, count: { min: 1, max } } },
    compat: { plurality: false, arrivalOrder },
  });
  assert.equal(mostCandidates(settings(5, false)), 80);
  assert.equal(mostCandidates(settings(5, true)), 5);
  assert.equal(mostCandidates(settings(50_000, false)), 65_536);
  assert.equal(mostCandidates(settings(100_000, false)), 100_000);
});

test('begin is what it was: idle of the next round', () => {
  assert.deepEqual(begin(7).state, { phase: 'idle', round: 8, failures: 0, awaits: 'erased' });
});
