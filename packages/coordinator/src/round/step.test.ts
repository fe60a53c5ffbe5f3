// What the machine does besides its time windows: transitions, publication, the choice of the mask, failure and back-off, stop.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitAfterFailure } from './phases/failure.ts';
import { sum2Limits } from './phases/sum2.ts';
import type { Effect, RoundEvent, RoundSettings, RoundState } from './state.ts';
import { begin, type Step, step } from './step.ts';

const limits = { count: { min: 1, max: 10 }, time: { min: 0, max: 20 } };
const SETTINGS: RoundSettings = {
  pet: { sum: limits, update: { ...limits, count: { min: 3, max: 10 } }, sum2: limits },
  compat: { plurality: false, arrivalOrder: false },
};
const PLURALITY: RoundSettings = { ...SETTINGS, compat: { plurality: true, arrivalOrder: false } };

/** Feeds events one after another; all effects, and the last state. */
function feed(from: Step, events: readonly RoundEvent[], settings: RoundSettings = SETTINGS): { state: RoundState; effects: Effect[] } {
  let { state } = from;
  const effects: Effect[] = [];
  for (const event of events) {
    const next = step(state, event, settings);
    state = next.state;
    effects.push(...next.effects);
  }
  return { state, effects };
}

let requests = 0;
/** A message that arrives and is admitted. */
function accepted(tag: 'sum' | 'update' | 'sum2', votes = 0): RoundEvent[] {
  const request = requests++;
  return [
    { type: 'message', request, round: 1, tag },
    { type: 'admitted', request, votes },
  ];
}

const TO_SUM: RoundEvent[] = [{ type: 'erased' }, { type: 'round-stored' }, { type: 'deadline' }];
const toUpdate = (sums: number): RoundEvent[] => [...TO_SUM, ...accepted('sum'), { type: 'frozen', entries: sums }, { type: 'deadline' }];
const toSum2 = (sums: number): RoundEvent[] => [
  ...toUpdate(sums),
  ...accepted('update'),
  ...accepted('update'),
  ...accepted('update'),
  { type: 'frozen', entries: 3 },
  { type: 'deadline' },
];
const toUnmask = (sums: number): RoundEvent[] => [...toSum2(sums), ...accepted('sum2', sums), { type: 'entered' }];
const CLEARED: RoundEvent = { type: 'cleared' };
const published = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) => (effect.type === 'publish' ? [`${effect.phase} +${effect.show} -${effect.hide}`] : []));

test('a whole round: each phase is published in one act together with its documents (W-08)', () => {
  const { state, effects } = feed(begin(0), [
    ...toUnmask(1),
    { type: 'counted', votes: [1] },
    { type: 'unmasked', withinBound: true },
    { type: 'model-stored' },
  ]);
  assert.deepEqual(published(effects), ['sum +params -', 'update +sums -', 'sum2 +seeds -', 'unmask + -sums,seeds', 'idle +model -']);
  assert.deepEqual(state, { phase: 'idle', round: 2, failures: 0, awaits: 'erased' });
  const kinds = effects.map(({ type }) => type).filter((type) => !['publish', 'deadline', 'no-deadline', 'answer', 'admit', 'purge'].includes(type));
  assert.deepEqual(kinds, ['new-round', 'freeze', 'aggregate', 'freeze', 'enter', 'count-masks', 'unmask', 'store-model', 'erase']);
});

test('the first round after a fresh start is 1, after a restart the stored one + 1', () => {
  assert.equal(begin(0).state.round, 1);
  assert.equal(begin(41).state.round, 42);
});

test('the purge of a phase comes before anything of the next one is published', () => {
  const { effects } = feed(begin(0), [...TO_SUM, ...accepted('sum'), { type: 'frozen', entries: 1 }]);
  const types = effects.slice(-4).map(({ type }) => type);
  assert.deepEqual(types, ['purge', 'aggregate', 'publish', 'deadline']);
});

test('a message is discarded while a phase is closed, and in idle, unmask, failure; refused for good in shutdown', () => {
  const message: RoundEvent = { type: 'message', request: 900, round: 1, tag: 'sum' };
  const situations: [string, RoundEvent[]][] = [
    ['idle', []],
    ['sum', [...TO_SUM, ...accepted('sum')]],
    ['unmask', toUnmask(1)],
    ['failure', [{ type: 'failed', code: 'storage-failed', message: '' }]],
    ['shutdown', [{ type: 'stop' }]],
  ];
  for (const [phase, events] of situations) {
    const before = feed(begin(0), events);
    assert.equal(before.state.phase, phase);
    const { state, effects } = step(before.state, message, SETTINGS);
    const code = phase === 'shutdown' ? 'shutting-down' : 'message-discarded';
    assert.deepEqual(effects, [{ type: 'answer', request: 900, phase, answer: { kind: 'discarded', code } }], phase);
    assert.equal(state, before.state, 'counters unchanged');
  }
});

test('a message of the right type but of an earlier round is rejected', () => {
  const { state, effects } = feed(begin(4), [...TO_SUM, { type: 'message', request: 901, round: 4, tag: 'sum' }]);
  assert.deepEqual(effects.at(-1), { type: 'answer', request: 901, phase: 'sum', answer: { kind: 'rejected', code: 'message-unexpected' } });
  assert.equal('counts' in state && state.counts.rejected, 1);
});

test('an empty sum or seed dictionary fails the round', () => {
  const sums = feed(begin(0), [...TO_SUM, ...accepted('sum'), { type: 'frozen', entries: 0 }]).state;
  assert.equal(sums.phase === 'failure' && sums.cause.code, 'sum-dict-empty');
  const seeds = feed(begin(0), [...toUpdate(1), ...accepted('update'), ...accepted('update'), ...accepted('update'), { type: 'frozen', entries: 0 }]).state;
  assert.equal(seeds.phase === 'failure' && seeds.cause.code, 'seed-dict-empty');
});

const MASKS: readonly [string, number, readonly number[], string, string][] = [
  // what, sums, votes, outcome under majority, outcome under plurality
  ['no mask', 3, [], 'mask-none', 'mask-none'],
  ['one mask of one sum participant', 1, [1], 'unmasked', 'unmasked'],
  ['a single vote of three', 3, [1], 'mask-no-majority', 'unmasked'],
  ['exactly half', 4, [2, 1], 'mask-no-majority', 'unmasked'],
  ['just more than half', 5, [3, 2], 'unmasked', 'unmasked'],
  ['all', 4, [4], 'unmasked', 'unmasked'],
  ['a tie', 4, [2, 2], 'mask-ambiguous', 'mask-ambiguous'],
  ['a tie of single votes', 2, [1, 1], 'mask-ambiguous', 'mask-ambiguous'],
  ['a majority, though the second is close', 3, [2, 1], 'unmasked', 'unmasked'],
];
for (const [what, sums, votes, majority, plurality] of MASKS) {
  test(`masks: ${what}`, () => {
    for (const [settings, expected] of [
      [SETTINGS, majority],
      [PLURALITY, plurality],
    ] as const) {
      const state = { phase: 'unmask', round: 1, failures: 0, sums, awaits: 'counted' } as const;
      const next = step(state, { type: 'counted', votes }, settings).state;
      assert.equal(next.phase === 'failure' ? next.cause.code : next.phase === 'unmask' && next.awaits, expected);
    }
  });
}

test('sum2 waits for a majority: one fast liar among three cannot end it (T7)', () => {
  const start = feed(begin(0), toSum2(3));
  const liar = feed(start, accepted('sum2', 1));
  assert.equal(liar.state.phase, 'sum2', 'count.min is 1, but one of three is no majority');
  const honest = feed(liar, accepted('sum2', 1));
  assert.equal(honest.state.phase, 'sum2', 'two answers that differ');
  const entered: RoundEvent = { type: 'entered' };
  assert.equal(feed(honest, [...accepted('sum2', 2), entered]).state.phase, 'unmask', 'two of three agree');
  assert.equal(feed(honest, [...accepted('sum2', 1), entered]).state.phase, 'unmask', 'all have answered: waiting longer cannot help');
  assert.equal(feed(start, [...accepted('sum2', 1), entered], PLURALITY).state.phase, 'unmask', 'as in the original');
});

test('sum2 at time.max: below the minimum it times out, above it unmasking says what is wrong', () => {
  const few = feed(begin(0), [...toSum2(3), ...accepted('sum2', 1), { type: 'deadline' }]).state;
  assert.equal(few.phase === 'failure' && few.cause.code, 'phase-timeout');
  const split = feed(begin(0), [
    ...toSum2(4),
    ...accepted('sum2', 1),
    ...accepted('sum2', 1),
    ...accepted('sum2', 2),
    { type: 'deadline' },
    { type: 'entered' },
  ]).state;
  assert.equal(split.phase, 'unmask');
});

test('the limits of sum2: majority of the sum dictionary, and a maximum that allows it', () => {
  const settings = (min: number, max: number): RoundSettings => ({ ...SETTINGS, pet: { ...SETTINGS.pet, sum2: { ...limits, count: { min, max } } } });
  assert.deepEqual(sum2Limits(1, settings(1, 100)).count, { min: 1, max: 100 });
  assert.deepEqual(sum2Limits(2, settings(1, 100)).count, { min: 2, max: 100 });
  assert.deepEqual(sum2Limits(3, settings(1, 100)).count, { min: 2, max: 100 });
  assert.deepEqual(sum2Limits(50, settings(1, 100)).count, { min: 26, max: 100 });
  assert.deepEqual(sum2Limits(50, settings(40, 100)).count, { min: 40, max: 100 });
  assert.deepEqual(sum2Limits(50, settings(1, 10)).count, { min: 26, max: 26 });
  assert.deepEqual(sum2Limits(50, { ...settings(1, 10), compat: { plurality: true, arrivalOrder: false } }).count, { min: 1, max: 10 });
});

test('a model out of range is not stored, and the previous one stays (T11)', () => {
  const { state, effects } = feed(begin(0), [...toUnmask(1), { type: 'counted', votes: [1] }, { type: 'unmasked', withinBound: false }]);
  assert.equal(state.phase === 'failure' && state.cause.code, 'model-out-of-range');
  assert.ok(effects.every((effect) => effect.type !== 'store-model' && !(effect.type === 'publish' && effect.show.includes('model'))));
});

test('every phase goes to failure when an effect fails: dictionaries are cleared, parameters and model stay, waiting requests are answered', () => {
  const failed: RoundEvent = { type: 'failed', code: 'storage-failed', message: 'disk full' };
  for (const events of [[], TO_SUM, toUpdate(1), toSum2(1), [...toSum2(1), ...accepted('sum2', 1)], toUnmask(1)]) {
    const before = feed(begin(0), events).state;
    const { state, effects } = step(before, failed, SETTINGS);
    assert.deepEqual(state.phase === 'failure' && state.cause, { phase: before.phase, code: 'storage-failed', message: 'disk full' });
    assert.deepEqual(published(effects), ['failure + -sums,seeds']);
    assert.deepEqual(
      effects.map(({ type }) => type),
      ['no-deadline', 'publish', 'report', 'purge', 'clear'],
    );
  }
  const admitting = feed(begin(0), [...TO_SUM, { type: 'message', request: 902, round: 1, tag: 'sum' }]).state;
  assert.deepEqual(step(admitting, failed, SETTINGS).effects[0], {
    type: 'answer',
    request: 902,
    phase: 'sum',
    answer: { kind: 'rejected', code: 'storage-failed' },
  });
});

test('failure probes the stores with growing pauses, then begins the next round', () => {
  let { state, effects }: Step = feed(begin(0), [{ type: 'failed', code: 'storage-failed', message: '' }]);
  assert.deepEqual(effects.at(-1), { type: 'clear', cause: { phase: 'idle', code: 'storage-failed', message: '' } }, 'before anything else');
  assert.deepEqual(step(state, { type: 'deadline' }, SETTINGS), { state, effects: [] });
  ({ state, effects } = feed({ state, effects: [] }, [CLEARED]));
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    waits.push(...effects.flatMap((effect) => (effect.type === 'deadline' ? [effect.after] : [])));
    ({ state, effects } = step(state, { type: 'deadline' }, SETTINGS));
    assert.deepEqual(effects, [{ type: 'probe' }]);
    ({ state, effects } = step(state, i % 2 === 0 ? { type: 'probed', ready: false } : { type: 'failed', code: 'internal-error', message: '' }, SETTINGS));
  }
  assert.deepEqual(waits, [0, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
  const ready = feed({ state, effects: [] }, [{ type: 'deadline' }, { type: 'probed', ready: true }]);
  assert.deepEqual(ready.state, { phase: 'idle', round: 2, failures: 1, awaits: 'erased' });
});

test('failures in a row wait longer and longer, timeouts at most five seconds; a success forgets them', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 8, 9, 1000].map((failures) => waitAfterFailure(failures, 'storage-failed')),
    [0, 1000, 2000, 4000, 60_000, 60_000, 60_000],
  );
  assert.deepEqual(
    [1, 2, 3, 4, 5, 1000].map((failures) => waitAfterFailure(failures, 'phase-timeout')),
    [0, 1000, 2000, 4000, 5000, 5000],
  );
  const again: RoundEvent[] = [{ type: 'failed', code: 'storage-failed', message: '' }, CLEARED, { type: 'deadline' }, { type: 'probed', ready: true }];
  assert.equal(feed(begin(0), [...again, ...again]).state.failures, 2);
});

test('stop leads to shutdown from everywhere, answers all, and nothing moves any more', () => {
  for (const events of [
    [],
    TO_SUM,
    toUpdate(1),
    toSum2(1),
    [...toSum2(1), ...accepted('sum2', 1)],
    [{ type: 'failed', code: 'storage-failed', message: '' } as RoundEvent],
  ]) {
    const { state, effects } = step(feed(begin(0), events).state, { type: 'stop' }, SETTINGS);
    assert.equal(state.phase, 'shutdown');
    assert.deepEqual(
      effects.map(({ type }) => type),
      ['no-deadline', 'purge', 'publish', 'finish'],
    );
    for (const event of [{ type: 'stop' }, { type: 'deadline' }, { type: 'erased' }, { type: 'failed', code: 'internal-error', message: '' }] as RoundEvent[]) {
      assert.deepEqual(step(state, event, SETTINGS), { state, effects: [] });
    }
  }
});

test('events that do not concern a state leave it alone', () => {
  const strange: RoundEvent[] = [
    { type: 'model-stored' },
    { type: 'probed', ready: true },
    { type: 'counted', votes: [1] },
    { type: 'unmasked', withinBound: true },
  ];
  for (const events of [[], TO_SUM, toUpdate(1), toSum2(1)]) {
    const { state } = feed(begin(0), events);
    for (const event of strange) assert.deepEqual(step(state, event, SETTINGS), { state, effects: [] });
  }
});
