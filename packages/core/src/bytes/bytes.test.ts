import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromBase64, fromHex, KeyMap, PublicSigningKey, Reader, toBase64, toHex, Writer } from './index.ts';

test('hexadecimal and base64 come back as they went, and equal what Node writes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      assert.deepEqual(fromHex(toHex(bytes)), bytes);
      assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
      assert.equal(toBase64(bytes), Buffer.from(bytes).toString('base64'));
      assert.deepEqual(fromBase64(toBase64(bytes).replace(/=/g, '')), bytes);
    }),
  );
});

test('base64 refuses stray bits, the URL alphabet, wrong padding and impossible lengths', () => {
  for (const text of ['AB==', 'A-_A', 'AA=', 'AAAAA', 'AA==A', 'AA AA']) {
    assert.throws(() => fromBase64(text), { code: 'decode-base64' }, text);
  }
});

test('what the writer writes, the reader reads', () => {
  const bytes = new Writer(42)
    .u8(7)
    .i8(-1)
    .u16be(0x0102)
    .u32be(0x01020304)
    .u32le(5)
    .u64le(2 ** 53 - 1)
    .f64le(-0.5)
    .byteString(Uint8Array.of(9, 8))
    .zeros(4)
    .finish();
  const reader = new Reader(bytes, 'test');
  assert.equal(reader.u8(), 7);
  assert.equal(reader.i8(), -1);
  assert.equal(reader.u16be(), 0x0102);
  assert.equal(reader.u32be(), 0x01020304);
  assert.equal(reader.u32le(), 5);
  assert.equal(reader.u64le(), 2 ** 53 - 1);
  assert.equal(reader.f64le(), -0.5);
  assert.deepEqual(reader.byteString(2), Uint8Array.of(9, 8));
  assert.throws(() => reader.take(5), { code: 'decode-truncated' });
  assert.throws(() => reader.end(), { code: 'decode-trailing' });
  reader.take(4);
  reader.end();
});

test('a count above 2^53 - 1 and a count of more than can follow are refused before anything is allocated', () => {
  assert.throws(() => new Reader(fromHex('0000000000002000'), 'x').u64le(), { code: 'decode-number' });
  assert.throws(() => new Reader(fromHex('ffffffffffff1f00'), 'x').count(1), { code: 'decode-truncated' });
  assert.equal(new Reader(fromHex('0200000000000000aabb'), 'x').count(1), 2);
  assert.throws(() => new Reader(fromHex('0300000000000000aabb'), 'x').count(1), { code: 'decode-truncated' });
});

test('a fixed-length type takes its length only', () => {
  for (const length of [0, 31, 33, 64]) assert.throws(() => PublicSigningKey(new Uint8Array(length)), { code: 'length-mismatch' });
  assert.equal(PublicSigningKey(new Uint8Array(32)).length, 32);
});

test('a key map iterates by key and replaces equal keys', () => {
  const map = new KeyMap([
    [Uint8Array.of(2), 'b'],
    [Uint8Array.of(1, 9), 'a'],
    [Uint8Array.of(2), 'c'],
  ]);
  assert.deepEqual(
    [...map].map(([k, v]) => toHex(k) + v),
    ['0109a', '02c'],
  );
  assert.equal(map.get(Uint8Array.of(2)), 'c');
  assert.equal(map.size, 2);
});
