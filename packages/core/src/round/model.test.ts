import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Reader } from '../bytes/reader.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import { isXaynetError } from '../errors.ts';
import { MASK_CONFIGS } from '../mask/config.ts';
import { type Model, type Rational, rational } from '../mask/model.ts';
import { MAX_WORDS, magnitudeSize, readMagnitude, readSigned, writeMagnitude, writeSigned } from './big-integer.ts';
import { decodeModel, encodeModel } from './model.ts';

const hexOf = (text: string): string => text.replace(/\s/g, '');

const KNOWN: [string, Model, string][] = [
  [
    'wire A.8',
    [rational(0), rational(1), rational(-1), rational(-3, 4), rational(2n ** 32n), rational(-(2n ** 64n), 3)],
    `060000000000000000000000000000000001010000000000000001000000010100000000000000010000000101000000
     0000000001000000ff01000000000000000100000001010000000000000001000000ff01000000000000000300000001
     010000000000000004000000010200000000000000000000000100000001010000000000000001000000ff0300000000
     00000000000000000000000100000001010000000000000003000000`,
  ],
  [
    'coordinator A.4',
    [rational(0), rational(-1), rational(1, 2)],
    `0300000000000000
     00 0000000000000000                01 0100000000000000 01000000
     ff 0100000000000000 01000000       01 0100000000000000 01000000
     01 0100000000000000 01000000       01 0100000000000000 02000000`,
  ],
  [
    'participant A.2',
    [rational(1, 2), rational(-1, 4), rational(0), rational(10n ** 10n)],
    `0400000000000000
     01 0100000000000000 01000000   01 0100000000000000 02000000
     ff 0100000000000000 01000000   01 0100000000000000 04000000
     00 0000000000000000            01 0100000000000000 01000000
     01 0200000000000000 00e40b54 02000000   01 0100000000000000 01000000`,
  ],
  ['participant A.2, 0.1 of a float32', [rational(13421773n, 2n ** 27n)], '0100000000000000 01 0100000000000000 cdcccc00 01 0100000000000000 00000008'],
  ['no weights', [], '0000000000000000'],
];

for (const [name, model, text] of KNOWN) {
  test(`known answer, both ways: ${name}`, () => {
    assert.equal(toHex(encodeModel(model)), hexOf(text));
    assert.deepEqual(decodeModel(fromHex(hexOf(text))), model);
  });
}

test('magnitudes without a sign: the scalars of a saved state (participant A.2)', () => {
  const rows: [bigint, bigint, string][] = [
    [1n, 1n, '0100000000000000 01000000 0100000000000000 01000000'],
    [1n, 2n, '0100000000000000 01000000 0100000000000000 02000000'],
    [6004799503160661n, 2n ** 54n, '0200000000000000 55555555 55551500 0200000000000000 00000000 00004000'],
  ];
  for (const [numerator, denominator, text] of rows) {
    const writer = new Writer(magnitudeSize(numerator) + magnitudeSize(denominator));
    writeMagnitude(writer, numerator);
    writeMagnitude(writer, denominator);
    assert.equal(toHex(writer.finish()), hexOf(text));
    const reader = new Reader(fromHex(hexOf(text)), 'scalar');
    assert.deepEqual([readMagnitude(reader), readMagnitude(reader)], [numerator, denominator]);
    reader.end();
  }
});

test('integers around every word and around what a double holds come back', () => {
  const edges = [0n, 1n, 2n ** 31n, 2n ** 53n, ...Array.from({ length: 12 }, (_, i) => 2n ** BigInt(32 * (i + 1))), 2n ** 8192n - 1n];
  for (const edge of edges) {
    for (const value of [edge - 1n, edge, edge + 1n, -edge]) {
      if (value >= 2n ** 8192n) continue;
      const writer = new Writer(1 + magnitudeSize(value));
      writeSigned(writer, value);
      const bytes = writer.finish();
      // By definition: sign, count of words without a high zero, words from the least significant on.
      const words: number[] = [];
      for (let rest = value < 0n ? -value : value; rest > 0n; rest >>= 32n) words.push(Number(rest & 0xffffffffn));
      const expected = new Writer(9 + 4 * words.length).i8(value < 0n ? -1 : value > 0n ? 1 : 0).u64le(words.length);
      for (const word of words) expected.u32le(word);
      assert.deepEqual(bytes, expected.finish(), String(value));
      assert.equal(readSigned(new Reader(bytes, 'integer')), value);
    }
  }
});

const weights: fc.Arbitrary<Rational> = fc
  .tuple(
    fc.oneof(fc.bigInt(), fc.bigInt({ min: -(2n ** 3300n), max: 2n ** 3300n })),
    fc.oneof(fc.bigInt({ min: 1n }), fc.bigInt({ min: 1n, max: 2n ** 3300n })),
  )
  .map(([n, d]) => rational(n, d < 1n ? 1n - d : d));

test('what is encoded decodes to the same', () => {
  fc.assert(fc.property(fc.array(weights, { maxLength: 6 }), (model) => assert.deepEqual(decodeModel(encodeModel(model)), model)));
});

test('fractions of other shapes are reduced before they are written, so equal models are equal bytes', () => {
  const odd = [
    { numerator: 2n, denominator: -4n },
    { numerator: 0n, denominator: 7n },
  ];
  assert.deepEqual(encodeModel(odd), encodeModel([rational(-1, 2), rational(0)]));
  assert.throws(() => encodeModel([{ numerator: 1n, denominator: 0n }]), { code: 'rational-invalid' });
});

test('no round produces a number near the bound of 8192 bits', () => {
  // weight = (n/E - k·A) / S, S = (m/E' - k·A'): all of n, k·A·E below the order, twice over (wire 4.6).
  let most = 0;
  for (const { order, expShift } of MASK_CONFIGS) most = Math.max(most, (order * expShift).toString(2).length);
  assert.ok(most * 2 < 32 * MAX_WORDS, `${most}`);
});

test('a number above 8192 bits is refused, at 8192 it is read, and zero words above do not count', () => {
  const body = (words: number, zeros: number): Uint8Array => {
    const writer = new Writer(8 + 9 + 4 * (words + zeros) + 13)
      .u64le(1)
      .i8(1)
      .u64le(words + zeros);
    for (let i = 0; i < words; i++) writer.u32le(0xffffffff);
    return writer
      .zeros(4 * zeros)
      .i8(1)
      .u64le(1)
      .u32le(1)
      .finish();
  };
  assert.equal(decodeModel(body(MAX_WORDS, 0))[0]!.numerator, 2n ** 8192n - 1n);
  assert.equal(decodeModel(body(MAX_WORDS, 10_000))[0]!.numerator, 2n ** 8192n - 1n);
  assert.throws(() => decodeModel(body(MAX_WORDS + 1, 0)), { code: 'decode-number' });
});

test('the worst numbers that are taken cost milliseconds each: a larger MAX_WORDS would show here', () => {
  // Neighbours in Fibonacci's sequence make the longest Euclid.
  let [a, b] = [1n, 1n];
  while (b < 2n ** BigInt(32 * MAX_WORDS - 1)) [a, b] = [b, a + b];
  const weight = encodeModel([{ numerator: b, denominator: a }]).subarray(8);
  const body = new Writer(8 + 20 * weight.length).u64le(20);
  for (let i = 0; i < 20; i++) body.bytes(weight);
  const start = performance.now();
  assert.equal(decodeModel(body.finish()).length, 20);
  assert.ok(performance.now() - start < 3000);
});

test('arbitrary and damaged bytes decode, and then survive a second round, or throw an error of the table', () => {
  const check = (input: Uint8Array): void => {
    let model: Model;
    try {
      model = decodeModel(input);
    } catch (error) {
      assert.ok(isXaynetError(error), String(error));
      return;
    }
    assert.deepEqual(decodeModel(encodeModel(model)), model);
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), check));
  fc.assert(
    fc.property(fc.array(weights, { minLength: 1, maxLength: 3 }), fc.nat(), fc.nat(255), fc.nat(), (model, at, byte, cut) => {
      const damaged = encodeModel(model);
      damaged[at % damaged.length] = byte;
      check(damaged);
      check(damaged.subarray(0, cut % (damaged.length + 1)));
    }),
  );
});

test('a count of 2^53 - 1 weights or words costs nothing, above it is a number too large', () => {
  assert.throws(() => decodeModel(fromHex('ffffffffffff1f00')), { code: 'decode-truncated' });
  assert.throws(() => decodeModel(fromHex('ffffffffffffffff')), { code: 'decode-number' });
  assert.throws(() => decodeModel(fromHex(`010000000000000001ffffffffffff1f00${'00'.repeat(20)}`)), { code: 'decode-truncated' });
  assert.throws(() => decodeModel(fromHex(`010000000000000001ffffffffffffffff${'00'.repeat(20)}`)), { code: 'decode-number' });
});
