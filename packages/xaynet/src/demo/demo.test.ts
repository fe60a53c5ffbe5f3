// The demo for real, small: six participants, two rounds, real HTTP, real masks, as a user runs it with --json.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { rational } from '@xaynet/core/mask';
import { main } from '../main.ts';
import { checkBound } from './device.ts';
import { CLEARLY_BETTER, type DemoReport } from './report.ts';

const BIN = fileURLToPath(new URL('../../bin/xaynet.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xaynet-demo-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the demo with a folder for temporary files of its own, so that what it leaves behind is seen; stopped when `stop` matches and `look` has seen enough. */
function demo(
  name: string,
  args: readonly string[],
  stop?: RegExp,
  look: (matched: RegExpExecArray) => Promise<unknown> = async () => {},
): Promise<{ code: number | null; out: string; err: string; left: string[] }> {
  const temporary = join(folder, name);
  mkdirSync(temporary);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [BIN, 'demo', ...args], { env: { ...process.env, NODE_OPTIONS: '', TMPDIR: temporary } });
    let out = '';
    let err = '';
    let signalled = false;
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => {
      err += data;
      const matched = signalled ? null : stop?.exec(err);
      if (!matched) return;
      signalled = true;
      look(matched).finally(() => child.kill('SIGINT'));
    });
    child.on('close', (code) => resolve({ code, out, err, left: readdirSync(temporary) }));
  });
}

// Mostly waiting for windows and polls, so they run side by side.
describe('the demo', { concurrency: 3 }, () => {
  test('six participants learn together in two rounds, which go on with --stay until they are stopped', async () => {
    let watched = false;
    const reportsOf = async (url: string): Promise<number> => ((await (await fetch(`${url}rounds`)).json()) as { reports: unknown[] }).reports.length;
    const { code, out, err, left } = await demo(
      'first',
      ['--participants', '6', '--rounds', '2', '--seed', '6', '--pad', '3000', '--stay', '--json', '--record', join(folder, 'recordings')],
      /The rounds go on: (http:\S+) shows them/,
      async ([, url]) => {
        while ((await reportsOf(url!)) < 3) await new Promise((resolve) => setTimeout(resolve, 100));
        watched = true;
      },
    );
    assert.ok(watched, 'accuracy is reported of the rounds that go on, too');
    const report = JSON.parse(out) as DemoReport;
    assert.deepEqual([report.verdict, code], [{ ok: true, reasons: [] }, 0], err);
    assert.ok(report.accuracy.federated >= report.accuracy.alone.mean + CLEARLY_BETTER);
    assert.deepEqual([report.participants, report.seed, report.length, report.weights, report.rounds.length], [6, 6, 3000, 2410, 2]);
    for (const round of report.rounds) {
      assert.ok(round.updates >= 3 && round.sums >= 1 && round.sums + round.updates <= 6);
      assert.ok(round.difference > 0 && round.difference <= round.bound && round.bound < 1e-8);
      assert.ok(round.scalarSum > 0 && round.scalarSum < 1);
    }
    // 3000 weights and a unit of 8 bytes each with the bound B2, seeds for the sum participants, envelope and seal.
    assert.ok(report.bytes.update > 3001 * 8 && report.bytes.update < 3001 * 8 + 1500, `${report.bytes.update} bytes an update`);
    assert.ok(report.bytes.up > 2 * 3 * report.bytes.update);
    assert.match(err, /round \d+ {2}sum {5}\d accepted: p0\d[\s\S]*round \d+ {2}done/, 'progress is on standard error, in plain lines');
    assert.match(err, /watch it in a browser: http:/);
    assert.ok(!err.includes('\u001b'), 'without escape sequences');
    assert.deepEqual(left, [], 'nothing is left behind');
    let replayed = '';
    assert.equal(await main(['replay', join(folder, 'recordings')], { out: (text) => (replayed += text), err: (text) => (replayed += text) }), 0, replayed);
    assert.match(replayed, /, [2-9] models; replayed as recorded/);
  });

  test('a promise that is not kept: said plainly, exit 1, and the report is there all the same', async () => {
    // With these shares and selections one round ends below training alone, unless a busy machine keeps the updates that spoil it from coming in time.
    const attempt = (seed: number, tries: number): ReturnType<typeof demo> =>
      demo(`failed-${seed}-${tries}`, ['--participants', '6', '--rounds', '1', '--seed', String(seed), '--json']);
    let ended = await attempt(12, 0);
    for (let tries = 1; tries <= 4 && ended.code === 0; tries++) ended = await attempt(tries % 2 === 0 ? 12 : 2, tries);
    const { code, out, err, left } = ended;
    const { verdict, accuracy } = JSON.parse(out) as DemoReport;
    assert.ok(accuracy.federated < accuracy.alone.mean + CLEARLY_BETTER);
    assert.equal(verdict.ok, false);
    assert.match(err, /FAILED: the federated model \(.*\) is not clearly better than training alone/);
    assert.deepEqual([code, left], [1, []]);
  });

  test('Ctrl-C in a round: stops before the round ends, exit 130, nothing on standard output, nothing left behind', async () => {
    const { code, out, err, left } = await demo('stopped', ['--participants', '6', '--seed', '6', '--json'], /sum {5}\d+ accepted/);
    assert.deepEqual([code, out, left], [130, '', []]);
    assert.match(err, /xaynet: stopped\n$/);
    assert.doesNotMatch(err, /round \d+ {2}done/);
  });
});

test('weights that a mask bound would clamp are an error', () => {
  checkBound(Float32Array.of(-3, 2), rational(1, 3), 1, 4);
  assert.throws(() => checkBound(Float32Array.of(-3.1, 2), rational(1, 3), 1, 4), {
    code: 'demo-weight-out-of-bound',
    message: /participant 5: 1\.033, at most 1 allowed/,
  });
});
