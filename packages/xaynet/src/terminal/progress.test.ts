import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { bar, Progress } from './progress.ts';

/** A progress on an output that remembers, and its clock. */
function made(isTTY: boolean): { progress: Progress; clock: { now: number }; taken: () => string } {
  let text = '';
  const clock = { now: 0 };
  const out = { isTTY, columns: 30, write: (more: string) => (text += more) };
  const taken = (): string => {
    const all = text;
    text = '';
    return all;
  };
  return { progress: new Progress(out, { env: {}, now: () => clock.now }), clock, taken };
}

test('elsewhere than on a terminal: nothing before two seconds, then a line every ten, none twice', () => {
  const { progress, clock, taken } = made(false);
  const lines: string[] = [];
  for (; clock.now <= 25_000; clock.now += 500) {
    progress.tell(`at ${clock.now}`);
    const line = taken();
    if (line !== '') lines.push(line);
  }
  assert.deepEqual(lines, ['at 2000\n', 'at 12000\n', 'at 22000\n']);
  progress.tell('at 22000');
  progress.end();
  progress.tell('another task');
  assert.equal(taken(), '', 'the next task has two seconds of its own');
});

test('on a terminal: one line that is drawn again, cut to the width, and gone at the end', () => {
  const { progress, clock, taken } = made(true);
  progress.tell('early');
  assert.equal(taken(), '');
  clock.now = 1500;
  progress.tell('half');
  assert.equal(taken(), '\r\u001b[2Khalf');
  clock.now += 50;
  progress.tell('too soon for another drawing');
  assert.equal(taken(), '');
  progress.above(() => assert.equal(taken(), '\r\u001b[2K', 'nothing stands where the line goes'));
  assert.equal(taken(), '\r\u001b[2Khalf', 'and it is back below it');
  clock.now += 100;
  progress.tell('x'.repeat(100));
  assert.equal(taken(), `\r\u001b[2K${'x'.repeat(28)}…`);
  progress.end();
  assert.equal(taken(), '\r\u001b[2K');
  progress.end();
  assert.equal(taken(), '');
});

test('a terminal that does not know its width, as in containers, counts as 80 wide', () => {
  let text = '';
  let now = 0;
  const progress = new Progress({ isTTY: true, columns: 0, write: (more: string) => (text += more) }, { env: {}, now: () => now });
  now = 2000;
  progress.tell('waits for the next round (12 s)');
  assert.equal(text, '\r\u001b[2Kwaits for the next round (12 s)');
});

test('waiting for something: what, and for how long; nothing when it comes at once', async () => {
  mock.timers.enable({ apis: ['setInterval'] });
  try {
    const { progress, clock, taken } = made(true);
    let come: (value: number) => void = () => undefined;
    const waiting = progress.during(
      'waiting',
      new Promise<number>((resolve) => {
        come = resolve;
      }),
    );
    for (; clock.now < 3000; clock.now += 200) mock.timers.tick(200);
    const drawn = new Set(taken().split('\r\u001b[2K'));
    assert.deepEqual([...drawn], ['', 'waiting (1 s)', 'waiting (2 s)']);
    come(7);
    assert.equal(await waiting, 7);
    assert.equal(taken(), '\r\u001b[2K');
    await assert.rejects(progress.during('failing', Promise.reject(new Error('so'))), /so/);
    assert.equal(taken(), '');
  } finally {
    mock.timers.reset();
  }
});

test('a bar is as full as the work is done', () => {
  assert.equal(bar(1, 2, 'x'), '████████████············  50 %  x');
  assert.match(bar(0, 3, 'x'), /^·{24} {3}0 %/);
  assert.match(bar(3, 3, 'x'), /^█{24} 100 %/);
  assert.match(bar(0, 0, 'x'), /^·{24} {3}0 %/);
});
