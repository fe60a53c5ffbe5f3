import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { paintFor, Screen } from '../screen.ts';
import { sparkline } from '../sparkline.ts';
import { newBoard, type Progress, take } from './progress.ts';
import { frame, nameOf, plainLine } from './view.ts';

const result = { number: 1, round: 1, sums: 1, updates: 3, accuracy: 0.5, difference: 1e-10, bound: 4e-10, scalarSum: 0.7, seconds: 1.25 };

function afterUpdatePhase(): ReturnType<typeof newBoard> {
  const board = newBoard(5, 10, 0.1);
  const happened: Progress[] = [
    { type: 'round', round: 1, attempt: 1 },
    { type: 'phase', phase: 'sum', least: 0.5, most: 2 },
    { type: 'role', participant: 1, role: 'sum' },
    { type: 'accepted', participant: 1, tag: 'sum' },
    { type: 'phase', phase: 'update', least: 1, most: 4 },
    { type: 'role', participant: 0, role: 'update' },
    { type: 'role', participant: 2, role: 'none' },
    { type: 'accepted', participant: 0, tag: 'update' },
    { type: 'traffic', up: 1_234_567, down: 89 },
    { type: 'address', url: 'http://127.0.0.1:1234/' },
    { type: 'note', text: 'something else' },
  ];
  for (const progress of happened) take(board, progress, 1000);
  return board;
}

test('the frame shows round, phase with countdown, roles, messages, bytes and accuracy', () => {
  const text = frame(afterUpdatePhase(), 1400, 100, paintFor(false)).join('\n');
  for (const part of [
    'round 1 of 10',
    'update  listens 0.6 s more',
    'p01 U✓',
    'p02 S ',
    'p03 – ',
    'p04 · ',
    'sum 1  update 1  sum2 0',
    'up 1 234 567  down 89',
    '10.0 %',
    'watch it in a browser: http://127.0.0.1:1234/',
    'something else',
  ]) {
    assert.ok(text.includes(part), `${part} in\n${text}`);
  }
  assert.ok(!text.includes('\u001b'), 'no colours');
  const late = frame(afterUpdatePhase(), 2500, 100, paintFor(false)).join('\n');
  assert.match(late, /waits up to 2\.5 s for enough/);
});

test('no line is wider than the terminal, with colours and a hundred participants', () => {
  const board = newBoard(100, 10, 0.1);
  for (let i = 0; i < 100; i++) take(board, { type: 'role', participant: i, role: i % 3 === 0 ? 'sum' : 'update' }, 0);
  take(board, { type: 'note', text: 'x'.repeat(300) }, 0);
  for (const columns of [40, 57, 80, 200]) {
    for (const line of frame(board, 0, columns, paintFor(true))) assert.ok(stripVTControlCharacters(line).length <= columns, `${columns}: ${line}`);
  }
  assert.equal(nameOf(0, 99), 'p01');
  assert.equal(nameOf(99, 100), 'p100');
});

test('plain lines: one for a phase that ends, a round that ends or fails, and notes', () => {
  const board = afterUpdatePhase();
  assert.equal(plainLine(board, { type: 'phase', phase: 'sum2' }), 'round 1  update  1 accepted: p01');
  assert.equal(plainLine(board, { type: 'role', participant: 1, role: 'sum' }), undefined);
  assert.equal(plainLine(board, { type: 'failed', phase: 'sum2', reason: 'too late' }), 'round 1  failed in sum2: too late; trying again');
  assert.match(
    plainLine(board, { type: 'finished', result }) ?? '',
    /^round 1 {2}done {4}accuracy 50\.0 %, unmasked − plain mean 1\.0e-10 \(bound 4\.0e-10\), 1\.25 s, round 1 of 10/,
  );
  assert.equal(plainLine(board, { type: 'note', text: 'hello' }), 'hello');
});

test('a new round clears roles and counts, and the curve keeps growing', () => {
  const board = afterUpdatePhase();
  take(board, { type: 'finished', result }, 2000);
  take(board, { type: 'round', round: 2, attempt: 1 }, 2000);
  assert.deepEqual(board.accepted, { sum: 0, update: 0, sum2: 0 });
  assert.ok(board.roles.every((role) => role === 'waiting'));
  assert.equal(board.up, 1_234_567, 'bytes are of the whole run');
  assert.match(frame(board, 2000, 100, paintFor(false)).join('\n'), /▁▅ 50\.0 %/);
  take(board, { type: 'failed', phase: 'sum', reason: 'nobody' }, 2000);
  assert.match(frame(board, 2000, 100, paintFor(false))[0]!, /\(1 failed\)/);
});

test('sparkline covers both ends', () => {
  assert.equal(sparkline([0, 0.5, 0.99, 1]), '▁▅██');
});

test('the screen draws over its last frame and gives the cursor back', () => {
  let written = '';
  const screen = new Screen({ write: (text) => (written += text), columns: 60 });
  screen.close();
  assert.equal(written, '', 'nothing drawn, nothing to restore');
  screen.draw(['a', 'b']);
  assert.ok(written.startsWith('\u001b[?25l'));
  written = '';
  screen.draw(['c']);
  assert.ok(written.startsWith('\u001b[2A') && written.endsWith('\u001b[J'), 'up two lines, and the rest cleared');
  screen.close();
  assert.ok(written.endsWith('\u001b[?25h'));
  assert.equal(screen.columns, 60);
});
