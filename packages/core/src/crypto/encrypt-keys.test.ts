// X25519: RFC 7748, the protocol's known answers, and the keys that nothing can be sealed to.

import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { test } from 'node:test';
import { x25519 } from '@noble/curves/ed25519.js';
import { numberToBytesLE } from '@noble/curves/utils.js';
import fc from 'fast-check';
import { EncryptKeySeed, PublicEncryptKey, SecretEncryptKey } from '../bytes/fixed.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { encryptKeyPairFromSecret, encryptKeyPairFromSeed, generateEncryptKeyPair, isUsableEncryptKey } from './encrypt-keys.ts';

const P = 2n ** 255n - 19n;
const count = (from: number, length = 32): Uint8Array => Uint8Array.from({ length }, (_, i) => from + i);

test('RFC 7748, 6.1: public keys and the shared secret', () => {
  const alice = encryptKeyPairFromSecret(SecretEncryptKey(fromHex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a')));
  const bob = encryptKeyPairFromSecret(SecretEncryptKey(fromHex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb')));
  assert.equal(toHex(alice.publicKey), '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a');
  assert.equal(toHex(bob.publicKey), 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f');
  const shared = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';
  assert.equal(toHex(x25519.getSharedSecret(alice.secretKey, bob.publicKey)), shared);
  assert.equal(toHex(x25519.getSharedSecret(bob.secretKey, alice.publicKey)), shared);
});

test('known answers of the protocol: pairs from seeds (wire A.5, participant A.1, coordinator A.1)', () => {
  const rows: [Uint8Array, string, string][] = [
    [count(0x20), '5730800ab340fcb18ce5111eda9d705f91388b41e4544cbd103ba5942db2233e', '887af58a36202e05c4c1cfec5bf6c61fad66bca851536004074b31f1b56e4ac9'],
    [count(0x60), 'e240f142b821efa128c8a1b1ee98c5c2d0d6186429edeedd3cccde89f7bf754a', 'db37bddf3a71712960db96d3a4bdc43ea7d7ebb89680c0d374d27733cfe9bccc'],
    [
      new Uint8Array(32),
      '5bf55c73b82ebe22be80f3430667af570fae2556a6415e6b30d4065300aa947d',
      '5046adc1dba838867b2bbbfdd0c3423e58b57970b5267a90f57960924a87f196',
    ],
    [
      new Uint8Array(32).fill(7),
      '761d88ec830413919dfe9d4d1d56f17e653c8c994082df5b137b90a0ae6edf74',
      '2fad39fefd7fa3e200a9c626eef599e61a2d055c48a8288a4e7e4c4bca3928f8',
    ],
  ];
  for (const [seed, publicKey, secretKey] of rows) {
    const keys = encryptKeyPairFromSeed(EncryptKeySeed(seed));
    assert.equal(toHex(keys.publicKey), publicKey);
    assert.equal(toHex(keys.secretKey), secretKey);
    assert.deepEqual(encryptKeyPairFromSecret(keys.secretKey), keys);
  }
});

test('node:crypto agrees on public keys and on shared secrets', () => {
  const nodePrivate = (secret: Uint8Array): ReturnType<typeof createPrivateKey> =>
    createPrivateKey({ key: Buffer.concat([fromHex('302e020100300506032b656e04220420'), secret]), format: 'der', type: 'pkcs8' });
  const secret = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(secret, secret, (mine, theirs) => {
      const other = encryptKeyPairFromSecret(SecretEncryptKey(theirs)).publicKey;
      const nodePublic = createPublicKey(nodePrivate(theirs));
      assert.deepEqual(new Uint8Array(nodePublic.export({ format: 'der', type: 'spki' })).slice(12), Uint8Array.from(other));
      const shared = diffieHellman({ privateKey: nodePrivate(mine), publicKey: nodePublic });
      assert.deepEqual(new Uint8Array(shared), x25519.getSharedSecret(mine, other));
    }),
    { numRuns: 20 },
  );
});

test('a generated pair takes 32 bytes of chance once, and refuses a source that returns fewer', () => {
  const asked: number[] = [];
  const keys = generateEncryptKeyPair((length) => {
    asked.push(length);
    return count(3, length);
  });
  assert.deepEqual(asked, [32]);
  assert.deepEqual(keys, encryptKeyPairFromSecret(SecretEncryptKey(count(3))));
  assert.throws(() => generateEncryptKeyPair(() => new Uint8Array(33)), { code: 'length-mismatch' });
});

test('unusable are exactly the keys that noble refuses to multiply: low order, non-canonical and top bit included', () => {
  const secret = count(7);
  const noble = (key: Uint8Array): boolean => {
    try {
      x25519.getSharedSecret(secret, key);
      return true;
    } catch {
      return false;
    }
  };
  const order8 = [
    325606250916557431795983626356110631294008115727848805560023387167927233504n,
    39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  ];
  const low = [0n, 1n, P - 1n, P, P + 1n, ...order8];
  const usable = [2n, 9n, P - 2n, P + 2n, P + 9n, 2n ** 255n - 1n, ...order8.flatMap((u) => [u - 1n, u + 1n])];
  for (const [coordinates, expected] of [[low, false] as const, [usable, true] as const]) {
    for (const u of coordinates) {
      for (const encoded of [u, u + 2n ** 255n]) {
        const key = PublicEncryptKey(numberToBytesLE(encoded, 32));
        assert.equal(isUsableEncryptKey(key), expected, toHex(key));
        assert.equal(noble(key), expected, toHex(key));
      }
    }
  }
});
