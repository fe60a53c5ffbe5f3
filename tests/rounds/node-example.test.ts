// The Node example of the documents, as it stands, in processes of its own against a real coordinator. Participants in this
// process fill the round up, so that a draw without sum participants or with too few updates stays rare (under 1 %).
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { toHex } from '@xaynet/core/bytes';
import { generateSigningKeyPair } from '@xaynet/core/crypto';
import type { Model } from '@xaynet/core/mask';
import { runParticipant } from '@xaynet/participant';

const example = fileURLToPath(new URL('../../examples/node/participant.mjs', import.meta.url));

test('processes running the Node example get their models into the mean', { timeout: 60_000 }, async () => {
  const coordinator = await Coordinator.start(
    parseSettings({
      api: { bind_address: '127.0.0.1:0' },
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
    const model = new Promise<Model>((resolve, reject) => {
      let theirs = 0;
      coordinator.on((event) => {
        if (event.type === 'round') theirs = 0;
        if (event.type === 'accepted' && event.tag === 'update' && !mine.has(toHex(event.participant))) theirs++;
        if (event.type === 'model' && theirs > 0) resolve(event.model.toModel());
      });
      for (let i = 0; i < 3; i++) {
        const child = spawn(process.execPath, ['--conditions=source', example, coordinator.url], {
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
