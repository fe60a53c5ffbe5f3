import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../bytes/text.ts';
import { isXaynetError } from '../errors.ts';
import { pack } from '../kernel/oracle.test.ts';
import { MASK_CONFIGS, maskConfig } from './config.ts';
import { decodeMaskObject, encodeMaskObject, equalMaskObjects, isValidMaskObject, type MaskObject, maskObjectSize } from './object.ts';

const VECTOR = '00020003 00000004 010000000000 020000000000 030000000000 040000000000'.replaceAll(' ', '');
const UNIT = '00020003010000000000';

/** Any mask object: elements below the order, at it, or anything that fits. */
const objects: fc.Arbitrary<MaskObject> = fc
  .tuple(fc.constantFrom(...MASK_CONFIGS), fc.constantFrom(...MASK_CONFIGS), fc.nat(4))
  .chain(([vect, unit, length]) =>
    fc.record({
      config: fc.constant({ vect, unit }),
      length: fc.constant(length),
      vect: fc.uint8Array({ minLength: length * vect.bytesPerNumber, maxLength: length * vect.bytesPerNumber }),
      unit: fc.uint8Array({ minLength: unit.bytesPerNumber, maxLength: unit.bytesPerNumber }),
    }),
  );

test('the vector and unit of the reference tests (wire A.3)', () => {
  const object = decodeMaskObject(fromHex(VECTOR + UNIT));
  const config = maskConfig('Integer', 'I32', 'B0', 'M3');
  assert.equal(object.config.vect, config);
  assert.equal(object.config.unit, config);
  assert.equal(object.length, 4);
  assert.deepEqual(object.vect, pack(config, [1n, 2n, 3n, 4n]));
  assert.deepEqual(object.unit, pack(config, [1n]));
  assert.equal(maskObjectSize(object.config, 4), 42);
  assert.equal(toHex(encodeMaskObject(object)), VECTOR + UNIT);
});

test('no elements are legal (wire A.3, 5.2)', () => {
  const object = decodeMaskObject(fromHex(`0100000300000000${UNIT}`));
  assert.equal(object.length, 0);
  assert.equal(object.vect.length, 0);
  assert.ok(isValidMaskObject(object));
  assert.equal(toHex(encodeMaskObject(object)), `0100000300000000${UNIT}`);
});

test('what is encoded is decoded, as views of the input, at any offset', () => {
  fc.assert(
    fc.property(objects, fc.nat(5), (object, shift) => {
      const bytes = encodeMaskObject(object);
      assert.equal(bytes.length, maskObjectSize(object.config, object.length));
      const message = new Uint8Array(bytes.length + shift);
      message.set(bytes, shift);
      const decoded = decodeMaskObject(message.subarray(shift));
      assert.deepEqual(decoded, { ...object });
      assert.equal(decoded.vect.buffer, message.buffer);
      assert.equal(decoded.unit.buffer, message.buffer);
      assert.ok(equalMaskObjects(decoded, object));
    }),
  );
});

test('an object is equal to itself only: another byte, length or configuration makes another', () => {
  const object = decodeMaskObject(fromHex(VECTOR + UNIT));
  const same = decodeMaskObject(fromHex(VECTOR + UNIT));
  assert.ok(equalMaskObjects(object, same));
  for (const at of [8, 31, 36, 41]) {
    const bytes = fromHex(VECTOR + UNIT);
    bytes[at]! ^= 1;
    assert.equal(equalMaskObjects(object, decodeMaskObject(bytes)), false, `byte ${at}`);
  }
  const other = maskConfig('Integer', 'I64', 'B0', 'M3'); // the same order and width
  assert.equal(equalMaskObjects(object, { ...object, config: { vect: other, unit: object.config.unit } }), false);
  assert.equal(equalMaskObjects(object, { ...object, config: { vect: object.config.vect, unit: other } }), false);
  assert.equal(equalMaskObjects(object, { ...object, length: 3, vect: object.vect.subarray(0, 18) }), false);
});

test('validity: every element below the order, unit and vector alike, and lengths that agree (wire 4.4)', () => {
  for (const config of MASK_CONFIGS) {
    const largest = pack(config, [config.order - 1n]);
    const object: MaskObject = { config: { vect: config, unit: config }, length: 2, vect: pack(config, [0n, config.order - 1n]), unit: largest };
    assert.ok(isValidMaskObject(object), config.name);
    if (config.order < 256n ** BigInt(config.bytesPerNumber)) {
      assert.equal(isValidMaskObject({ ...object, unit: pack(config, [config.order]) }), false, config.name);
      assert.equal(isValidMaskObject({ ...object, vect: pack(config, [config.order, 0n]) }), false, config.name);
      assert.equal(isValidMaskObject({ ...object, vect: new Uint8Array(object.vect.length).fill(255) }), false, config.name);
    }
    assert.equal(isValidMaskObject({ ...object, length: 3 }), false, config.name);
    assert.equal(isValidMaskObject({ ...object, unit: new Uint8Array(0) }), false, config.name);
  }
});

test('broken objects: cut anywhere, too long, unknown ids, a count that cannot follow', () => {
  const bytes = fromHex(VECTOR + UNIT);
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => decodeMaskObject(bytes.subarray(0, length)), { code: 'decode-truncated' }, `${length} bytes`);
  }
  assert.throws(() => decodeMaskObject(fromHex(`${VECTOR}${UNIT}00`)), { code: 'decode-trailing' });
  for (const at of [0, 1, 2, 3, 32, 33, 34, 35]) {
    const broken = bytes.slice();
    broken[at] = 0x77;
    assert.throws(() => decodeMaskObject(broken), { code: 'decode-config' }, `byte ${at}`);
  }
  assert.throws(() => decodeMaskObject(fromHex('0101ff0cffffffff0011223344')), { code: 'decode-truncated' }, 'a terabyte announced');
  assert.throws(() => decodeMaskObject(fromHex(VECTOR.replace('00000004', '00000005') + UNIT)), { code: 'decode-config' }, 'a count one too large');
  assert.throws(() => decodeMaskObject(fromHex(VECTOR.replace('00000004', '04000000') + UNIT)), { code: 'decode-truncated' }, 'a little-endian count');
});

test('any bytes decode or throw a coded error', () => {
  const lucky = fc.uint8Array({ maxLength: 60 }).map((tail) => Uint8Array.of(1, 0, 0, 3, 0, 0, 0, tail.length % 4, ...tail));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), lucky), (bytes) => {
      try {
        assert.deepEqual(encodeMaskObject(decodeMaskObject(bytes)), bytes);
      } catch (error) {
        assert.ok(isXaynetError(error), String(error));
      }
    }),
    { numRuns: 300 },
  );
});
