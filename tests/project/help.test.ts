// Commands of the project beside xaynet itself: asked for help they print it, told nonsense they say what is wrong, without a stack.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EVENT_TYPES } from '../../packages/coordinator/src/http/api/event-json.ts';
import { commandTree, main } from '../../packages/xaynet/src/main.ts';

for (const script of ['scripts/test.mjs', 'tests/fuzz/main.mjs']) {
  test(`${script} --help, and an option that there is not`, () => {
    const run = (arg: string): { status: number | null; stdout: string; stderr: string } =>
      spawnSync(process.execPath, [fileURLToPath(new URL(`../../${script}`, import.meta.url)), arg], { encoding: 'utf8' });
    const help = run('--help');
    assert.equal(help.status, 0, help.stderr);
    assert.match(help.stdout, /^Usage: npm [\s\S]*--seed N/);
    const wrong = run('--nonsense');
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /--nonsense is no option/);
    assert.doesNotMatch(wrong.stderr, /\n +at /);
  });
}

test('xaynet coordinator events --help names the events that a coordinator sends', async () => {
  let text = '';
  assert.equal(await main(['coordinator', 'events', '--help'], { out: (part) => (text += part), err: () => undefined }), 0);
  assert.ok(text.replaceAll(/\s+/g, '').includes(`onlythesetypes:${EVENT_TYPES.join(',')}`), text);
});

test('the README of the package has a row for every command', () => {
  const readme = readFileSync(new URL('../../packages/xaynet/README.md', import.meta.url), 'utf8');
  for (const command of commandTree().commands) assert.match(readme, new RegExp(`^\\| \`xaynet ${command.name()}[ \`]`, 'm'));
});
