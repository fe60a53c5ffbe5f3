// A whole round over TLS with a coordinator whose certificate signed itself: its participants know its key and nothing else. Whoever pinned
// another key sends nothing.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { runParticipant } from '@xaynet/participant';
import { fileStore, nodeFetch } from '@xaynet/participant/node';
import { identity, privateKey } from '../../packages/participant/src/node/certificates.test.ts';

test('a round over TLS with a pinned key, states in files; another pin is told, and keeps out', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-pinned-'));
  const who = identity(privateKey());
  writeFileSync(join(folder, 'tls.pem'), who.cert);
  writeFileSync(join(folder, 'tls.key'), who.key, { mode: 0o600 });
  const coordinator = await Coordinator.start(
    parseSettings({
      api: { bind_address: '127.0.0.1:0', tls_certificate: join(folder, 'tls.pem'), tls_key: join(folder, 'tls.key') },
      pet: {
        sum: { prob: 0.4, count: { min: 1, max: 50 }, time: { min: 0.5, max: 8 } },
        update: { prob: 1, count: { min: 3, max: 50 }, time: { min: 0.5, max: 8 } },
        sum2: { count: { min: 1, max: 50 }, time: { min: 0.3, max: 8 } },
      },
      model: { length: 3 },
      store: { kind: 'memory' },
      log: { filter: 'error' },
    }),
  );
  const stop = new AbortController();
  try {
    const model = new Promise<Float32Array>((resolve) => {
      coordinator.on((event) => {
        if (event.type === 'model') resolve(event.model.toWeights('F32'));
      });
    });
    const common = { url: coordinator.url, signal: stop.signal, poll: { min: 20, max: 100 }, train: () => Float32Array.of(0.5, -0.25, 1) };
    const fetch = nodeFetch({ pins: [who.pins.key] });
    const runs = Array.from({ length: 11 }, (_, i) => runParticipant({ ...common, fetch, store: fileStore(join(folder, `${i}.state`)) }));
    const other = runParticipant({ ...common, fetch: nodeFetch({ pins: [identity(privateKey()).pins.key] }) });
    for await (const event of other.events()) {
      assert.ok(event.type !== 'round');
      if (event.type !== 'error') continue;
      assert.equal(event.error.code, 'transport-pin');
      break;
    }
    assert.deepEqual(
      [...(await model)].map((weight) => Math.round(weight * 1e6) / 1e6),
      [0.5, -0.25, 1],
    );
    stop.abort();
    await Promise.all([...runs, other].map((run) => run.done));
  } finally {
    stop.abort();
    await coordinator.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
