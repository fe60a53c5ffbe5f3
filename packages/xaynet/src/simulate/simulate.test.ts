// Whole simulations of some thirty participants: each option does what it says, the same seed gives the same models, and the arithmetic is
// checked in every one of them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { main } from '../main.ts';
import { PLAIN } from './rig.test.ts';
import { runSimulation, type SimulationInput, type SimulationOutcome } from './run.ts';
import { summaryLines, verdictLines } from './summary.ts';
import { judge } from './verdict.ts';

const BASE: SimulationInput = { ...PLAIN, length: 40 };

/** Runs it; every model must be the mean of what was accepted. */
async function simulate(changes: Partial<SimulationInput>): Promise<SimulationOutcome> {
  const outcome = await runSimulation({ ...BASE, ...changes });
  for (const { model } of outcome.report.rounds) if (model !== undefined) assert.ok(model.difference <= model.bound, `${model.difference} ${model.bound}`);
  return outcome;
}

const digests = ({ report }: SimulationOutcome): string[] => report.rounds.map(({ model, failure }) => model?.digest ?? failure!.code);

test('everybody takes part and every update counts; virtual minutes pass in no time; the table says so', async () => {
  const { report, tallies } = await simulate({ rounds: 2 });
  assert.equal(report.verdict.ok, true);
  for (const round of report.rounds) {
    assert.equal(round.selected.sum + round.selected.update, 30);
    assert.deepEqual(round.accepted, { ...round.selected, sum2: round.selected.sum });
    assert.equal(round.simulated, 120);
    assert.ok(round.seconds < 60);
  }
  assert.ok(report.rounds[1]!.model!.loss < report.rounds[0]!.model!.loss && report.rounds[0]!.model!.loss < report.untrained.loss);
  assert.equal(
    tallies.reduce((sum, tally) => sum + tally.updateAccepted + tally.sumAccepted, 0),
    60,
  );
  const up = tallies.reduce((sum, tally) => sum + tally.up, 0);
  assert.equal(report.bytes.up, up);
  assert.equal(
    report.rounds.reduce((sum, { bytes }) => sum + bytes.up, 0),
    up,
  );
  const text = [...summaryLines(report), ...verdictLines(report)].join('\n');
  assert.match(text, /rounds +2 +2 gave a model/);
  assert.match(text, /distance from the aim +0\.\d{4}/);
  assert.match(text, /Every published model is the mean/);
});

test('the same seed gives the same models, byte for byte, over HTTP too, and another seed others', async () => {
  const options = { rounds: 2, dropout: 0.2, stragglers: 0.2, network: '4g', data: 'cancer', length: undefined, partition: 'sizes' } as const;
  const [once, again] = [await simulate(options), await simulate(options)];
  assert.deepEqual(digests(again), digests(once));
  assert.deepEqual(
    again.report.rounds.map(({ accepted, left, late, bytes }) => ({ accepted, left, late, bytes })),
    once.report.rounds.map(({ accepted, left, late, bytes }) => ({ accepted, left, late, bytes })),
  );
  assert.deepEqual(digests(await simulate({ ...options, transport: 'http' })), digests(once));
  assert.notDeepEqual(digests(await simulate({ ...options, rounds: 1, seed: 8 })), digests(once).slice(0, 1));
});

test('participants on threads of their own do what they do on this one, adversaries too, over either transport', async () => {
  const adversaries = new Map(['garbage', 'boost', 'replay', 'double', 'overflow', 'flood', 'withhold'].map((kind) => [kind, 0.04]));
  const options = { rounds: 2, participants: 60, dropout: 0.1, stragglers: 0.1, network: '3g', adversaries } as const;
  const told = ({ report, tallies }: SimulationOutcome): unknown => [
    report.rounds.map(({ seconds: _, phases: __, model, ...round }) => ({ ...round, digest: model?.digest })),
    report.adversaries,
    report.bytes,
    tallies,
  ];
  const here = await simulate({ ...options, threads: 0 });
  assert.deepEqual(told(await simulate({ ...options, threads: 2 })), told(here));
  assert.deepEqual(told(await simulate({ ...options, threads: 1, transport: 'http' })), told(here));
});

test('who drops out sends nothing, who is slow comes late, and the rest have a model all the same', async () => {
  const { report, tallies } = await simulate({ rounds: 2, dropout: 0.3, stragglers: 0.3, slowdown: 40 });
  const [first] = report.rounds;
  assert.ok(first!.left.update > 2 && first!.left.update < 18, `${first!.left.update} of 30 left`);
  assert.ok(report.rounds.some(({ late }) => late > 0));
  assert.ok(first!.accepted.update < first!.selected.update - 4);
  assert.ok(tallies.some(({ straggler, late }) => straggler && late > 0));
  assert.ok(
    tallies.every(({ straggler, late }) => straggler || late === 0),
    'only who is slow is late',
  );
  assert.equal(report.verdict.ok, true);
});

test('a network takes time and loses requests, which are sent again', async () => {
  const { report, tallies } = await simulate({ network: '2g', window: 300, rounds: 4 });
  assert.ok(tallies.filter(({ lost }) => lost > 0).length > 15, 'global models among what is lost');
  for (const { accepted } of report.rounds) assert.ok(accepted.update > 15);
});

test('only a part is selected when only a part shall be, and as many sum participants as asked for', async () => {
  const { report } = await simulate({ participants: 60, participation: 0.4, sums: 20, rounds: 1 });
  const [{ selected }] = report.rounds as [(typeof report.rounds)[number]];
  assert.ok(selected.sum > 9 && selected.sum < 31, `${selected.sum} sum participants`);
  assert.ok(selected.update > 5 && selected.update < 28, `${selected.update} update participants`);
});

test('each optimiser goes its own way from the same means, and FedProx another', async () => {
  const losses = new Map<string, number>();
  for (const name of ['fedavg', 'fedavgm', 'fedadam', 'fedyogi'] as const) {
    const { report } = await simulate({
      rounds: 3,
      participants: 14,
      optimiser: { name, momentum: 0.4, rate: name === 'fedadam' || name === 'fedyogi' ? 0.1 : 1 },
    });
    losses.set(name, report.rounds.at(-1)!.model!.loss);
    assert.ok(report.rounds.at(-1)!.model!.loss < report.untrained.loss, name);
  }
  losses.set('fedprox', (await simulate({ rounds: 3, participants: 14, training: { proximal: 1 } })).report.rounds.at(-1)!.model!.loss);
  assert.equal(new Set(losses.values()).size, 5, [...losses].join());
});

test('real digits are learnt, dealt by filled form and in chunks, with equal shares', async () => {
  const { report } = await simulate({ data: 'digits', length: undefined, partition: 'writers', weighting: 'equal', chunk: 4096, participants: 20, rounds: 2 });
  assert.ok(report.rounds.at(-1)!.model!.accuracy! > 0.5);
  assert.match(report.about, /filled form, which stands for the writer/);
  assert.equal(report.weights, 2410);
});

test('in real time a round takes real time and waits for those who can be expected', async () => {
  const { report } = await simulate({ clock: 'real', participants: 40 });
  const [round] = report.rounds;
  assert.ok(round!.seconds >= 0.7, 'half a window of sum, a whole one of update');
  assert.ok(round!.accepted.update >= 3, 'usually twenty and more; on a busy machine fewer come within the window');
  assert.equal(report.verdict.ok, true);
});

test('a model that is not the mean is found: the books hold another model than one participant sent', async () => {
  let tampered = false;
  const outcome = await runSimulation({
    ...BASE,
    network: 'broadband',
    tell: ({ book }) => {
      if (tampered || book.phase !== 'update' || book.counts.update < 3) return;
      tampered = true; // whoever is on the way now is counted as something else; who is counted already is not touched
      for (let index = 0; index < 30; index++) book.keep({ index }, new Float32Array(40).fill(0.9));
    },
  });
  const [{ model }] = outcome.report.rounds as [(typeof outcome.report.rounds)[number]];
  assert.ok(model!.difference > model!.bound);
  assert.equal(outcome.report.verdict.ok, false);
  assert.match(outcome.report.verdict.reasons[0]!, /round 1: the unmasked model is .* from the plain mean, more than the bound/);
  assert.match(verdictLines(outcome.report)[0]!, /^FAILED: /);
});

test('a run without a model has shown nothing, unless somebody stopped it', () => {
  assert.match(judge([], { wanted: 1, stopped: false }).reasons.join(), /none of 0 rounds/);
  assert.equal(judge([], { wanted: 1, stopped: true }).ok, true);
});

test('an abort ends it at once with what there is; a task that cannot be is a coded error', async () => {
  const stop = new AbortController();
  const outcome = await runSimulation({
    ...BASE,
    rounds: 100,
    signal: stop.signal,
    tell: ({ book }) => book.results.length === 1 && stop.abort(new Error('enough')),
  });
  assert.equal(outcome.report.stopped, true);
  assert.ok(outcome.report.rounds.length < 5);
  assert.match(verdictLines(outcome.report).join(), /^Stopped after \d round/);
  await assert.rejects(runSimulation({ ...BASE, data: 'cancer', length: undefined, partition: 'writers' }), { code: 'option-invalid' });
  await assert.rejects(runSimulation({ ...BASE, data: 'digits', length: 100 }), { code: 'option-invalid' });
});

test('the command line names what it expects of an adversary, and of all of them together', async () => {
  const says = async (...args: string[]): Promise<string> => {
    let err = '';
    assert.equal(await main(['simulate', ...args], { out: () => {}, err: (text) => (err += text) }), 2);
    return err;
  };
  assert.match(await says('--adversary', 'nice=0.1'), /One of garbage, replay, .* is expected, and a share: boost=0\.05/);
  assert.match(await says('--adversary', 'boost=2'), /A number from 0 to 1 is expected/);
  assert.match(await says('--adversary', 'boost=0.6', '--adversary', 'flip=0.6'), /at most 1/);
  assert.match(await says('--participants', '3'), /from 10 to 1000000/);
});

test('an abort while participants are made ends there, with a report of nothing', async () => {
  const stop = new AbortController();
  const told: number[] = [];
  const prepared = (made: number): void => {
    told.push(made);
    if (made > 100) stop.abort();
  };
  const { report, tallies } = await simulate({ participants: 5000, signal: stop.signal, prepared });
  assert.deepEqual([report.stopped, report.rounds.length, report.verdict.ok], [true, 0, true]);
  assert.ok(tallies.length < 5000 && told.every((made, i) => i === 0 || made > told[i - 1]!), `${tallies.length}`);
});
