// `xaynet replay` from its command line: the table, where it stops, the keys, two recordings side by side, the test it makes, and what it says
// of recordings that part, that are cut off, that are none.

import assert from 'node:assert/strict';
import { exec } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readRecordingText, replay } from '@xaynet/coordinator/replay';
import { main } from '../main.ts';
import { Outcome } from '../replay/rows.ts';
import { keysOf, stepThrough } from '../replay/stepping.ts';

const SAMPLES = fileURLToPath(new URL('../../../coordinator/samples/', import.meta.url));
const SAMPLE = join(SAMPLES, 'three-rounds.jsonl');
const lines = readFileSync(SAMPLE, 'utf8').trimEnd().split('\n');
const folder = mkdtempSync(join(tmpdir(), 'xaynet-replay-command-'));
// In the repository, because `@xaynet/coordinator` is found from there; ignored by git.
const beside = fileURLToPath(new URL('../../../../.replay-under-test/', import.meta.url));
after(() => {
  for (const path of [folder, beside]) rmSync(path, { recursive: true, force: true });
});

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await main(['replay', ...args], { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

/** A file with these lines, the last one as it is. */
function fileOf(name: string, text: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, text.join('\n'));
  return path;
}

describe('a replay', () => {
  test('as a table: head, columns, rounds, a row an event, what came of it', async () => {
    const { code, out, err } = await run(SAMPLE);
    assert.deepEqual([code, err], [0, '']);
    const rows = out.split('\n');
    assert.match(rows[0]!, /^recording {2}20261129T204529Z-2a756e74, file 1, of version 0\.1\.0; begins after round 0$/);
    assert.equal(rows.filter((row) => /^ +#\d+ /.test(row)).length, 110);
    assert.deepEqual(
      rows.filter((row) => row.startsWith('round')),
      ['round 1', 'round 2', 'round 3', 'round 4', 'round 3 failed in update: phase-timeout'],
    );
    assert.ok(out.includes('    #36     1.429 s  admitted 15, 3 for its mask        accepted             sum2 a        3 0 0\n'), out);
    assert.match(out, /\n110 events, 2 models; replayed as recorded\nround 3 failed in update: phase-timeout\n$/);
  });

  test('of one round, until an event or a phase, with the state; what is not reached is said', async () => {
    const round = await run(SAMPLE, '--round', '2');
    assert.equal(round.out.split('\n').filter((row) => /^ +#/.test(row)).length, 43);
    const phase = await run(SAMPLE, '--until', 'failure');
    assert.match(phase.out, /\nafter event #104:\n\{\n {2}"phase": "failure",\n {2}"round": 3,/);
    const event = JSON.parse((await run(SAMPLE, '--until', '#36', '--json')).out);
    assert.deepEqual([event.number, event.verdict, event.state.counts.accepted, event.effects[0].type], [36, 'accepted', 3, 'answer']);
    for (const [args, says] of [
      [['--until', '#500'], /event #500 is not reached/],
      [['--round', '9'], /no event of round 9/],
      [['--round', '2', '--until', 'failure'], /phase failure is not reached/],
    ] as const) {
      const { code, err } = await run(SAMPLE, ...args);
      assert.deepEqual([code, says.test(err)], [1, true], err);
    }
  });

  test('as JSON: a head, an object an event, an end', async () => {
    const { code, out } = await run(SAMPLE, '--json');
    const objects = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual([code, objects.length, objects[0].head.recording], [0, 112, 1]);
    assert.deepEqual(objects.at(-1).end, { events: 110, models: 2, failures: [{ round: 3, phase: 'update', code: 'phase-timeout' }], torn: false });
    assert.equal(objects[3].message.participant, 'bff4c592');
  });

  test('that parts from the recording ends there, says in what, and exits with 1', async () => {
    const { code, out } = await run(
      fileOf(
        'parted.jsonl',
        lines.map((line) => (line.includes('"number":30,') ? line.replace('"entries":9', '"entries":0') : line)),
      ),
    );
    assert.equal(code, 1);
    assert.match(
      out,
      /the replay parts from the recording at event #30:\n {2}effects: recorded purge, publish, deadline; replayed no-deadline, publish, report, purge, clear\n {2}phase: recorded "sum2"; replayed "failure"/,
    );
    assert.doesNotMatch(out, /#31/);
  });

  test('of a file that is cut off goes as far as the lines are whole', async () => {
    const { code, out } = await run(fileOf('torn.jsonl', [...lines.slice(0, 12), lines[12]!.slice(0, 70)]));
    assert.equal(code, 0);
    assert.match(out, /\n11 events, 0 models; replayed as recorded\nthe last line is cut off: the process ended while it wrote\n$/);
  });

  test('of what is no recording is one message with advice', async () => {
    for (const [path, code] of [
      [fileOf('none.toml', ['[model]', '']), 'recording-invalid'],
      [join(folder, 'nowhere.jsonl'), 'file-unreadable'],
      [fileOf('later.jsonl', ['{"recording":99}', '']), 'recording-version'],
    ] as const) {
      const found = await run(path);
      assert.deepEqual([found.code, found.err.includes(`[${code}]`), found.err.split('\n').length], [1, true, 3], found.err);
    }
  });

  test('prints no control characters of a stranger', async () => {
    const odd = lines.map((line) => line.replace('"participant":"bff4c592"', '"participant":"\\u001b[2J\\u009b"'));
    const { out } = await run(fileOf('odd.jsonl', odd));
    assert.ok([...out].every((character) => character === '\n' || !/\p{Cc}/u.test(character)));
  });

  test('with options that contradict each other is a mistake of the command line', async () => {
    for (const args of [['--until', 'lunch'], ['--until', '#0'], ['--step', '--diff', 'x'], ['--diff', 'x', '--round', '1'], ['--step', '--until', '#3'], []]) {
      assert.equal((await run(...(args.length === 0 ? [] : [SAMPLE]), ...args)).code, 2, args.join(' '));
    }
    if (!process.stdin.isTTY) assert.match((await run(SAMPLE, '--step')).err, /--step needs a terminal/);
  });
});

test('--diff: nothing between a recording and itself, the differences of two, and 1', async () => {
  assert.deepEqual(await run(SAMPLE, '--diff', SAMPLE), { code: 0, out: '0 differences; 110 and 110 events\n', err: '' });
  const other = fileOf('shorter.jsonl', [...lines.slice(0, 41), '']);
  const { code, out } = await run(SAMPLE, '--diff', other);
  assert.equal(code, 1);
  assert.match(
    out,
    /^left {3}.*\nright {2}.*\nround 1, only on the left, #41: model-stored\nround 2: round: 43 events \| –\nround 3: round: 23 events \| –\nround 4: round: 3 events \| –\n4 differences; 110 and 40 events\n$/,
  );
  const objects = (await run(SAMPLE, '--diff', other, '--json')).out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual([objects.length, objects[0].first, objects[0].kind], [4, 41, 'presence']);
});

describe('--step', () => {
  const session = async (pressed: string, round?: number): Promise<{ ended: string; out: string }> => {
    let out = '';
    const keys = (async function* () {
      yield* pressed;
    })();
    const items = replay(readRecordingText([`${lines.join('\n')}\n`], 'x'));
    return { ended: await stepThrough(items, keys, (line) => (out += `${line}\n`), { outcome: new Outcome(), round }), out };
  };
  const numbers = (out: string): number[] => [...out.matchAll(/^ +#(\d+)/gm)].map(([, number]) => Number(number));

  test('Enter is an event, n runs to the next phase, s shows the state, q leaves, and so do Ctrl-C and the end of the keys', async () => {
    assert.deepEqual([(await session('q')).ended, numbers((await session('q')).out)], ['quit', [1]]);
    assert.deepEqual(numbers((await session('\r\r\rq')).out), [1, 2, 3, 4]);
    assert.deepEqual(numbers((await session('nnq')).out).at(-1), 10, 'sum, then update');
    assert.match((await session('sq')).out, /"awaits": "round-stored"/);
    assert.match((await session('xq')).out, /quit\n$/, 'another key: what keys there are');
    assert.equal((await session('\r\x03')).ended, 'interrupted');
    assert.equal((await session('\r')).ended, 'quit');
    assert.deepEqual(numbers((await session('\rq', 3)).out), [85, 86]);
    const all = await session('n'.repeat(50));
    assert.deepEqual([all.ended, numbers(all.out).length], ['done', 110]);
    assert.equal((await session('q', 9)).ended, 'done', 'of a round that there is not');
  });
});

test('keys of a terminal: what an arrow or function key sends is one key; the terminal is as it was at the end', async () => {
  const modes: boolean[] = [];
  const terminal = Object.assign(Readable.from(['\r', '\u001b[B\u001bOPn', '\u001b[15~', '\u001b', 'ü😀\u0003']), {
    setRawMode: (raw: boolean) => modes.push(raw),
  });
  const keys: string[] = [];
  for await (const key of keysOf(terminal as unknown as Parameters<typeof keysOf>[0])) keys.push(key);
  assert.deepEqual(
    [keys, modes],
    [
      ['\r', '\u001b[B', '\u001bOP', 'n', '\u001b[15~', '\u001b', 'ü', '😀', '\u0003'],
      [true, false],
    ],
  );
});

test('of a folder the last run, and which others are there', async () => {
  const runs = join(folder, 'runs');
  mkdirSync(runs);
  for (const day of ['25', '26', '27', '28', '29']) copyFileSync(SAMPLE, join(runs, `202611${day}T204529Z-2a756e74-0001.jsonl`));
  copyFileSync(SAMPLE, join(runs, '20261128T204529Z-2a756e74-0002.jsonl'));
  const { code, out } = await run(runs);
  assert.equal(code, 0);
  assert.match(out, /\n4 earlier runs are in this folder: 20261128T204529Z-2a756e74, 20261127\S+, 20261126\S+, …; replay the files of one by their names\n$/);
  assert.ok(!(await run(runs, '--json')).out.includes('earlier'));
});

test('--to-test: a file that the test runner runs in this repository by the command printed, from any folder, and that is not replaced unasked', async () => {
  mkdirSync(beside, { recursive: true });
  const file = join(beside, 'made.test.ts');
  const { code, out } = await run(SAMPLE, '--to-test', relative('.', file));
  const [title, command] = out.trimEnd().split('\n');
  assert.deepEqual([code, title], [0, `${relative('.', file)}: round 3 fails in update: phase-timeout (20 events)`]);
  assert.match((await run(SAMPLE, '--to-test', file)).err, /\[file-exists\]/);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { stdout } = await promisify(exec)(command!, { env: { ...env, PATH: '' }, cwd: folder, shell: '/bin/sh' });
  assert.match(stdout, /pass 1\n/);
  const plain = join(folder, 'made.mjs');
  assert.equal((await run(SAMPLE, '--to-test', plain, '--round', '1', '--until', 'sum2')).code, 0);
  assert.match(readFileSync(plain, 'utf8'), /import \{ step \} from[\s\S]*test\('round 1 comes as far as sum2'/);
});
