// A rolling upgrade in the midst of rounds: three processes of one version are replaced, one after another, by three of another version, which is the
// same program under another number, from a copy of its sources. No round fails, no acknowledged update is lost.

import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { FleetCrowd, SETTINGS, until } from './crowd.ts';
import { freshPrefix, KEY, RedisServer } from './server.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const child = fileURLToPath(new URL('upgrade-child.mjs', import.meta.url));
const copies = mkdtempSync(join(tmpdir(), 'xaynet-upgrade-'));
after(() => rmSync(copies, { recursive: true, force: true }));

/** The starter of processes of another version: a copy of the coordinator's sources, beside links to everything else. */
function anotherVersion(version: string): string {
  const coordinator = join(copies, 'coordinator');
  mkdirSync(join(copies, 'node_modules', '@xaynet'), { recursive: true });
  cpSync(join(root, 'packages/coordinator/src'), join(coordinator, 'src'), { recursive: true });
  const manifest = JSON.parse(readFileSync(join(root, 'packages/coordinator/package.json'), 'utf8'));
  writeFileSync(join(coordinator, 'package.json'), JSON.stringify({ ...manifest, version }));
  for (const name of readdirSync(join(root, 'node_modules'))) {
    if (name !== '@xaynet' && !name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(copies, 'node_modules', name));
  }
  symlinkSync(coordinator, join(copies, 'node_modules', '@xaynet', 'coordinator'));
  symlinkSync(join(root, 'packages/core'), join(copies, 'node_modules', '@xaynet', 'core'));
  cpSync(child, join(copies, 'upgrade-child.mjs'));
  return join(copies, 'upgrade-child.mjs');
}

interface Started {
  readonly url: string;
  /** SIGTERM; its exit code. */
  stop(): Promise<number | null>;
}

function start(script: string, settings: object): Promise<Started> {
  const process_: ChildProcess = fork(script, [JSON.stringify(settings)], {
    execArgv: ['--conditions=source', '--disable-warning=ExperimentalWarning'],
    // What is compiled goes with the copies: under their names nobody asks for it again.
    env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: script === child ? process.env.NODE_COMPILE_CACHE : join(copies, 'compiled') },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const gone = new Promise<number | null>((resolve) => process_.once('exit', resolve));
  after(() => process_.kill('SIGKILL'));
  return new Promise((resolve, reject) => {
    process_.once('message', ({ url }: { url: string }) => {
      resolve({
        url,
        stop: () => {
          process_.kill('SIGTERM');
          return gone;
        },
      });
    });
    void gone.then((code) => reject(new Error(`a coordinator ended with ${code}`)));
  });
}

test('three coordinators are replaced by another version, one by one, while rounds go on: all rounds have a model, of all that was acknowledged', async (t) => {
  const server = await RedisServer.start(t);
  const settings = { ...SETTINGS, store: { kind: 'redis', key: KEY }, redis: { url: server.url, prefix: freshPrefix(), lease: 1 } };
  const newer = anotherVersion('0.9.9');
  const running = await Promise.all([1, 2, 3].map(() => start(child, settings)));
  const fleet = new FleetCrowd(server);
  fleet.urls = () => running.map(({ url }) => url);
  type Status = { round: number; fleet: { self: string; leader: string; members: readonly { id: string; version: string }[] } };
  const status = async (of: Started): Promise<Status> => (await fetch(`${of.url}/status`)).json() as Promise<Status>;
  const isLeader = async (of: Started): Promise<boolean> => {
    const { fleet: seen } = await status(of);
    return seen.self === seen.leader;
  };
  fleet.join(16);
  const seen = new Set<string>();
  try {
    await until(async () => (await status(running[0]!)).round >= 2);
    for (let i = 0; i < 3; i++) {
      running.push(await start(newer, settings));
      for (const { version } of (await status(running[0]!)).fleet.members) seen.add(version);
      // The leader goes first: the round is handed on while others of either version are there.
      const leads = await Promise.all(running.map(isLeader));
      const goes = running.findIndex((_, at) => at < 3 - i && leads[at]) >= 0 ? running.findIndex((_, at) => leads[at]) : 0;
      const [old] = running.splice(goes, 1);
      assert.equal(await old!.stop(), 0);
    }
    const { round } = await status(running[0]!);
    await until(async () => (await status(running[0]!)).fleet.members.map(({ version }) => version).join() === '0.9.9,0.9.9,0.9.9');
    assert.equal(seen.size, 2, 'both versions were in the fleet at a time');
    await until(async () => (await fleet.records()).some((record) => record.round > round));
    const records = await fleet.records();
    assert.deepEqual(new Set(records.map(({ outcome, code, phase }) => [outcome, phase, code].join(' ').trim())), new Set(['model']));
    assert.ok(records.length >= 3);
    let all = 0;
    for (const record of records) {
      const acknowledged = fleet.acknowledged.get(record.hashes.params!) ?? 0;
      assert.ok(record.updates >= acknowledged, `round ${record.round}: ${record.updates} updates, ${acknowledged} acknowledged`);
      all += acknowledged;
    }
    assert.ok(all >= 9, `${all} acknowledged`);
  } finally {
    await fleet.end();
    await Promise.all(running.map((one) => one.stop()));
  }
});
