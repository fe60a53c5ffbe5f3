// The benchmark of fleets works: its quick form runs rounds of one coordinator and of two, and what it counts is possible. How much it costs is not
// asked here.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readOptions } from '../../bench/fleet/options.ts';
import type { Measured } from '../../bench/fleet/report.ts';
import { REDIS_SERVER } from './server.ts';

const main = fileURLToPath(new URL('../../bench/fleet/main.mjs', import.meta.url));

test('a quick run: every update is one verdict and one blob, at most one look, and the models are right', async () => {
  const args = ['--quick', '--json', '--length', '500', '--coordinators', '2', '--blobs', 'redis'];
  const env = { ...process.env, XAYNET_REDIS_SERVER: REDIS_SERVER };
  const { stdout } = await promisify(execFile)(process.execPath, [main, ...args], { env });
  const { rounds, coordination } = JSON.parse(stdout) as Measured;
  assert.deepEqual(
    rounds.map(({ coordinators, blobs, counted }) => [coordinators, blobs, counted]),
    [
      [0, 'embedded', 20],
      [2, 'redis', 40],
    ],
  );
  const { redis, each, message } = rounds[1]!;
  assert.equal(redis?.verdicts, 40);
  assert.equal(redis.transactions, 40);
  assert.ok(redis.looks <= 40 + 10, `${redis.looks} looks`); // a member also looks by itself
  assert.ok(redis.bytesIn > 40 * 7 * 500 && message > 7 * 500);
  assert.equal(each.length, 2);
  const [{ members, verdict, look, memory }] = coordination as [Measured['coordination'][number]];
  assert.equal(members, 2);
  assert.ok(verdict.member > 0 && look.member > 0 && memory > 0);
});

test('what it cannot do it says in a sentence', () => {
  assert.throws(() => readOptions(['--blobs', 'tape']), { name: 'TypeError', message: /--blobs: redis or s3 expected, tape given/ });
  assert.throws(() => readOptions(['--coordinators', '0']), { name: 'TypeError', message: /--coordinators: a whole number from 1/ });
  assert.throws(() => readOptions(['--quick', '--write']), { name: 'TypeError', message: /does not go with --write/ });
});
