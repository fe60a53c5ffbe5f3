import assert from 'node:assert/strict';
import { test } from 'node:test';
import { progressLine } from './progress-line.ts';

test('a long computation is told every two seconds and at its end, a short one not at all', () => {
  const lines: string[] = [];
  let now = 0;
  const progress = progressLine(
    (text) => lines.push(text),
    () => now,
  );
  for (let done = 1; done <= 9; done++) {
    progress({ task: 'sum2', done, total: 9 });
    now += 700;
  }
  assert.deepEqual(lines.splice(0), ['sum2: 4 of 9 masks added up', 'sum2: 7 of 9 masks added up', 'sum2: 9 of 9 masks added up']);
  for (const done of [1, 2]) progress({ task: 'update', done, total: 2 });
  assert.deepEqual(lines, [], 'short');
  now += 10_000;
  progress({ task: 'update', done: 1, total: 3 });
  now += 2000;
  progress({ task: 'update', done: 2, total: 3 });
  assert.deepEqual(lines, ['update: 2 of 3 seeds sealed'], 'the time between two does not count');
});
