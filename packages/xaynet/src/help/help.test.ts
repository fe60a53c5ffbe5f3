// Every command of the tree: it explains itself, its examples are command lines that it takes, and it answers in JSON when asked to.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { Command } from 'commander';
import { commandTree, main } from '../main.ts';
import { paintFor } from '../screen.ts';
import { manualOf } from './manual.ts';
import { fullName, isLeaf, pageOf, walk } from './page.ts';
import { helpText, wrap } from './text.ts';

const ROOT = new URL('../../../../', import.meta.url);
const tree = commandTree();
const commands = walk(tree);
const leaves = commands.filter(isLeaf);
const NAMES = commands.map(fullName);

async function here(args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await main(args, { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

test('every command has all that a manual page has', () => {
  assert.ok(leaves.length >= 12, NAMES.join());
  for (const command of leaves) {
    const page = pageOf(command);
    const titles = page.sections.map(({ title }) => title);
    for (const title of ['General', 'With --json', 'Environment', 'Exit codes', 'Examples', 'See also'])
      assert.ok(titles.includes(title), `${page.name}: ${title}`);
    assert.ok(page.summary !== '' && page.summary.length <= 80 && !page.summary.endsWith('.'), `${page.name}: ${page.summary}`);
    assert.match(page.description, /^[A-Z][\s\S]{40,}\.$/, page.name);
    assert.ok(manualOf(command).examples!.length >= 2, `${page.name}: examples`);
    for (const option of command.options) assert.notEqual(option.description, '', `${page.name} ${option.flags}`);
  }
});

test('what is to be seen also is there', () => {
  for (const command of commands)
    for (const place of manualOf(command).seeAlso ?? []) {
      assert.ok(place.startsWith('xaynet') ? NAMES.includes(place) : existsSync(new URL(place, ROOT)), `${fullName(command)}: ${place}`);
    }
});

/** The words of a command line as a shell makes them; variables and substitutions stay as they are. */
function words(line: string): string[] {
  return [...line.replaceAll(/\\\n\s*/g, ' ').matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) => word.replaceAll(/["']/g, ''));
}

/** The arguments of each xaynet in a line with pipes and redirections. */
function calls(line: string): string[][] {
  const found: string[][] = [];
  let current: string[] | undefined;
  for (const word of words(line)) {
    if (/^(\||&&|;)$/.test(word)) current = undefined;
    else if (/^\d?>/.test(word)) break;
    else if (word === 'xaynet' && current === undefined) {
      current = [];
      found.push(current);
    } else current?.push(word);
  }
  return found;
}

test('every example is a command line that its command takes', async () => {
  for (const command of commands) {
    for (const [line] of manualOf(command).examples ?? []) {
      const called = calls(line);
      assert.ok(called.length > 0 || /^(curl|source|mkdir) /.test(line), line);
      for (const args of called) {
        let ran: Command | undefined;
        const program = commandTree();
        for (const each of walk(program).filter(isLeaf))
          each.action(function (this: Command) {
            ran = this;
          });
        await program.parseAsync(args, { from: 'user' }).catch((error: Error) => assert.fail(`${line}: ${error.message}`));
        assert.ok(ran !== undefined, line);
      }
    }
  }
});

test('help is as wide as there is room, with and without colours, and JSON with --json', async () => {
  for (const command of commands) {
    const page = pageOf(command);
    for (const columns of [40, 80, 120]) {
      const text = helpText(page, columns, paintFor(false));
      assert.equal(stripVTControlCharacters(helpText(page, columns, paintFor(true))), text);
      if (columns === 80) assert.match(text, /^Usage: xaynet/);
      const code = new Set(page.sections.flatMap(({ blocks }) => blocks).flatMap((block) => (typeof block !== 'string' && 'code' in block ? block.code : [])));
      for (const line of text.split('\n').slice(1)) {
        const fits = line.length <= columns || code.has(line.trim()) || code.has(line.slice(2)) || !/\S\s+\S/.test(line) || /^ {2}-/.test(line);
        assert.ok(fits, `${columns}: ${line}`);
      }
    }
  }
  const { code, out, err } = await here(['keygen', '--help', '--json']);
  assert.deepEqual([code, err, JSON.parse(out)], [0, '', JSON.parse(JSON.stringify(pageOf(commands.find((each) => fullName(each) === 'xaynet keygen')!)))]);
});

test('text is wrapped at words, never within one', () => {
  assert.deepEqual(wrap('aa bb cc', 5), ['aa bb', 'cc']);
  assert.deepEqual(wrap('a longerthanthat b', 4), ['a', 'longerthanthat', 'b']);
  assert.deepEqual(wrap('a\nb', 80), ['a', 'b']);
});

test('every command with --json says what is wrong with the command line as JSON, on standard error alone', async () => {
  for (const command of leaves) {
    const name = fullName(command).split(' ').slice(1);
    const { code, out, err } = await here([...name, '--json', '--no-such-option']);
    assert.deepEqual([code, out], [2, ''], name.join(' '));
    const { error } = JSON.parse(err) as { error: Record<string, string> };
    assert.deepEqual([error.code, Object.keys(error)], ['command-line', ['code', 'message', 'todo']], name.join(' '));
    assert.match(error.message!, /--no-such-option|required option|excess|missing/);
  }
  const bare = await here(['config', '--json']);
  assert.deepEqual([bare.code, bare.out, JSON.parse(bare.err).error.code], [2, '', 'command-line']);
});

test('what fails says so as JSON, too: code, message, what to do', async () => {
  for (const [args, expected] of [
    [['keygen', '--out', 'no/such/folder/keys.json'], 'file-unwritable'],
    [['coordinator', 'run', '-c', 'none.toml'], 'settings-file-missing'],
    [['coordinator', 'check', '-c', 'none.toml'], 'settings-file-missing'],
    [['coordinator', 'init', 'no/such/folder/c.toml'], 'file-unwritable'],
    [['coordinator', 'status', '--url', 'http://127.0.0.1:9'], 'transport-unreachable'],
    [['coordinator', 'rounds', '--url', 'http://127.0.0.1:9'], 'transport-unreachable'],
    [['coordinator', 'events', '--url', 'http://127.0.0.1:9'], 'transport-unreachable'],
    [['coordinator', 'model', 'get', '--url', 'http://127.0.0.1:9', '-o', 'none.f32'], 'transport-unreachable'],
    [['participant', '--url', 'http://127.0.0.1:9', '--keys', 'none.json'], 'file-unreadable'],
    [['agent', '--url', 'http://127.0.0.1:9', '--state', '/dev/null/folder'], 'file-unwritable'],
    [['chaos', '--weights', '3'], 'option-invalid'],
  ] as const) {
    const { code, out, err } = await here([...args, '--json']);
    assert.deepEqual([code, out], [1, ''], args.join(' '));
    const { error } = JSON.parse(err.trimEnd().split('\n').at(-1)!) as { error: Record<string, string> };
    assert.equal(error.code, expected, `${args.join(' ')}: ${err}`);
    assert.ok(error.message !== '' && error.todo !== '');
  }
});
