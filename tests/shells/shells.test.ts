// Completion in a real zsh and a real fish, and the manual pages before mandoc and man, which find what is wrong in them.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fishScript } from '../../packages/xaynet/src/completion/fish.ts';
import { placesOf } from '../../packages/xaynet/src/completion/offers.ts';
import { zshScript } from '../../packages/xaynet/src/completion/zsh.ts';
import { commandTree } from '../../packages/xaynet/src/main.ts';

const PAGES = fileURLToPath(new URL('../../packages/xaynet/man/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xaynet-shells-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const places = placesOf(commandTree());

function run(command: string, args: string[], input?: string): string {
  const { stdout, stderr, status, error } = spawnSync(command, args, {
    input,
    encoding: 'utf8',
    cwd: folder,
    env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder, TERM: 'dumb' },
    timeout: 150_000,
  });
  assert.ifError(error);
  assert.deepEqual([status, stderr], [0, ''], command);
  return stdout;
}

test('fish completes commands, options, their words and files', () => {
  writeFileSync(join(folder, 'xaynet.fish'), fishScript(places));
  writeFileSync(join(folder, 'two.toml'), '');
  const cases = {
    'xaynet coord': ['coordinator'],
    'xaynet coordinator st': ['status'],
    'xaynet coordinator model ': ['get'],
    'xaynet coordinator model get --format f': ['f32', 'f64', 'fractions'],
    'xaynet coordinator check --config tw': ['two.toml'],
    'xaynet keygen --fo': ['--force'],
    'xaynet keygen --out status --fo': ['--force'],
    'xaynet completion ': ['bash', 'fish', 'zsh'],
    'xaynet config explain Prime/F64/B0/M1': ['Prime/F64/B0/M12'],
  };
  const script = Object.keys(cases).map((line) => `complete -C '${line}'; echo ---`);
  const out = run('fish', ['--no-config', '-c', `source xaynet.fish; ${script.join('; ')}`]);
  const answers = out.split('---\n').map((answer) => answer.split('\n').flatMap((line) => (line === '' ? [] : [line.split('\t')[0]!])));
  for (const [i, [line, expected]] of Object.entries(cases).entries()) assert.deepEqual(answers[i]!.toSorted(), expected, line);
});

test('zsh completes commands, options, their words and files', () => {
  writeFileSync(join(folder, '_xaynet'), zshScript(places));
  writeFileSync(join(folder, 'two.toml'), '');
  run('zsh', ['-f', '-n', '_xaynet']);
  const cases = {
    'xaynet coord': 'xaynet coordinator ',
    'xaynet coordinator stat': 'xaynet coordinator status ',
    'xaynet coordinator model g': 'xaynet coordinator model get ',
    'xaynet coordinator model get --format fra': 'xaynet coordinator model get --format fractions ',
    'xaynet coordinator check --config tw': 'xaynet coordinator check --config two.toml ',
    'xaynet keygen --fo': 'xaynet keygen --force ',
    'xaynet inspect two.toml tw': 'xaynet inspect two.toml two.toml ',
    'xaynet completion fi': 'xaynet completion fish ',
    'xaynet config explain Prime/F64/B0/M1': 'xaynet config explain Prime/F64/B0/M12 ',
    // As in a checkout, where the README makes it an alias.
    'x keygen --fo': 'x keygen --force ',
  };
  // A zsh in a terminal of its own: TAB completes, and ^X^P prints what the line has become.
  const driver = `
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1= PROMPT= RPROMPT=; unsetopt zle_bracketed_paste prompt_sp; fpath=('${folder}' \\$fpath); autoload -Uz compinit; compinit -u -D; alias x=/checkout/packages/xaynet/bin/xaynet.mjs; show() { print -r -- \\"<<\\$BUFFER>>\\"; BUFFER= }; zle -N show; bindkey '^X^P' show; print rea''dy"
zpty -r shell line '*ready*'
for text in ${Object.keys(cases)
    .map((line) => `'${line}'`)
    .join(' ')}; do
  zpty -w -n shell "$text"$'\\t'$'\\C-x\\C-p'
  zpty -r shell line '*<<*>>*'
  print -r -- "\${\${line##*<<}%%>>*}"
done
zpty -d shell
`;
  assert.deepEqual(run('zsh', ['-f'], driver).split('\n').slice(0, -1), Object.values(cases));
});

test('mandoc and man find nothing wrong in the manual pages', () => {
  const pages = readdirSync(PAGES).map((name) => join(PAGES, name));
  assert.equal(pages.length, places.length);
  assert.equal(run('mandoc', ['-T', 'lint', '-W', 'warning', ...pages]), '');
  const [page] = pages;
  assert.match(run('man', ['--warnings', '-E', 'UTF-8', '-l', '-P', 'cat', page!]), /NAME[\s\S]*SYNOPSIS[\s\S]*SEE ALSO/);
});
