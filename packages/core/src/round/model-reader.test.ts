// A published model read in pieces: however it is cut and whatever is wrong with it, the outcome is that of reading it whole.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex } from '../bytes/text.ts';
import { Writer } from '../bytes/writer.ts';
import { type ErrorCode, isXaynetError } from '../errors.ts';
import type { DataType } from '../kernel/kernel.ts';
import { type Model, modelToWeights, type Rational, rational, type Weights } from '../mask/model.ts';
import { decodeModel, encodeModel } from './model.ts';
import { ModelReader } from './model-reader.ts';
import { readModel } from './published-model.ts';

const DATA = ['F32', 'F64', 'I32', 'I64'] as const;

type Outcome = Weights | ErrorCode;

function outcome(work: () => Weights): Outcome {
  try {
    return work();
  } catch (error) {
    assert.ok(isXaynetError(error), String(error));
    return error.code;
  }
}

const whole = (bytes: Uint8Array, data: DataType): Outcome => outcome(() => modelToWeights(decodeModel(bytes), data));

/** The same in pieces that end at `cuts`; the buffer of a piece is overwritten as soon as it was taken. */
function inPieces(bytes: Uint8Array, cuts: readonly number[], data: DataType, maxLength = 1000): Outcome {
  return outcome(() => {
    const reader = new ModelReader(data, { maxLength });
    const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
    let at = 0;
    for (const end of ends) {
      const piece = bytes.slice(at, end);
      reader.push(piece);
      piece.fill(0xee);
      at = end;
    }
    return reader.finish();
  });
}

const size = (bits: number) => fc.bigInt({ min: -(2n ** BigInt(bits)), max: 2n ** BigInt(bits) });
const fractions: fc.Arbitrary<Rational> = fc
  .tuple(fc.oneof(size(8), size(40), size(62), size(130), size(3300)), fc.oneof(size(1), size(34), size(60), size(130), size(3300)))
  .map(([n, d]) => rational(n, d < 1n ? 1n - d : d));
const models: fc.Arbitrary<Model> = fc.array(fractions, { maxLength: 8 });
/** Documents in order, damaged, cut, too long, with another count, and bytes of no meaning. */
const documents: fc.Arbitrary<Uint8Array> = fc.oneof(
  models.map(encodeModel),
  fc.tuple(models, fc.nat(), fc.oneof(fc.nat(3), fc.nat(255))).map(([model, at, byte]) => {
    const bytes = encodeModel(model);
    bytes[at % bytes.length] = byte;
    return bytes;
  }),
  fc.tuple(models, fc.nat(), fc.nat(), fc.nat(3)).map(([model, at, cut, byte]) => {
    const bytes = encodeModel(model);
    bytes[8 + (at % bytes.length)] = byte;
    return bytes.subarray(0, cut % (bytes.length + 1));
  }),
  fc.tuple(models, fc.uint8Array({ minLength: 1, maxLength: 20 })).map(([model, more]) => Uint8Array.of(...encodeModel(model), ...more)),
  fc.tuple(models, fc.nat(20)).map(([model, count]) => Uint8Array.of(count, ...encodeModel(model).subarray(1))),
  fc.uint8Array({ maxLength: 80 }),
);

test('pieces give what the whole gives, weights or error; so does the published model, which tells errors of form at once', () => {
  fc.assert(
    fc.property(documents, fc.array(fc.nat(), { maxLength: 5 }), fc.constantFrom(...DATA), (bytes, cuts, data) => {
      const expected = whole(bytes, data);
      // A count beyond what this reader takes is told at once.
      const isTooLong = bytes.length >= 8 && new DataView(bytes.slice().buffer).getBigUint64(0, true) > 1000n && expected !== 'decode-number';
      assert.deepEqual(inPieces(bytes, cuts, data), isTooLong ? 'model-length' : expected);
      assert.deepEqual(
        outcome(() => readModel(bytes).toWeights(data)),
        expected,
      );
      if (typeof expected !== 'string') assert.deepEqual(readModel(bytes).toModel(), decodeModel(bytes));
      else if (expected !== 'model-not-representable') assert.throws(() => readModel(bytes), { code: expected });
    }),
    { numRuns: 1500 },
  );
});

test('every truncation of a document, in two pieces cut anywhere, and byte for byte', () => {
  const bytes = encodeModel([rational(0), rational(-1, 3), rational(2n ** 70n, 3n), rational(1n, 10n ** 10n)]);
  for (let end = 0; end < bytes.length; end++) {
    for (let cut = 0; cut <= end; cut++) assert.equal(inPieces(bytes.subarray(0, end), [cut], 'F32'), 'decode-truncated', `${end} ${cut}`);
    assert.throws(() => readModel(bytes.subarray(0, end)), { code: 'decode-truncated' });
  }
  for (const data of DATA) assert.deepEqual(inPieces(bytes, [...bytes.keys()], data), whole(bytes, data));
});

test('what is wrong is told as soon as nothing that follows could change it, and told again', () => {
  const good = encodeModel([rational(1, 2), rational(1, 4), rational(1, 8)]);
  const reader = new ModelReader('F32', { maxLength: 3 });
  const bad = good.with(8 + 26, 5); // the sign of the second weight
  reader.push(bad.subarray(0, 61)); // three weights need 62 bytes, or the document is truncated
  assert.throws(() => reader.push(bad.subarray(61, 62)), { code: 'decode-sign' });
  assert.throws(() => reader.push(bad.subarray(62)), { code: 'decode-sign' });
  assert.throws(() => reader.finish(), { code: 'decode-sign' });
  const longer = new ModelReader('F32', { maxLength: 3 });
  longer.push(good);
  assert.throws(() => longer.push(new Uint8Array(1)), { code: 'decode-trailing' });
  // A weight beyond the type is told last: the document may yet turn out to be none.
  const unfit = encodeModel([rational(2n ** 130n), rational(1)]);
  const late = new ModelReader('F32', { maxLength: 3 });
  late.push(unfit.subarray(0, -1));
  assert.throws(() => late.finish(), { code: 'decode-truncated' });
  assert.equal(inPieces(unfit, [30], 'F32'), 'model-not-representable');
});

test('announced counts allocate nothing: only what fits the bound, or what arrived', () => {
  for (const [hex, code] of [
    ['0b00000000000000', 'model-length'],
    ['ffffffffffff1f00', 'model-length'],
    ['ffffffffffffffff', 'decode-number'],
    ['0a00000000000000', 'decode-truncated'],
    [`010000000000000001ffffffffffff1f00${'00'.repeat(20)}`, 'decode-truncated'],
    [`010000000000000001ffffffffffffffff${'00'.repeat(20)}`, 'decode-number'],
  ] as const) {
    assert.equal(inPieces(fromHex(hex), [], 'F64', 10), code, hex);
    assert.equal(inPieces(fromHex(hex), [3, 9, 20], 'F64', 10), code, hex);
  }
  assert.throws(() => readModel(fromHex('ffffffffffff1f00')), { code: 'decode-truncated' });
  // Even a bound that is none allocates by what arrived.
  assert.equal(inPieces(fromHex('ffffffffffff1f00'), [], 'F64', Number.MAX_SAFE_INTEGER), 'decode-truncated');
});

test('long documents: cut around the sizes in which they are read; full of ties; a weight of many zero words', () => {
  const usual = Array.from({ length: 7000 }, (_, i) => rational(BigInt((i % 17) - 8) * 123456789n, 3333333333n));
  const ties = Array.from({ length: 5000 }, (_, i) => rational(2n ** 24n + 1n + 2n * BigInt(i), 2n ** 24n));
  const wide = Array.from({ length: 300 }, (_, i) => rational(3n ** 100n + BigInt(i), 5n ** 90n));
  for (const model of [usual, ties, [...usual.slice(0, 3000), ...wide, ...ties.slice(0, 30), ...usual], wide]) {
    const bytes = encodeModel(model);
    for (const data of ['F32', 'I64'] as const) {
      const expected = modelToWeights(model, data);
      assert.deepEqual(readModel(bytes).toWeights(data), expected);
      for (const step of [65535, 65536, 1000]) {
        const cuts = Array.from({ length: Math.floor(bytes.length / step) }, (_, i) => (i + 1) * step);
        assert.deepEqual(inPieces(bytes, cuts, data, 20_000), expected, `${step}`);
      }
    }
  }
  const zeros = 60_000;
  const document = new Writer(8 + 9 + 4 * (1 + zeros) + 13)
    .u64le(1)
    .i8(-1)
    .u64le(1 + zeros)
    .u32le(3)
    .zeros(4 * zeros)
    .i8(1)
    .u64le(1)
    .u32le(2)
    .finish();
  assert.deepEqual(inPieces(document, [100, 5000, 70_000, 200_000], 'F64'), Float64Array.of(-1.5));
  assert.deepEqual(readModel(document).toModel(), [rational(-3, 2)]);
});

test('one number that announces gigabytes is refused while it arrives, and nothing is kept for it', () => {
  const reader = new ModelReader('F32', { maxLength: 5 });
  const head = new Uint8Array(17);
  head.set([1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 16]); // one weight, of 2^28 words
  reader.push(head);
  const more = new Uint8Array(65536);
  assert.throws(
    () => {
      for (let i = 0; i < 100; i++) reader.push(more);
    },
    { code: 'decode-number' },
  );
  assert.throws(() => reader.finish(), { code: 'decode-number' });
  // The same in a whole document, where all the words are zeros; 65 536 of them are still taken.
  for (const [words, code] of [
    [65536, undefined],
    [65537, 'decode-number'],
  ] as const) {
    const bytes = new Uint8Array(8 + 9 + 4 * words + 13);
    const view = new DataView(bytes.buffer);
    view.setUint8(0, 1);
    view.setUint8(8, 1);
    view.setUint32(9, words, true);
    view.setUint8(17, 3);
    view.setUint8(17 + 4 * words, 1);
    view.setUint8(18 + 4 * words, 1);
    view.setUint8(26 + 4 * words, 1);
    for (const read of [() => decodeModel(bytes), () => readModel(bytes)]) {
      if (code === undefined) assert.doesNotThrow(read);
      else assert.throws(read, { code });
    }
    assert.deepEqual(inPieces(bytes, [40, 70000], 'F32'), code ?? Float32Array.of(3));
  }
});

test('a bound that is no number is a mistake of the program', () => {
  for (const maxLength of [Number.NaN, -1, undefined as unknown as number]) assert.throws(() => new ModelReader('F32', { maxLength }), RangeError);
});
