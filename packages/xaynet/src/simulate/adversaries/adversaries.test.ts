// A tenth of the crowd is hostile, one kind at a time: what is refused is refused for the right reason, an honest round stands, and what gets
// through is in the mean that was accepted and nothing else.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN } from '../rig.test.ts';
import { runSimulation, type SimulationOutcome } from '../run.ts';
import { summaryLines } from '../summary.ts';
import { conductOf } from './kinds.ts';
import { ADVERSARIES } from './names.ts';

async function attack(kind: string, { rounds = 1, share = 0.1 } = {}): Promise<SimulationOutcome['report']> {
  const { report } = await runSimulation({ ...PLAIN, participants: 40, rounds, length: 20, adversaries: new Map([[kind, share]]) });
  for (const { model } of report.rounds) if (model !== undefined) assert.ok(model.difference <= model.bound, kind);
  assert.equal(report.adversaries[0]!.participants, Math.round(share * 40));
  return report;
}

const refused = (report: SimulationOutcome['report']): string[] => Object.keys(report.adversaries[0]!.refused).sort();
const effect = (report: SimulationOutcome['report']): number => report.rounds.at(-1)!.model!.effect!.rms;

test('every kind that is named can be had, and no other', () => {
  for (const kind of Object.keys(ADVERSARIES)) conductOf(kind);
  assert.throws(() => conductOf('nice'), /one of garbage, /);
});

test('garbage, masks of another form and tasks that nobody was given are refused, and change nothing', async () => {
  const garbage = await attack('garbage');
  assert.equal(garbage.adversaries[0]!.accepted, 0);
  assert.ok(refused(garbage).includes('sealed-box-open-failed'), refused(garbage).join());
  assert.ok(effect(garbage) < 1e-9);
  const malformed = await attack('malformed');
  assert.ok(refused(malformed).includes('aggregate-model-mismatch'), refused(malformed).join());
  const sybil = await attack('sybil');
  assert.ok(refused(sybil).includes('not-sum-eligible'), refused(sybil).join());
  for (const report of [garbage, malformed, sybil])
    assert.equal(
      report.rounds.every(({ model }) => model !== undefined),
      true,
    );
});

test('what is sent again counts once, of two updates under one key the first', async () => {
  const replay = await attack('replay', { rounds: 2, share: 0.2 });
  const codes = refused(replay);
  for (const code of ['update-already-submitted', 'sealed-box-open-failed']) assert.ok(codes.includes(code), codes.join());
  const double = await attack('double');
  assert.deepEqual(refused(double), ['update-already-submitted']);
});

test('boosted models are cut to the bound, opposite ones get through: the mean is what was accepted, and moved', async () => {
  const boost = await attack('boost');
  assert.ok(boost.rounds[0]!.clamped > 0);
  assert.ok(
    effect(boost) > 0.01 && boost.rounds[0]!.model!.effect!.largest < 2 * 0.2,
    'a tenth of the crowd moves no weight by more than its share of the bound',
  );
  assert.ok(effect(await attack('flip')) > 0.005);
  assert.match(summaryLines(boost).join('\n'), /they moved the mean by 0\.\d+/);
});

test('past the bound: found when it leaves the range that a mean can have, in the mean when it does not', async () => {
  const many = await attack('overflow', { share: 0.2 });
  assert.equal(many.rounds[0]!.failure?.code, 'model-out-of-range');
  const few = await attack('overflow', { share: 0.03 });
  assert.ok(effect(few) > 0.2, `one of forty, ten bounds: ${effect(few)}`);
});

test('seeds that nobody can open spoil a round, and parts of the suspects sit the next one out', async () => {
  const report = await attack('bad-seeds', { rounds: 3, share: 0.03 });
  assert.equal(report.rounds[0]!.failure?.phase, 'sum2');
  assert.ok((report.rounds[0]!.gaveUp['sealed-box-open-failed'] ?? 0) > 0);
  assert.ok(report.rounds.slice(1).some(({ refusals }) => (refusals['update-quarantined'] ?? 0) > 0));
});

test('a wrong mask is outvoted, a mask that never comes is not waited for', async () => {
  for (const kind of ['wrong-mask', 'withhold']) {
    const report = await attack(kind);
    assert.ok(report.rounds[0]!.model !== undefined, kind);
    assert.equal(report.rounds[0]!.accepted.sum2 < report.rounds[0]!.accepted.sum, kind === 'withhold');
  }
  const half = await attack('wrong-mask', { share: 0.25 }); // by chance half of the eight who are sum participants
  assert.equal(half.rounds[0]!.failure?.code, 'mask-ambiguous');
});

test('messages that never end keep nobody else out', async () => {
  const report = await attack('flood');
  assert.ok(report.adversaries[0]!.incomplete > 0);
  assert.equal(report.rounds[0]!.accepted.update + report.adversaries[0]!.participants >= report.rounds[0]!.selected.update, true);
});

test('a share of nothing is nobody, and every other share somebody', async () => {
  const {
    report: { adversaries },
  } = await runSimulation({ ...PLAIN, length: 3, adversaries: new Map(Object.entries({ boost: 0, flip: 0.001 })) });
  assert.deepEqual(
    adversaries.map(({ kind, participants }) => [kind, participants]),
    [['flip', 1]],
  );
});
