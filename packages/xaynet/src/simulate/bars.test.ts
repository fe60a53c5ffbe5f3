import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { paintFor } from '../screen.ts';
import { type Board, bar, estimate, frame, roundLine } from './bars.ts';
import type { RoundResult } from './result.ts';
import { SimulationShow } from './show.ts';

const RESULT: RoundResult = {
  round: 1,
  model: { accuracy: 0.5, loss: 1, digest: 'd', bytes: 9, difference: 1e-10, bound: 2e-10, shares: 3, effect: undefined },
  selected: { sum: 2, update: 9 },
  accepted: { sum: 2, update: 7, sum2: 2 },
  left: { sum: 0, update: 1 },
  late: 1,
  clamped: 0,
  refusals: {},
  gaveUp: {},
  bytes: { up: 1, down: 2 },
  seconds: 1.5,
  simulated: 120,
  phases: {},
};

test('a bar is filled in eighths of a cell, never beyond its ends', () => {
  assert.deepEqual(
    [0, 0.5, 0.515625, 1, 7, -1].map((share) => bar(share, 8)),
    ['········', '████····', '████▏···', '████████', '████████', '········'],
  );
});

test('an estimate waits until there is something to tell from', () => {
  assert.deepEqual([estimate(0, 10, 5), estimate(1, 10, 0.1), estimate(2, 10, 4)], [undefined, undefined, 16]);
});

test('the frame shows rounds and phase with what is left of them, and the last model', () => {
  const board: Board = {
    rounds: 2,
    results: [RESULT],
    round: 2,
    phase: 'update',
    counts: { sumSelected: 2, updateSelected: 9, sum: 2, update: 4, sum2: 0 },
    expected: 8,
    done: 4,
    seconds: 13.5,
    phaseSeconds: 4,
    simulated: 160,
    memory: 2e8,
  };
  const lines = frame(board, paintFor(false));
  assert.match(lines[0]!, /rounds █+.·+ 1 of 2 {2}about 0:0\d left/);
  assert.match(lines[1]!, /update █{15}·{15} 4 of 8 {2}about 0:04 left/);
  assert.match(lines[2]!, /round 2: 2 sum, 4 update, 0 masks {3}0:13 on the wall, 2:40 simulated, 200 MB/);
  assert.match(lines[3]!, /accuracy 50\.0 %/);
});

test('a round is a line, with what went wrong', () => {
  assert.equal(
    roundLine(RESULT),
    'round 1  accuracy 50.0 %, unmasked − plain mean 1.0e-10 (bound 2.0e-10); 7 of 9 updates, 2 of 2 masks, 1 left, 1 late; 1.5 s (120 s simulated)',
  );
  const { model: _, ...failed } = { ...RESULT, failure: { phase: 'sum2', code: 'phase-timeout', message: '' } };
  assert.match(roundLine(failed), /^round 1 {2}FAILED in sum2 \(phase-timeout\): 7 of 9 updates/);
  assert.match(roundLine({ ...failed, refusals: { 'chunk-count': 5 } }), /1 late, 5 chunk-count; 1\.5 s/);
});

test('what takes long is shown while it does: models that are being masked, masks that are added up, the mean that is unmasked', () => {
  const shown = (changes: object): string => {
    let text = '';
    const show = new SimulationShow({ write: (part) => (text += part), isTTY: true, columns: 100 }, 11, 1);
    const counts = { sumSelected: 2, updateSelected: 9, sum: 2, update: 4, sum2: 0 };
    const book = { round: 1, results: [], counts, underWay: new Map(), unmasking: undefined, ...changes };
    show.tell({ plan: { expected: { sum: 2, update: 8 } }, book, timeline: { now: 1000 } } as unknown as Parameters<SimulationShow['tell']>[0]);
    show.end();
    return /(?:update|sum2 {2}|unmask) .*/.exec(stripVTControlCharacters(text))![0].trimEnd();
  };
  const half = [
    [1, 0.75],
    [2, 0.25],
  ] as const;
  assert.equal(shown({ phase: 'update' }), 'update ███████████████··············· 4 of 8');
  assert.equal(shown({ phase: 'update', underWay: new Map(half) }), 'update ██████████████████▊··········· 5 of 8');
  assert.equal(shown({ phase: 'sum2', underWay: new Map(half) }), 'sum2   ███████████████··············· 1 of 2');
  assert.equal(shown({ phase: 'unmask' }), 'unmask ······························');
  assert.equal(shown({ phase: 'unmask', unmasking: { done: 500_000, total: 1_000_000 } }), 'unmask ███████████████··············· 500 000 of 1 000 000');
});

test('on a terminal the bars give way to lines that stay, and go at the end', () => {
  let text = '';
  const show = new SimulationShow({ write: (part) => (text += part), isTTY: true, columns: 100 }, 11, 2);
  const counts = { sumSelected: 2, updateSelected: 9, sum: 2, update: 4, sum2: 0 };
  const book = { round: 1, phase: 'update', results: [] as RoundResult[], counts, underWay: new Map([[3, 0.5]]) };
  const progress = { plan: { expected: { sum: 2, update: 9 } }, book, timeline: { now: 1000 } } as unknown as Parameters<SimulationShow['tell']>[0];
  show.tell(progress);
  assert.match(text, /4 of 9/);
  book.results.push(RESULT);
  show.tell(progress);
  assert.ok(text.lastIndexOf('round 1  accuracy 50.0 %') > text.indexOf('4 of 9'));
  show.end();
  assert.ok(text.lastIndexOf('\u001b[?25h') > text.lastIndexOf('\u001b[?25l'), 'the cursor is back');
});
