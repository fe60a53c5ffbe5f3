// The judge is fed with what a coordinator that breaks its promises would publish: each breach must be found, and named.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Model, rational } from '@xaynet/core/mask';
import { Ledger } from './ledger.ts';
import { MARGIN, oneHot } from './one-hot.ts';
import type { Tag } from './round-book.ts';

const PEOPLE = 8;
const round = (digit: number): string => digit.toString(16).repeat(64);

function mean(counted: readonly number[], id: string): Model {
  const models = counted.map((one) => oneHot(one, PEOPLE, id, PEOPLE + MARGIN));
  return Array.from({ length: PEOPLE + MARGIN }, (_, i) =>
    rational(
      models.reduce((sum, model) => sum + BigInt(model[i]!), 0n),
      BigInt(models.length),
    ),
  );
}

/** Books of one round in which participants 0 to 3 were acknowledged for update, and 4 sent one without an answer. */
function books(): { ledger: Ledger; id: string } {
  const ledger = new Ledger(PEOPLE, 3);
  const id = round(1);
  ledger.seeRound(id);
  ledger.number(id, 1);
  for (let participant = 0; participant < 5; participant++) {
    const message = { participant, tag: 'update' as Tag, round: id };
    ledger.sent(message);
    if (participant < 4) ledger.acknowledged(message);
  }
  return { ledger, id };
}

const kinds = (ledger: Ledger): string[] => ledger.breaches.map(({ kind }) => kind);

test('everybody acknowledged is in, once: nothing to complain of, whether or not the one without an answer is in', () => {
  for (const counted of [
    [0, 1, 2, 3],
    [0, 1, 2, 3, 4],
  ]) {
    const { ledger, id } = books();
    ledger.model(mean(counted, id));
    ledger.model(mean(counted, id)); // served again after a restart
    ledger.updates(1, counted.length);
    ledger.settle();
    assert.deepEqual(ledger.breaches, []);
    const { completed, counted: number, acknowledgedUpdates, lost, doubled } = ledger.totals();
    assert.deepEqual([completed, number, acknowledgedUpdates, lost, doubled], [1, counted.length, 4, 0, 0]);
  }
});

test('lost: acknowledged and not in the model, or acknowledged so late that it was published before', () => {
  const { ledger, id } = books();
  ledger.model(mean([0, 1, 3], id));
  ledger.settle();
  assert.deepEqual(ledger.breaches, [{ kind: 'lost', round: id, text: 'update acknowledged but not in the model: participant 2' }]);
  ledger.sent({ participant: 6, tag: 'update', round: id });
  ledger.acknowledged({ participant: 6, tag: 'update', round: id });
  ledger.settle();
  ledger.settle();
  assert.deepEqual(kinds(ledger), ['lost', 'lost']);
  assert.equal(ledger.totals().lost, 2);
});

test('doubled: counted twice, which the coordinator’s own count shows when it happens to all', () => {
  const { ledger, id } = books();
  ledger.model(mean([0, 1, 1, 2, 3], id));
  assert.deepEqual(ledger.breaches, [{ kind: 'doubled', round: id, text: 'counted more than once in a sum of 5: participant 1' }]);
  assert.equal(ledger.totals().doubled, 1);
  const all = books();
  all.ledger.model(mean([0, 0, 1, 1, 2, 2, 3, 3], all.id));
  all.ledger.updates(1, 8);
  all.ledger.settle();
  all.ledger.settle();
  assert.deepEqual(kinds(all.ledger), ['corrupt']);
});

test('corrupt: no such mean, a stranger in it, updates of another round', () => {
  const { ledger, id } = books();
  ledger.model(mean([0, 1, 2, 3], id).with(2, rational(1, 3)));
  ledger.model(mean([0, 1, 2, 3, 7], id));
  ledger.model(mean([0, 1, 2, 3], round(9)));
  assert.deepEqual(kinds(ledger), ['corrupt', 'stranger', 'corrupt']);
  assert.equal(ledger.totals().corrupt, 3);
});

test('dictionaries: an acknowledged sum participant must be published, and seeds and model must name the same participants', () => {
  const { ledger, id } = books();
  ledger.sent({ participant: 5, tag: 'sum', round: id });
  ledger.sent({ participant: 6, tag: 'sum', round: id });
  ledger.acknowledged({ participant: 5, tag: 'sum', round: id });
  ledger.sums(id, new Set([6]));
  assert.deepEqual(ledger.breaches, [{ kind: 'lost', round: id, text: 'sum acknowledged but not in the sum dictionary: participant 5' }]);
  ledger.seeds(id, new Set([0, 1, 2, 3, 4]));
  ledger.model(mean([0, 1, 2, 3], id));
  assert.deepEqual(ledger.breaches[1], { kind: 'parted', round: id, text: 'in the seed dictionary or in the model, but not in both: participant 4' });
});

test('records: another number of updates, a failure where there is a model, and a failure that nobody else told of', () => {
  const { ledger, id } = books();
  ledger.model(mean([0, 1, 2, 3], id));
  ledger.record({ hashes: { params: id }, outcome: 'model', updates: 5 });
  ledger.record({ hashes: { params: round(8) }, outcome: 'model', updates: 5 }); // before the run
  ledger.settle();
  assert.deepEqual(ledger.breaches, [{ kind: 'corrupt', round: id, text: 'the coordinator counts 5 updates, the model is of 4' }]);
  const other = books();
  other.ledger.model(mean([0, 1, 2, 3], id));
  other.ledger.record({ hashes: { params: id }, outcome: 'failure', updates: 4, code: 'mask-tie' });
  assert.deepEqual(kinds(other.ledger), ['corrupt']);
  const failed = books();
  failed.ledger.record({ hashes: { params: id }, outcome: 'failure', updates: 4, code: 'mask-tie' });
  assert.deepEqual([failed.ledger.totals().failed, failed.ledger.totals().recorded], [{ 'mask-tie': 1 }, 1]);
});

test('two later rounds in the log alone close no books: a kill made two of one number before the last model could be seen', () => {
  const { ledger, id } = books();
  ledger.number(round(2), 2);
  ledger.killed();
  ledger.number(round(3), 2); // begun anew after the start
  ledger.settle();
  ledger.model(mean([0, 1, 2, 3], id));
  ledger.seeRound(round(3));
  ledger.settle();
  assert.deepEqual([ledger.breaches, ledger.totals().completed], [[], 1]);
});

test('rounds: resumed after a kill, abandoned, failed with and without a reason, gone back to', () => {
  const { ledger, id } = books();
  ledger.killed();
  ledger.recovered(id);
  ledger.model(mean([0, 1, 2, 3], id));
  ledger.seeRound(round(2)); // killed in this one, and never seen again
  ledger.killed();
  ledger.seeRound(round(3));
  ledger.recovered(round(3));
  ledger.number(round(3), 3);
  ledger.failed(3, 'phase-timeout'); // nobody was drawn
  ledger.seeRound(round(4));
  ledger.number(round(4), 4);
  for (let one = 0; one < 4; one++) ledger.drawn(round(4), one, one === 0 ? 'sum' : 'update');
  ledger.failed(4, 'phase-timeout');
  ledger.settle();
  ledger.settle();
  assert.deepEqual(
    ledger.breaches.map(({ kind, round: at }) => [kind, at]),
    [
      ['abandoned', round(2)],
      ['unexplained', round(4)],
    ],
  );
  const { resumed, abandoned, failed, completed } = ledger.totals();
  assert.deepEqual([resumed, abandoned, failed, completed], [1, 1, { 'phase-timeout': 2 }, 1]);
  ledger.seeRound(round(3));
  assert.equal(kinds(ledger).at(-1), 'flapped');
});
