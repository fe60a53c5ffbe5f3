import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CANCER_WEIGHTS, cancerTask, gradientOf, loadSamples } from './cancer-task.ts';
import { FORM_STARTS } from './digits.ts';
import { digitsTask } from './digits-task.ts';
import { dealBy, dealGroups } from './partition.ts';
import { seededRandom } from './seeded-random.ts';
import { syntheticTask } from './synthetic-task.ts';
import type { LearningTask, TaskInput } from './task.ts';

const input: TaskInput = { participants: 20, seed: 4, partition: 'iid', skew: 0.5, training: { proximal: 0 } };
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const spread = (values: readonly number[]): number => Math.max(...values) / Math.min(...values);

/** The mean of everybody's model, weighted by examples, `rounds` times. */
function federate(task: LearningTask, rounds: number): Float32Array {
  let start = task.initial;
  for (let round = 0; round < rounds; round++) {
    const total = new Float64Array(task.length);
    task.examples.forEach((examples, index) => {
      const trained = task.train(index, start, seededRandom(round, `participant ${index}`));
      for (let i = 0; i < total.length; i++) total[i]! += trained[i]! * examples;
    });
    start = Float32Array.from(total, (value) => value / sum(task.examples));
  }
  return start;
}

test('digits and samples are learnt in three rounds, and what training leaves is within the bound', () => {
  for (const [task, better] of [
    [digitsTask(input), 0.6],
    [cancerTask(input), 0.9],
  ] as const) {
    const learnt = federate(task, 3);
    assert.ok(task.evaluate(learnt).accuracy! > better, `${task.name}: ${task.evaluate(learnt).accuracy}`);
    assert.ok(task.evaluate(learnt).loss < task.evaluate(task.initial).loss);
    assert.ok(learnt.every((weight) => Math.abs(weight) < task.bound));
    assert.equal(sum(task.examples), task.name === 'digits' ? 1287 : 456);
    assert.ok(spread(task.examples) < 1.1, 'equal shares');
  }
});

test('a synthetic task halves the distance with every round, down to the noise, at any length', () => {
  const task = syntheticTask({ ...input, length: 300 });
  const [untrained, once, often] = [0, 1, 12].map((rounds) => task.evaluate(federate(task, rounds)).loss);
  assert.ok(once! < 0.6 * untrained!, `${untrained} ${once}`);
  assert.ok(often! < 0.08, `twenty aims within ±0.4 are off by about 0.4/√3/√20: ${often}`);
  assert.ok(task.train(3, task.initial, seededRandom(1, '')).every((weight) => Math.abs(weight) <= task.bound));
});

test('the pull of FedProx keeps local models nearer to where they began', () => {
  const away = (task: LearningTask): number => {
    const trained = task.train(2, task.initial, seededRandom(1, 'x'));
    return Math.sqrt(trained.reduce((total, weight, i) => total + (weight - task.initial[i]!) ** 2, 0));
  };
  for (const make of [digitsTask, cancerTask, syntheticTask]) {
    const [free, pulled, hard] = [0, 0.1, 1].map((proximal) => away(make({ ...input, training: { proximal } })));
    assert.ok(hard! < pulled! && pulled! < free!, `${make.name}: ${free} ${pulled} ${hard}`);
  }
});

test('the gradient of the samples agrees with finite differences', () => {
  const { rows } = loadSamples();
  const task = cancerTask(input);
  const some = [0, 1, 2, 50, 51];
  const weights = Float32Array.from({ length: CANCER_WEIGHTS }, (_, i) => ((i % 5) - 2) / 16);
  const gradient = gradientOf(weights, rows, some);
  const lossAt = (at: number, step: number): number => {
    const moved = weights.slice();
    moved[at]! += step;
    return -some.reduce((total, row) => {
      let z = 0;
      for (let i = 0; i < CANCER_WEIGHTS; i++) z += moved[i]! * rows.values[row * CANCER_WEIGHTS + i]!;
      const chance = 1 / (1 + Math.exp(-z));
      return total + Math.log(rows.labels[row] === 1 ? chance : 1 - chance) / some.length;
    }, 0);
  };
  for (let i = 0; i < CANCER_WEIGHTS; i++) {
    const numeric = (lossAt(i, 2 ** -10) - lossAt(i, -(2 ** -10))) / 2 ** -9;
    assert.ok(Math.abs(numeric - gradient[i]!) < 1e-5, `weight ${i}: ${gradient[i]} ${numeric}`);
  }
  assert.equal(task.evaluate(task.initial).loss.toFixed(4), Math.log(2).toFixed(4), 'zeros know nothing');
});

test('sizes are skewed on demand, labels too, and more participants than rows get rows that others have as well', () => {
  assert.ok(spread(digitsTask({ ...input, partition: 'sizes', skew: 1 }).examples) > 5);
  assert.ok(spread(syntheticTask({ ...input, partition: 'sizes', skew: 1 }).examples) > 5);
  const { labels } = loadSamples().rows;
  const shareOfMalignant = (hands: readonly (readonly number[])[]): number[] => hands.map((hand) => sum(hand.map((row) => labels[row]!)) / hand.length);
  const deviation = (values: readonly number[]): number => Math.sqrt(sum(values.map((value) => (value - sum(values) / values.length) ** 2)) / values.length);
  const deal = (concentration: number | undefined) => deviation(shareOfMalignant(dealBy({ labels: concentration, sizes: 0, least: 2 }, labels, 20, 4)));
  assert.ok(deal(0.2) > 2 * deal(undefined), `${deal(0.2)} ${deal(undefined)}`);
  const many = digitsTask({ ...input, participants: 2000 });
  assert.equal(sum(many.examples), 4 * 1287);
  assert.match(many.about, /each is dealt 4 times/);
  assert.ok(many.examples.every((examples) => examples >= 2));
});

test('by writers: whole forms for few, connected pieces of one form for many, nothing where there are none', () => {
  const groups = [
    [0, 1, 2, 3],
    [4, 5],
    [6, 7, 8],
  ];
  assert.deepEqual(dealGroups(groups, 2), [
    [0, 1, 2, 3, 6, 7, 8],
    [4, 5],
  ]);
  assert.deepEqual(dealGroups(groups, 4), [
    [0, 1],
    [4, 5],
    [6, 7, 8],
    [2, 3],
  ]);
  assert.deepEqual(digitsTask({ ...input, partition: 'writers', participants: 10 }).examples, [130, 126, 130, 130, 130, 130, 130, 123, 128, 130]);
  assert.equal(FORM_STARTS[1], 130);
  assert.throws(() => cancerTask({ ...input, partition: 'writers' }), /name nobody/);
});
