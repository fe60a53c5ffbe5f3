// X25519 pairs: the protocol's known answers, and the keys that nothing can be sealed to. Vectors: `providers.test.ts`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { x25519 } from '@noble/curves/ed25519.js';
import { numberToBytesLE } from '@noble/curves/utils.js';
import { EncryptKeySeed, PublicEncryptKey, SecretEncryptKey } from '../bytes/fixed.ts';
import { toHex } from '../bytes/text.ts';
import { encryptKeyPairFromSecret, encryptKeyPairFromSeed, generateEncryptKeyPair, isUsableEncryptKey } from './encrypt-keys.ts';

const P = 2n ** 255n - 19n;
const count = (from: number, length = 32): Uint8Array => Uint8Array.from({ length }, (_, i) => from + i);

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
