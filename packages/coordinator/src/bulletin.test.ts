// The published bodies: those of wire 7.3 for what is in the view, encoded once for each document, gone with it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptedMaskSeed, KeyMap, PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import { encodeRoundParams, encodeSumDict, encodeUpdateSeedDict, type SeedDict, type SumDict } from '@xaynet/core/round';
import { Bulletin, type View } from './bulletin.ts';
import { freshBeginning } from './restore.ts';
import { seededRandom, testSettings } from './rig.test.ts';

const { keys, params } = freshBeginning(testSettings(), seededRandom('bulletin'));
const EMPTY: View = { round: 0, phase: 'idle', keys, params, sums: undefined, seeds: undefined, model: undefined };
const [one, two] = [1, 2].map((byte) => PublicSigningKey(new Uint8Array(32).fill(byte))) as [PublicSigningKey, PublicSigningKey];
const sumsOf = (byte: number): SumDict => new KeyMap([[one, PublicEncryptKey(new Uint8Array(32).fill(byte))]]);
const seedsOf = (byte: number): SeedDict => new KeyMap([[one, new KeyMap([[two, EncryptedMaskSeed(new Uint8Array(80).fill(byte))]])]]);

test('nothing but the parameters is there at first', () => {
  const bulletin = new Bulletin(EMPTY);
  assert.deepEqual(bulletin.params(), encodeRoundParams(params));
  assert.deepEqual([bulletin.sums(), bulletin.seeds(one), bulletin.model()], [undefined, undefined, undefined]);
});

test('each body is that of its document, and the same array until the document changes', () => {
  const bulletin = new Bulletin(EMPTY);
  for (const byte of [3, 4]) {
    const model = new Uint8Array(8).fill(byte);
    const next = { ...EMPTY, params: { ...params, sum: 1 / byte }, sums: sumsOf(byte), seeds: seedsOf(byte), model };
    bulletin.publish(next);
    const bodies = [bulletin.params(), bulletin.sums(), bulletin.seeds(one), bulletin.model()];
    assert.deepEqual(bodies, [encodeRoundParams(next.params), encodeSumDict(next.sums), encodeUpdateSeedDict(next.seeds.get(one)!), model]);
    bulletin.publish({ ...next, phase: 'sum2' });
    for (const [i, body] of [bulletin.params(), bulletin.sums(), bulletin.seeds(one), bulletin.model()].entries()) assert.equal(body, bodies[i]);
    assert.equal(bulletin.seeds(two), undefined, 'no sum participant');
  }
});

test('it is known which round each body is of: parameters of the last round in idle, a model of any round before (W-40)', () => {
  const bulletin = new Bulletin({ ...EMPTY, round: 6, model: new Uint8Array(8), modelRound: 4 });
  const rounds = (): (number | undefined)[] =>
    [bulletin.params(), bulletin.sums(), bulletin.seeds(one), bulletin.model()].map((body) => body && bulletin.roundOf(body));
  assert.deepEqual(rounds(), [6, undefined, undefined, 4]);
  const idle: View = { ...bulletin.view, round: 7 };
  bulletin.publish(idle);
  assert.deepEqual(rounds(), [6, undefined, undefined, 4], 'nothing of the new round is published yet');
  bulletin.publish({ ...idle, phase: 'sum2', params: { ...params }, sums: sumsOf(3), seeds: seedsOf(3) });
  assert.deepEqual(rounds(), [7, 7, 7, 4]);
  bulletin.publish({ ...idle, round: 8, params: bulletin.view.params, model: new Uint8Array(9), modelRound: 7 });
  assert.deepEqual(rounds(), [7, undefined, undefined, 7]);
  assert.equal(bulletin.roundOf(new Uint8Array(9)), undefined);
});

test('hidden documents are gone, and listeners are told of every change', () => {
  const bulletin = new Bulletin({ ...EMPTY, sums: sumsOf(3), seeds: seedsOf(3) });
  assert.ok(bulletin.sums() && bulletin.seeds(one));
  const phases: string[] = [];
  bulletin.onChange(({ phase }) => phases.push(phase));
  bulletin.publish({ ...EMPTY, phase: 'unmask' });
  assert.deepEqual([bulletin.sums(), bulletin.seeds(one)], [undefined, undefined]);
  assert.deepEqual(phases, ['unmask']);
});
