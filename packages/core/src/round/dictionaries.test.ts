import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { EncryptedMaskSeed, PublicEncryptKey, PublicSigningKey } from '../bytes/fixed.ts';
import { KeyMap } from '../bytes/key-map.ts';
import { fromHex, toHex } from '../bytes/text.ts';
import { isXaynetError } from '../errors.ts';
import {
  decodeSeedDict,
  decodeSumDict,
  decodeUpdateSeedDict,
  encodeSeedDict,
  encodeSumDict,
  encodeUpdateSeedDict,
  type SeedDict,
  type SumDict,
  sumDictSize,
  type UpdateSeedDict,
  updateSeedDictSize,
} from './dictionaries.ts';

const key = (hex: string): PublicSigningKey => PublicSigningKey(fromHex(hex));
const sums = (...entries: [string, string][]): SumDict => new KeyMap(entries.map(([k, v]) => [key(k), PublicEncryptKey(fromHex(v))] as const));
const seeds = (...entries: [string, string][]): UpdateSeedDict => new KeyMap(entries.map(([k, v]) => [key(k), EncryptedMaskSeed(fromHex(v))] as const));
const LENGTH_32 = '2000000000000000';
const ONE = '0100000000000000';
const rep = (byte: string, times: number): string => byte.repeat(times);

test('sum dictionaries, known answers both ways (wire A.8, coordinator A.4, participant A.2)', () => {
  const rows: [string, string][] = [
    ['2543b92ff1095511476adc8369db6ddc933665a11978dda1404ee1066ca9559d', 'e240f142b821efa128c8a1b1ee98c5c2d0d6186429edeedd3cccde89f7bf754a'],
    [rep('aa', 32), rep('bb', 32)],
    ['43a72e714401762df66b68c26dfbdf2682aaec9f2474eca4613e424a0fbafd3c', '20dba7f9c96a6e434a6cc87a2fa22ff1827b71f0e62b9001fd1d434f7ca8e23a'],
  ];
  for (const [k, v] of rows) {
    const hex = ONE + LENGTH_32 + k + LENGTH_32 + v;
    assert.equal(toHex(encodeSumDict(sums([k, v]))), hex);
    assert.deepEqual([...decodeSumDict(fromHex(hex))], [...sums([k, v])]);
  }
});

test('rows of the seed dictionary, known answers both ways (wire A.8, coordinator A.4, participant A.2)', () => {
  const rows: [string, string][] = [
    ['03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8', rep('5a', 80)],
    [rep('11', 32), rep('22', 80)],
    ['3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29', rep('ab', 80)],
  ];
  for (const [k, v] of rows) {
    const hex = `${ONE}${LENGTH_32}${k}5000000000000000${v}`;
    assert.equal(toHex(encodeUpdateSeedDict(seeds([k, v]))), hex);
    assert.deepEqual([...decodeUpdateSeedDict(fromHex(hex))], [...seeds([k, v])]);
    // The whole dictionary nests the row under the key of a sum participant.
    const whole = ONE + LENGTH_32 + rep('cc', 32) + hex;
    assert.equal(toHex(encodeSeedDict(new KeyMap([[key(rep('cc', 32)), seeds([k, v])]]))), whole);
    assert.deepEqual([...decodeSeedDict(fromHex(whole)).get(key(rep('cc', 32)))!], [...seeds([k, v])]);
  }
});

test('an empty dictionary is eight zero bytes', () => {
  const empty = rep('00', 8);
  assert.equal(toHex(encodeSumDict(new KeyMap())), empty);
  assert.equal(toHex(encodeUpdateSeedDict(new KeyMap())), empty);
  assert.equal(toHex(encodeSeedDict(new KeyMap())), empty);
  for (const decode of [decodeSumDict, decodeUpdateSeedDict, decodeSeedDict]) assert.equal(decode(fromHex(empty)).size, 0);
});

test('any order is read, ascending keys are written', () => {
  const entry = (byte: string): string => LENGTH_32 + rep(byte, 32) + LENGTH_32 + rep('ee', 32);
  const dict = decodeSumDict(fromHex(`0300000000000000${entry('02')}${entry('03')}${entry('01')}`));
  assert.equal(toHex(encodeSumDict(dict)), `0300000000000000${entry('01')}${entry('02')}${entry('03')}`);
});

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const entriesOf = <V>(value: fc.Arbitrary<V>): fc.Arbitrary<KeyMap<PublicSigningKey, V>> =>
  fc
    .array(
      fc.tuple(
        bytes(32).map((b) => PublicSigningKey(b)),
        value,
      ),
      { maxLength: 5 },
    )
    .map((entries) => new KeyMap(entries));
const sumDicts = entriesOf(bytes(32).map((b) => PublicEncryptKey(b)));
const rowDicts = entriesOf(bytes(80).map((b) => EncryptedMaskSeed(b)));
const plain = (dict: SeedDict): unknown => [...dict].map(([k, row]) => [k, [...row]]);

test('what is encoded decodes to the same, at the announced size', () => {
  fc.assert(
    fc.property(sumDicts, rowDicts, entriesOf(rowDicts), (sum, row, whole) => {
      assert.equal(encodeSumDict(sum).length, sumDictSize(sum.size));
      assert.equal(encodeUpdateSeedDict(row).length, updateSeedDictSize(row.size));
      assert.deepEqual([...decodeSumDict(encodeSumDict(sum))], [...sum]);
      assert.deepEqual([...decodeUpdateSeedDict(encodeUpdateSeedDict(row))], [...row]);
      assert.deepEqual(plain(decodeSeedDict(encodeSeedDict(whole))), plain(whole));
    }),
  );
});

test('arbitrary and damaged bytes decode, and then encode to as many, or throw an error of the table', () => {
  const codecs = [
    [decodeSumDict, encodeSumDict],
    [decodeUpdateSeedDict, encodeUpdateSeedDict],
    [decodeSeedDict, encodeSeedDict],
  ] as unknown as [(b: Uint8Array) => unknown, (d: unknown) => Uint8Array][];
  const check = (input: Uint8Array): void => {
    for (const [decode, encode] of codecs) {
      try {
        assert.equal(encode(decode(input)).length, input.length);
      } catch (error) {
        assert.ok(isXaynetError(error), String(error));
      }
    }
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), check));
  const valid = fc.oneof(sumDicts.map(encodeSumDict), rowDicts.map(encodeUpdateSeedDict), entriesOf(rowDicts).map(encodeSeedDict));
  fc.assert(
    fc.property(valid, fc.nat(), fc.nat(255), fc.nat(), (good, at, byte, cut) => {
      const damaged = Uint8Array.from(good);
      damaged[at % damaged.length] = byte;
      check(damaged);
      check(damaged.subarray(0, cut % (damaged.length + 1)));
    }),
  );
});

test('a count of 2^53 - 1 entries costs nothing, above it is a number too large', () => {
  for (const decode of [decodeSumDict, decodeUpdateSeedDict, decodeSeedDict]) {
    assert.throws(() => decode(fromHex('ffffffffffff1f00')), { code: 'decode-truncated' });
    assert.throws(() => decode(fromHex('ffffffffffffffff')), { code: 'decode-number' });
    assert.throws(() => decode(fromHex('0000000000')), { code: 'decode-truncated' });
  }
});
