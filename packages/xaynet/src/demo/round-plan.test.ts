import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEAST_UPDATES, phaseWindows, roleOdds, roundSucceeds } from './round-plan.ts';

// As measured on two cores of 2026.
const COSTS = { role: 0.001, message: 0.007, download: 0.004, update: 0.009, seal: 0.0025, mask: 0.0003 };

test('the chance of a round is that of counting all outcomes', () => {
  // Four participants, everyone who is not sum is update: exactly one sum participant is the only way.
  assert.ok(Math.abs(roundSucceeds(4, 0.25, 1) - 4 * 0.25 * 0.75 ** 3) < 1e-12);
  // Five, update with probability one half: enumerated.
  let expected = 0;
  const p = { s: 0.3, u: 0.7 * 0.5, n: 0.7 * 0.5 };
  for (let code = 0; code < 3 ** 5; code++) {
    const roles = Array.from({ length: 5 }, (_, i) => 'sun'[Math.floor(code / 3 ** i) % 3] as 's' | 'u' | 'n');
    const count = (role: string): number => roles.filter((each) => each === role).length;
    if (count('s') >= 1 && count('u') >= 3) expected += roles.reduce((product, role) => product * p[role], 1);
  }
  assert.ok(Math.abs(roundSucceeds(5, 0.3, 0.5) - expected) < 1e-12);
});

test('with the default number of participants a round hardly ever fails', () => {
  for (const participants of [24, 40, 100]) {
    const odds = roleOdds(participants);
    assert.ok(odds.success > 0.9995, `${participants}: ${odds.success}`);
    assert.ok(odds.sum * participants < 10, 'few sum participants: each derives the masks of all updates');
    assert.ok(odds.leastUpdates > 0.3 * participants * (1 - odds.sum));
    assert.ok(roundSucceeds(participants, odds.sum, odds.update, odds.leastUpdates) > odds.success - 0.0003);
  }
});

test('few participants still have a chance, and settings stay in range', () => {
  for (let participants = 4; participants <= 100; participants += participants < 30 ? 1 : 7) {
    const { sum, update, success, leastUpdates } = roleOdds(participants);
    assert.ok(sum > 0 && sum < 1 && update > 0 && update <= 1);
    assert.ok(success > 0.4, `${participants}: ${success}`);
    assert.ok(leastUpdates >= LEAST_UPDATES && leastUpdates < participants);
    const windows = phaseWindows(participants, roleOdds(participants), COSTS, 0.05);
    for (const { min, max } of Object.values(windows)) assert.ok(min > 0 && max > min && max < 60);
  }
});

test('windows grow with the work', () => {
  const odds = roleOdds(24);
  const quick = phaseWindows(24, odds, COSTS, 0.07);
  const slow = phaseWindows(24, odds, { ...COSTS, download: 0.1, update: 0.1, mask: 0.1 }, 0.07);
  assert.ok(slow.sum.min > quick.sum.min && slow.update.min > 5 * quick.update.min && slow.sum2.max > quick.sum2.max);
  assert.ok(quick.sum.min + quick.update.min + quick.sum2.min < 2, 'ten rounds end well under a minute');
});
