// What the tree offers, and what bash makes of its script: one bash answers all cases. zsh and fish are in tests/shells, as not every machine has them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { commandTree, main } from '../main.ts';
import { bashScript } from './bash.ts';
import { type Place, placesOf } from './offers.ts';

const folder = mkdtempSync(join(tmpdir(), 'xaynet-completion-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const places = placesOf(commandTree());
const at = (...path: string[]): Place => places.find((place) => place.path.join(' ') === path.join(' '))!;

test('the tree offers commands, options with what they take, and arguments', () => {
  assert.ok(at().commands.some(([name]) => name === 'coordinator'));
  const option = (place: Place, flag: string) => place.options.find(({ flags }) => flags.includes(flag));
  assert.deepEqual(option(at('coordinator', 'model', 'get'), '--out')?.flags, ['-o', '--out']);
  assert.equal(option(at('coordinator', 'model', 'get'), '--out')?.value, 'file');
  assert.equal(option(at('agent'), '--state')?.value, 'folder');
  assert.equal(option(at('agent'), '--url')?.value, 'anything');
  assert.equal(option(at('agent'), '--json')?.value, undefined);
  assert.equal(option(at('coordinator'), '--config')?.value, 'file', 'a group has the options of the command that it runs by itself');
  assert.deepEqual(option(at('coordinator', 'status'), '--watch')?.optional, true);
  assert.deepEqual(at('completion').values, [['bash', 'zsh', 'fish']]);
  assert.equal((at('config', 'explain').values[0] as readonly string[]).length, 240);
});

test('bash completes as its user expects', { skip: process.platform === 'win32' }, () => {
  for (const name of ['one file.toml', 'two.toml']) writeFileSync(join(folder, name), '');
  mkdirSync(join(folder, 'data'));
  const cases: [words: string[], expected: string[] | ((offers: string[]) => boolean)][] = [
    [['xaynet', 'coord'], ['coordinator']],
    [
      ['xaynet', 'co'],
      ['coordinator', 'config', 'completion'],
    ],
    [['xaynet', ''], (offers) => ['demo', 'coordinator', 'doctor', 'help'].every((name) => offers.includes(name)) && !offers.includes('--help')],
    [['xaynet', 'coordinator', 'st'], ['status']],
    [['xaynet', 'coordinator', 'model', ''], ['get']],
    [['xaynet', 'coordinator', '--con'], ['--config']],
    [
      ['xaynet', 'coordinator', '-c', ''],
      ['data', 'one file.toml', 'two.toml'],
    ],
    [['xaynet', 'coordinator', '-c', 'two.toml', '--js'], ['--json']],
    [['xaynet', 'coordinator', 'check', '--config', '=', 'tw'], ['two.toml']],
    [
      ['xaynet', 'coordinator', 'check', '--config', '='],
      ['data', 'one file.toml', 'two.toml'],
    ],
    [['xaynet', 'agent', '--state', ''], ['data']],
    [['xaynet', 'agent', '--url', 'http'], []],
    [
      ['xaynet', 'coordinator', 'model', 'get', '--format', 'f'],
      ['f32', 'f64', 'fractions'],
    ],
    [['xaynet', 'coordinator', 'model', 'get', '-o', 'status', '--for'], ['--format']],
    [
      ['xaynet', 'coordinator', 'init', ''],
      ['data', 'one file.toml', 'two.toml'],
    ],
    [['xaynet', 'inspect', 'two.toml', 'tw'], ['two.toml']],
    [
      ['xaynet', 'completion', ''],
      ['bash', 'zsh', 'fish'],
    ],
    [['xaynet', 'completion', 'bash', ''], []],
    [
      ['xaynet', 'config', 'explain', 'Prime/F64/B0/'],
      ['Prime/F64/B0/M3', 'Prime/F64/B0/M6', 'Prime/F64/B0/M9', 'Prime/F64/B0/M12'],
    ],
    [
      ['xaynet', 'config', 'explain', '--bound', 'B'],
      ['B0', 'B2', 'B4', 'B6', 'Bmax'],
    ],
    [['xaynet', 'keygen', '--no-such'], []],
    [['xaynet', 'participant', '--'], (offers) => ['--url', '--train', '--json', '--help'].every((flag) => offers.includes(flag))],
  ];
  const script = `${bashScript(places)}
cd ${JSON.stringify(folder)}
${cases
  .map(
    ([words]) =>
      `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _xaynet; printf '%s\\n' "\${COMPREPLY[@]}" ---`,
  )
  .join('\n')}`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-u'], { input: script, encoding: 'utf8', cwd: folder });
  assert.deepEqual([status, stderr], [0, '']);
  const answers = stdout.split('---\n').map((answer) => answer.split('\n').filter((line) => line !== ''));
  cases.forEach(([words, expected], i) => {
    const offers = answers[i]!;
    if (typeof expected === 'function') assert.ok(expected(offers), `${words.join(' ')}: ${offers.join(' ')}`);
    else assert.deepEqual(offers.toSorted(), expected.toSorted(), words.join(' '));
  });
});

test('xaynet completion prints a script for each shell, as it is or as JSON; help knows commands and manual pages', async () => {
  const xaynet = async (...args: string[]): Promise<[number, string, string]> => {
    let out = '';
    let err = '';
    const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text) });
    return [code, out, err];
  };
  for (const shell of ['bash', 'zsh', 'fish']) {
    const [code, script] = await xaynet('completion', shell);
    assert.deepEqual([code, script.includes('coordinator')], [0, true]);
    const { script: same, place } = JSON.parse((await xaynet('completion', shell, '--json'))[1]) as { script: string; place: string };
    assert.deepEqual([same, place.includes('xaynet')], [script, true]);
  }
  assert.match((await xaynet('completion', 'tcsh'))[2], /Allowed choices are bash, zsh, fish/);
  assert.match((await xaynet('help', 'coordinator', 'model', 'get'))[1], /^Usage: xaynet coordinator model get/);
  assert.match((await xaynet('help'))[1], /^Usage: xaynet \[options\]/);
  assert.match((await xaynet('help', 'keygen', '--man'))[1], /^\.TH XAYNET\\-KEYGEN 1 [\s\S]*\.SH EXAMPLES/);
  const [code, out, err] = await xaynet('help', 'coordinator', 'nonsense');
  assert.deepEqual([code, out], [2, '']);
  assert.match(err, /unknown command 'coordinator nonsense'/);
});
