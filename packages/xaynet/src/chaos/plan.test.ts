import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AIMED_PHASES, type Blow, ChaosPlan, MOST_SKEW } from './plan.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const killsIn = (blows: readonly Blow[]): number => blows.reduce((sum, { act, again }) => sum + (act === 'kill' ? 1 : 0) + (again === undefined ? 0 : 1), 0);

test('the same seed gives the same choices, in whatever order participants ask; another seed gives others', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const [one, two, other] = [new ChaosPlan(seed), new ChaosPlan(seed), new ChaosPlan(seed ^ 1)];
      const draw = (plan: ChaosPlan, participant: number) => Array.from({ length: 40 }, () => plan.request(participant, 'message'));
      const first = [draw(one, 3), draw(one, 4)];
      assert.deepEqual(first.reverse(), [draw(two, 4), draw(two, 3)]);
      assert.notDeepEqual(draw(other, 3), first[1]);
      assert.deepEqual(one.blows(7, 5), two.blows(7, 5));
      assert.deepEqual(one.participantKill(7, 3), two.participantKill(7, 3));
    }),
    { numRuns: 30 },
  );
});

test('a round has exactly as many kills as asked for, in the order of its phases, with clocks that are wrong within the bound', () => {
  fc.assert(
    fc.property(seeds, fc.nat(200), fc.integer({ min: 0, max: 40 }), (seed, round, kills) => {
      const blows = new ChaosPlan(seed).blows(round, kills);
      assert.equal(killsIn(blows), kills);
      const order = blows.map(({ phase }) => AIMED_PHASES.indexOf(phase));
      assert.deepEqual(
        order,
        [...order].sort((a, b) => a - b),
      );
      for (const { act, again, skew, pause, aim } of blows) {
        assert.ok(Math.abs(skew) <= MOST_SKEW && pause >= 0 && aim.after >= 0);
        assert.ok(again === undefined || act === 'kill');
      }
    }),
  );
});

test('every act, phase, aim and fate comes up, kills in a row and during the start too', () => {
  const plan = new ChaosPlan(1);
  const blows = Array.from({ length: 100 }, (_, round) => plan.blows(round, 5)).flat();
  assert.deepEqual([...new Set(blows.map(({ act }) => act))].sort(), ['freeze', 'kill', 'terminate']);
  assert.deepEqual(new Set(blows.map(({ phase }) => phase)), new Set(AIMED_PHASES));
  assert.deepEqual([...new Set(blows.map(({ aim }) => aim.at))].sort(), ['answered', 'forwarded', 'replied', 'time']);
  assert.ok(blows.some(({ again }) => again !== undefined && again < 100) && blows.some(({ again }) => again !== undefined && again > 400));
  const fates = new Set(Array.from({ length: 400 }, () => plan.request(1, 'message').fate));
  assert.deepEqual([...fates].sort(), ['again', 'cut', 'delay', 'drop', 'lose', 'pass', 'slow', 'twice']);
  const questions = new Set(Array.from({ length: 1000 }, () => plan.request(1, 'question').fate));
  assert.ok(!questions.has('twice') && !questions.has('again') && questions.has('lose'));
  const groups = Array.from({ length: 60 }, (_, round) => plan.participantKill(round, 3)?.group);
  assert.deepEqual(new Set(groups), new Set([undefined, 0, 1, 2]));
  assert.deepEqual(plan.blows(3, 0), [], 'without kills it is left in peace');
});
