// Coordinator and participants as processes of their own: a round from the command line, signals, state files.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { main } from '../main.ts';
import { decodeModelFile } from '../model-file.ts';
import { certificates } from '../operator/certificates.test.ts';

const BIN = fileURLToPath(new URL('../../bin/xaynet.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xaynet-commands-'));
const started: Running[] = [];
after(() => {
  for (const { child } of started) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  /** Both outputs so far. */
  text(): string;
}

function xaynet(...args: string[]): Running {
  const child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', BIN, ...args], { cwd: folder });
  let text = '';
  child.stdout.on('data', (data) => (text += data));
  child.stderr.on('data', (data) => (text += data));
  const running = { child, ended: new Promise<number | null>((resolve) => child.on('close', resolve)), text: () => text };
  started.push(running);
  return running;
}

async function until<T>(what: string, look: () => T | undefined | false | null, running: readonly Running[]): Promise<T> {
  for (const begun = performance.now(); performance.now() - begun < 25_000; await sleep(25)) {
    const found = look();
    if (found) return found;
  }
  throw new Error(`no ${what} after 25 s:\n${running.map((each) => each.text()).join('\n---\n')}`);
}

test('a round from the command line, and everybody stops cleanly', async () => {
  const phase = (name: string, count: number, least: number): string => `[pet.${name}.count]\nmin = ${count}\n[pet.${name}.time]\nmin = ${least}\nmax = 1\n`;
  writeFileSync(
    join(folder, 'coordinator.toml'),
    `[api]\nbind_address = "127.0.0.1:0"\n[pet.sum]\nprob = 0.3\n[pet.update]\nprob = 1\n[model]\nlength = 3\n${phase('sum', 1, 0.3)}${phase('update', 3, 0.3)}${phase('sum2', 1, 0.1)}`,
  );
  writeFileSync(join(folder, 'model.json'), '[0.5, -0.25, 1]');
  const coordinator = xaynet('coordinator', '-c', 'coordinator.toml');
  const [, url] = await until('address', () => /listening on (http:\S+)\n/.exec(coordinator.text()), [coordinator]);
  const participant = (i: number): Running =>
    xaynet('participant', '--url', url!, '--model', 'model.json', '--state', `state-${i}`, '--scalar', '1/2', '--poll', '0.05', '--out', `global-${i}.f32`);
  const participants = Array.from({ length: 7 }, (_, i) => participant(i));
  await until('global model', () => participants.some((_, i) => existsSync(join(folder, `global-${i}.f32`))), [coordinator, ...participants]);
  const i = participants.findIndex((_, each) => existsSync(join(folder, `global-${each}.f32`)));
  const mean = decodeModelFile(new Uint8Array(readFileSync(join(folder, `global-${i}.f32`))), 'global.f32');
  assert.deepEqual([...mean], [0.5, -0.25, 1], 'everybody gave the same model, and its mean is exact at this resolution');

  for (const { child } of participants) child.kill('SIGINT');
  assert.deepEqual(
    await Promise.all(participants.map(({ ended }) => ended)),
    participants.map(() => 0),
  );
  assert.match(participants.map((each) => each.text()).join(), /update message delivered[\s\S]*global model of 3 weights written/);
  assert.equal(statSync(join(folder, 'state-0')).mode & 0o777, 0o600);
  const [, key] = /participant (\S+)/.exec(participants[0]!.text())!;

  const again = participant(0);
  await until('restored participant', () => again.text().includes(`going on as ${key} from state-0`), [again]);
  const ended = xaynet('participant', '--url', url!, '--poll', '0.05', '--rounds', '1');
  assert.equal(await ended.ended, 0);
  assert.match(ended.text(), /fresh keys for this run[\s\S]*1 round has ended\n$/);

  coordinator.child.kill('SIGTERM');
  assert.equal(await coordinator.ended, 0, coordinator.text());
  await until('word about the lost coordinator', () => again.text().includes('trying again: '), [again]);
  again.child.kill('SIGTERM');
  assert.equal(await again.ended, 0);
});

test('over TLS, a participant names the authority and its certificate, and learns what is missing', async () => {
  const { authority, server, client } = certificates();
  const files = { ca: authority, cert: client.cert, key: client.key, 'server-cert': server.cert, 'server-key': server.key };
  for (const [name, pem] of Object.entries(files)) writeFileSync(join(folder, `${name}.pem`), pem);
  const tls = 'tls_certificate = "server-cert.pem"\ntls_key = "server-key.pem"\ntls_client_auth = "ca.pem"\n';
  writeFileSync(
    join(folder, 'secure.toml'),
    `[api]\nbind_address = "127.0.0.1:0"\n${tls}[model]\nlength = 3\n[store]\nkind = "memory"\n[pet.sum]\nprob = 0.99999\ncount = { min = 1, max = 9 }\ntime = { min = 0, max = 600 }`,
  );
  writeFileSync(join(folder, 'model.json'), '[0.5, -0.25, 1]');
  const coordinator = xaynet('coordinator', '-c', 'secure.toml');
  const [, url] = await until('address', () => /listening on (https:\S+)\n/.exec(coordinator.text()), [coordinator]);
  const path = (name: string): string => join(folder, name);
  const fails = async (...args: string[]): Promise<string> => {
    let said = '';
    const code = await main(['participant', '--url', url!, '--model', path('model.json'), ...args], { out: () => undefined, err: (part) => (said += part) });
    assert.ok(code > 0, said);
    return said;
  };
  assert.match(await fails(), /SELF_SIGNED_CERT_IN_CHAIN: .*--ca.*\n.*transport-tls/);
  assert.match(await fails('--ca', path('ca.pem')), /CERTIFICATE_REQUIRED: .*--cert and --key.*\n.*transport-tls/);
  assert.match(await fails('--ca', path('ca.pem'), '--cert', path('cert.pem')), /--cert and --key go together/);
  assert.match(await fails('--ca', path('ca.pem'), '--url', 'http://127.0.0.1:9'), /not https:/);
  const known = xaynet('participant', '--url', url!, '--poll', '0.05', '--ca', 'ca.pem', '--cert', 'cert.pem', '--key', 'key.pem');
  await until('delivered message', () => /: sum message delivered/.test(known.text()), [coordinator, known]);
  for (const each of [known, coordinator]) {
    each.child.kill('SIGTERM');
    assert.equal(await each.ended, 0, each.text());
  }
});
