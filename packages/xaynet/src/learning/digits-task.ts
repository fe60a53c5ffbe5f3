// Handwritten digits as a task: the perceptron of network.ts, its rows dealt, the last four filled forms held out. The data name no writers;
// what stands for one is a filled form, of which there are ten to train on.

import { dealTo, labelCounts } from './dealt.ts';
import { FIRST_TEST_ROW, FORM_STARTS, loadDigits, pickRows, splitDigits } from './digits.ts';
import { accuracy, initialWeights, loss, train, WEIGHTS } from './network.ts';
import { seededRandom } from './seeded-random.ts';
import type { LearningTask, TaskInput } from './task.ts';

/** Makes the task; throws an ordinary Error for a `length` below that of the network. */
export function digitsTask(input: TaskInput): LearningTask {
  const { seed, length = WEIGHTS, training } = input;
  if (length < WEIGHTS) throw new Error(`the network of the digits has ${WEIGHTS} weights, ${length} are too few`);
  const { train: rows, test } = splitDigits(loadDigits());
  const forms = FORM_STARTS.filter((row) => row < FIRST_TEST_ROW);
  const { hands, about } = dealTo(input, rows.labels, forms, 'filled form, which stands for the writer that the data do not name');
  const initial = new Float32Array(length);
  initial.set(initialWeights(seededRandom(seed, 'initial')));
  const { epochs = 5, learningRate = 0.2, batch = 4, proximal } = training;
  const all = Array.from(test.labels.keys());
  return {
    name: 'digits',
    about: `${rows.labels.length} handwritten digits, ${about}; tested on ${test.labels.length} of forms that nobody trains on`,
    length,
    initial,
    bound: 10,
    examples: hands.map((hand) => hand.length),
    labels: labelCounts(
      hands,
      rows.labels,
      Array.from({ length: 10 }, (_, digit) => String(digit)),
    ),
    training: { epochs, learningRate, batch },
    train(index, start, random) {
      const trained = new Float32Array(length);
      trained.set(train(start.subarray(0, WEIGHTS), pickRows(rows, hands[index]!), { epochs, learningRate, batch, proximal }, random));
      return trained;
    },
    evaluate: (weights) => ({ accuracy: accuracy(weights, test), loss: loss(weights, test, all) }),
  };
}
