// Reading bodies: what is kept in memory is what is counted, however finely a client cuts it and whatever it announces.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { it } from 'node:test';
import { type BodyLimits, type BodyOutcome, Budget, readBody } from './body.ts';

function reading(
  headers: Record<string, string>,
  limits: Partial<BodyLimits> = {},
): { request: EventEmitter; outcome: Promise<BodyOutcome>; taken: () => number } {
  let taken = 0;
  const request = Object.assign(new EventEmitter(), { headers });
  const outcome = readBody(request as unknown as IncomingMessage, {
    limit: 300_000,
    stallMs: 1000,
    slowest: 1,
    take: (bytes) => {
      taken += bytes;
      return undefined;
    },
    give: (bytes) => {
      taken -= bytes;
    },
    ...limits,
  });
  return { request, outcome, taken: () => taken };
}

it('T14 a body of one-byte pieces is kept in one buffer of its size, not as a list of pieces', async () => {
  for (const headers of [{}, { 'content-length': '200000' }] as Record<string, string>[]) {
    const { request, outcome } = reading(headers);
    for (let i = 0; i < 200_000; i++) request.emit('data', Uint8Array.of(i));
    request.emit('end');
    const body = await outcome;
    assert.ok('bytes' in body);
    assert.equal(body.bytes.length, 200_000);
    assert.equal(body.bytes.buffer.byteLength, 200_000, 'the buffer can be given to a thread as it is');
    assert.ok(body.bytes.every((byte, i) => byte === (i & 255)));
  }
});

it('T14 a length that is announced costs nothing, and one buffer once 64 KiB of it have come', async () => {
  const sizes: number[] = [];
  const { request, outcome } = reading({ 'content-length': '250000' });
  const made = globalThis.Uint8Array;
  globalThis.Uint8Array = new Proxy(made, {
    construct(target, given) {
      if (typeof given[0] === 'number' && given[0] >= 1024) sizes.push(given[0]);
      return Reflect.construct(target, given) as object;
    },
  });
  try {
    assert.deepEqual(sizes, []);
    const piece = made.from({ length: 1000 }, (_, i) => i);
    for (let i = 0; i < 250; i++) request.emit('data', piece);
  } finally {
    globalThis.Uint8Array = made;
  }
  request.emit('end');
  assert.ok('bytes' in (await outcome));
  assert.deepEqual(sizes, [65_536, 250_000]);
});

it('gives back what it took when there is no body in the end, once', async () => {
  const { request, outcome, taken } = reading({});
  request.emit('data', new Uint8Array(1000));
  assert.equal(taken(), 1000);
  request.emit('close');
  assert.deepEqual(await outcome, { failed: 'aborted', length: 1000 });
  request.emit('close');
  assert.equal(taken(), 0);
});

it('a budget is shared: by all, and by one address in part', () => {
  let limit = 100;
  const budget = new Budget(
    () => limit,
    () => 40,
  );
  assert.deepEqual(
    [budget.take('a', 40), budget.take('a', 1), budget.take('b', 40), budget.take('c', 21), budget.take(undefined, 20)],
    [true, false, true, false, true],
  );
  assert.equal(budget.held, 100);
  budget.give('a', 39);
  assert.deepEqual([budget.take('a', 40), budget.take('a', 39)], [false, true]);
  budget.give('a', 40);
  limit = 70;
  assert.deepEqual([budget.take('a', 11), budget.take('a', 10)], [false, true], 'the limit is asked each time');
  budget.give('a', 10);
  budget.give('b', 40);
  budget.give(undefined, 20);
  assert.equal(budget.held, 0);
});
