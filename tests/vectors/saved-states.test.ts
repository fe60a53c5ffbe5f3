// Saved states of the original participant (participant A.7). Reading them is the participant's business; here the data are held
// against what core knows: sizes, keys, signatures, parameters.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex, RoundSeed, SigningKeySeed, toHex } from '@xaynet/core/bytes';
import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { decodeRoundParams, encodeRoundParams, taskSignature } from '@xaynet/core/round';
import { type FieldVector, joined, load } from './load.ts';

interface SavedStates {
  states: FieldVector[];
  layouts: { name: string; size: number; lengths: Record<string, number>; fields: Record<string, string | null> }[];
}
const { states, layouts } = load<SavedStates>('participant-saved-states.json');
const keys = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32)));

test('saved states have the sizes of the contract, and hold the keys of the zero seed', () => {
  assert.deepEqual(
    states.map((state) => joined(state).length),
    [285, 425],
  );
  for (const { fields } of states) {
    assert.deepEqual([fields.signPublic, fields.signSecret], [toHex(keys.publicKey), toHex(keys.secretKey)]);
  }
});

test('their round parameters come back as they went', () => {
  for (const { fields } of states) {
    const names = Object.keys(fields).filter((name) => name.startsWith('params.'));
    const bytes = fromHex(names.map((name) => fields[name]).join(''));
    if (toHex(bytes.subarray(40, 56)) === '00'.repeat(16)) assert.equal(toHex(bytes.subarray(8, 40)), '00'.repeat(32), 'no round yet');
    assert.deepEqual(encodeRoundParams(decodeRoundParams(bytes)), bytes);
  }
});

test('the signatures in a state are those of its round', () => {
  const { fields } = states[1]!;
  const seed = RoundSeed(fromHex(fields['params.seed']!));
  assert.equal(fields.sumSignature, toHex(taskSignature(seed, 'sum', keys.secretKey)));
  assert.equal(fields.updateSignature, toHex(taskSignature(seed, 'update', keys.secretKey)));
});

test('where the contract fixes only lengths, they add up and agree with the fields that are fixed', () => {
  for (const { name, size, lengths, fields } of layouts) {
    assert.equal(
      Object.values(lengths).reduce((sum, length) => sum + length, 0),
      size,
      name,
    );
    assert.deepEqual(Object.keys(lengths), Object.keys(fields));
    for (const [field, value] of Object.entries(fields)) if (value !== null) assert.equal(value.length, 2 * lengths[field]!, field);
  }
});
