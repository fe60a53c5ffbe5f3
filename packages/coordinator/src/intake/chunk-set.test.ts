// One set of chunks: the payload is the same whatever the order and the sizes, repeats change nothing, contradictions are told, and the
// number of chunks is bounded by the size of the payload.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes } from '@xaynet/core/bytes';
import type { Chunk } from '@xaynet/core/message';
import fc from 'fast-check';
import { ChunkSet, mostChunks } from './chunk-set.ts';

const chunk = (id: number, data: ArrayLike<number>, last = false): Chunk => ({ id, messageId: 1, last, data: Uint8Array.from(data) });
const cut = (payload: Uint8Array, step: number): Chunk[] =>
  Array.from({ length: Math.ceil(payload.length / step) }, (_, id) =>
    chunk(id, payload.subarray(id * step, (id + 1) * step), (id + 1) * step >= payload.length),
  );

test('chunks of one size in order are written once, into the buffer that is handed out', () => {
  const payload = Uint8Array.from({ length: 1000 }, (_, i) => i);
  const set = new ChunkSet(1000);
  const effects = cut(payload, 300).map((one) => set.add(one));
  assert.deepEqual(effects, ['kept', 'kept', 'kept', 'complete']);
  assert.deepEqual(set.payload(), payload);
  assert.equal(set.payload().buffer, set.payload().buffer, 'no copy');
});

test('in any order, of any sizes, with repeats: the payload', () => {
  const equal = fc.record({ payload: fc.uint8Array({ minLength: 1, maxLength: 300 }), step: fc.integer({ min: 1, max: 120 }) });
  const odd = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { minLength: 1, maxLength: 20 });
  const chunks = fc.oneof(
    equal.map(({ payload, step }) => cut(payload, Math.max(step, Math.ceil(payload.length / 200)))),
    odd.map((parts) => parts.map((data, id) => chunk(id, data, id === parts.length - 1))),
  );
  fc.assert(
    fc.property(chunks, fc.infiniteStream(fc.nat()), fc.nat(30), (made, order, repeats) => {
      const payload = concatBytes(...made.map(({ data }) => data));
      const set = new ChunkSet(payload.length + (repeats % 3));
      const shuffled = made.map((one) => ({ one, key: order.next().value as number })).sort((a, b) => a.key - b.key);
      for (const [i, { one }] of shuffled.entries()) {
        assert.equal(set.add(one), i === shuffled.length - 1 ? 'complete' : 'kept');
        if (i % 5 === repeats % 5) assert.equal(set.add(one), 'repeated');
      }
      assert.equal(set.bytes, payload.length);
      assert.deepEqual(set.payload(), payload);
      // Out and in again, as when the store could not take it.
      const { one } = shuffled[repeats % shuffled.length]!;
      const handed = set.payload();
      set.restore(structuredClone(handed, { transfer: [handed.buffer as ArrayBuffer] }).buffer as ArrayBuffer);
      set.remove(one.id);
      assert.equal(set.isComplete, false);
      assert.equal(set.add(one), 'complete');
      assert.deepEqual(set.payload(), payload);
    }),
    { numRuns: 300 },
  );
});

test('contradictions: other bytes, another last, an id beyond the last', () => {
  const set = new ChunkSet(100);
  assert.equal(set.add(chunk(1, [1, 2])), 'kept');
  assert.equal(set.add(chunk(1, [1, 3])), 'conflict');
  assert.equal(set.add(chunk(1, [1, 2, 3])), 'conflict');
  assert.equal(set.add(chunk(1, [1, 2], true)), 'conflict', 'not the last before');
  assert.equal(set.add(chunk(0, [1, 2], true)), 'conflict', 'a higher id is there');
  assert.equal(set.add(chunk(3, [1, 2], true)), 'kept');
  assert.equal(set.add(chunk(3, [1, 2], false)), 'conflict', 'the last before');
  assert.equal(set.add(chunk(4, [1, 2], false)), 'conflict');
  assert.equal(set.add(chunk(2, [1, 2], true)), 'conflict');
  assert.equal(set.bytes, 4);
});

test('the number of chunks: 2, 3, the bound, one past it', () => {
  const size = 10_000;
  const most = mostChunks(size);
  assert.equal(most, 256 + 19);
  for (const count of [2, 3, most]) {
    const set = new ChunkSet(size);
    const effects = Array.from({ length: count }, (_, id) => set.add(chunk(id, [7], id === count - 1)));
    assert.deepEqual([effects.at(-1), new Set(effects.slice(0, -1)).size], ['complete', 1]);
  }
  const set = new ChunkSet(size);
  assert.equal(set.add(chunk(most, [7])), 'too-many');
  assert.equal(set.add(chunk(most - 1, [7])), 'kept');
  assert.equal(mostChunks(7_000_000), 13_927, 'the default of original clients makes 1882 of them');
  assert.equal(mostChunks(2 ** 32), 65_536);
});

test('the size: all of it and not a byte more, also where the place of a chunk would lie beyond', () => {
  const set = new ChunkSet(10);
  assert.equal(set.add(chunk(0, new Uint8Array(6))), 'kept');
  assert.equal(set.add(chunk(1, new Uint8Array(5), true)), 'too-large');
  assert.equal(set.add(chunk(1, new Uint8Array(4), true)), 'complete');
  const far = new ChunkSet(10);
  assert.equal(far.add(chunk(0, [1, 2, 3])), 'kept');
  assert.equal(far.add(chunk(9, [4, 5, 6])), 'kept', 'it cannot be finished, but who knows that');
  assert.equal(far.add(chunk(1, [4, 5, 6])), 'kept');
  assert.equal(far.add(chunk(2, [4, 5, 6])), 'too-large');
});
