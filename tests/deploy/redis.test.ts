// deploy/redis.conf in a real Redis, killed without warning.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { redisServer } from '../../scripts/test-suites.mjs';

const config = fileURLToPath(new URL('../../deploy/redis.conf', import.meta.url));

test('what Redis answered is there after kill -9, everybody needs the password, and nothing is dropped for want of memory', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-redis-conf-'));
  const socket = join(folder, 's');
  // As in the compose file, but for the folder and where it listens.
  const up = () => spawn(redisServer()!, [config, '--requirepass', 'secret', '--dir', folder, '--port', '0', '--unixsocket', socket], { stdio: 'ignore' });
  const ask = (args: readonly string[], password = 'secret'): string => {
    const env = { ...process.env, REDISCLI_AUTH: password };
    return execFileSync('redis-cli', ['-s', socket, ...args], { env, encoding: 'utf8', stdio: 'pipe' }).trim();
  };
  const answers = (): string => {
    try {
      return ask(['ping']);
    } catch {
      return '';
    }
  };
  let server = up();
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await gone;
  };
  t.after(async () => {
    await kill();
    rmSync(folder, { recursive: true });
  });
  const ready = async (): Promise<void> => {
    while (answers() !== 'PONG') {
      assert.equal(server.exitCode, null, 'redis-server ended');
      await pause(10);
    }
  };
  await ready();
  for (const [name, value] of [
    ['appendonly', 'yes'],
    ['appendfsync', 'always'],
    ['maxmemory-policy', 'noeviction'],
    ['no-appendfsync-on-rewrite', 'no'],
    ['save', ''],
  ]) {
    assert.equal(ask(['config', 'get', name!]), `${name}\n${value}`.trim());
  }
  assert.match(ask(['get', 'x'], ''), /^NOAUTH/);
  assert.equal(ask(['set', 'x', 'kept']), 'OK');
  await kill();
  server = up();
  await ready();
  assert.equal(ask(['get', 'x']), 'kept');
});
