// The short form of `xaynet chaos` over a fleet, as anybody would run it: three coordinators at one Redis, all of which are hit.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { thorough } from '../thorough.ts';

const BIN = fileURLToPath(new URL('../../packages/xaynet/bin/xaynet.mjs', import.meta.url));
/** Rounds, and kills in each of them; fewer outside CI. */
const [ROUNDS, KILLS] = thorough ? [3, 3] : [2, 2];

test('some rounds, three coordinators, killed, paused, cut off: every acknowledged update is in its model exactly once', async (t) => {
  const temporary = mkdtempSync(join(tmpdir(), 'xaynet-chaos-fleet-'));
  t.after(() => rmSync(temporary, { recursive: true, force: true }));
  const often = ['--rounds', String(ROUNDS), '--kills-per-round', String(KILLS)];
  const args = ['chaos', '--store', 'redis', '--coordinators', '3', ...often, '--seed', '20261130', '--chunked', '--json'];
  const { code, out, err } = await new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = spawn(process.execPath, [BIN, ...args], { env: { ...process.env, NODE_OPTIONS: '', TMPDIR: temporary } });
    let [out, err] = ['', ''];
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (err += data));
    child.on('close', (ended) => resolve({ code: ended, out, err }));
  });
  const report = JSON.parse(out);
  assert.deepEqual(report.breaches, [], err);
  assert.equal(code, 0, err);
  assert.deepEqual([report.updates.lost, report.updates.doubled, report.updates.corrupt, report.rounds.abandoned], [0, 0, 0, 0]);
  assert.equal(report.rounds.completed, ROUNDS);
  assert.ok(report.deeds.kills.leader + report.deeds.kills.follower >= ROUNDS, err);
  assert.ok(report.updates.counted >= report.updates.acknowledged && report.updates.acknowledged > 5 * ROUNDS, err);
  assert.deepEqual(readdirSync(temporary), [], 'nothing is left behind');
});
