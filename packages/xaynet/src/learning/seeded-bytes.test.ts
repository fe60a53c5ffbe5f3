import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededBytes } from './seeded-bytes.ts';

test('the bytes of an actor are one stream, however they are asked for, in arrays of their own', () => {
  const whole = seededBytes(3, 'a')(1000);
  const source = seededBytes(3, 'a');
  const parts = [1, 0, 31, 200, 24, 300, 444].map((length) => source(length));
  assert.deepEqual(Uint8Array.from(parts.flatMap((part) => [...part])), whole);
  parts[0]!.fill(7);
  assert.notEqual(parts[2]![0], 7);
  assert.ok(
    parts.every(({ buffer, length }) => buffer.byteLength === length),
    'who wipes one wipes nothing else',
  );
  assert.notDeepEqual(seededBytes(3, 'b')(1000), whole);
  assert.notDeepEqual(seededBytes(4, 'a')(1000), whole);
});
