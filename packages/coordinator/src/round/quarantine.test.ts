// The bisection of suspects after garbled rounds: it finds who garbles, lets everybody else back in, and never starves a round.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { afterRound, NO_QUARANTINE, QUARANTINE_ROUNDS, type Quarantine, verdictOfFailure } from './quarantine.ts';

const names = (n: number): string[] => Array.from({ length: n }, (_, i) => `p${i}`);

function seeded(seed: number): (n: number) => number {
  let state = seed >>> 0 || 1;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

/** Rounds with everybody who is let in; those with a culprit are garbled. */
function simulate(all: readonly string[], culprits: ReadonlySet<string>, least: number, rounds: number, draw: (n: number) => number) {
  let quarantine: Quarantine = NO_QUARANTINE;
  const outcomes: ('model' | 'garbled')[] = [];
  for (let i = 0; i < rounds; i++) {
    const updates = all.filter((name) => !quarantine.excluded.includes(name));
    assert.ok(updates.length >= least, 'a round is never starved');
    const verdict = updates.some((name) => culprits.has(name)) ? 'garbled' : 'model';
    outcomes.push(verdict);
    quarantine = afterRound(quarantine, { verdict, updates }, least, draw);
  }
  return { quarantine, outcomes };
}

describe('quarantine by bisection (T9, T10)', () => {
  it('finds one culprit among forty within some fifty rounds, and only that one stays out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1 }), fc.integer({ min: 0, max: 39 }), (seed, culprit) => {
        const { quarantine, outcomes } = simulate(names(40), new Set([`p${culprit}`]), 20, 48, seeded(seed));
        assert.deepEqual(quarantine.excluded, [`p${culprit}`]);
        assert.deepEqual(new Set(outcomes.slice(-8)), new Set(['model']), 'rounds complete again');
      }),
    );
  });

  it('goes on finding with two and three culprits: most rounds complete again', () => {
    for (const n of [2, 3]) {
      const { outcomes } = simulate(names(60), new Set(names(n)), 20, 120, seeded(7 + n));
      const models = outcomes.filter((outcome) => outcome === 'model').length;
      assert.ok(models > 60, `${n} culprits: ${models} of 120 rounds`);
    }
  });

  it('leaves nobody out when the round needs everybody, and as many as it can spare', () => {
    const all = names(10);
    const garbled = { verdict: 'garbled', updates: all } as const;
    assert.deepEqual(afterRound(NO_QUARANTINE, garbled, 10, seeded(1)).excluded, []);
    assert.equal(afterRound(NO_QUARANTINE, garbled, 9, seeded(1)).excluded.length, 1);
    assert.equal(afterRound(NO_QUARANTINE, garbled, 8, seeded(1)).excluded.length, 2);
    assert.equal(afterRound(NO_QUARANTINE, garbled, 3, seeded(1)).excluded.length, 5);
  });

  it('does nothing without a garbled round', () => {
    assert.deepEqual(afterRound(NO_QUARANTINE, { verdict: 'model', updates: names(9) }, 3, seeded(1)), NO_QUARANTINE);
    for (const verdict of ['other', 'starved'] as const) assert.deepEqual(afterRound(NO_QUARANTINE, { verdict, updates: [] }, 3, seeded(1)), NO_QUARANTINE);
  });

  it('ends when a round finds too few participants, and after many rounds', () => {
    const started = afterRound(NO_QUARANTINE, { verdict: 'garbled', updates: names(10) }, 3, seeded(1));
    assert.deepEqual(afterRound(started, { verdict: 'starved', updates: [] }, 3, seeded(1)), NO_QUARANTINE);
    assert.deepEqual(afterRound(started, { verdict: 'other', updates: [] }, 3, seeded(1)).excluded, started.excluded);
    const old = { ...started, age: QUARANTINE_ROUNDS - 1 };
    assert.deepEqual(afterRound(old, { verdict: 'model', updates: [] }, 3, seeded(1)), NO_QUARANTINE);
  });

  it('knows which failures speak of garbled updates', () => {
    assert.equal(verdictOfFailure('unmask', 'mask-no-majority', 3), 'garbled');
    assert.equal(verdictOfFailure('unmask', 'model-out-of-range', 3), 'garbled');
    assert.equal(verdictOfFailure('sum2', 'phase-timeout', 0), 'garbled');
    assert.equal(verdictOfFailure('sum2', 'phase-timeout', 1), 'other', 'somebody could open the seeds');
    assert.equal(verdictOfFailure('update', 'phase-timeout', 0), 'starved');
    assert.equal(verdictOfFailure('sum', 'phase-timeout', 0), 'other');
  });
});
