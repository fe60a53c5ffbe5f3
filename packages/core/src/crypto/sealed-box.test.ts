// Sealed boxes: the protocol's known boxes open, and what sealing promises whatever the provider; the cipher itself, damaged boxes
// and key exchange over all providers: `providers.test.ts`.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { numberToBytesLE } from '@noble/curves/utils.js';
import fc from 'fast-check';
import { EncryptedMaskSeed, EncryptKeySeed, MaskSeed, PublicEncryptKey } from '../bytes/fixed.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { XaynetError } from '../errors.ts';
import { type EncryptKeyPair, encryptKeyPairFromSeed } from './encrypt-keys.ts';
import { openMaskSeed, openSealed, seal, sealMaskSeed } from './sealed-box.ts';

const count = (from: number, length = 32): Uint8Array => Uint8Array.from({ length }, (_, i) => from + i);
const keysOf = (seed: Uint8Array): EncryptKeyPair => encryptKeyPairFromSeed(EncryptKeySeed(seed));
const random = (length: number): Uint8Array => new Uint8Array(randomBytes(length));

test('boxes that libsodium sealed open (wire A.5, participant A.6)', () => {
  const seed = fromHex(
    'ba1f74a0011622f0bfab6cdd85afa1d68901945870771ea2f894bcb032f9e70873738cb50fc3efe5ab95218600f2b33e01e781479e0c03c435019ad9eaf9b2fc3b989032a526e2f3f216f79c814e558f',
  );
  assert.deepEqual(openMaskSeed(EncryptedMaskSeed(seed), keysOf(count(0x60))), MaskSeed(count(0xa0)));
  const zero = keysOf(new Uint8Array(32));
  const name = fromHex('91e7a455108c3a710383460c1fa8a8d8420d05cb42b929b4dc8f306cca642219fe447500372ba8ed677d80ff03b07f0d548615eec5ca');
  assert.equal(Buffer.from(openSealed(name, zero)).toString('ascii'), 'xaynet');
  const threes = fromHex(
    '7516b1fa38579c851508decbf69f55a2238d150c862b6a68fb818a59c1ce6e0a2116bc2ca8e50e983ca950d2cb511dbffe1600f39c964352d6d8c9f7a62973555d19623ea3f2016b22105207d4a4d123',
  );
  assert.equal(toHex(openMaskSeed(EncryptedMaskSeed(threes), zero)), '03'.repeat(32));
});

test('sealing takes 32 bytes of chance, and the same chance gives the same box', () => {
  const asked: number[] = [];
  const fixed = (length: number): Uint8Array => {
    asked.push(length);
    return count(9, length);
  };
  const { publicKey } = keysOf(count(1));
  assert.deepEqual(seal(count(5), publicKey, fixed), seal(count(5), publicKey, fixed));
  assert.deepEqual(asked, [32, 32]);
  assert.notDeepEqual(seal(count(5), publicKey, random), seal(count(5), publicKey, random));
});

test('another pair, and a public half that does not belong, do not open', () => {
  const keys = keysOf(count(1));
  const other = keysOf(count(2));
  const sealed = seal(count(0), keys.publicKey, random);
  assert.throws(() => openSealed(sealed, other), { code: 'sealed-box-open-failed' });
  assert.throws(() => openSealed(sealed, { ...keys, publicKey: other.publicKey }), { code: 'sealed-box-open-failed' });
});

test('boxes shorter than the overhead, and with a low-order ephemeral key, do not open', () => {
  const keys = keysOf(count(1));
  for (const size of [0, 1, 31, 32, 47, 48, 49, 80]) {
    assert.throws(() => openSealed(new Uint8Array(size), keys), { code: 'sealed-box-open-failed' }, `${size} zero bytes`);
  }
});

const LOW_ORDER = [0n, 1n, 2n ** 255n - 20n, 2n ** 255n - 19n, 2n ** 255n - 18n, 2n ** 255n, 2n ** 255n + 1n];

test('nothing is sealed to a low-order key', () => {
  for (const u of LOW_ORDER) {
    assert.throws(() => seal(count(0), PublicEncryptKey(numberToBytesLE(u, 32)), random), { code: 'key-unusable' });
  }
});

test('a mask seed for a low-order key becomes 80 bytes that look like any other and do not open', () => {
  for (const u of LOW_ORDER) {
    const recipient = PublicEncryptKey(numberToBytesLE(u, 32));
    const sealed = sealMaskSeed(MaskSeed(count(0)), recipient, random);
    assert.equal(sealed.length, 80);
    assert.notDeepEqual(sealed, sealMaskSeed(MaskSeed(count(0)), recipient, random));
    assert.notEqual(toHex(sealed.subarray(32)), '00'.repeat(48));
    assert.throws(() => openMaskSeed(sealed, { ...keysOf(count(3)), publicKey: recipient }), { code: 'sealed-box-open-failed' });
  }
  const keys = keysOf(count(3));
  assert.deepEqual(openMaskSeed(sealMaskSeed(MaskSeed(count(0)), keys.publicKey, random), keys), MaskSeed(count(0)));
});

test('arbitrary bytes give a coded error, never another exception', () => {
  const keys = keysOf(count(1));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
      assert.throws(
        () => openSealed(bytes, keys),
        (error) => error instanceof XaynetError && error.code === 'sealed-box-open-failed',
      );
    }),
    { numRuns: 60 },
  );
});
