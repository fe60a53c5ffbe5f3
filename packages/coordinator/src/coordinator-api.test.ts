// The API of a real coordinator over loopback: a round seen from outside, from its first event to its record and model; a coordinator that is not
// there yet, whose store fails, that stops.

import assert from 'node:assert/strict';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { toBase64, toHex } from '@xaynet/core/bytes';
import { openMaskSeed } from '@xaynet/core/crypto';
import { Aggregation } from '@xaynet/core/mask';
import type { CoordinatorState } from '@xaynet/core/round';
import { decodeRoundParams, decodeSumDict, decodeUpdateSeedDict } from '@xaynet/core/round';
import { Coordinator } from './coordinator.ts';
import { EventReader, mistakesOf, problemOf } from './http/api/rig.test.ts';
import { SCHEMAS } from './http/api/schemas.ts';
import { bodyOf, EXAMPLE_MODEL, EXAMPLE_UPDATES, participants, sum2Payload, sumPayload, updatePayload } from './rig.test.ts';
import { parseSettings, type Settings } from './settings/settings.ts';
import { MemoryStore } from './stores/memory.ts';

const QUICK = { min: 0, max: 30 };

function settings(port = 0): Settings {
  return parseSettings({
    api: { bind_address: `127.0.0.1:${port}` },
    pet: {
      sum: { prob: 0.5, count: { min: 1, max: 1 }, time: QUICK },
      update: { prob: 0.9, count: { min: 3, max: 3 }, time: QUICK },
      sum2: { count: { min: 1, max: 1 }, time: QUICK },
    },
    mask: { group_type: 'Prime', data_type: 'F32', bound_type: 'B0', model_type: 'M3' },
    model: { length: 2 },
    store: { kind: 'memory' },
  });
}

/** Counts how often models are read, and fails on demand. */
class WatchedStore extends MemoryStore {
  modelsRead = 0;
  broken = false;
  override async model(id: string): Promise<Uint8Array | undefined> {
    this.modelsRead++;
    return super.model(id);
  }
  override async ready(): Promise<void> {
    if (this.broken) throw new Error('/secret/path is full');
  }
}

async function until(url: string): Promise<Uint8Array> {
  for (;;) {
    const response = await fetch(url);
    const body = new Uint8Array(await response.arrayBuffer());
    if (response.status === 200 && !(url.endsWith('/params') && decodeRoundParams(body).seed.every((byte) => byte === 0))) return body;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function post(url: string, body: Uint8Array): Promise<void> {
  const response = await fetch(`${url}/message`, { method: 'POST', body: Uint8Array.from(body), headers: { accept: 'application/problem+json' } });
  assert.equal(response.status, 200, await response.text());
}

/** The round of the published example, as its participants play it. */
async function play(url: string): Promise<void> {
  const params = decodeRoundParams(await until(`${url}/params`));
  const [summer] = participants(params, 'sum', 1);
  await post(url, bodyOf(sumPayload(summer!), summer!));
  const sums = decodeSumDict(await until(`${url}/sums`));
  for (const [i, who] of participants(params, 'update', 3).entries()) await post(url, bodyOf(updatePayload(who, sums, EXAMPLE_UPDATES[i]!), who));
  const seeds = decodeUpdateSeedDict(await until(`${url}/seeds?pk=${encodeURIComponent(toBase64(summer!.keys.publicKey))}`));
  const mask = new Aggregation(params.maskConfig, params.modelLength);
  for (const [, seed] of seeds) mask.addMask(openMaskSeed(seed, summer!.ephemeral));
  await post(url, bodyOf(sum2Payload(summer!, mask.object()), summer!));
  await until(`${url}/model`);
}

const json = async (url: string): Promise<Record<string, unknown>> => (await fetch(url)).json() as Promise<Record<string, unknown>>;

test('a round from outside: events, status, model in every format, signed record', async () => {
  const store = new WatchedStore();
  const coordinator = await Coordinator.start(settings(), { store });
  const { url } = coordinator;
  try {
    while ((await json(`${url}/status`)).phase !== 'sum') await new Promise((resolve) => setTimeout(resolve, 5));
    const reader = await EventReader.open(`${url}/events`);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    await play(url);
    const seen: string[] = [];
    for (let type = ''; type !== 'model'; seen.push(type)) {
      const { event, data } = (await reader.next())!;
      type = event!;
      if (data.participant !== undefined) assert.match(String(data.participant), /^[0-9a-f]{8}$/);
    }
    assert.deepEqual(
      seen.filter((type) => type !== 'phase'),
      ['accepted', 'accepted', 'accepted', 'accepted', 'accepted', 'model'],
    );
    reader.close();

    assert.equal(toHex(new Uint8Array(await (await fetch(`${url}/models/latest`)).arrayBuffer())), EXAMPLE_MODEL);
    const { id, weights } = await json(`${url}/models/latest.json`);
    assert.deepEqual(
      (weights as number[]).map((weight) => Math.round(weight * 1e6) / 1e6),
      [0.5, -0.5],
    );
    const raw = Buffer.from(await (await fetch(`${url}/models/${String(id)}.f64`)).arrayBuffer());
    assert.deepEqual([raw.readDoubleLE(0), raw.readDoubleLE(8)], weights);
    assert.equal(store.modelsRead, 0, 'the model that is served is in memory anyhow');

    const status = await json(`${url}/status`);
    assert.deepEqual(mistakesOf(status, SCHEMAS.Status), []);
    const now = await json(`${url}/status`);
    assert.deepEqual(now.model, { id, round: Number(String(id).split('_')[0]) });

    const list = await json(`${url}/rounds`);
    assert.deepEqual(mistakesOf(list, SCHEMAS.RoundList), []);
    const [first] = (list.rounds as { round: number }[]).slice(-1);
    const { signature, ...signed } = await json(`${url}/rounds/${first!.round}`);
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(String(signed.signer), 'hex').toString('base64url') }, format: 'jwk' });
    assert.ok(verify(null, Buffer.from(JSON.stringify(signed)), key, Buffer.from(String(signature), 'hex')));
    assert.equal(signed.model, id);
    assert.equal((signed.hashes as Record<string, string>).model, createHash('sha256').update(Buffer.from(EXAMPLE_MODEL, 'hex')).digest('hex'));

    assert.match(await (await fetch(`${url}/metrics`)).text(), /^# HELP/m);
    store.broken = true;
    let refused: Response;
    do refused = await fetch(`${url}/readyz`);
    while (refused.status === 200); // asked once a second
    const { code, detail } = await problemOf(refused);
    assert.equal(code, 'storage-failed');
    assert.ok(!detail.includes('secret'));

    const last = await EventReader.open(`${url}/events?types=phase`);
    const stopped = coordinator.stop();
    let phase: unknown;
    for (let event = await last.next(); event !== undefined; event = await last.next()) phase = event.data.phase;
    assert.equal(phase, 'shutdown', 'the last event');
    await stopped;
  } finally {
    await coordinator.stop();
  }
});

test('before the store is open: alive, not ready, and it says so everywhere', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as AddressInfo;
  await new Promise((resolve) => holder.close(resolve));
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  class SlowStore extends MemoryStore {
    override async coordinatorState(): Promise<CoordinatorState | undefined> {
      await opened;
      return super.coordinatorState();
    }
  }
  const starting = Coordinator.start(settings(port), { store: new SlowStore() });
  const url = `http://127.0.0.1:${port}`;
  for (let alive = false; !alive; ) {
    alive = await fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  }
  for (const path of ['/readyz', '/rounds', '/rounds/1', '/models', '/models/latest']) {
    const response = await fetch(`${url}${path}`);
    assert.ok(Number(response.headers.get('retry-after')) >= 1);
    assert.equal((await problemOf(response)).code, 'starting-up', path);
  }
  const status = await json(`${url}/status`);
  assert.deepEqual(mistakesOf(status, SCHEMAS.Status), []);
  assert.equal((status.paused as { code: string }).code, 'starting-up');
  open();
  const coordinator = await starting;
  while (!(await fetch(`${url}/readyz`)).ok) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(await json(`${url}/models`), { models: [], total: 0 });
  await coordinator.stop();
});
