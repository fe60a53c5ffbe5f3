import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ChaosReport, kept, tableLines, verdictLines } from './report.ts';
import { ChaosShow, progressText } from './show.ts';

const REPORT: ChaosReport = {
  chaos: 'coordinator',
  seed: 7,
  participants: 24,
  weights: 49,
  chunked: false,
  seconds: 65,
  stopped: false,
  kills: { coordinator: 20, participants: 3, aimed: { sum: 12, 'start-up': 8 } },
  stops: 1,
  freezes: 2,
  starts: 22,
  recovery: { median: 400, longest: 900 },
  messages: {
    requests: 120,
    fates: { pass: 80, drop: 5, cut: 1, lose: 10, twice: 4, again: 3, delay: 2 },
    verdicts: { 200: 90, '409 already-submitted': 9 },
    sent: 91,
    acknowledged: 90,
  },
  updates: { acknowledged: 60, counted: 61, lost: 0, doubled: 0, corrupt: 0 },
  rounds: { wanted: 4, completed: 4, recorded: 4, failed: {}, resumed: 4, abandoned: 0 },
  breaches: [],
  folder: undefined,
};

test('the table has every number once, the verdict says whether all is well', () => {
  const text = tableLines(REPORT).join('\n');
  for (const line of [
    /kills of the coordinator +20 {2}sum 12, start-up 8/,
    /answered 409 already-submitted +9$/m,
    /dropped before +6 {2}1 of them/,
    /duplicated +7 /,
    / lost +0 /,
    /time +1:05 {2}seed 7/,
  ])
    assert.match(text, line);
  assert.equal(kept(REPORT), true);
  assert.deepEqual(verdictLines(REPORT), ['All promises kept: nothing lost, nothing doubled.']);
  const stopped = { ...REPORT, stopped: true, rounds: { ...REPORT.rounds, completed: 2 } };
  assert.deepEqual([kept(stopped), verdictLines(stopped)], [true, ['Stopped early; every promise kept so far.']]);
});

test('a broken promise, or rounds that did not come: not kept, and where to look', () => {
  const broken = { ...REPORT, folder: '/tmp/x', breaches: [{ kind: 'lost', round: 'ab'.repeat(32), text: 'update of participant 3' } as const] };
  assert.equal(kept(broken), false);
  assert.match(verdictLines(broken).join('\n'), /^BROKEN \(lost\) round abababab: update of participant 3\nLogs, settings and data: \/tmp\/x/);
  const short = { ...REPORT, rounds: { ...REPORT.rounds, completed: 3 } };
  assert.deepEqual([kept(short), verdictLines(short)], [false, ['BROKEN: 3 rounds completed of 4']]);
});

test('progress: a line a round where nobody watches, one line that is redrawn on a terminal', () => {
  const progress = { phase: 'sum', kills: 9, acknowledged: 40, counted: 20, lost: 0, doubled: 0, completed: 2, failed: 0, resumed: 2, broken: 1 };
  assert.match(progressText(progress, 5, 61), /^1:01 {2}round 2 of 5 \(sum\) {2}9 kills, 2 rounds resumed, .* 0 doubled, 1 BROKEN$/);
  const draw = (isTTY: boolean): string => {
    let text = '';
    const show = new ChaosShow({ isTTY, columns: 60, write: (more) => (text += more) }, 5, {});
    for (const completed of [0, 0, 1, 1, 2]) show.tell({ ...progress, completed });
    show.end();
    show.end();
    return text;
  };
  assert.equal(draw(false).split('\n').length, 3, 'two lines');
  if (process.env.TERM === 'dumb') return;
  const lines = draw(true).split('\r\u001b[2K');
  assert.deepEqual([lines.length, lines.at(-1)!.endsWith('\n'), lines.every((line) => line.length < 61)], [6, true, true]);
});
