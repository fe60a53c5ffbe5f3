// Memory that is used again: never by two at a time, never with more to see than was asked for, bounded, and gone when nobody needs it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Buffers, LEAST_KEPT, release } from './buffers.ts';
import { FakeClock } from './clock.test.ts';

const KIB = 1024;

test('buffers recycled are never shared by two live requests, whatever the order in which they end and the threads they went through', () => {
  const act = fc.record({ takes: fc.boolean(), which: fc.nat(), length: fc.integer({ min: 1, max: 300 * KIB }), travels: fc.boolean() });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 80 }), (acts) => {
      const buffers = new Buffers({ clock: new FakeClock(), mostBytes: 1024 * KIB });
      const live: { bytes: Uint8Array; stamp: number }[] = [];
      let stamps = 0;
      for (const { takes, which, length, travels } of acts) {
        if (takes || live.length === 0) {
          const bytes = buffers.take(length);
          assert.deepEqual([bytes.length, bytes.byteOffset], [length, 0], 'exactly as much as was asked for');
          const stamp = ++stamps & 255;
          bytes.fill(stamp);
          assert.ok(!live.some((other) => other.bytes.buffer === bytes.buffer));
          live.push({ bytes, stamp });
        } else {
          const [{ bytes, stamp }] = live.splice(which % live.length, 1) as [(typeof live)[0]];
          assert.ok(
            bytes.every((byte) => byte === stamp),
            'nobody else has written to it',
          );
          const came = travels ? structuredClone(bytes, { transfer: [bytes.buffer as ArrayBuffer] }) : bytes;
          buffers.give(came.buffer as ArrayBuffer);
          buffers.give(came.buffer as ArrayBuffer); // twice is once
        }
        assert.ok(buffers.bytes <= 1024 * KIB, `${buffers.bytes}`);
      }
    }),
    { numRuns: 100 },
  );
});

test('what was given back is used again by what is of nearly the same size, and by nothing else', () => {
  const buffers = new Buffers({ clock: new FakeClock() });
  const { buffer } = buffers.take(200 * KIB);
  buffers.give(buffer);
  assert.equal(buffers.bytes, 256 * KIB);
  assert.notEqual(buffers.take(100 * KIB).buffer, buffer);
  assert.notEqual(buffers.take(300 * KIB).buffer, buffer);
  assert.equal(buffers.take(250 * KIB).buffer, buffer);
  assert.equal(buffers.bytes, 0);
});

test('kept is at most what may be kept, and one however large; what is not kept is freed at once', () => {
  const buffers = new Buffers({ clock: new FakeClock(), mostBytes: 256 * KIB });
  const [one, two, three] = [buffers.take(128 * KIB), buffers.take(128 * KIB), buffers.take(128 * KIB)];
  for (const { buffer } of [one, two, three]) buffers.give(buffer);
  assert.deepEqual([one.length, two.length, three.length], [128 * KIB, 128 * KIB, 0]);
  assert.equal(buffers.bytes, 256 * KIB);
  buffers.clear();
  assert.deepEqual([one.length, two.length, buffers.bytes], [0, 0, 0]);
  buffers.give(buffers.take(1024 * KIB).buffer);
  assert.equal(buffers.bytes, 1024 * KIB);
});

test('what nobody has needed for seconds goes, and what was needed stays', async () => {
  const clock = new FakeClock();
  const buffers = new Buffers({ clock });
  const [one, two] = [buffers.take(LEAST_KEPT), buffers.take(LEAST_KEPT)];
  buffers.give(one.buffer);
  buffers.give(two.buffer);
  for (let i = 0; i < 12; i++) {
    await clock.advance(1000);
    buffers.give(buffers.take(LEAST_KEPT).buffer); // one of them is in use again and again
  }
  assert.equal(buffers.bytes, LEAST_KEPT);
  await clock.advance(11_000);
  assert.equal(buffers.bytes, 0);
});

test('small ones are made anew, those of others are left alone', () => {
  const buffers = new Buffers({ clock: new FakeClock() });
  const small = buffers.take(100);
  assert.equal(small.buffer.byteLength, 100);
  buffers.give(small.buffer);
  assert.deepEqual([buffers.bytes, small.length], [0, 100]);
  const foreign = new Uint8Array(2 * LEAST_KEPT);
  buffers.giveOwn(foreign);
  assert.deepEqual([buffers.bytes, foreign.length], [0, 2 * LEAST_KEPT]);
  const own = buffers.take(2 * LEAST_KEPT);
  buffers.giveOwn(own);
  assert.equal(buffers.bytes, 2 * LEAST_KEPT);
  const idle = new Buffers();
  idle.give(idle.take(LEAST_KEPT).buffer);
  assert.equal(idle.bytes, 0, 'without a clock nothing is kept');
  const gone = new Uint8Array(10);
  release(gone.buffer);
  assert.equal(gone.length, 0);
});
