// The judge, fed with events as a coordinator emits them: real masks, aggregated and unmasked here, then tampered with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CoordinatorEvent } from '@xaynet/coordinator';
import { MaskSeed, PublicEncryptKey, RoundSeed, SigningKeySeed } from '@xaynet/core/bytes';
import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { Aggregation, type MaskConfig, type Model, maskModel, parseMaskConfig, type Rational, rational } from '@xaynet/core/mask';
import { encodeModel, type RoundParams, readModel, roundIdOf } from '@xaynet/core/round';
import { loadDigits, pickRows, splitDigits } from '../learning/digits.ts';
import { initialWeights, WEIGHTS } from '../learning/network.ts';
import { seededRandom } from '../learning/seeded-random.ts';
import type { Progress } from './progress.ts';
import { judge as verdict } from './report.ts';
import { MOST_FAILURES, RoundJudge } from './round-judge.ts';

const { train, test: held } = splitDigits(loadDigits());
const few = pickRows(held, [0, 1, 2, 3]);
const shares = [5, 9, 30, 6].map((rows) =>
  pickRows(
    train,
    Array.from({ length: rows }, (_, row) => row),
  ),
);
const total = 50;
const keys = shares.map((_, i) => signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32).fill(i + 1))).publicKey);
const trained = shares.map((_, i) => initialWeights(seededRandom(1, `model ${i}`)));

function params(mask: MaskConfig): RoundParams {
  return {
    publicKey: PublicEncryptKey(new Uint8Array(32).fill(9)),
    sum: 0.3,
    update: 1,
    seed: RoundSeed(new Uint8Array(32)),
    maskConfig: { vect: mask, unit: mask },
    modelLength: WEIGHTS,
  };
}

function newJudge(mask: MaskConfig, rounds = 1): { judge: RoundJudge; told: Progress[] } {
  const told: Progress[] = [];
  const judge = new RoundJudge({ keys, shares, test: few, mask, rounds, windows: {}, tell: (progress) => told.push(progress) });
  return { judge, told };
}

/** What unmasking gives for the updates of these participants. */
function unmask(mask: MaskConfig, indices: readonly number[]): { model: Model; scalarSum: Rational } {
  const config = { vect: mask, unit: mask };
  const sum = new Aggregation(config, WEIGHTS);
  const masks = new Aggregation(config, WEIGHTS);
  for (const index of indices) {
    const seed = MaskSeed(new Uint8Array(32).fill(100 + index));
    sum.add(maskModel({ config, seed, scalar: rational(shares[index]!.labels.length, total), model: trained[index]! }));
    masks.addMask(seed);
  }
  const unmasked = sum.unmask(masks.object());
  return { model: unmasked.toModel(), scalarSum: unmasked.scalarSum };
}

/** A whole round in which the updates of participants 1, 2 and 3 are accepted. */
function play(judge: RoundJudge, mask: MaskConfig, published: { model: Model; scalarSum: Rational }, accepted = [1, 2, 3]): boolean {
  const round = { round: 1, params: params(mask) };
  judge.take({ type: 'round', ...round } as CoordinatorEvent);
  const id = roundIdOf(round.params);
  for (const index of [1, 2, 3]) judge.keep(id, index, trained[index]!);
  judge.take({ type: 'accepted', round: 1, phase: 'sum', tag: 'sum', participant: keys[0]! } as CoordinatorEvent);
  for (const index of accepted) judge.take({ type: 'accepted', round: 1, phase: 'update', tag: 'update', participant: keys[index]! } as CoordinatorEvent);
  return judge.take({
    type: 'model',
    round: 1,
    updates: 3,
    weights: WEIGHTS,
    model: readModel(encodeModel(published.model)),
    scalarSum: published.scalarSum,
  } as CoordinatorEvent);
}

for (const name of ['Power2/F32/B2/M6', 'Prime/F64/B2/M3', 'Integer/I32/B4/M9', 'Power2/F32/Bmax/M3']) {
  test(`an honest round stays under its bound with ${name}`, () => {
    const mask = parseMaskConfig(name);
    const { judge, told } = newJudge(mask);
    assert.equal(play(judge, mask, unmask(mask, [1, 2, 3])), true, 'one round was wanted');
    const { results, failed } = judge.result();
    const [result] = results;
    assert.ok(result!.bound > 0 && result!.difference <= result!.bound, `${result!.difference} of ${result!.bound}`);
    // 10^45 times such a weight and scalar is an integer, so with that resolution nothing is cut off at all.
    if (!name.includes('Bmax')) assert.ok(result!.difference > result!.bound / 1000, 'the bound is not idle');
    assert.deepEqual([result!.sums, result!.updates, failed], [1, 3, 0]);
    assert.ok(Math.abs(result!.scalarSum - 45 / total) < 1e-9);
    assert.equal(verdict({ alone: 0.5, federated: 0.9 }, results).ok, true);
    assert.equal(told.at(-1)?.type, 'finished');
  });
}

test('a weight that is off by ten times the resolution is caught', () => {
  const mask = parseMaskConfig('Power2/F32/B2/M6');
  const { judge } = newJudge(mask);
  const { model, scalarSum } = unmask(mask, [1, 2, 3]);
  const shifted = model.map(({ numerator, denominator }, i) =>
    i === 2000 ? rational(numerator * 10n ** 8n + denominator, denominator * 10n ** 8n) : { numerator, denominator },
  );
  play(judge, mask, { model: shifted, scalarSum });
  const { results } = judge.result();
  assert.ok(results[0]!.difference > results[0]!.bound);
  assert.match(verdict({ alone: 0.5, federated: 0.9 }, results).reasons.join(), /further|more than the bound/);
});

test('a model of other updates than the accepted ones is caught', () => {
  const mask = parseMaskConfig('Power2/F32/B2/M6');
  const { judge } = newJudge(mask);
  play(judge, mask, unmask(mask, [1, 2]));
  assert.ok(judge.result().results[0]!.difference > judge.result().results[0]!.bound);
  assert.throws(() => play(newJudge(mask).judge, mask, unmask(mask, [1, 2]), [1, 2]), /the model is of 3 updates, 2 were accepted/);
  assert.throws(() => play(newJudge(mask).judge, mask, unmask(mask, [1, 2]), [0, 1, 2]), /participant 1 has trained nothing/);
});

test('failed rounds are told and repeated, but not for ever', () => {
  const mask = parseMaskConfig('Power2/F32/B2/M6');
  const { judge, told } = newJudge(mask);
  const failure = { type: 'failure', round: 1, phase: 'update', code: 'phase-timeout', message: 'too few' } as CoordinatorEvent;
  for (let i = 1; i < MOST_FAILURES; i++) assert.equal(judge.take(failure), false);
  assert.deepEqual(told.at(-1), { type: 'failed', phase: 'update', reason: 'too few' });
  assert.throws(() => judge.take(failure), { code: 'demo-rounds-failed' });
  assert.equal(judge.result().failed, MOST_FAILURES);
});
