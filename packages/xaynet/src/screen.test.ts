import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf, hasColours, isLive, paintOn } from './screen.ts';

const write = (): boolean => true;
const terminal = { write, isTTY: true };
const TERM = { TERM: 'xterm-256color' };

test('colours: on terminals only, NO_COLOR and TERM=dumb take them away, FORCE_COLOR decides', () => {
  for (const [output, env, expected] of [
    [terminal, TERM, true],
    [{ write }, TERM, false],
    [{ write, isTTY: false }, TERM, false],
    [terminal, { ...TERM, NO_COLOR: '1' }, false],
    [terminal, { ...TERM, NO_COLOR: '' }, true],
    [terminal, { TERM: 'dumb' }, false],
    [terminal, { ...TERM, NODE_DISABLE_COLORS: '1' }, false],
    [{ write }, { FORCE_COLOR: '1' }, true],
    [{ write }, { FORCE_COLOR: '' }, true],
    [terminal, { ...TERM, FORCE_COLOR: '0' }, false],
    [{ write }, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ] as const)
    assert.equal(hasColours(output, env), expected, JSON.stringify([output, env]));
  assert.equal(paintOn({ write }, TERM)('red', 'x'), 'x');
  assert.equal(paintOn(terminal, TERM)('red', 'x'), '\u001b[31mx\u001b[39m');
});

test('lines are drawn again on terminals that can; running text is 80 wide elsewhere, and never absurdly wide or narrow', () => {
  assert.deepEqual([isLive(terminal, TERM), isLive({ write }, TERM), isLive(terminal, { TERM: 'dumb' })], [true, false, false]);
  assert.deepEqual(
    [
      { write },
      { write, columns: 200 },
      terminal,
      { ...terminal, columns: 100 },
      { ...terminal, columns: 500 },
      { ...terminal, columns: 10 },
      { ...terminal, columns: 0 },
    ].map(columnsOf),
    [80, 80, 80, 100, 120, 40, 80],
  );
});
