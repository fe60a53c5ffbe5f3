import assert from 'node:assert/strict';
import { test } from 'node:test';
import { percent } from '../figures.ts';
import { CLEARLY_BETTER, type DemoReport, judge, largestDifference, type RoundResult, reportLines } from './report.ts';

const round = (over: Partial<RoundResult> = {}): RoundResult => ({
  number: 1,
  round: 1,
  sums: 6,
  updates: 15,
  accuracy: 0.9,
  difference: 1e-9,
  bound: 2e-9,
  scalarSum: 0.6,
  seconds: 1.5,
  ...over,
});

test('all promises kept: no reasons', () => {
  assert.deepEqual(judge({ alone: 0.5, federated: 0.9 }, [round(), round({ difference: 0 })]), { ok: true, reasons: [] });
  assert.equal(judge({ alone: 0, federated: CLEARLY_BETTER }, [round({ difference: 2e-9 })]).ok, true, 'both exactly at the limit');
});

test('not clearly better than alone', () => {
  const verdict = judge({ alone: 0.5, federated: 0.59 }, [round()]);
  assert.equal(verdict.ok, false);
  assert.match(verdict.reasons.join(), /federated model \(59\.0 %\) is not clearly better than training alone \(50\.0 %\)/);
});

test('a difference above the bound in any round, named', () => {
  const verdict = judge({ alone: 0.5, federated: 0.9 }, [round(), round({ round: 4, difference: 2.1e-9 }), round({ round: 5 })]);
  assert.equal(verdict.ok, false);
  assert.equal(verdict.reasons.length, 1);
  assert.match(verdict.reasons[0]!, /^round 4: .*2\.1e-9.*bound 2\.0e-9/);
});

test('nothing that is not a number passes', () => {
  assert.equal(judge({ alone: 0.5, federated: Number.NaN }, [round()]).ok, false);
  assert.equal(judge({ alone: 0.5, federated: 0.9 }, [round({ difference: Number.NaN })]).ok, false);
  assert.equal(judge({ alone: 0.5, federated: 0.9 }, [round({ bound: Number.NaN })]).ok, false);
});

test('no successful round is a failure', () => {
  assert.match(judge({ alone: 0.1, federated: 0.9 }, []).reasons.join(), /no round/);
});

test('the largest difference is shown with its own bound, and how close any round came to its own', () => {
  const rounds = [round({ round: 1, difference: 5, bound: 10 }), round({ round: 2, difference: 3, bound: 4 }), round({ round: 3, difference: 6, bound: 20 })];
  assert.deepEqual(largestDifference(rounds), { difference: 6, bound: 20, round: 3, shareOfBound: 0.75 });
  assert.equal(largestDifference([]), undefined);
});

test('the table says everything the demo promises', () => {
  const report: DemoReport = {
    demo: 'digits',
    seed: 7,
    participants: 24,
    mask: 'Power2/F32/B0/M6',
    weights: 2410,
    length: 2410,
    examples: { train: 1287, test: 510, smallest: 14, median: 51, largest: 119 },
    heldOut: 'four forms',
    accuracy: { untrained: 0.1, alone: { mean: 0.557, worst: 0.3, best: 0.75 }, federated: 0.905, central: 0.931 },
    bytes: { update: 17_890, up: 3_456_789, down: 1_000 },
    seconds: { total: 20, round: 1.5 },
    failedRounds: 1,
    largestDifference: largestDifference([round({ round: 2 })]),
    rounds: [round({ round: 2 })],
    verdict: { ok: true, reasons: [] },
  };
  const text = reportLines(report).join('\n');
  for (const part of [
    '10.0 %',
    '55.7 %',
    '90.5 %',
    '93.1 %',
    '+34.8 points',
    '1.0e-9',
    'bound 2.0e-9 (round 2); no round above 50 % of its bound',
    '17 890',
    'up 3 456 789',
    '1.50 s',
    '1 more failed',
    'four forms',
    'seed: 7',
  ]) {
    assert.ok(text.includes(part), `${part} in\n${text}`);
  }
  assert.equal(percent(1), '100.0 %');
});
