import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadDigits, pickRows, splitDigits } from './digits.ts';
import { accuracy, initialWeights, loss, train, WEIGHTS } from './network.ts';
import { seededRandom } from './seeded-random.ts';

const { train: rows, test: held } = splitDigits(loadDigits());
const few = pickRows(rows, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 40, 41]);

test('the network has 64·32 + 32 + 32·10 + 10 weights', () => {
  assert.equal(WEIGHTS, 2410);
  const weights = initialWeights(seededRandom(1, 'initial'));
  assert.equal(weights.length, WEIGHTS);
  assert.equal(weights.filter((weight) => weight === 0).length, 42, 'biases, and only they, begin at zero');
});

test('the gradient agrees with finite differences', () => {
  const random = seededRandom(3, 'gradient');
  // Small round numbers, so that weight ± step is exact in 32 bits and the difference quotient measures the loss alone.
  const weights = Float32Array.from(initialWeights(random), (weight) => Math.round(weight * 1024) / 1024 + 1 / 64);
  const all = Array.from(few.labels.keys());
  const gradient = new Float64Array(WEIGHTS);
  loss(weights, few, all, gradient);
  const step = 2 ** -12;
  let checked = 0;
  for (let i = 0; i < WEIGHTS; i += 7) {
    const at = (offset: number): number => {
      const moved = weights.slice();
      moved[i]! += offset;
      return loss(moved, few, all);
    };
    const numeric = (at(step) - at(-step)) / (2 * step);
    assert.ok(Math.abs(numeric - gradient[i]!) < 1e-5 + 1e-3 * Math.abs(numeric), `weight ${i}: ${gradient[i]} by backpropagation, ${numeric} by differences`);
    if (Math.abs(numeric) > 1e-3) checked++;
  }
  assert.ok(checked > 100, `${checked} of the compared derivatives are not nearly zero`);
});

test('training is repeatable, leaves its input alone and depends on the order drawn', () => {
  const how = { epochs: 2, learningRate: 0.1, batch: 4 };
  const initial = initialWeights(seededRandom(1, 'initial'));
  const copy = initial.slice();
  const trained = train(initial, few, how, seededRandom(1, 'order'));
  assert.deepEqual(initial, copy);
  assert.deepEqual(trained, train(initial, few, how, seededRandom(1, 'order')));
  assert.notDeepEqual(trained, train(initial, few, how, seededRandom(2, 'order')));
});

test('training lowers the loss and learns digits of held-out forms', () => {
  const initial = initialWeights(seededRandom(1, 'initial'));
  const all = Array.from(rows.labels.keys());
  const trained = train(initial, rows, { epochs: 6, learningRate: 0.1, batch: 8 }, seededRandom(1, 'order'));
  assert.ok(loss(trained, rows, all) < 0.3 * loss(initial, rows, all));
  assert.ok(accuracy(initial, held) < 0.3);
  assert.ok(accuracy(trained, held) > 0.85);
});

test('streams of one seed are independent of each other and plausible', () => {
  const random = seededRandom(9, 'a');
  const draws = Array.from({ length: 4000 }, () => random.next());
  const mean = draws.reduce((a, b) => a + b) / draws.length;
  assert.ok(Math.abs(mean - 0.5) < 0.03);
  assert.ok(draws.every((draw) => draw >= 0 && draw < 1));
  assert.notEqual(seededRandom(9, 'a').next(), seededRandom(9, 'b').next());
  assert.notEqual(seededRandom(9, 'a').next(), seededRandom(8, 'a').next());
  const gammas = Array.from({ length: 4000 }, () => random.gamma(0.5));
  assert.ok(Math.abs(gammas.reduce((a, b) => a + b) / gammas.length - 0.5) < 0.06, 'the mean of a gamma draw is its shape');
  assert.deepEqual([...random.shuffle(Uint8Array.of(1, 2, 3, 4, 5))].sort(), [1, 2, 3, 4, 5]);
});
