// One conformance suite over every provider of this machine: RFC 8032, 7748 and 8439, libsodium's and NaCl's known answers, and the
// hostile cases of `hostile-signatures.test.ts`. Each provider is driven through the public functions, so that the rules above the
// providers and the library below them are tested as they run; expected bytes come from vectors or from a second way to compute.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { poly1305 } from '@noble/ciphers/_poly1305.js';
import { xsalsa20 } from '@noble/ciphers/salsa.js';
import { bytesToNumberLE, numberToBytesLE } from '@noble/curves/utils.js';
import { blake2b } from '@noble/hashes/blake2.js';
import fc from 'fast-check';
import { concatBytes } from '../bytes/compare.ts';
import { EncryptKeySeed, PublicEncryptKey, type PublicSigningKey, SecretEncryptKey, type Signature, SigningKeySeed } from '../bytes/fixed.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { agreement, cipher, detectCryptoProviders, LONG_MESSAGE, presentProviders, useCryptoProvider } from './chosen.ts';
import { encryptKeyPairFromSecret, encryptKeyPairFromSeed } from './encrypt-keys.ts';
import { sha256, sha256Async } from './hash.ts';
import { signatureCases } from './hostile-signatures.test.ts';
import { noble } from './noble.ts';
import { openSealed, openSealedInPlace, SEAL_BYTES, seal } from './sealed-box.ts';
import { sign, signAsync, signingKeyPairFromSeed, verify, verifyAsync } from './signing.ts';

const P = 2n ** 255n - 19n;
const count = (from: number, length = 32): Uint8Array => Uint8Array.from({ length }, (_, i) => (from + i * 7 + (i >> 8)) & 255);
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** The same bytes at an odd offset of a larger buffer. */
const view = (bytes: Uint8Array): Uint8Array => concatBytes(new Uint8Array(3), bytes, new Uint8Array(2)).subarray(3, 3 + bytes.length);
const present = new Set<string>(presentProviders().map(({ name }) => name));
const LENGTHS = [0, 1, 63, 64, 65, LONG_MESSAGE - 1, LONG_MESSAGE, 2 ** 16 + 1];
const CASES = signatureCases();

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

/** X25519 by the ladder of RFC 7748, 5, in whole numbers: a second way to compute. */
function ladder(secretKey: Uint8Array, theirs: Uint8Array): Uint8Array {
  const mod = (x: bigint): bigint => ((x % P) + P) % P;
  const k = (bytesToNumberLE(secretKey) & (2n ** 254n - 8n)) | (2n ** 254n);
  const x1 = mod(bytesToNumberLE(theirs) & (2n ** 255n - 1n));
  let [x2, z2, x3, z3] = [1n, 0n, x1, 1n];
  for (let t = 254n; t >= 0n; t--) {
    const bit = (k >> t) & 1n;
    if (bit) [x2, z2, x3, z3] = [x3, z3, x2, z2];
    const [a, b, c, d] = [x2 + z2, x2 - z2, x3 + z3, x3 - z3];
    const e = a * a - b * b;
    [x3, z3] = [mod((d * a + c * b) ** 2n), mod(x1 * (d * a - c * b) ** 2n)];
    [x2, z2] = [mod(a * a * (b * b)), mod(e * (a * a + 121665n * e))];
    if (bit) [x2, z2, x3, z3] = [x3, z3, x2, z2];
  }
  let inverse = 1n;
  for (let [base, exponent] = [z2, P - 2n]; exponent > 0n; exponent >>= 1n, base = mod(base * base)) if (exponent & 1n) inverse = mod(inverse * base);
  return numberToBytesLE(mod(x2 * inverse), 32);
}

/** Poly1305 of RFC 8439, 2.5.1, in whole numbers. */
function poly1305Tag(message: Uint8Array, key: Uint8Array): Uint8Array {
  const r = bytesToNumberLE(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16)
    sum = ((sum + bytesToNumberLE(concatBytes(message.subarray(at, at + 16), Uint8Array.of(1)))) * r) % (2n ** 130n - 5n);
  return numberToBytesLE((sum + bytesToNumberLE(key.subarray(16))) & (2n ** 128n - 1n), 16);
}

/** XSalsa20-Poly1305 from a keystream and Poly1305 in whole numbers. */
function boxTheLongWay(plaintext: Uint8Array, key: Uint8Array, nonce: Uint8Array): Uint8Array {
  const stream = xsalsa20(key, nonce, concatBytes(new Uint8Array(32), plaintext));
  return concatBytes(poly1305Tag(stream.subarray(32), stream.subarray(0, 32)), stream.subarray(32));
}

/** Scalar, u, product. */
const RFC_7748 = [
  [
    'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
    'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
    'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
  ],
  [
    '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
    'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
    '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
  ],
] as const;

test('the second ways to compute are right: RFC 7748, 5.2, and Poly1305 of RFC 8439, 2.5.2 and A.3', () => {
  for (const [scalar, u, expected] of RFC_7748) assert.equal(toHex(ladder(fromHex(scalar), fromHex(u))), expected);
  const rows = [
    // 2.5.2, then A.3, 7 to 11: carries and the edges of the field.
    [
      '85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b',
      Buffer.from('Cryptographic Forum Research Group').toString('hex'),
      'a8061dc1305136c6c22b8baf0c0127a9',
    ],
    [
      `0${'1'.padEnd(63, '0')}`,
      'fffffffffffffffffffffffffffffffff0ffffffffffffffffffffffffffffff11000000000000000000000000000000',
      '05000000000000000000000000000000',
    ],
    [
      `0${'1'.padEnd(63, '0')}`,
      'fffffffffffffffffffffffffffffffffbfefefefefefefefefefefefefefefe01010101010101010101010101010101',
      '00000000000000000000000000000000',
    ],
    [`0${'2'.padEnd(63, '0')}`, 'fdffffffffffffffffffffffffffffff', 'faffffffffffffffffffffffffffffff'],
    [
      '0100000000000000040000000000000000000000000000000000000000000000',
      'e33594d7505e43b900000000000000003394d7505e4379cd01000000000000000000000000000000000000000000000001000000000000000000000000000000',
      '14000000000000005500000000000000',
    ],
    [
      '0100000000000000040000000000000000000000000000000000000000000000',
      'e33594d7505e43b900000000000000003394d7505e4379cd010000000000000000000000000000000000000000000000',
      '13000000000000000000000000000000',
    ],
  ] as const;
  for (const [key, message, tag] of rows) {
    assert.equal(toHex(poly1305Tag(fromHex(message), fromHex(key))), tag);
    assert.equal(toHex(poly1305(fromHex(message), fromHex(key))), tag, 'noble');
  }
});

// "Cryptography in NaCl": the keys are those of RFC 7748, 6.1.
const NACL = {
  key: '1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389',
  nonce: '69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37',
  plaintext:
    'be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705',
  boxed:
    'f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5',
};

/** SHA-256 of the boxes that libsodium's crypto_box_easy makes of `count(length, length)` with the keys below, by length. */
const SEALED: Readonly<Record<number, string>> = {
  32: 'aaf57ac836cdbd699eb5f033defa377187af52bb369ad975cbcbfa32c92a4d7d',
  65537: 'd5ae23dfee37e777909bbf433820093e8e9f1b020cd0d17787d99a7136db5d2e',
};

/** What is driven: a provider and the functions that reach it. Verdicts and bytes may come later. */
interface Subject {
  readonly name: 'noble' | 'node:crypto' | 'sodium-native' | 'webcrypto';
  readonly parts: readonly string[];
  readonly sign: typeof sign | typeof signAsync;
  readonly verify: typeof verify | typeof verifyAsync;
  readonly sha256: typeof sha256 | typeof sha256Async;
}

const SUBJECTS: readonly Subject[] = [
  { name: 'noble', parts: ['signing', 'shortSigning', 'hashing', 'agreement', 'sealing'], sign, verify, sha256 },
  { name: 'node:crypto', parts: ['signing', 'shortSigning', 'hashing', 'agreement'], sign, verify, sha256 },
  { name: 'sodium-native', parts: ['signing', 'shortSigning', 'agreement', 'sealing'], sign, verify, sha256 },
  { name: 'webcrypto', parts: ['asyncSigning', 'asyncHashing'], sign: signAsync, verify: verifyAsync, sha256: sha256Async },
];

for (const subject of SUBJECTS) {
  const { name, parts } = subject;
  const missing = name === 'webcrypto' ? globalThis.crypto?.subtle === undefined : !present.has(name);
  describe(name, { skip: missing && `${name} is not installed` }, () => {
    before(() => useCryptoProvider(name));
    after(() => useCryptoProvider('best'));

    test('gives the known answers, so it is what runs below', async () => {
      const report = (await detectCryptoProviders()) as unknown as Record<string, string>;
      assert.deepEqual(
        Object.keys(report).filter((part) => report[part] === name),
        parts,
      );
    });

    test('RFC 8032: keys, signatures, verification', async () => {
      for (const { seed, key, message, signature } of RFC_8032) {
        const keys = signingKeyPairFromSeed(SigningKeySeed(fromHex(seed)));
        assert.equal(toHex(keys.publicKey), key);
        assert.equal(toHex(await subject.sign(fromHex(message), keys.secretKey)), signature);
        assert.equal(await subject.verify(fromHex(signature) as Signature, fromHex(message), keys.publicKey), true);
        assert.equal(await subject.verify(fromHex(signature) as Signature, fromHex(`${message}00`), keys.publicKey), false);
      }
    });

    test('libsodium’s verdict on every hostile signature, at any alignment', async () => {
      for (const { name: what, key, message, signature, verdict } of CASES) {
        assert.equal(await subject.verify(signature as Signature, message, key as PublicSigningKey), verdict, what);
      }
      for (const { name: what, key, message, signature, verdict } of CASES.filter((_, i) => i % 8 === 0)) {
        assert.equal(await subject.verify(view(signature) as Signature, view(message), view(key) as PublicSigningKey), verdict, what);
      }
    });

    test('signatures and digests of every length are those of noble, are plain Uint8Arrays, and leave the input as it was', async () => {
      const keys = signingKeyPairFromSeed(SigningKeySeed(count(5)));
      for (const length of LENGTHS) {
        const message = count(length, length);
        const signature = await subject.sign(view(message), keys.secretKey);
        assert.deepEqual(signature, noble.signing.sign(message, keys.secretKey.subarray(0, 32)), `${length} bytes`);
        assert.equal(await subject.verify(signature, message, keys.publicKey), true, `${length} bytes`);
        const digest = await subject.sha256(view(message));
        assert.equal(Object.getPrototypeOf(digest), Uint8Array.prototype);
        assert.equal(toHex(digest), createHash('sha256').update(message).digest('hex'), `${length} bytes`);
        assert.deepEqual(message, count(length, length));
        if (length === 0) continue;
        message[length - 1]! ^= 0x80;
        assert.equal(await subject.verify(signature, message, keys.publicKey), false, `${length} bytes, last bit`);
      }
    });

    test('messages in shared memory are signed, verified and hashed alike', async () => {
      const keys = signingKeyPairFromSeed(SigningKeySeed(count(6)));
      for (const length of [10, LONG_MESSAGE + 1]) {
        const message = new Uint8Array(new SharedArrayBuffer(length));
        message.set(count(8, length));
        const signature = await subject.sign(message, keys.secretKey);
        assert.deepEqual(signature, noble.signing.sign(Uint8Array.from(message), keys.secretKey.subarray(0, 32)));
        assert.equal(await subject.verify(signature, message, keys.publicKey), true);
        assert.deepEqual(await subject.sha256(message), noble.hashing.sha256(Uint8Array.from(message)));
      }
    });

    test('arbitrary bytes are a verdict, never an exception', async () => {
      await fc.assert(
        fc.asyncProperty(fc.uint8Array({ minLength: 64, maxLength: 64 }), fc.uint8Array({ maxLength: 40 }), bytes32, async (signature, message, key) => {
          assert.equal(await subject.verify(signature as Signature, message, key as PublicSigningKey), false);
        }),
        { numRuns: 40 },
      );
    });

    // WebCrypto has neither the key exchange in one step nor the cipher: below, noble would be tested again.
    if (name === 'webcrypto') return;

    test('RFC 7748: products, a thousand of them in a row, public keys and a shared secret', () => {
      for (const [scalar, u, product] of RFC_7748) assert.equal(toHex(agreement().sharedSecret(fromHex(scalar), fromHex(u))), product);
      let [k, u]: [Uint8Array, Uint8Array] = [numberToBytesLE(9n, 32), numberToBytesLE(9n, 32)];
      for (let i = 1; i <= 1000; i++) {
        [k, u] = [agreement().sharedSecret(k, u), k];
        if (i === 1) assert.equal(toHex(k), '422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079');
      }
      assert.equal(toHex(k), '684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51');
      const alice = encryptKeyPairFromSecret(SecretEncryptKey(fromHex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a')));
      const bob = encryptKeyPairFromSecret(SecretEncryptKey(fromHex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb')));
      assert.equal(toHex(alice.publicKey), '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a');
      assert.equal(toHex(bob.publicKey), 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f');
      for (const [mine, theirs] of [
        [alice, bob],
        [bob, alice],
      ] as const) {
        const shared = agreement().sharedSecret(mine.secretKey, theirs.publicKey);
        assert.equal(toHex(shared), '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742');
      }
    });

    test('X25519 of coordinates above p, with the top bit, on the twist, and with any secret, by a second way', () => {
      const special = [2n, 3n, 4n, 9n, P - 2n, P + 2n, P + 9n, P + 18n, 2n ** 254n].flatMap((u) => [u, u + 2n ** 255n]);
      const secrets = [new Uint8Array(32), new Uint8Array(32).fill(255), count(1)];
      for (const u of special) {
        for (const secret of secrets) {
          const theirs = numberToBytesLE(u, 32);
          assert.deepEqual(agreement().sharedSecret(view(secret), view(theirs)), ladder(secret, theirs), `u = ${u}`);
        }
      }
      fc.assert(
        fc.property(bytes32, bytes32, (secret, theirs) => {
          assert.deepEqual(agreement().sharedSecret(secret, theirs), ladder(secret, theirs));
          assert.deepEqual(agreement().publicKey(secret), ladder(secret, numberToBytesLE(9n, 32)));
        }),
        { numRuns: 15 },
      );
    });

    test('NaCl’s known box, and boxes of every length by a second way', () => {
      const [key, nonce, plaintext] = [fromHex(NACL.key), fromHex(NACL.nonce), fromHex(NACL.plaintext)];
      const boxOf = (bytes: Uint8Array): Uint8Array => {
        const sealed = new Uint8Array(bytes.length + SEAL_BYTES);
        cipher().encrypt(key, nonce, bytes, sealed);
        return sealed.subarray(32);
      };
      assert.equal(toHex(boxOf(plaintext)), NACL.boxed);
      assert.deepEqual(cipher().decrypt(key, nonce, fromHex(NACL.boxed)), plaintext);
      for (const length of [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 96, 127, 128, 1000, 2 ** 14 + 5]) {
        const bytes = count(length, length);
        const boxed = boxOf(view(bytes));
        assert.deepEqual(boxed, boxTheLongWay(bytes, key, nonce), `${length} bytes`);
        const opened = cipher().decrypt(key, nonce, view(boxed));
        assert.deepEqual(opened, bytes, `${length} bytes`);
        assert.equal(Object.getPrototypeOf(opened), Uint8Array.prototype);
        const sealed = view(concatBytes(count(3), boxed));
        const inPlace = cipher().decryptInPlace(key, nonce, sealed)!;
        assert.deepEqual(inPlace, bytes, `${length} bytes in place`);
        const ciphertext = sealed.subarray(SEAL_BYTES); // Hermes tells no place of an empty array
        assert.deepEqual([inPlace.buffer, inPlace.byteOffset], [ciphertext.buffer, ciphertext.byteOffset], 'where the ciphertext was');
      }
    });

    test('opening in place gives what opening gives, touches nothing around the box, and refuses what it refuses', () => {
      const keys = encryptKeyPairFromSeed(EncryptKeySeed(count(2)));
      const other = encryptKeyPairFromSeed(EncryptKeySeed(count(3)));
      fc.assert(
        fc.property(
          fc.uint8Array({ maxLength: 300 }),
          fc.nat(7),
          fc.option(fc.nat()),
          fc.constantFrom(keys, keys, keys, other),
          (plaintext, offset, damage, opener) => {
            const sealed = seal(plaintext, keys.publicKey, (length) => count(9, length));
            if (damage !== null) sealed[damage % sealed.length]! ^= 1 << (damage & 7);
            const around = new Uint8Array(offset + sealed.length + 5).fill(0xa5);
            around.set(sealed, offset);
            const attempt = (open: typeof openSealed, bytes: Uint8Array): string => {
              try {
                return toHex(open(bytes, opener));
              } catch (error) {
                return (error as { code: string }).code;
              }
            };
            const expected = attempt(openSealed, sealed);
            assert.equal(expected, damage === null && opener === keys ? toHex(plaintext) : 'sealed-box-open-failed');
            assert.equal(attempt(openSealedInPlace, around.subarray(offset, offset + sealed.length)), expected);
            assert.ok([...around.subarray(0, offset), ...around.subarray(offset + sealed.length)].every((byte) => byte === 0xa5));
          },
        ),
        { numRuns: 60 },
      );
      for (let length = 0; length < SEAL_BYTES; length++) {
        assert.throws(() => openSealedInPlace(new Uint8Array(length), keys), { code: 'sealed-box-open-failed' }, `${length} bytes`);
      }
      const large = count(4, 2 ** 17 + 3);
      const box = seal(large, keys.publicKey, (length) => count(9, length));
      const content = openSealedInPlace(box, keys);
      assert.deepEqual(content, large);
      assert.equal(content.buffer, box.buffer);
    });

    test('a sealed box is the same bytes as every provider makes of the same chance, and opens what libsodium sealed', () => {
      const keys = encryptKeyPairFromSeed(EncryptKeySeed(count(1)));
      const chance = count(9);
      for (const length of [0, 1, 32, 80, 2 ** 16 + 1]) {
        const plaintext = count(length, length);
        const sealed = seal(view(plaintext), keys.publicKey, () => Uint8Array.from(chance));
        if (length in SEALED) assert.equal(createHash('sha256').update(sealed).digest('hex'), SEALED[length]);
        assert.deepEqual(openSealed(view(sealed), keys), plaintext);
      }
      const zero = encryptKeyPairFromSeed(EncryptKeySeed(new Uint8Array(32)));
      const box = fromHex('91e7a455108c3a710383460c1fa8a8d8420d05cb42b929b4dc8f306cca642219fe447500372ba8ed677d80ff03b07f0d548615eec5ca');
      assert.equal(Buffer.from(openSealed(box, zero)).toString('ascii'), 'xaynet');
    });

    test('a box with a byte less, a byte more, or a bit changed in ephemeral key, tag or ciphertext does not open', () => {
      const keys = encryptKeyPairFromSeed(EncryptKeySeed(count(1)));
      const failure = { code: 'sealed-box-open-failed' };
      const sealed = seal(count(50, 20), keys.publicKey, (length) => count(9, length));
      assert.deepEqual(openSealed(sealed, keys), count(50, 20));
      for (let length = 0; length < sealed.length; length++) assert.throws(() => openSealed(sealed.subarray(0, length), keys), failure, `${length} bytes`);
      assert.throws(() => openSealed(concatBytes(sealed, Uint8Array.of(0)), keys), failure);
      for (let i = 0; i < sealed.length; i++) {
        for (const bit of [0x01, 0x80]) {
          const damaged = Uint8Array.from(sealed);
          damaged[i]! ^= bit;
          assert.throws(() => openSealed(damaged, keys), failure, `byte ${i}, bit ${bit}`);
        }
      }
      const long = seal(count(1, 2 ** 16 + 1), keys.publicKey, (length) => count(9, length));
      for (const i of [0, 31, 32, 47, 48, 2 ** 15, long.length - 1]) {
        const damaged = Uint8Array.from(long);
        damaged[i]! ^= 0x04;
        assert.throws(() => openSealed(damaged, keys), failure, `byte ${i} of ${long.length}`);
      }
    });

    test('points of small order, in every encoding, seal nothing and open nothing', () => {
      const keys = encryptKeyPairFromSeed(EncryptKeySeed(count(1)));
      const order8 = [
        325606250916557431795983626356110631294008115727848805560023387167927233504n,
        39382357235489614581723060781553021112529911719440698176882885853963445705823n,
      ];
      for (const u of [0n, 1n, P - 1n, P, P + 1n, ...order8].flatMap((low) => [low, low + 2n ** 255n])) {
        const low = numberToBytesLE(u, 32);
        assert.throws(() => seal(count(0), PublicEncryptKey(low), (length) => count(9, length)), { code: 'key-unusable' }, `u = ${u}`);
        // The box that everybody can make: the shared secret is 32 zero bytes.
        const nonce = blake2b(concatBytes(low, keys.publicKey), { dkLen: 24 });
        const forged = concatBytes(low, boxTheLongWay(count(3), fromHex('351f86faa3b988468a850122b65b0acece9c4826806aeee63de9c0da2bd7f91e'), nonce));
        assert.throws(() => openSealed(forged, keys), { code: 'sealed-box-open-failed' }, `u = ${u}`);
      }
    });
  });
}
