import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CLASSES, FIRST_TEST_ROW, FORM_STARTS, loadDigits, pickRows, splitDigits } from './digits.ts';
import { dealBy, dealRows, level } from './partition.ts';

const digits = loadDigits();
const { train, test: held } = splitDigits(digits);

test('the data are 1797 digits with grey values from 0 to 1', () => {
  assert.equal(digits.labels.length, 1797);
  assert.equal(digits.images.length, 1797 * 64);
  assert.deepEqual([...new Set(digits.labels)].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual([digits.images.reduce((a, b) => Math.min(a, b)), digits.images.reduce((a, b) => Math.max(a, b))], [0, 1]);
});

test('every form starts with the printed sequence, and no other form starts between', () => {
  const text = digits.labels.join('');
  for (const [i, start] of FORM_STARTS.entries()) {
    const form = text.slice(start, FORM_STARTS[i + 1]);
    assert.ok(form.length > 110 && form.length <= 130, `form ${i} has ${form.length} digits`);
    assert.match(form, /^0?123456/, `form ${i}; one writer's first 0 is missing`);
    assert.equal(form.indexOf('95565098', 20) > 0, true, `form ${i} goes on with the mixture`);
    assert.equal(form.indexOf('95565098', 60), -1, `form ${i} is one form`);
  }
});

test('training and test rows are cut between two forms, disjoint and complete', () => {
  assert.ok(FORM_STARTS.includes(FIRST_TEST_ROW));
  assert.equal(train.labels.length, 1287);
  assert.equal(held.labels.length, 510);
  assert.deepEqual([...train.labels, ...held.labels], [...digits.labels]);
});

test('every training row goes to exactly one participant, everyone gets some', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }), (participants, seed) => {
      const hands = dealRows(train.labels, participants, seed);
      assert.equal(hands.length, participants);
      assert.deepEqual(
        hands.flat().sort((a, b) => a - b),
        Array.from(train.labels.keys()),
      );
      assert.ok(hands.every((hand) => hand.length >= 4));
    }),
    { numRuns: 30 },
  );
});

test('shares are unequal in size and skewed by label', () => {
  for (const seed of [1, 2, 3]) {
    const hands = dealRows(train.labels, 24, seed);
    const sizes = hands.map((hand) => hand.length);
    assert.ok(Math.max(...sizes) >= 4 * Math.min(...sizes), `sizes ${sizes}`);
    const mainShares = hands.map((hand) => {
      const counts = Array<number>(CLASSES).fill(0);
      for (const label of pickRows(train, hand).labels) counts[label]!++;
      return Math.max(...counts) / hand.length;
    });
    const mean = mainShares.reduce((a, b) => a + b) / mainShares.length;
    assert.ok(mean > 0.3, `the commonest digit makes up ${mean} of a share on average, 0.1 without skew`);
  }
});

test('the same seed deals the same rows, another seed others', () => {
  assert.deepEqual(dealRows(train.labels, 7, 5), dealRows(train.labels, 7, 5));
  assert.notDeepEqual(dealRows(train.labels, 7, 5), dealRows(train.labels, 7, 6));
});

test('too many participants for the rows are refused', () => {
  assert.equal(dealRows(train.labels.slice(0, 12), 3, 1).length, 3);
  assert.throws(() => dealRows(train.labels.slice(0, 11), 3, 1), /11 examples are too few for 3 participants/);
});

test('whoever has too little gets rows of whoever has most, the first of those, one after another', () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 40 })), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 0, max: 4 }), (lengths, least) => {
      let row = 0;
      const hands = lengths.map((length) => Array.from({ length }, () => row++));
      fc.pre(row >= hands.length * least);
      const plain = structuredClone(hands);
      for (const hand of plain) {
        while (hand.length < least) hand.push(plain.reduce((richest, other) => (other.length > richest.length ? other : richest)).pop()!);
      }
      level(hands, least);
      assert.deepEqual(hands, plain);
    }),
    { numRuns: 200 },
  );
});

test('a concentration so small that every draw is too small for a double deals every row all the same', () => {
  const labels = Uint8Array.from({ length: 60 }, (_, i) => i % 3);
  const hands = dealBy({ labels: 1e-5, sizes: 0, least: 2 }, labels, 10, 1);
  assert.deepEqual(
    hands.flat().sort((a, b) => a - b),
    Array.from(labels.keys()),
  );
});
