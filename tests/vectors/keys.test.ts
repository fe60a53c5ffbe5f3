// Keys from seeds, sealed boxes, task signatures, selection, round seeds: wire A.5, coordinator A.1 to A.3, participant A.1, A.3, A.6.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptKeySeed, equalBytes, fromHex, PublicEncryptKey, RoundSeed, SecretEncryptKey, Signature, SigningKeySeed, toHex } from '@xaynet/core/bytes';
import { encryptKeyPairFromSeed, openSealed, sha256, sign, signingKeyPairFromSeed, verify } from '@xaynet/core/crypto';
import { isEligible, nextRoundSeed, taskSignature, verifyTask } from '@xaynet/core/round';
import { joined, label, load } from './load.ts';

interface Pair {
  name: string;
  origin: string;
  seed: string;
  publicKey: string;
  secretKey: string;
}
interface Sealed {
  name: string;
  origin: string;
  publicKey: string;
  secretKey: string;
  plaintext: string;
  fields: Record<string, string>;
  bytes: string;
}

const keys = load<{ signing: Pair[]; encrypt: Pair[]; sealed: Sealed[] }>('keys.json');

test('signing pairs follow from their seeds', () => {
  for (const pair of keys.signing) {
    const made = signingKeyPairFromSeed(SigningKeySeed(fromHex(pair.seed)));
    assert.deepEqual([toHex(made.publicKey), toHex(made.secretKey)], [pair.publicKey, pair.secretKey], label(pair));
  }
});

test('encryption pairs follow from their seeds', () => {
  for (const pair of keys.encrypt) {
    const made = encryptKeyPairFromSeed(EncryptKeySeed(fromHex(pair.seed)));
    assert.deepEqual([toHex(made.publicKey), toHex(made.secretKey)], [pair.publicKey, pair.secretKey], label(pair));
  }
});

test('sealed boxes open', () => {
  const messages = load<{ sealed: Sealed[] }>('messages.json').sealed;
  for (const box of [...keys.sealed, ...messages]) {
    const pair = { publicKey: PublicEncryptKey(fromHex(box.publicKey)), secretKey: SecretEncryptKey(fromHex(box.secretKey)) };
    assert.equal(toHex(openSealed(joined(box), pair)), box.plaintext, label(box));
  }
});

interface TaskVector {
  name: string;
  origin: string;
  signature: string;
  sha256: string;
  digestLE?: string;
  roundSeed?: string;
  task?: 'sum' | 'update';
  signingSeed?: string;
  decisions: { threshold?: string; thresholdBits?: string; eligible: boolean }[];
}
const tasks = load<{ vectors: TaskVector[] }>('eligibility.json').vectors;

function thresholdOf(decision: { threshold?: string; thresholdBits?: string }): number {
  return decision.thresholdBits === undefined ? Number(decision.threshold) : Buffer.from(decision.thresholdBits, 'hex').readDoubleBE();
}

test('task signatures are made as recorded and verify', () => {
  let made = 0;
  for (const vector of tasks) {
    const { signingSeed, roundSeed, task } = vector;
    if (signingSeed === undefined || roundSeed === undefined || task === undefined) continue;
    const pair = signingKeyPairFromSeed(SigningKeySeed(fromHex(signingSeed)));
    const seed = RoundSeed(fromHex(roundSeed));
    const signature = taskSignature(seed, task, pair.secretKey);
    assert.equal(toHex(signature), vector.signature, label(vector));
    assert.ok(verifyTask(signature, seed, task, pair.publicKey));
    assert.ok(!verifyTask(signature, seed, task === 'sum' ? 'update' : 'sum', pair.publicKey));
    made++;
  }
  assert.equal(made, 6);
});

test('digests, and who is selected at which threshold, near ties included', () => {
  for (const vector of tasks) {
    const signature = Signature(fromHex(vector.signature));
    const digest = sha256(signature);
    assert.equal(toHex(digest), vector.sha256, label(vector));
    if (vector.digestLE !== undefined) assert.equal(BigInt(`0x${toHex(digest.toReversed())}`).toString(), vector.digestLE);
    for (const decision of vector.decisions)
      assert.equal(isEligible(signature, thresholdOf(decision)), decision.eligible, `${label(vector)}: ${JSON.stringify(decision)}`);
  }
});

interface SeedVector {
  name: string;
  origin: string;
  oldSeed: string;
  secretKey: string;
  sum: number;
  update: number;
  signingKey?: string;
  signature?: string;
  newSeed: string;
}

test('round seeds follow from the one before', () => {
  for (const vector of load<{ vectors: SeedVector[] }>('round-seeds.json').vectors) {
    const secretKey = SecretEncryptKey(fromHex(vector.secretKey));
    assert.equal(toHex(nextRoundSeed(RoundSeed(fromHex(vector.oldSeed)), secretKey, vector.sum, vector.update)), vector.newSeed, label(vector));
    if (vector.signature === undefined) continue;
    // the step between: a signature over the old seed and both probabilities, with the secret key as the seed of the signing pair
    const pair = signingKeyPairFromSeed(SigningKeySeed(secretKey));
    const probabilities = Buffer.alloc(16);
    probabilities.writeDoubleLE(vector.sum, 0);
    probabilities.writeDoubleLE(vector.update, 8);
    const signed = new Uint8Array(Buffer.concat([fromHex(vector.oldSeed), probabilities]));
    const signature = sign(signed, pair.secretKey);
    assert.equal(toHex(signature), vector.signature, label(vector));
    assert.ok(verify(signature, signed, pair.publicKey));
    if (vector.signingKey !== undefined) assert.ok(equalBytes(pair.publicKey, fromHex(vector.signingKey)));
  }
});
