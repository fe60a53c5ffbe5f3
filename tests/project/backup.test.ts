// The backup of docs/OPERATING.md, executed as it stands there: a copy made while the processes are stopped by SIGSTOP is one moment of the
// folder. The round goes on from it, or is ended as the page says.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decodeRoundParams } from '@xaynet/core/round';
import { HttpClient } from '../../bench/coordinator/http-client.ts';
import { RoundForge } from '../../bench/coordinator/messages.ts';
import { run } from './transcripts.ts';

const BIN = fileURLToPath(new URL('../../packages/xaynet/bin/xaynet.mjs', import.meta.url));
const document = readFileSync(new URL('../../docs/OPERATING.md', import.meta.url), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'xaynet-backup-'));
const children: ChildProcess[] = [];
after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Lines of the first block of shell in the document that holds `word`. */
function block(word: string): string {
  const found = [...document.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, text]) => text!).find((text) => text.includes(word));
  assert.ok(found !== undefined, `docs/OPERATING.md: a block with ${word}`);
  return found;
}

const phase = (name: string, count: number): string =>
  `[pet.${name}]\ncount = { min = ${count}, max = ${count} }\ntime = { min = 0, max = 600 }\n${{ sum: 'prob = 0.1\n', update: 'prob = 1\n' }[name] ?? ''}`;
writeFileSync(
  join(folder, 'coordinator.toml'),
  `[api]\nbind_address = "127.0.0.1:0"\n[model]\nlength = 4\n[log]\nfilter = "warn"\n${phase('sum', 1)}${phase('update', 3)}${phase('sum2', 1)}`,
);

interface Running {
  readonly child: ChildProcess;
  readonly http: HttpClient;
  stop(): Promise<void>;
}

/** A coordinator in a process of its own, with its data in `path` of the folder. */
async function start(path: string, env: Record<string, string> = {}): Promise<Running> {
  const flags = ['--conditions=source', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...flags, BIN, 'coordinator', '-c', 'coordinator.toml'], {
    cwd: folder,
    env: { ...process.env, XAYNET__STORE__PATH: path, ...env },
  });
  children.push(child);
  let text = '';
  child.stderr.on('data', (data) => (text += data));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (data) => {
      text += data;
      const found = /listening on (\S+)/.exec(text);
      if (found !== null) resolve(found[1]!);
    });
    child.on('exit', () => reject(new Error(text)));
  });
  const http = new HttpClient(url, 2);
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const stop = async (): Promise<void> => {
    http.close();
    child.kill('SIGTERM');
    await ended;
  };
  return { child, http, stop };
}

interface Status {
  readonly round: number;
  readonly phase: string;
  readonly updates: number;
  readonly failures: number;
}

async function get(http: HttpClient, path: string): Promise<Uint8Array> {
  for (; ; await sleep(10)) {
    const { status, body } = await http.ask('GET', path);
    if (status === 200) return body.slice();
  }
}

async function post(http: HttpClient, messages: readonly Uint8Array[]): Promise<void> {
  for (const message of messages) assert.equal((await http.ask('POST', '/message', message)).status, 200);
}

async function until(http: HttpClient, good: (status: Status) => boolean): Promise<Status> {
  for (; ; await sleep(20)) {
    const status = JSON.parse(new TextDecoder().decode(await get(http, '/status'))) as Status;
    if (good(status)) return status;
  }
}

test('docs/OPERATING.md: a backup of a running coordinator, and both ways to go on from it', { skip: process.platform === 'win32' }, async () => {
  const first = await start('xaynet-data');
  await until(first.http, ({ phase: name }) => name === 'sum');
  const forge = new RoundForge(decodeRoundParams(await get(first.http, '/params')), 1);
  await post(first.http, forge.sumMessages());
  await get(first.http, '/sums');
  await post(first.http, forge.updateMessages(0));
  await until(first.http, ({ phase: name, updates }) => name === 'update' && updates === 1);
  const printed = await run(block('kill -STOP').replaceAll('/var/lib/xaynet/data', 'xaynet-data').replaceAll('/backup/', ''), {
    folder,
    xaynet: 'false',
    env: { PID: String(first.child.pid) },
  });
  assert.equal(printed, '');
  assert.equal((await until(first.http, () => true)).updates, 1, 'it goes on');
  await first.stop();
  cpSync(join(folder, 'xaynet-copy'), join(folder, 'another'), { recursive: true });

  const second = await start('xaynet-copy');
  const standing = await until(second.http, ({ phase: name }) => name === 'update');
  assert.deepEqual([standing.round, standing.phase, standing.updates], [1, 'update', 1]);
  for (let i = 0; i < 2; i++) await post(second.http, forge.updateMessages(0));
  await get(second.http, `/seeds?pk=${encodeURIComponent(Buffer.from(forge.sumKey).toString('base64'))}`);
  await post(second.http, forge.sum2Messages());
  await until(second.http, ({ round }) => round === 2);
  const model = await get(second.http, '/model');
  await second.stop();
  if (spawnSync('sqlite3', ['--version']).status === 0) {
    await run(block('writefile'), { folder: join(folder, 'xaynet-copy'), xaynet: 'false', env: {} });
    assert.deepEqual(new Uint8Array(readFileSync(join(folder, 'xaynet-copy', 'model.bin'))), new Uint8Array(model), 'what is copied out is what is served');
  }

  const once = Object.fromEntries([...block('TIME__MAX').matchAll(/(XAYNET__PET__\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!]));
  const third = await start('another', once);
  const { failures } = await until(third.http, ({ round }) => round >= 2);
  assert.ok(failures >= 1, 'the round of the backup failed');
  await third.stop();
});
