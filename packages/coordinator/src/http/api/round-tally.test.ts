// What is counted of a round: everything once, in steps that grow with it, by phase and code; whatever comes, it stays small.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CoordinatorEvent } from '../../events.ts';
import { mistakesOf } from './rig.test.ts';
import { Tally } from './round-tally.ts';
import { SCHEMAS } from './schemas.ts';

const params = { sum: 0.25, update: 0.5 };
const round = (number: number): CoordinatorEvent => ({ type: 'round', round: number, params: params as never });
const phase = (name: string): CoordinatorEvent => ({ type: 'phase', round: 1, phase: name as never });
const accepted = (tag: 'sum' | 'update' | 'sum2', bytes = 10): CoordinatorEvent => ({
  type: 'accepted',
  round: 1,
  phase: tag,
  tag,
  participant: undefined as never,
  bytes,
});
const refused = (code: string): CoordinatorEvent => ({ type: 'refused', round: 1, phase: 'sum', code: code as never, bytes: 5 });
const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

test('a round from its beginning to its end', () => {
  let now = 1000;
  const tally = new Tally(() => now);
  assert.equal(tally.take(accepted('sum')), false);
  assert.equal(tally.document, null);
  tally.take(round(4));
  tally.take(phase('sum'));
  now += 120;
  tally.take(accepted('sum'));
  tally.take(refused('sealed-box-open-failed'));
  tally.take(refused('sealed-box-open-failed'));
  now += 500;
  tally.take(phase('update'));
  tally.take(accepted('update', 700));
  tally.take({ ...accepted('update'), type: 'rejected', code: 'seed-dict-mismatch' } as CoordinatorEvent);
  now += 10;
  tally.take(phase('idle'));
  const document = tally.document!;
  assert.deepEqual(mistakesOf(document, (SCHEMAS.Live as { properties: Record<string, unknown> }).properties.round), []);
  assert.deepEqual([document.round, document.since, document.until, document.step, document.probability], [4, 1000, 1630, 50, params]);
  assert.deepEqual(document.phases, [
    { phase: 'sum', began: 1000, ended: 1620 },
    { phase: 'update', began: 1620, ended: 1630 },
  ]);
  assert.deepEqual(document.arrivals.sum, [0, 0, 1]);
  assert.deepEqual([document.arrivals.refused[2], document.arrivals.update[12]], [2, 1]);
  assert.deepEqual(document.bytes, { accepted: 710, refused: 20 });
  assert.deepEqual(
    document.refusals.map(({ verdict, code, count }) => [verdict, code, count]),
    [
      ['refused', 'sealed-box-open-failed', 2],
      ['rejected', 'seed-dict-mismatch', 1],
    ],
  );
  tally.take(round(5));
  assert.deepEqual([tally.document!.round, tally.document!.refusals, tally.document!.phases], [5, [], []]);
});

test('nothing is lost when steps become longer, and there are never more than 96', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: -50, max: 100_000 }), fc.constantFrom('sum', 'update', 'refused')), { maxLength: 200 }), (arrivals) => {
      let now = 0;
      const tally = new Tally(() => now);
      tally.take(round(1));
      for (const [after, what] of arrivals) {
        now += after;
        tally.take(what === 'refused' ? refused('queue-full') : accepted(what as 'sum'));
      }
      const { arrivals: counted, step } = tally.document!;
      for (const what of ['sum', 'update', 'refused'] as const) {
        assert.equal(total(counted[what]), arrivals.filter(([, other]) => other === what).length);
        assert.ok(counted[what].length <= 96);
      }
      if (arrivals.length > 0 && now > 0) assert.ok(96 * step >= now);
    }),
  );
});

test('a round that fails again and again stays small', () => {
  const tally = new Tally(() => 0);
  tally.take(round(1));
  for (let i = 0; i < 1000; i++) tally.take(phase('sum'));
  assert.ok(tally.document!.phases.length <= 16);
});
