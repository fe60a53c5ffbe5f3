// The parts of compose.fleet.yaml without containers: three processes with coordinator.fleet.toml, Redis with redis.conf, HAProxy with haproxy.cfg.
// What differs are addresses, the length of the model and of phases, and that large bytes are in Redis (tests/s3 has a server of S3).
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { generateSigningKeyPair } from '@xaynet/core/crypto';
import { runParticipant } from '@xaynet/participant';
import { freePort } from '../../packages/xaynet/src/chaos/free-port.ts';
import { redisServer } from '../../scripts/test-suites.mjs';
import { end, startBalancer, until } from './balancer.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xaynet-fleet-'));
const children: ChildProcess[] = [];
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
after(async () => {
  for (const child of children) await end(child, 'SIGKILL');
  rmSync(folder, { recursive: true });
});

interface Status {
  readonly round: number;
  readonly phase: string;
  readonly failures: number;
  readonly counts?: { readonly accepted: number };
  readonly model: { readonly round: number } | null;
  readonly fleet?: { readonly self: string; readonly leader: string | null };
}

const status = async (url: string): Promise<Status | undefined> => {
  const answer = await fetch(`${url}/status`).catch(() => undefined);
  return answer?.status === 200 ? ((await answer.json()) as Status) : undefined;
};

test('a round through the balancer, in which the leader is stopped as an upgrade stops it', async (t) => {
  const redis = await freePort();
  const config = join(root, 'deploy/redis.conf');
  children.push(spawn(redisServer()!, [config, '--requirepass', 'secret', '--dir', folder, '--port', `${redis}`, '--bind', '127.0.0.1'], { stdio: 'ignore' }));
  const coordinators: { child: ChildProcess; url: string; log: () => string }[] = [];
  const ports: number[] = [];
  for (let count = 0; count < 3; count++) {
    const port = await freePort();
    ports.push(port);
    const environment = {
      API__BIND_ADDRESS: `127.0.0.1:${port}`,
      API__TRUSTED_PROXIES: '127.0.0.1',
      FLEET__BIND_ADDRESS: '127.0.0.1:0',
      STORE__KEY: 'a5'.repeat(32),
      STORE__BLOBS: 'store',
      REDIS__URL: `redis://:secret@127.0.0.1:${redis}`,
      MODEL__LENGTH: '3',
      PET__SUM__PROB: '0.4',
      PET__SUM__COUNT__MIN: '1',
      PET__SUM__TIME__MIN: '0.5',
      PET__UPDATE__PROB: '1',
      PET__UPDATE__COUNT__MIN: '16',
      PET__UPDATE__TIME__MIN: '0',
      PET__SUM2__COUNT__MIN: '1',
      PET__SUM2__TIME__MIN: '0',
      INTAKE__WORKERS: '0',
    };
    const child = spawn(
      process.execPath,
      [
        '--conditions=source',
        '--disable-warning=ExperimentalWarning',
        join(root, 'packages/xaynet/bin/xaynet.mjs'),
        'coordinator',
        '-c',
        join(root, 'deploy/coordinator.fleet.toml'),
      ],
      {
        cwd: folder,
        env: { ...process.env, ...Object.fromEntries(Object.entries(environment).map(([name, value]) => [`XAYNET__${name}`, value])) },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    let log = '';
    child.stderr.setEncoding('utf8').on('data', (part: string) => (log += part));
    children.push(child);
    coordinators.push({ child, url: `http://127.0.0.1:${port}`, log: () => log });
  }
  for (const { child, url, log } of coordinators) {
    await until('a coordinator is ready', async () => {
      assert.equal(child.exitCode, null, log());
      return (await fetch(`${url}/readyz`).catch(() => undefined))?.status === 200;
    });
  }
  const balancer = await startBalancer(ports);
  t.after(() => balancer.stop());

  const stop = new AbortController();
  const runs: Promise<unknown>[] = [];
  t.after(async () => {
    stop.abort();
    await Promise.all(runs);
  });
  const come = (count: number): void => {
    for (let each = 0; each < count; each++) {
      const run = runParticipant({
        url: balancer.url,
        keys: generateSigningKeyPair((length) => crypto.getRandomValues(new Uint8Array(length))),
        signal: stop.signal,
        poll: { min: 50, max: 200 },
        train: async (_, { length }) => new Float32Array(length).fill(0.5),
      });
      runs.push(run.done);
    }
  };
  // Fewer than a round needs, so that it is still on when its leader goes.
  come(15);
  let before: Status | undefined;
  await until('updates are in', async () => {
    before = await status(balancer.url);
    return before?.phase === 'update' && (before.counts?.accepted ?? 0) > 1;
  });
  const all = await Promise.all(coordinators.map(({ url }) => status(url)));
  const leading = coordinators.filter((_, index) => all[index]?.fleet?.self === before!.fleet!.leader);
  assert.equal(leading.length, 1);
  await end(leading[0]!.child, 'SIGTERM');
  assert.equal(leading[0]!.child.exitCode, 0, leading[0]!.log());
  // Six in ten are no sum participants: far more than the round lacks.
  come(45);
  let ended: Status | undefined;
  await until('a model', async () => {
    ended = await status(balancer.url);
    return ended?.model != null;
  });
  assert.equal(ended!.model!.round, before!.round, 'the round in which the leader went');
  assert.equal(ended!.failures, 0);
});
