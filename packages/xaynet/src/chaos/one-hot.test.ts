import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Model, rational } from '@xaynet/core/mask';
import fc from 'fast-check';
import { isOfRound, MARGIN, oneHot, readOneHots } from './one-hot.ts';

const ROUND = 'a1b2c3d4'.repeat(8);
const PEOPLE = 9;

/** The mean of one-hot models as a coordinator publishes it: of these participants, one after another. */
function meanOf(counted: readonly number[], round: string = ROUND, participants: number = PEOPLE, length: number = participants + MARGIN + 3): Model {
  const models = counted.map((one) => oneHot(one, participants, round, length));
  return Array.from({ length }, (_, i) =>
    rational(
      models.reduce((sum, model) => sum + BigInt(model[i]!), 0n),
      BigInt(models.length),
    ),
  );
}

test('who is in a mean, how often, and of which round', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(PEOPLE - 1), { minLength: 1 }), fc.stringMatching(/^[0-9a-f]{64}$/), (counted, round) => {
      const read = readOneHots(meanOf(counted, round), PEOPLE);
      assert.ok(typeof read !== 'string', String(read));
      assert.deepEqual(
        read.counts,
        Array.from({ length: PEOPLE }, (_, i) => (counted.includes(i) ? 1 : 0)),
      );
      assert.equal(read.updates, counted.length);
      assert.ok(isOfRound(read.tag, round));
      assert.ok(!isOfRound(read.tag, `${round.startsWith('0') ? '1' : '0'}${round.slice(1)}`));
    }),
  );
});

test('somebody who is counted twice or three times shows', () => {
  const counts = (people: readonly number[]) => {
    const read = readOneHots(meanOf(people), PEOPLE);
    return typeof read === 'string' ? read : read.counts.slice(0, 4);
  };
  assert.deepEqual(counts([0, 1, 1, 2]), [1, 2, 1, 0]);
  assert.deepEqual(counts([0, 0, 0, 3, 2]), [3, 0, 1, 1]);
  assert.deepEqual(counts([0, 0, 1, 1]), [1, 1, 0, 0], 'all of them twice is the same mean; the coordinator’s own count tells');
});

test('what is no mean of one-hot models of one round is said', () => {
  const mean = meanOf([0, 1, 2]);
  const reads = (at: number, value: Model[number]): unknown => readOneHots(mean.with(at, value), PEOPLE);
  assert.match(String(reads(PEOPLE, rational(2, 3))), /weight 9 is 2\/3, 1 expected/);
  assert.match(String(reads(PEOPLE + 1, rational(1, 3))), /updates of different rounds/);
  assert.match(String(reads(mean.length - 1, rational(1, 3))), /weight 36 is 1\/3, 0 expected/);
  assert.match(String(reads(4, rational(-1, 3))), /weight 4 is -1\/3, no multiple/);
  assert.match(String(reads(4, rational(1, 3))), /add up to 4, 3 expected/);
  assert.match(String(reads(0, rational(1, 7))), /add up to/);
});
