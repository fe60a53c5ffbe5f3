// Coordinator and participants as processes of their own: a round from the command line, signals, state files.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { Participant } from '@xaynet/participant';
import { decodeSafetensors, encodeSafetensors } from '@xaynet/participant/safetensors';
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

/** Gives the weights of model.json, in the format that it is told. */
const TRAIN = `import { writeFileSync } from 'node:fs';
const { XAYNET_LENGTH, XAYNET_FORMAT, XAYNET_GLOBAL } = process.env;
if (XAYNET_GLOBAL === undefined) throw new Error('no word about the global model');
console.log(XAYNET_LENGTH + ' weights, ' + XAYNET_FORMAT);
writeFileSync(process.argv[2], Float32Array.of(0.5, -0.25, 1));
`;

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
  for (const begun = performance.now(); performance.now() - begun < 150_000; await sleep(25)) {
    const found = look();
    if (found) return found;
  }
  throw new Error(`no ${what} after 150 s:\n${running.map((each) => each.text()).join('\n---\n')}`);
}

test('a round from the command line, and everybody stops cleanly', async () => {
  const phase = (name: string, count: number, least: number): string => `[pet.${name}.count]\nmin = ${count}\n[pet.${name}.time]\nmin = ${least}\nmax = 5\n`;
  writeFileSync(
    join(folder, 'coordinator.toml'),
    `[api]\nbind_address = "127.0.0.1:0"\n[pet.sum]\nprob = 0.3\n[pet.update]\nprob = 1\n[model]\nlength = 3\n${phase('sum', 1, 0.3)}${phase('update', 3, 0.3)}${phase('sum2', 1, 0.1)}`,
  );
  writeFileSync(join(folder, 'model.json'), '[0.5, -0.25, 1]');
  const coordinator = xaynet('coordinator', '-c', 'coordinator.toml');
  const [, url] = await until('address', () => /listening on (http:\S+)\n/.exec(coordinator.text()), [coordinator]);
  writeFileSync(join(folder, 'train.mjs'), TRAIN);
  const source = (i: number): string[] => (i % 2 === 0 ? ['--model', 'model.json'] : ['--train', `'${process.execPath}' train.mjs {model}`, '--format', 'raw']);
  const participant = (i: number): Running =>
    xaynet('participant', '--url', url!, ...source(i), '--state', `state-${i}`, '--scalar', '1/2', '--poll', '0.05', '--out', `global-${i}.f32`);
  const participants = Array.from({ length: 7 }, (_, i) => participant(i));
  const shaped = { bias: { shape: [1], data: Float32Array.of(0.5) }, kernel: { shape: [1, 2], data: Float32Array.of(-0.25, 1) } };
  writeFileSync(join(folder, 'like.safetensors'), encodeSafetensors(shaped));
  const names = ['--train', `cp '${join(folder, 'like.safetensors')}' {model}`, '--format', 'safetensors', '--like', 'like.safetensors'];
  participants.push(xaynet('participant', '--url', url!, ...names, '--scalar', '1/2', '--poll', '0.05', '--out', 'named.safetensors'));
  await until('global model with names', () => existsSync(join(folder, 'named.safetensors')), [coordinator, ...participants]);
  assert.deepEqual(decodeSafetensors(new Uint8Array(readFileSync(join(folder, 'named.safetensors')))).tensors, shaped);
  await until('global model', () => participants.some((_, i) => existsSync(join(folder, `global-${i}.f32`))), [coordinator, ...participants]);
  const i = participants.findIndex((_, each) => existsSync(join(folder, `global-${each}.f32`)));
  const mean = decodeModelFile(new Uint8Array(readFileSync(join(folder, `global-${i}.f32`))), 'global.f32');
  assert.deepEqual([...mean], [0.5, -0.25, 1], 'everybody gave the same model, and its mean is exact at this resolution');

  // Who is selected is chance: rounds go on until one of those with a command was.
  const trained = /train \| 3 weights, f32\n[\s\S]*: trained in [\s\S]*update message delivered[\s\S]*global model of 3 weights written/;
  await until('training by command', () => trained.test(participants.map((each) => each.text()).join()), [coordinator, ...participants]);
  for (const { child } of participants) child.kill('SIGINT');
  assert.deepEqual(
    await Promise.all(participants.map(({ ended }) => ended)),
    participants.map(() => 0),
  );
  assert.equal(statSync(join(folder, 'state-0')).mode & 0o777, 0o600);
  const [, key] = /participant (\S+)/.exec(participants[0]!.text())!;

  const again = participant(0);
  await until('restored participant', () => again.text().includes(`going on as ${key} from state-0`), [again]);
  const twin = participant(0);
  assert.equal(await twin.ended, 1);
  assert.match(twin.text(), /Another process takes part with this state\. \(state-0\.lock\)/);
  const ended = xaynet('participant', '--url', url!, '--poll', '0.05', '--rounds', '1');
  assert.equal(await ended.ended, 0);
  assert.match(ended.text(), /fresh keys for this run[\s\S]*1 round is over; what came of it: xaynet coordinator rounds --url http:\S+\n$/);

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
  const spki = new X509Certificate(server.cert).publicKey.export({ type: 'spki', format: 'der' });
  const pin = `sha256/${createHash('sha256').update(spki).digest('base64')}`;
  const me = ['--cert', path('cert.pem'), '--key', path('key.pem')];
  assert.match(await fails(...me, '--pin', `sha256/${'A'.repeat(43)}=`), /transport-pin/);
  assert.match(await fails(...me, '--pin', 'nonsense'), /nonsense.*\n.*option-invalid/);
  const known = xaynet('participant', '--url', url!, '--poll', '0.05', '--ca', 'ca.pem', '--cert', 'cert.pem', '--key', 'key.pem');
  await until('delivered message', () => /: sum message delivered/.test(known.text()), [coordinator, known]);
  const pinned = xaynet('participant', '--url', url!, '--poll', '0.05', ...me, '--pin', `sha256/${'A'.repeat(43)}=`, '--pin', pin);
  await until('pinned coordinator', () => /^participant /.test(pinned.text()), [coordinator, pinned]);
  for (const each of [pinned, known, coordinator]) {
    each.child.kill('SIGTERM');
    assert.equal(await each.ended, 0, each.text());
  }
});

test('a training that fails ends --fail-fast with 1; Ctrl-C ends one that runs, with its files; events are lines of JSON', async () => {
  const settings = {
    api: { bind_address: '127.0.0.1:0' },
    pet: { sum: { prob: 1e-6, count: { min: 1, max: 1 }, time: { min: 0, max: 600 } }, update: { prob: 1 } },
    model: { length: 3 },
    store: { kind: 'memory' },
    log: { filter: 'error' },
  };
  const coordinator = await Coordinator.start(parseSettings(settings)); // everybody is selected for an update, which nobody can send yet
  try {
    const participant = (...args: string[]): Running => xaynet('participant', '--url', coordinator.url, '--poll', '0.05', '--work', 'work', ...args);
    const failing = participant('--train', 'echo "no data" >&2; exit 7', '--fail-fast', '--quiet', '--json');
    const busy = participant('--train', 'echo "$$ begun"; sleep 300', '--state', 'busy-state');
    assert.equal(await failing.ended, 1, failing.text());
    const events = failing
      .text()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual([...new Set(events.map(({ type }) => type))].slice(0, 3), ['round', 'selected', 'model-needed']);
    assert.ok(
      events.some(({ type, code, message }) => type === 'error' && code === 'train-failed' && /exit code 7.*no data/.test(String(message))),
      failing.text(),
    );
    assert.doesNotMatch(failing.text(), /^train \| /m);
    const [, pid] = await until('training', () => /train \| (\d+) begun/.exec(busy.text()), [busy]);
    busy.child.kill('SIGINT');
    assert.equal(await busy.ended, 0, busy.text());
    assert.match(busy.text(), /\nstopped\n$/);
    assert.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' });
    const left = readdirSync(join(folder, 'work'));
    assert.equal(left.length, 1, 'of the failed training, which --work keeps for a look');
    const again = participant('--train', 'head -c 12 /dev/zero > {model}; echo {global}done', '--format', 'raw', '--state', 'busy-state');
    await until('the same participant, which trains again', () => /going on as [\s\S]*train \| done\n[\s\S]*: trained in /.exec(again.text()), [again]);
    const kept = (): Promise<Participant> => Participant.restore(new Uint8Array(readFileSync(join(folder, 'busy-state'))), { url: coordinator.url });
    while ((await kept()).modelNeeded !== undefined) await sleep(10);
    again.child.kill('SIGKILL');
    await again.ended;
    const last = participant('--train', 'true', '--state', 'busy-state', '--json');
    await until('word that it waits', () => /"type":"waiting"/.test(last.text()), [last]);
    last.child.kill('SIGTERM');
    assert.equal(await last.ended, 0);
    assert.doesNotMatch(last.text(), /model-needed/, 'a model that was taken is not made again');
    assert.deepEqual(readdirSync(join(folder, 'work')), [], 'what killed processes left is gone');
  } finally {
    await coordinator.stop();
  }
});
