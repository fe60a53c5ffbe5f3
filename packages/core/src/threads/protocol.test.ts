// What a worker's error becomes at the other end.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { XaynetError } from '../errors.ts';
import { answerOf, errorOf } from './protocol.ts';

test('an error of this project arrives with code and message, also where a bundle has no sentence for it', () => {
  const there = (error: Error): { code: string | undefined; message: string } => {
    const { answer } = answerOf(1, () => {
      throw error;
    });
    assert.ok('error' in answer);
    return answer.error;
  };
  for (const found of [undefined, 'seven of nine']) {
    const sent = new XaynetError('unmask-invalid-mask', found);
    const arrived = errorOf(there(sent));
    assert.deepEqual([arrived?.code, arrived?.message], [sent.code, sent.message]);
  }
  assert.equal(errorOf(there(new RangeError('out of memory'))), undefined, 'the worker’s own trouble');
  const bare = errorOf({ code: 'no-such-sentence', message: 'no-such-sentence (seven of nine)' });
  assert.deepEqual([bare?.code, bare?.message], ['no-such-sentence', 'no-such-sentence (seven of nine)']);
});
