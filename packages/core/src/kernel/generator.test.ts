import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { test } from 'node:test';
import { chacha20 } from '@noble/ciphers/chacha.js';
import fc from 'fast-check';
import { fromHex, toHex } from '../bytes/text.ts';
import { MaskGenerator } from './generator.ts';
import { writeKeystream } from './keystream.ts';
import { OracleGenerator } from './oracle.test.ts';

test('fills of mixed lengths consume whole words (wire A.1)', () => {
  const generator = new MaskGenerator(new Uint8Array(32));
  const rows: [number, string, number][] = [
    [6, '76b8e0ada0f1', 2],
    [6, '405d6ae55386', 4],
    [1, 'bd', 5],
    [5, 'a08ded1aa8', 7],
    [9, '8b770dc7da41597c51', 10],
    [10, '7724e03fb8d84a376a43', 13],
    [4, '1518a11c', 14],
    [3, 'c387b6', 15],
    [37, 'b2ee65869f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29', 25],
  ];
  assert.deepEqual(generator.fill(0), new Uint8Array(0));
  for (const [length, hex, words] of rows) {
    assert.equal(toHex(generator.fill(length)), hex);
    assert.equal(generator.position, words);
  }
  const long = generator.fill(250);
  assert.equal(toHex(long.subarray(0, 16)), '9ce64e43d57133b074d839d531ed1f28');
  assert.equal(createHash('sha256').update(long).digest('hex'), '84e9a2b11908e185fbf7431ea80c3830b338dd460df3fb090a065c7a067b5834');
  assert.equal(generator.position, 88);
  assert.equal(toHex(generator.fill(2)), '5cf1');
  assert.equal(generator.position, 89);
});

test('integers below a bound, and where each draw ends (wire A.2)', () => {
  const generator = new MaskGenerator(new Uint8Array(32));
  const max = (2n ** 128n - 1n) ** 2n;
  for (const expected of [
    90034050956742099321159087842304570510687605373623064829879336909608119744630n,
    60790020689334235010238064028215988394112077193561636249125918224917556969946n,
    107415344426328791036720294006773438815099086866510488084511304829720271980447n,
    50343610553303623842889112417183549658912134525854625844144939347139411162921n,
    42382469383990928111449714288937630103705168010724718767641573929365517895981n,
  ]) {
    assert.equal(generator.generateInteger(max), expected);
  }
  const rows: [bigint, [bigint, number][]][] = [
    [
      20000000000021n,
      [
        [11343681809713n, 30],
        [5166163054878n, 86],
        [19802247713817n, 88],
        [13039488148403n, 120],
      ],
    ],
    [
      2n ** 45n,
      [
        [26482579096426n, 14],
        [11343681809713n, 30],
        [5166163054878n, 86],
        [19802247713817n, 88],
      ],
    ],
    [
      2n ** 64n,
      [
        [8385738255336061115n, 303],
        [4975654229376876532n, 405],
        [10996993072588509976n, 972],
        [4500684079522921736n, 1275],
      ],
    ],
    [
      2n ** 128n,
      [
        [91784620168585763161857902829137019894n, 405],
        [164302250430388276512577707863510684358n, 1235],
        [83022967371578384869990538666985089843n, 1275],
        [121609251141834433820400204911225184832n, 4340],
      ],
    ],
    [
      256n,
      [
        [124n, 1000],
        [228n, 1079],
        [109n, 1488],
        [104n, 1589],
      ],
    ],
    [
      1n,
      [
        [0n, 303],
        [0n, 405],
        [0n, 488],
        [0n, 659],
      ],
    ],
  ];
  for (const [bound, draws] of rows) {
    const fresh = new MaskGenerator(new Uint8Array(32));
    for (const [value, words] of draws) {
      assert.equal(fresh.generateInteger(bound), value);
      assert.equal(fresh.position, words);
    }
    assert.equal(fresh.generateInteger(0n), 0n);
    assert.equal(fresh.position, draws[3]![1], 'a bound of 0 consumes nothing');
  }
});

test('any sequence of fills equals the oracle, across the edges of the buffer', () => {
  const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const lengths = fc.array(fc.oneof(fc.nat(300), fc.constantFrom(0, 1, 3, 4, 63, 64, 65, 1023, 1024, 1025, 4096, 40000)), { maxLength: 12 });
  fc.assert(
    fc.property(seeds, lengths, (seed, fills) => {
      const generator = new MaskGenerator(seed);
      const oracle = new OracleGenerator(seed);
      for (const length of fills) {
        assert.equal(Buffer.compare(generator.fill(length), oracle.fill(length)), 0);
        assert.equal(generator.position, oracle.words);
      }
    }),
    { numRuns: 60 },
  );
});

test('the block counter is 64 bits wide: the keystream goes on beyond 2^32 blocks as OpenSSL does', () => {
  const seed = fromHex('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f');
  for (const [start, blocks] of [
    [0, 5],
    [2 ** 32 - 3, 6],
    [2 ** 32 - 1, 1],
    [2 ** 32 - 1, 2],
    [2 ** 32, 1],
    [7 * 2 ** 32 - 1, 3],
    [2 ** 50, 2],
  ] as const) {
    const words = new Uint32Array(16 * blocks).fill(99);
    writeKeystream(seed, start, words);
    const iv = Buffer.alloc(16);
    iv.writeBigUInt64LE(BigInt(start));
    const expected = createCipheriv('chacha20', seed, iv).update(Buffer.alloc(64 * blocks));
    assert.equal(Buffer.from(words.buffer).toString('hex'), expected.toString('hex'), `${start}`);
  }
});

test('any block is noble’s, also for a seed at an odd address', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.nat(0xffff_fffe), fc.nat(0x1f_ffff), (seed, low, high) => {
      const nonce = new Uint8Array(12); // word 13 of the state is counter or nonce: the cipher does not care
      new DataView(nonce.buffer).setUint32(0, high, true);
      const expected = chacha20(seed, nonce, new Uint8Array(64), undefined, low);
      const odd = new Uint8Array(33);
      odd.set(seed, 1);
      const block = new Uint32Array(16);
      writeKeystream(odd.subarray(1), high * 2 ** 32 + low, block);
      assert.deepEqual(new Uint8Array(block.buffer), expected);
    }),
    { numRuns: 200 },
  );
});
