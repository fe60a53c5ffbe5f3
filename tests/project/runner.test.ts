// The runner of `npm test` on suites of its own: what a record says at its end, and what becomes of tests that failed beside others.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

const runner = fileURLToPath(new URL('../../scripts/test.mjs', import.meta.url));

/** Test files by name. `FIRST` is there for tests that fail once: true in the first process that asks. */
const FILES = {
  passes: `test('passes', () => {});`,
  fails: `test('fails always', () => assert.fail('as it must'));`,
  once: `test('fails once', () => assert.ok(!FIRST, 'in a hurry')); test('beside it', () => {});`,
  helped: `import { made } from './helper.mjs'; made(FIRST);`,
  leaves: `test('leaves a file when it fails', () => { if (FIRST) { writeFileSync(join(tmpdir(), 'xaynet-left'), ''); assert.fail('before it removed its file'); } });`,
  hook: `describe('a suite', () => { after(() => { throw new Error('in a hook'); }); test('in it', () => {}); });`,
  late: `test('is over', () => { setTimeout(() => { throw new Error('too late'); }, 1); });`,
  ends: `test('ends its process', () => process.exit(3));`,
};

const HEAD = `
  import assert from 'node:assert/strict';
  import { existsSync, writeFileSync } from 'node:fs';
  import { tmpdir } from 'node:os';
  import { join } from 'node:path';
  import { after, describe, test } from 'node:test';
  const mark = import.meta.filename + '.asked';
  const FIRST = !existsSync(mark);
  writeFileSync(mark, '');
`;

/** Its tests count for this file, which no suite names. */
const HELPER = `import assert from 'node:assert/strict';
  import { test } from 'node:test';
  export const made = (first) => test('made by a helper', () => assert.ok(!first));`;

/** Runs suites of these files; returns the exit code, all that was said, and its lines. */
function run(given: readonly (readonly (keyof typeof FILES)[])[], ...args: string[]): { status: number | null; out: string; lines: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-runner-'));
  try {
    const suites = given.map((names, i) => {
      mkdirSync(join(folder, `${i}`));
      writeFileSync(join(folder, `${i}/helper.mjs`), HELPER);
      for (const [j, name] of names.entries()) writeFileSync(join(folder, `${i}/${name}-${j}.test.mjs`), `${HEAD}${FILES[name]}`);
      return { name: `suite${i}`, about: 'of a test', files: [join(folder, `${i}/*.test.mjs`)] };
    });
    writeFileSync(join(folder, 'suites.mjs'), `export const SUITES = ${JSON.stringify(suites)};`);
    const { CI: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [runner, ...args], {
      encoding: 'utf8',
      env: { ...env, XAYNET_TEST_SUITES: pathToFileURL(join(folder, 'suites.mjs')).href },
    });
    return { status, out: stdout + stderr, lines: stdout.trimEnd().split('\n') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a record ends with every failure and the totals; locally a failure is one at once', () => {
  const { status, out, lines } = run([['once', 'passes']]);
  assert.equal(status, 1, out);
  assert.equal(lines.at(-1), '2 passed, 1 failed, 0 skipped');
  assert.match(out, /\nfailed\n\n✖ \S*once-0\.test\.mjs: fails once\nAssertionError.*: in a hurry\n[\s\S]*\nin [\d.]+ s\n2 passed, 1 failed, 0 skipped\n$/);
  assert.doesNotMatch(out, /once more, alone/);
});

test('with --again, what fails once is told and passes, with what it left behind; what fails twice fails', () => {
  const steady = run([['leaves'], ['once', 'helped']], '--again');
  assert.equal(steady.status, 0, steady.out);
  assert.equal(steady.lines.at(-1), '4 passed, 0 failed, 0 skipped');
  assert.doesNotMatch(steady.out, /\nfailed\n/);
  assert.match(steady.out.split('\nunsteady: failed beside others, passed alone\n')[1]!, /: fails once\nAssertionError.*: in a hurry\n/);
  const failing = run([['once', 'fails']], '--again');
  assert.equal(failing.status, 1, failing.out);
  assert.equal(failing.lines.at(-1), '2 passed, 1 failed, 0 skipped');
  const [, failed, unsteady] = failing.out.split(/\nfailed\n|\nunsteady: .*\n/);
  assert.match(failed!, /: fails always\nAssertionError.*: as it must/);
  assert.doesNotMatch(failed!, /in a hurry/);
  assert.match(unsteady!, /in a hurry/);
});

test('many files that fail are no accident, and none is run again', () => {
  const { status, out, lines } = run([['once', 'once', 'once', 'once', 'once', 'once']], '--again');
  assert.equal(status, 1, out);
  assert.match(out, /6 files failed: more than 5 are no accident/);
  assert.equal(lines.at(-1), '6 passed, 6 failed, 0 skipped');
});

test('what is outside of tests fails too, and is told: hooks, what comes after the end, a process that ends', () => {
  const { status, out, lines } = run([['hook', 'late'], ['ends']], '--again');
  assert.equal(status, 1, out);
  assert.equal(lines.at(-1), '2 passed, 3 failed, 0 skipped', out);
  const end = out.slice(out.lastIndexOf('\nsuite1 ended without finishing its tests'));
  assert.match(end, /: a suite\nError: in a hook\n/);
  assert.match(end, /: after a test had ended\n.*too late/);
});
