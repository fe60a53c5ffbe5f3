// Ed25519 pairs and what signing promises whatever the provider; vectors and hostile cases over all of them: `providers.test.ts`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { numberToBytesLE } from '@noble/curves/utils.js';
import { Point as OurPoint } from '@noble/ed25519';
import { concatBytes } from '../bytes/compare.ts';
import { SecretSigningKey, SigningKeySeed } from '../bytes/fixed.ts';
import { toHex } from '../bytes/text.ts';
import { LONG_MESSAGE } from './chosen.ts';
import { smallOrderEncodings, smallOrderPoints } from './hostile-signatures.test.ts';
import { isSmallOrderEdwards } from './low-order.ts';
import { generateSigningKeyPair, sign, signAsync, signingKeyPairFromSeed, verify, verifyAsync } from './signing.ts';

const { Point } = ed25519;
const P = 2n ** 255n - 19n;
const seedOf = (byte: number): SigningKeySeed => SigningKeySeed(new Uint8Array(32).fill(byte));
const count = (from: number, length = 32): Uint8Array => Uint8Array.from({ length }, (_, i) => from + i);
const flipSign = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes, (byte, i) => (i === 31 ? byte ^ 0x80 : byte));

test('known answers of the protocol: pairs from seeds (wire A.5, participant A.1, coordinator A.3)', () => {
  const publicKeyOf = (seed: Uint8Array): string => toHex(signingKeyPairFromSeed(SigningKeySeed(seed)).publicKey);
  assert.equal(publicKeyOf(count(0x00)), '03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8');
  assert.equal(publicKeyOf(count(0x40)), '2543b92ff1095511476adc8369db6ddc933665a11978dda1404ee1066ca9559d');
  assert.equal(publicKeyOf(seedOf(0)), '3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29');
  assert.equal(publicKeyOf(seedOf(1)), '8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c');
  const { publicKey, secretKey } = signingKeyPairFromSeed(SigningKeySeed(count(0)));
  assert.deepEqual(secretKey, SecretSigningKey(concatBytes(count(0), publicKey)));
});

test('a generated pair takes 32 bytes of chance once, and refuses a source that returns fewer', () => {
  const asked: number[] = [];
  const keys = generateSigningKeyPair((length) => {
    asked.push(length);
    return count(3, length);
  });
  assert.deepEqual(asked, [32]);
  assert.deepEqual(keys, signingKeyPairFromSeed(SigningKeySeed(count(3))));
  assert.throws(() => generateSigningKeyPair(() => new Uint8Array(31)), { code: 'length-mismatch' });
});

test('signing never uses the public half of the secret key, so a foreign half gives nothing away', () => {
  const { publicKey, secretKey } = signingKeyPairFromSeed(seedOf(5));
  const foreign = SecretSigningKey(concatBytes(secretKey.subarray(0, 32), signingKeyPairFromSeed(seedOf(6)).publicKey));
  assert.deepEqual(sign(count(0), foreign), sign(count(0), secretKey));
  assert.ok(verify(sign(count(0), foreign), count(0), publicKey));
});

test('the eight points of small order are recognised in each of their 14 encodings, and no other point is', () => {
  const points = smallOrderPoints();
  assert.equal(new Set(points.map((point) => point.toHex())).size, 8);
  for (const point of points) assert.ok(point.isSmallOrder());
  const encodings = smallOrderEncodings();
  assert.equal(new Set(encodings.map(({ bytes }) => toHex(bytes))).size, 14);
  for (const { bytes } of encodings) {
    assert.ok(isSmallOrderEdwards(bytes));
    assert.ok(isSmallOrderEdwards(flipSign(bytes)));
  }
  for (const y of [2n, 3n, P - 2n, P + 2n]) assert.equal(isSmallOrderEdwards(numberToBytesLE(y, 32)), false, `y = ${y}`);
  assert.equal(isSmallOrderEdwards(Point.BASE.toBytes()), false);
});

test('a y of p or more is no point to the decoder, also one that is on the curve', () => {
  let onCurve = 0;
  for (let k = 0n; k < 19n; k++) {
    const plain = numberToBytesLE(P + k, 32);
    for (const bytes of [plain, flipSign(plain)]) {
      try {
        Point.fromBytes(bytes, true);
        onCurve++;
      } catch {}
      assert.throws(() => OurPoint.fromBytes(bytes), `p + ${k}`);
    }
  }
  assert.ok(onCurve > 4);
  assert.deepEqual(OurPoint.fromBytes(flipSign(Point.BASE.toBytes())).toBytes(), flipSign(Point.BASE.toBytes()));
});

test('what verifyAsync was given counts, not what its caller makes of the buffer afterwards', async () => {
  const { publicKey, secretKey } = signingKeyPairFromSeed(seedOf(7));
  const message = count(0, LONG_MESSAGE);
  const signature = await signAsync(message, secretKey);
  const verdict = verifyAsync(signature, message, publicKey);
  signature.fill(0);
  assert.equal(await verdict, true);
  assert.equal(await verifyAsync(signature, message, publicKey), false);
});
