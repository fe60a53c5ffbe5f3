// The short form of `xaynet chaos`, as anybody would run it: real processes, real kills, all promises kept. And the other way round: it must
// not be content with a coordinator that forgets.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readRecording, replay } from '@xaynet/coordinator/replay';
import { thorough } from '../thorough.ts';

const BIN = fileURLToPath(new URL('../../packages/xaynet/bin/xaynet.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xaynet-chaos-test-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** What is left in its folder for temporary files. */
  readonly left: readonly string[];
}

function chaos(name: string, args: readonly string[], stopAt?: RegExp): Promise<Outcome> {
  const temporary = join(folder, name);
  mkdirSync(temporary);
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [BIN, 'chaos', ...args], { detached: true, env: { ...process.env, NODE_OPTIONS: '', TMPDIR: temporary } });
    let out = '';
    let err = '';
    let stopped = false;
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => {
      err += data;
      if (stopAt === undefined || stopped || !stopAt.test(err)) return;
      stopped = true;
      process.kill(-child.pid!, 'SIGINT'); // to the whole group, as a terminal does
    });
    child.on('close', (code) => resolve({ code, out, err, left: readdirSync(temporary) }));
  });
}

/** Rounds, and kills in each of them; fewer outside CI. */
const [ROUNDS, KILLS] = thorough ? [3, 3] : [2, 2];

// One after another: each has a dozen processes to start.
describe('chaos', () => {
  test('some rounds, several kills in each: every acknowledged update is in its model exactly once, every round goes on', async () => {
    const recordings = join(folder, 'recordings');
    const { code, out, err, left } = await chaos('short', [
      ...['--rounds', String(ROUNDS), '--kills-per-round', String(KILLS), '--seed', '20261122', '--json'],
      ...['--record', recordings],
    ]);
    const report = JSON.parse(out);
    assert.deepEqual(report.breaches, [], err);
    assert.equal(code, 0, err);
    assert.deepEqual([report.updates.lost, report.updates.doubled, report.updates.corrupt, report.rounds.abandoned], [0, 0, 0, 0]);
    assert.equal(report.rounds.completed, ROUNDS);
    assert.ok(report.kills.coordinator >= (2 * ROUNDS * KILLS) / 3 && report.rounds.resumed >= ROUNDS - 1, err);
    assert.ok(report.updates.counted >= report.updates.acknowledged && report.updates.acknowledged > (20 * ROUNDS) / 3, err);
    assert.deepEqual(left, [], 'nothing is left behind');
    const files = readdirSync(recordings);
    assert.ok(files.length > KILLS, `a file for each life of the coordinator: ${files.length}`);
    let events = 0;
    for (const file of files) {
      for await (const item of replay(readRecording(join(recordings, file)))) {
        assert.ok(item.type === 'torn' || item.divergence === undefined, `${file}: ${JSON.stringify(item)}`);
        if (item.type === 'event') events++;
      }
    }
    assert.ok(events > 2 * report.updates.counted, `${events} events, replayed as recorded`);
  });

  test('chunks, and Ctrl-C: the table so far, exit 130, nothing left behind', async () => {
    const { code, out, err, left } = await chaos(
      'stopped',
      ['--rounds', '100', '--kills-per-round', '1', '--chunked', '--seed', '5', '--json'],
      /round 1 of 100/,
    );
    const report = JSON.parse(out);
    assert.deepEqual([report.breaches, report.stopped, code, left], [[], true, 130, []], err);
    assert.match(err, /kills of the coordinator[\s\S]*Stopped early; every promise kept so far\.\n$/);
  });
});
