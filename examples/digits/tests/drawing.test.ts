// Drawings become images like those of the data set: digits drawn as strokes, moved, leaning and of any size, are read by a model that
// has only seen the data set.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { env } from '@tensorflow/tfjs-core';
import { DATA } from '../serve.ts';
import { type Digits, heldOut, parseDigits, shareOf } from '../src/digits.ts';
import { imageOf, type Stroke } from '../src/drawing.ts';
import { Learner, WEIGHTS } from '../src/learner.ts';
import { WRITTEN } from './strokes.ts';

let digits: Digits;
let learner: Learner;

const move = (strokes: readonly Stroke[], to: (x: number, y: number) => [number, number]): Stroke[] =>
  strokes.map((stroke) =>
    stroke.map(({ x, y }) => {
      const [a, b] = to(x, y);
      return { x: a, y: b };
    }),
  );

describe('drawings', () => {
  before(async () => {
    env().set('IS_TEST', true);
    digits = parseDigits(gunzipSync(readFileSync(DATA)).toString('latin1'));
    learner = await Learner.create();
    const shares = Array.from({ length: 16 }, (_, i) => shareOf(digits, i));
    const all = { images: shares.flatMap(({ images }) => images), labels: shares.flatMap(({ labels }) => labels) };
    assert.equal(all.labels.length + heldOut(digits).labels.length, 1797, 'every row is in one share or held out');
    for (let i = 0; i < 4; i++) await learner.train(all);
  });

  test('a model begins as untrained as all others, learns, and gives its weights as one vector', async () => {
    const [one, other] = [await Learner.create(), await Learner.create()];
    assert.deepEqual(await one.weights(), await other.weights());
    assert.equal((await one.weights()).length, WEIGHTS);
    assert.ok(one.accuracy(heldOut(digits)) < 0.2);
    const trained = learner.accuracy(heldOut(digits));
    assert.ok(trained > 0.85, `${trained}`);
    one.load(await learner.weights());
    assert.equal(one.accuracy(heldOut(digits)), trained);
  });

  test('digits drawn as strokes are read by a model of the data set', () => {
    const read = WRITTEN.map((ways) =>
      ways.map((strokes) => {
        const probabilities = learner.probabilities(imageOf(strokes)!);
        return probabilities.indexOf(Math.max(...probabilities));
      }),
    );
    const right = read.flatMap((ways, digit) => ways.filter((guess) => guess === digit)).length;
    assert.ok(right >= 18, `${right} of ${read.flat().length}: ${read.map((ways, digit) => `${digit} ${ways}`).join('; ')}`);
  });

  test('an image does not depend on where, how large and how leaning a digit was drawn', () => {
    for (const [digit, ways] of WRITTEN.entries()) {
      const image = imageOf(ways[0]!)!;
      const close = (other: Float32Array, what: string): void => {
        const apart = image.reduce((sum, grey, i) => sum + Math.abs(grey - other[i]!), 0) / image.reduce((sum, grey) => sum + grey, 0);
        assert.ok(apart < 0.12, `${digit} ${what}: ${apart}`);
      };
      close(imageOf(move(ways[0]!, (x, y) => [x / 400 + 3, y / 400 - 1]))!, 'small');
      close(imageOf(move(ways[0]!, (x, y) => [x - 0.3 * y, y]))!, 'leaning');
    }
  });

  test('all images are 8 by 8 pixels of 0 to 1 with some ink; no drawing is none', () => {
    assert.equal(imageOf([]), undefined);
    assert.equal(imageOf([[]]), undefined);
    const drawings: Stroke[][] = [
      [[{ x: 5, y: 5 }]],
      [
        [
          { x: 0, y: 0 },
          { x: 9, y: 0 },
        ],
      ],
      [
        [
          { x: 3, y: 0 },
          { x: 3, y: 9 },
        ],
      ],
      ...WRITTEN.flat().map((strokes) => [...strokes]),
    ];
    for (const strokes of drawings) {
      const image = imageOf(strokes)!;
      assert.equal(image.length, 64);
      assert.ok(image.every((grey) => grey >= 0 && grey <= 1) && image.some((grey) => grey > 0.5), image.join(' '));
    }
  });
});
