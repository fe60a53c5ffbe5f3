import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PublicEncryptKey, RoundSeed, Signature, SigningKeySeed } from '../bytes/fixed.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { type SigningKeyPair, signingKeyPairFromSeed } from '../crypto/signing.ts';
import { parseMaskConfig } from '../mask/config.ts';
import type { RoundParams } from './round-params.ts';
import { chooseRole, taskSignature, verifyTask } from './task.ts';

const count = (from: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => from + i);
const keysOf = (seed: Uint8Array): SigningKeyPair => signingKeyPairFromSeed(SigningKeySeed(seed));

// Keys, round seed, sum and update signature: wire A.5, participant A.3, coordinator A.3.
const KNOWN: [SigningKeyPair, RoundSeed, string, string][] = [
  [
    keysOf(count(0)),
    RoundSeed(count(0x80)),
    'a472f72bad7a3a16a5c610e88e8442e6bfcb71a816562ff806f3afcf640e16eaeede56f4a8bac96b9dfc3c33c196a9457baa91b22b6b6a69fdc14a74c511a50e',
    '64a5ddf5271374f0f04474f11ba1bc96e3d90924e9fedae7d49c192fbf9ef9480bf2c0a17e236154790dd4c49770b767db4697ff4322e9a2a4e7a63123895504',
  ],
  [
    keysOf(new Uint8Array(32)),
    RoundSeed(new Uint8Array(32).fill(7)),
    'a344abd4ff25a1386eec22d6bb386ab3a5fe7a850fffaa79f10f596278773be396d8d64a162ffc4ea12d99d24071152d7557bddd88a15012dae5e6b7b6f7b407',
    '0bc8b7afd1768b6238887e91807ffec11a659ae8778718a37e000d3b1442fc31a5a61a59351a606ef7a3650b83c65e2b6a974cbd9c612f25ee82b98cbd24ac0a',
  ],
  [
    keysOf(new Uint8Array(32).fill(1)),
    RoundSeed(fromHex('b66a80450ec6b29f569b504aa58e8217074bbb952fc62667232ae19743bc50a2')),
    '787513e0b89db2673d9fedfcc9243658b7f7bc0b778e19a9a40719ac5dc1dfa334ec6e2f2a8763f6ee598beffdcfd29b0e373fda82761c3f37d02922741c8c0e',
    'cfac771d1f65017fd2f619f553a275a188a6d41b29b78b93a25c5f0cf8284ed00445c4731e6e39631e085a89a155549e0cca6dfd1b162214b93d7c00b9d2460e',
  ],
];

test('known task signatures, and nothing else verifies (wire A.5, participant A.3, coordinator A.3)', () => {
  for (const [{ publicKey, secretKey }, seed, sum, update] of KNOWN) {
    assert.equal(toHex(taskSignature(seed, 'sum', secretKey)), sum);
    assert.equal(toHex(taskSignature(seed, 'update', secretKey)), update);
    assert.ok(verifyTask(Signature(fromHex(sum)), seed, 'sum', publicKey));
    assert.ok(verifyTask(Signature(fromHex(update)), seed, 'update', publicKey));
    assert.equal(verifyTask(Signature(fromHex(sum)), seed, 'update', publicKey), false);
    assert.equal(verifyTask(Signature(fromHex(update)), seed, 'sum', publicKey), false);
    assert.equal(verifyTask(Signature(fromHex(sum)), RoundSeed(count(9)), 'sum', publicKey), false);
    assert.equal(verifyTask(Signature(fromHex(sum)), seed, 'sum', keysOf(count(9)).publicKey), false);
  }
});

test('the role: sum before update before none, with the signatures its messages need', () => {
  const [keys, seed, sum, update] = KNOWN[0]!;
  const config = parseMaskConfig('Prime/F32/B0/M3');
  const roleAt = (sumProbability: number, updateProbability: number): ReturnType<typeof chooseRole> => {
    const params: RoundParams = {
      publicKey: PublicEncryptKey(count(1)),
      sum: sumProbability,
      update: updateProbability,
      seed,
      maskConfig: { vect: config, unit: config },
      modelLength: 1,
    };
    return chooseRole(params, keys);
  };
  const sumSignature = Signature(fromHex(sum));
  const updateSignature = Signature(fromHex(update));
  // Its fractions are 0.53800 for sum and 0.33536 for update.
  assert.deepEqual(roleAt(0.6, 0.4), { role: 'sum', sumSignature });
  assert.deepEqual(roleAt(0.6, 0), { role: 'sum', sumSignature });
  assert.deepEqual(roleAt(0.5, 0.4), { role: 'update', sumSignature, updateSignature });
  assert.deepEqual(roleAt(0.5, 0.3), { role: 'none' });
  assert.deepEqual(roleAt(0, 0), { role: 'none' });
  assert.throws(() => roleAt(Number.NaN, 1), { code: 'decode-number' });
});
