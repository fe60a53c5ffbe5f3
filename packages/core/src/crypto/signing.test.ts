// Ed25519: RFC 8032, the protocol's known answers, and bytes for every clause on which verifiers are known to disagree.

import assert from 'node:assert/strict';
import { createPrivateKey, createPublicKey, sign as nodeSign, verify as nodeVerify } from 'node:crypto';
import { test } from 'node:test';
import { ed25519 } from '@noble/curves/ed25519.js';
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { concatBytes } from '../bytes/compare.ts';
import { PublicSigningKey, SecretSigningKey, Signature, SigningKeySeed } from '../bytes/fixed.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { Point as OurPoint } from './curve25519.ts';
import { isSmallOrderEdwards } from './low-order.ts';
import { generateSigningKeyPair, sign, signingKeyPairFromSeed, verify } from './signing.ts';

const { Point } = ed25519;
type Point = InstanceType<typeof Point>;
const P = 2n ** 255n - 19n;
const L = Point.Fn.ORDER;
const seedOf = (byte: number): SigningKeySeed => SigningKeySeed(new Uint8Array(32).fill(byte));
const count = (from: number, length = 32): Uint8Array => Uint8Array.from({ length }, (_, i) => from + i);
const flipSign = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes, (byte, i) => (i === 31 ? byte ^ 0x80 : byte));

function nodePublicKey(publicKey: Uint8Array): ReturnType<typeof createPublicKey> {
  return createPublicKey({ key: Buffer.concat([fromHex('302a300506032b6570032100'), publicKey]), format: 'der', type: 'spki' });
}
function nodePrivateKey(seed: Uint8Array): ReturnType<typeof createPrivateKey> {
  return createPrivateKey({ key: Buffer.concat([fromHex('302e020100300506032b657004220420'), seed]), format: 'der', type: 'pkcs8' });
}

/** Double-and-add, the textbook one: scalars are not reduced, so it is right for points with a torsion part. */
function times(scalar: bigint, point: Point): Point {
  let sum = Point.ZERO;
  for (const bit of scalar.toString(2)) {
    sum = sum.double();
    if (bit === '1') sum = sum.add(point);
  }
  return sum;
}

/** The eight points of small order: multiples of the torsion part of some point that has one of order 8. */
function smallOrderPoints(): Point[] {
  for (let y = 2n; ; y++) {
    try {
      const torsion = times(L, Point.fromBytes(numberToBytesLE(y, 32)));
      if (!torsion.double().double().is0()) return Array.from({ length: 8 }, (_, k) => times(BigInt(k), torsion));
    } catch {
      // no point has this y
    }
  }
}
const SMALL = smallOrderPoints();

function challenge(r: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  return bytesToNumberLE(sha512(concatBytes(r, key, message))) % L;
}

const RFC_8032 = [
  {
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    key: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature: 'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature: '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    key: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature: '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
  {
    seed: '833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42',
    key: 'ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf',
    message: 'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
    signature: 'dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704',
  },
];

test('RFC 8032 vectors: keys, signatures, verification', () => {
  for (const { seed, key, message, signature } of RFC_8032) {
    const keys = signingKeyPairFromSeed(SigningKeySeed(fromHex(seed)));
    assert.equal(toHex(keys.publicKey), key);
    assert.equal(toHex(keys.secretKey), seed + key);
    assert.equal(toHex(sign(fromHex(message), keys.secretKey)), signature);
    assert.ok(verify(Signature(fromHex(signature)), fromHex(message), keys.publicKey));
    assert.equal(verify(Signature(fromHex(signature)), fromHex(`${message}00`), keys.publicKey), false);
  }
});

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

test('node:crypto makes the same signatures and agrees on good and on damaged ones', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 300 }), fc.nat(8 * 64 - 1), (seed, message, bit) => {
      const keys = signingKeyPairFromSeed(SigningKeySeed(seed));
      const signature = sign(message, keys.secretKey);
      assert.deepEqual(signature, Signature(new Uint8Array(nodeSign(null, message, nodePrivateKey(seed)))));
      assert.ok(verify(signature, message, keys.publicKey));
      const damaged = Signature(Uint8Array.from(signature, (byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte)));
      assert.equal(verify(damaged, message, keys.publicKey), false);
      assert.equal(nodeVerify(null, message, nodePublicKey(keys.publicKey), damaged), false);
    }),
    { numRuns: 25 },
  );
});

test('S + L, S = L and S with high bits are refused; S = L - 1 is only wrong', () => {
  const keys = signingKeyPairFromSeed(seedOf(9));
  const message = count(1);
  const signature = sign(message, keys.secretKey);
  const withS = (s: bigint): Signature => Signature(concatBytes(signature.subarray(0, 32), numberToBytesLE(s, 32)));
  const s = bytesToNumberLE(signature.subarray(32));
  assert.ok(verify(withS(s), message, keys.publicKey));
  for (let k = 1n; s + k * L < 2n ** 256n; k++) assert.equal(verify(withS(s + k * L), message, keys.publicKey), false, `S + ${k}L`);
  for (const other of [0n, L - 1n, L, L + 1n, 2n ** 252n, 2n ** 253n, 2n ** 256n - 1n]) {
    assert.equal(verify(withS(other), message, keys.publicKey), false, `S = ${other}`);
  }
});

test('the eight points of small order are recognised, whatever the sign bit, and no other', () => {
  assert.equal(new Set(SMALL.map((point) => point.toHex())).size, 8);
  for (const point of SMALL) {
    assert.ok(point.isSmallOrder());
    assert.ok(isSmallOrderEdwards(point.toBytes()));
    assert.ok(isSmallOrderEdwards(flipSign(point.toBytes())));
  }
  for (const y of [2n, 3n, P - 2n, P + 2n]) assert.equal(isSmallOrderEdwards(numberToBytesLE(y, 32)), false, `y = ${y}`);
  assert.equal(isSmallOrderEdwards(Point.BASE.toBytes()), false);
});

test('a key of small order is refused although its signature satisfies the equation', () => {
  // R = S·B fits every message when h·A vanishes; with A = 0 always, with the others for one message in 2, 4 or 8.
  const s = 12345n;
  const r = Point.BASE.multiply(s).toBytes();
  const signature = Signature(concatBytes(r, numberToBytesLE(s, 32)));
  for (const point of SMALL) {
    const key = PublicSigningKey(point.toBytes());
    const messages = Array.from({ length: 64 }, (_, i) => Uint8Array.of(i));
    const message = messages.find((candidate) => times(challenge(r, key, candidate), point).is0());
    assert.ok(message);
    assert.ok(ed25519.verify(signature, message, key, { zip215: true }), 'a ZIP-215 verifier accepts it: the case is a real one');
    assert.equal(verify(signature, message, key), false, toHex(key));
  }
});

test('an R of small order is refused although it satisfies the equation', () => {
  // S = h·a makes S·B - h·A = 0; for R = 0 that is R itself.
  const seed = seedOf(21);
  const { scalar } = ed25519.utils.getExtendedPublicKey(seed);
  const { publicKey } = signingKeyPairFromSeed(seed);
  for (const point of SMALL) {
    const r = point.toBytes();
    const s = Point.Fn.create(challenge(r, publicKey, count(1)) * scalar);
    const signature = Signature(concatBytes(r, numberToBytesLE(s, 32)));
    assert.ok(ed25519.verify(signature, count(1), publicKey, { zip215: false }), 'a cofactored verifier accepts all eight');
    assert.equal(verify(signature, count(1), publicKey), false, toHex(r));
  }
});

test('a key whose y is p or more is refused, also one that is on the curve and not of small order', () => {
  // Nobody knows the secret of such a key, so no signature can tell a verifier that takes it; the decoder is asked as well.
  let onCurve = 0;
  for (let k = 0n; k < 19n; k++) {
    const plain = numberToBytesLE(P + k, 32);
    for (const bytes of [plain, flipSign(plain)]) {
      try {
        Point.fromBytes(bytes, true);
        onCurve++;
      } catch {}
      assert.throws(() => OurPoint.fromBytes(bytes), `p + ${k}`);
      assert.equal(verify(Signature(concatBytes(Point.BASE.toBytes(), numberToBytesLE(1n, 32))), count(1), PublicSigningKey(bytes)), false);
    }
  }
  assert.ok(onCurve > 4);
  assert.deepEqual(OurPoint.fromBytes(flipSign(Point.BASE.toBytes())).toBytes(), flipSign(Point.BASE.toBytes()));
});

test('a y of no point is refused as key and as R', () => {
  const keys = signingKeyPairFromSeed(seedOf(4));
  const signature = sign(count(1), keys.secretKey);
  let y = 2n;
  for (; ; y++) {
    try {
      Point.fromBytes(numberToBytesLE(y, 32), true);
    } catch {
      break;
    }
  }
  const nowhere = numberToBytesLE(y, 32);
  assert.equal(verify(signature, count(1), PublicSigningKey(nowhere)), false);
  assert.equal(verify(Signature(concatBytes(nowhere, signature.subarray(32))), count(1), keys.publicKey), false);
});

test('keys and R with a torsion part: accepted exactly when the equation holds without cofactor', () => {
  const a = 987654321n;
  const r = 123456789n;
  const seen = { accepted: 0, refused: 0 };
  for (const torsion of SMALL.filter((point) => !point.is0())) {
    const key = PublicSigningKey(Point.BASE.multiply(a).add(torsion).toBytes());
    const rBytes = Point.BASE.multiply(r).toBytes();
    for (let i = 0; i < 6; i++) {
      const message = Uint8Array.of(i);
      const h = challenge(rBytes, key, message);
      const signature = Signature(concatBytes(rBytes, numberToBytesLE(Point.Fn.create(r + h * a), 32)));
      const fits = times(h, torsion).is0();
      assert.ok(ed25519.verify(signature, message, key, { zip215: false }), 'the cofactored equation always holds');
      assert.equal(verify(signature, message, key), fits);
      assert.equal(nodeVerify(null, message, nodePublicKey(key), signature), fits, 'OpenSSL has no cofactor either');
      seen[fits ? 'accepted' : 'refused']++;
    }
    // An honest key, and an R with a torsion part: never equal.
    const honest = PublicSigningKey(Point.BASE.multiply(a).toBytes());
    const dirty = Point.BASE.multiply(r).add(torsion).toBytes();
    const s = Point.Fn.create(r + challenge(dirty, honest, count(0)) * a);
    const signature = Signature(concatBytes(dirty, numberToBytesLE(s, 32)));
    assert.ok(ed25519.verify(signature, count(0), honest, { zip215: false }));
    assert.equal(verify(signature, count(0), honest), false);
  }
  assert.ok(seen.accepted > 0 && seen.refused > 0, JSON.stringify(seen));
});

test('arbitrary bytes are a verdict, never an exception', () => {
  const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
  fc.assert(
    fc.property(bytes(64), fc.uint8Array({ maxLength: 40 }), bytes(32), (signature, message, key) => {
      assert.equal(verify(Signature(signature), message, PublicSigningKey(key)), false);
    }),
    { numRuns: 60 },
  );
  const keys = signingKeyPairFromSeed(seedOf(4));
  assert.equal(verify(new Uint8Array(63) as Signature, count(0), keys.publicKey), false);
  assert.equal(verify(sign(count(0), keys.secretKey), count(0), new Uint8Array(31) as PublicSigningKey), false);
});
