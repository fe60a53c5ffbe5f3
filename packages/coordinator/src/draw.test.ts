// The draw is fair: every item comes up equally often, whatever its place; and small numbers are not favoured.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { draw, uniform } from './draw.ts';
import { seededRandom } from './rig.test.ts';

/** Chi-square of counts that should all be equal. */
function chiSquare(counts: readonly number[]): number {
  const mean = counts.reduce((a, b) => a + b) / counts.length;
  return counts.reduce((sum, count) => sum + (count - mean) ** 2 / mean, 0);
}

test('every item is drawn equally often, and so is every pair', () => {
  const random = seededRandom('fair');
  const items = [0, 1, 2, 3, 4];
  const single = items.map(() => 0);
  const pairs = new Map<string, number>();
  for (let i = 0; i < 4000; i++) {
    const drawn = draw(items, 2, random).sort();
    for (const item of drawn) single[item]!++;
    pairs.set(drawn.join(), (pairs.get(drawn.join()) ?? 0) + 1);
  }
  assert.equal(pairs.size, 10);
  assert.ok(chiSquare(single) < 18.5, `${single}`); // 4 degrees of freedom: above in one of 1000 runs
  assert.ok(chiSquare([...pairs.values()]) < 27.9, `${[...pairs]}`); // 9 degrees of freedom
});

test('a word that would favour small numbers is drawn again', () => {
  const words = [
    [255, 255, 255, 255],
    [0, 0, 0, 7],
  ];
  assert.equal(
    uniform(3, () => Uint8Array.from(words.shift()!)),
    1,
    '2^32 is 1 modulo 3, so the last word is one too many',
  );
  assert.equal(words.length, 0);
  assert.equal(
    uniform(2 ** 32, () => Uint8Array.of(255, 255, 255, 255)),
    2 ** 32 - 1,
  );
});

test('property: a draw is a subset without repetitions of the asked size', () => {
  const random = seededRandom('subset');
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer()), fc.nat(20), (items, count) => {
      const drawn = draw(items, count, random);
      assert.equal(drawn.length, Math.min(count, items.length));
      assert.equal(new Set(drawn).size, drawn.length);
      assert.ok(drawn.every((item) => items.includes(item)));
    }),
  );
});
