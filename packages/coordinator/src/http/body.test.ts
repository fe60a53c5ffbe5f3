// Reading bodies: what is kept in memory is what is counted, however finely a client cuts it.

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { ByteBudget, readBody } from './body.ts';

test('a body of one-byte pieces is kept in one buffer of about its size, not as a list of pieces', async () => {
  const request = Object.assign(new EventEmitter(), { socket: { setTimeout: () => undefined } });
  const limit = 300_000;
  const outcome = readBody(request as unknown as IncomingMessage, { limit, budget: new ByteBudget(() => limit), stallMs: 1000 });
  for (let i = 0; i < 200_000; i++) request.emit('data', Uint8Array.of(i));
  request.emit('end');
  const body = await outcome;
  assert.ok('bytes' in body);
  assert.equal(body.bytes.length, 200_000);
  assert.ok(body.bytes.buffer.byteLength <= limit);
  assert.ok(body.bytes.every((byte, i) => byte === (i & 255)));
});
