import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptKeySeed, RoundSeed, SecretEncryptKey, SigningKeySeed } from '../bytes/fixed.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { encryptKeyPairFromSeed } from '../crypto/encrypt-keys.ts';
import { signingKeyPairFromSeed } from '../crypto/signing.ts';
import { initialRoundSeed, nextRoundSeed } from './round-seed.ts';

test('two rounds from the zero seed with the same secret key (wire A.5)', () => {
  const { secretKey } = encryptKeyPairFromSeed(EncryptKeySeed(Uint8Array.from({ length: 32 }, (_, i) => 0x20 + i)));
  const first = nextRoundSeed(initialRoundSeed(), secretKey, 0.01, 0.1);
  assert.equal(toHex(first), '102c8281e70e5972e358595d81a8720cf100b7853a72f51d517b570734c669d4');
  assert.equal(toHex(nextRoundSeed(first, secretKey, 0.01, 0.1)), 'aace5a709e1ab40c83f95db806630679af8314ee4cb83321d46efbcd3fc75f6d');
});

test('a round seed from the zero seed (coordinator A.1)', () => {
  const { secretKey } = encryptKeyPairFromSeed(EncryptKeySeed(new Uint8Array(32).fill(7)));
  assert.equal(toHex(signingKeyPairFromSeed(SigningKeySeed(secretKey)).publicKey), 'b7a173dd5dd3e1a5efd3d16fe34c8563b5dd9f9a970b7d1f8bf3bfc7072dfbe2');
  assert.equal(toHex(nextRoundSeed(initialRoundSeed(), secretKey, 0.5, 0.9)), 'b66a80450ec6b29f569b504aa58e8217074bbb952fc62667232ae19743bc50a2');
});

test('a round seed of a running coordinator (coordinator A.2)', () => {
  const old = RoundSeed(fromHex('687bd5f50df940773aade5c8d1814c11248262c9837f88744a7d1c2c2e74f8bb'));
  const secretKey = SecretEncryptKey(fromHex('283ac0d82d89f092396530745b240b469d258a6a3cee7fd2812b128fae0a964e'));
  assert.equal(toHex(nextRoundSeed(old, secretKey, 0.25, 0.9)), '042331b107e0d78c3f4925ab50b96b43e7e741b2c68fb1d52aa97d6506b713df');
  assert.notEqual(toHex(nextRoundSeed(old, secretKey, 0.9, 0.25)), '042331b107e0d78c3f4925ab50b96b43e7e741b2c68fb1d52aa97d6506b713df');
});
