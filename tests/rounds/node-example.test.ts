// The Node example of the documents, as it stands, in processes of its own against a real coordinator. Participants in this
// process fill the round up, so that a draw without sum participants or with too few updates stays rare (under 1 %).
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { toHex } from '@xaynet/core/bytes';
import { generateSigningKeyPair } from '@xaynet/core/crypto';
import type { Model } from '@xaynet/core/mask';
import { runParticipant } from '@xaynet/participant';

const example = fileURLToPath(new URL('../../examples/node/participant.mjs', import.meta.url));
const reporter = fileURLToPath(new URL('../../examples/node/report.mjs', import.meta.url));
const capture = fileURLToPath(new URL('../../examples/node/capture.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'xaynet-node-example-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const TOKEN = 'a token of sixteen characters'.replaceAll(' ', '-');

test('processes running the Node example get their models into the mean, and one reports how good it is', async () => {
  const coordinator = await Coordinator.start(
    parseSettings({
      api: { bind_address: '127.0.0.1:0' },
      admin: { bind_address: '127.0.0.1:0', token: TOKEN },
      pet: {
        sum: { prob: 0.4, count: { min: 1, max: 50 }, time: { min: 2, max: 8 } },
        update: { prob: 1, count: { min: 3, max: 50 }, time: { min: 2, max: 8 } },
        sum2: { count: { min: 1, max: 50 }, time: { min: 0.5, max: 8 } },
      },
      model: { length: 2 },
      store: { kind: 'memory' },
      log: { filter: 'error' },
    }),
  );
  const stop = new AbortController();
  const children: ChildProcess[] = [];
  const mine = new Set<string>();
  try {
    const tester = spawn(process.execPath, [reporter, coordinator.url, coordinator.adminUrl!], {
      stdio: 'ignore',
      env: { ...process.env, NODE_OPTIONS: '', XAYNET__ADMIN__TOKEN: TOKEN },
    });
    children.push(tester);
    const capturing = spawn(process.execPath, [capture, coordinator.url, '0'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(capturing);
    const [line] = (await once(capturing.stdout!, 'data')) as [Buffer];
    const captured = String(line).split(' ')[0]!;
    const reported = new Promise<number>((resolve, reject) => {
      tester.on('exit', (code) => reject(new Error(`the reporter ended with ${code}`)));
      coordinator.on((event) => event.type === 'report' && resolve(event.values.loss!));
    });
    reported.catch(() => {});
    const model = new Promise<Model>((resolve, reject) => {
      let theirs = 0;
      coordinator.on((event) => {
        if (event.type === 'round') theirs = 0;
        if (event.type === 'accepted' && event.tag === 'update' && !mine.has(toHex(event.participant))) theirs++;
        if (event.type === 'model' && theirs > 0) resolve(event.model.toModel());
      });
      for (let i = 0; i < 3; i++) {
        const child = spawn(process.execPath, ['--conditions=source', example, i === 0 ? captured : coordinator.url], {
          stdio: ['ignore', 'ignore', 'pipe'],
          env: { ...process.env, NODE_OPTIONS: '' },
        });
        let complaint = '';
        child.stderr.on('data', (chunk) => (complaint += chunk));
        child.on('exit', (code) => reject(new Error(`the example ended with ${code}: ${complaint}`)));
        children.push(child);
      }
    });
    for (let i = 0; i < 9; i++) {
      const keys = generateSigningKeyPair((length) => crypto.getRandomValues(new Uint8Array(length)));
      mine.add(toHex(keys.publicKey));
      runParticipant({ url: coordinator.url, keys, signal: stop.signal, poll: { min: 20, max: 200 }, train: async () => Float32Array.of(0.25, 0.25) });
    }
    const weights = await model;
    assert.equal(weights.length, 2);
    const [first] = readdirSync(folder);
    assert.equal(first, 'message-1.bin', 'the participant behind the proxy took part, and its message was kept');
    assert.ok(readFileSync(join(folder, first)).length >= 184);
    assert.ok((await reported) < 0.6, 'a distance of two weights between 0.125 and 0.6 from 0.5');
    for (const { numerator, denominator } of weights) {
      const weight = Number(numerator) / Number(denominator);
      assert.ok(weight > 0.125 && weight < 0.6, `${weight}: a mean of 0.25 and of models on their way to a target between 0.25 and 0.75`);
    }
  } finally {
    stop.abort();
    for (const child of children) {
      child.removeAllListeners('exit');
      child.kill();
    }
    await coordinator.stop();
  }
});
