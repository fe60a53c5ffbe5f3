// The coordinator as a whole, over real HTTP on loopback: rounds, restart on the embedded store, starts that are refused, stop. Time is real
// here, so the phases are short.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { toBase64, toHex } from '@xaynet/core/bytes';
import { cryptoProviders, openMaskSeed } from '@xaynet/core/crypto';
import { Aggregation, maskingBackend } from '@xaynet/core/mask';
import { decodeRoundParams, decodeSumDict, decodeUpdateSeedDict, type RoundParams } from '@xaynet/core/round';
import { Coordinator } from './coordinator.ts';
import type { CoordinatorEvent } from './events.ts';
import { createLogger } from './log.ts';
import { bodyOf, EXAMPLE_MODEL, EXAMPLE_UPDATES, participants, sum2Payload, sumPayload, updatePayload } from './rig.test.ts';
import { parseSettings, type Settings } from './settings/settings.ts';
import { MemoryStore } from './stores/memory.ts';

const root = mkdtempSync(join(tmpdir(), 'xaynet-coordinator-'));
const running: Coordinator[] = [];
after(async () => {
  for (const coordinator of running) await coordinator.stop();
  rmSync(root, { recursive: true, force: true });
});

let folders = 0;
const freshFolder = (): string => join(root, `folder-${folders++}`);
const QUICK = { min: 0, max: 30 };

function settings(store: { kind: string; path?: string }, changes: { port?: number; pet?: object; model?: number } = {}): Settings {
  return parseSettings({
    api: { bind_address: `127.0.0.1:${changes.port ?? 0}` },
    pet: {
      sum: { prob: 0.5, count: { min: 1, max: 100 }, time: QUICK },
      update: { prob: 0.9, count: { min: 3, max: 100 }, time: QUICK },
      sum2: { count: { min: 1, max: 100 }, time: QUICK },
      ...changes.pet,
    },
    mask: { group_type: 'Prime', data_type: 'F32', bound_type: 'B0', model_type: 'M3' },
    model: { length: changes.model ?? 2 },
    store,
    restore: { enable: true },
  });
}

async function start(given: Settings, options: Parameters<typeof Coordinator.start>[1] = {}): Promise<Coordinator> {
  const coordinator = await Coordinator.start(given, options);
  running.push(coordinator);
  return coordinator;
}

/** Waits until the first round has begun, and so is stored. */
async function begun(coordinator: Coordinator): Promise<Coordinator> {
  while (coordinator.status().phase !== 'sum') await new Promise((resolve) => setTimeout(resolve, 5));
  return coordinator;
}

async function get(coordinator: Coordinator, path: string): Promise<Uint8Array | undefined> {
  const response = await fetch(`${coordinator.url}${path}`);
  assert.ok(response.status === 200 || response.status === 204, `${path}: ${response.status}`);
  return response.status === 204 ? undefined : new Uint8Array(await response.arrayBuffer());
}

/** Polls until there is a body. */
async function wait(coordinator: Coordinator, path: string, wanted: (body: Uint8Array) => boolean = () => true): Promise<Uint8Array> {
  for (;;) {
    const body = await get(coordinator, path);
    if (body !== undefined && wanted(body)) return body;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function post(coordinator: Coordinator, body: Uint8Array): Promise<void> {
  const response = await fetch(`${coordinator.url}/message`, { method: 'POST', body: Uint8Array.from(body) });
  assert.deepEqual([response.status, await response.text()], [200, '']);
}

const isRunning = (body: Uint8Array): boolean => decodeRoundParams(body).seed.some((byte) => byte !== 0);

/** The example of coordinator A.5 as a round over HTTP, with what participants see of it only. */
async function playExample(coordinator: Coordinator): Promise<RoundParams> {
  await begun(coordinator);
  const params = decodeRoundParams(await wait(coordinator, '/params', isRunning));
  const [summer] = participants(params, 'sum', 1);
  await post(coordinator, bodyOf(sumPayload(summer!), summer!));
  const sums = decodeSumDict(await wait(coordinator, '/sums'));
  const senders = participants(params, 'update', 3);
  for (const [i, who] of senders.entries()) await post(coordinator, bodyOf(updatePayload(who, sums, EXAMPLE_UPDATES[i]!), who));
  const pk = encodeURIComponent(toBase64(summer!.keys.publicKey));
  const seeds = decodeUpdateSeedDict(await wait(coordinator, `/seeds?pk=${pk}`));
  const mask = new Aggregation(params.maskConfig, params.modelLength);
  for (const [, seed] of seeds) mask.addMask(openMaskSeed(seed, summer!.ephemeral));
  await post(coordinator, bodyOf(sum2Payload(summer!, mask.object()), summer!));
  await wait(coordinator, '/model');
  return params;
}

test('two rounds over HTTP on the embedded store; a restart goes on with number, seed chain and model', async () => {
  const folder = freshFolder();
  const given = settings({ kind: 'embedded', path: folder });
  const first = await start(given);
  const seen: CoordinatorEvent[] = [];
  first.on((event) => seen.push(event));
  await playExample(first);
  assert.equal(toHex((await get(first, '/model'))!), EXAMPLE_MODEL);
  const params = await playExample(first);
  assert.deepEqual(
    seen.filter((event) => event.type === 'accepted').map((event) => event.tag),
    ['sum', 'update', 'update', 'update', 'sum2', 'sum', 'update', 'update', 'update', 'sum2'],
  );
  const last = (await begun(first)).status().round;
  await first.stop();

  const lines: { msg: string; phase?: string }[] = [];
  const logger = createLogger({ level: 'info', output: { write: (line) => lines.push(JSON.parse(line)) } });
  const second = await start(given, { logger });
  const { model } = (await (await fetch(`${second.url}/status`)).json()) as { model: { round: number } | null };
  assert.equal(model?.round, last - 1, 'the first who asks is told the model');
  await begun(second);
  assert.ok(
    lines.some(({ msg }) => msg === 'reading back the round'),
    JSON.stringify(lines),
  );
  const misleading = lines.filter(({ msg, phase }) => phase === 'idle' || /paused/.test(msg));
  assert.deepEqual(misleading, [], 'a restart is no trouble');
  assert.equal(toHex((await get(second, '/model'))!), EXAMPLE_MODEL);
  const next = await playExample(second);
  assert.ok(second.status().round >= last, 'the round that was interrupted goes on');
  assert.notDeepEqual(next.seed, params.seed);
  await second.stop();
});

test('status is plain data, and the address is the one it listens on', async () => {
  const coordinator = await start(settings({ kind: 'memory' }));
  assert.equal(coordinator.url, `http://127.0.0.1:${coordinator.address.port}`);
  await begun(coordinator);
  const { earliestEnd, latestEnd, ...status } = coordinator.status();
  assert.deepEqual(status, {
    round: 1,
    phase: 'sum',
    counts: { accepted: 0, rejected: 0, discarded: 0 },
    sums: 0,
    updates: 0,
    queued: 0,
    chunkBytes: 0,
    failures: 0,
  });
  assert.equal(latestEnd! - earliestEnd!, 30_000);
  assert.deepEqual(structuredClone(coordinator.status()), coordinator.status());
  await coordinator.stop();
  assert.equal(coordinator.status().phase, 'shutdown');
});

test('a second coordinator on the same port is refused before it touches any store', async () => {
  const first = await start(settings({ kind: 'memory' }));
  const store = new MemoryStore();
  const calls: string[] = [];
  const watched = new Proxy(store, {
    get(target, name) {
      calls.push(String(name));
      return Reflect.get(target, name) as unknown;
    },
  });
  const given = settings({ kind: 'memory' }, { port: first.address.port });
  await assert.rejects(start(given, { store: watched }), { code: 'api-port-in-use' });
  assert.deepEqual(calls, []);
  await first.stop();
});

test('a second coordinator on the same data folder is refused, its port is free again, and the first goes on', async () => {
  const folder = freshFolder();
  const given = settings({ kind: 'embedded', path: folder });
  const first = await start(given);
  const spare = await start(settings({ kind: 'memory' }));
  const { port } = spare.address;
  await spare.stop();
  await assert.rejects(start(settings({ kind: 'embedded', path: folder }, { port })), { code: 'storage-locked' });
  await (await start(settings({ kind: 'memory' }, { port }))).stop();
  await playExample(first);
  assert.equal(toHex((await get(first, '/model'))!), EXAMPLE_MODEL);
  await first.stop();
});

test('a data folder with another model length is refused, and can be used again with the old one', async () => {
  const folder = freshFolder();
  await (await begun(await start(settings({ kind: 'embedded', path: folder })))).stop();
  await assert.rejects(start(settings({ kind: 'embedded', path: folder }, { model: 3 })), { code: 'storage-settings-changed' });
  await (await start(settings({ kind: 'embedded', path: folder }))).stop();
});

test('stop answers requests under way, ends iterators, and can be called twice', async () => {
  const store = new MemoryStore();
  const coordinator = await start(settings({ kind: 'memory' }), { store });
  const events: string[] = [];
  const listening = (async () => {
    for await (const event of coordinator.events()) events.push(event.type === 'phase' ? event.phase : event.type);
  })();
  const params = decodeRoundParams(await wait(coordinator, '/params', isRunning));
  let release = (): void => {};
  const hung = new Promise<void>((resolve) => {
    release = resolve;
  });
  const admitSum = store.admitSum.bind(store);
  store.admitSum = async (...given) => hung.then(() => admitSum(...given));
  const senders = participants(params, 'sum', 3);
  const statuses: number[] = [];
  const posted = senders.map(async (who) => {
    const response = await fetch(`${coordinator.url}/message`, { method: 'POST', body: Uint8Array.from(bodyOf(sumPayload(who), who)) });
    statuses.push(response.status);
    if (response.status === 503) assert.ok(Number(response.headers.get('retry-after')) > 0);
  });
  while (coordinator.status().queued < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const stopped = Promise.all([coordinator.stop(), coordinator.stop()]);
  release();
  await Promise.all(posted);
  assert.deepEqual(statuses.sort(), [200, 503, 503], 'the round goes on after a restart: who waited may come again');
  await stopped;
  await listening;
  assert.equal(events.at(-1), 'shutdown');
  await assert.rejects(fetch(`${coordinator.url}/params`));
  await assert.rejects(store.ready(), { code: 'storage-failed' }, 'the store is closed');
});

test('the settings choose the rules: with [pet] of an original file the coordinator serves its parameters', async () => {
  const coordinator = await start(settings({ kind: 'memory' }, { pet: { sum: { prob: 0.01, count: { min: 1, max: 100 }, time: { min: 5, max: 3600 } } } }));
  const params = decodeRoundParams(await wait(coordinator, '/params', isRunning));
  assert.deepEqual([params.sum, params.update, params.modelLength, params.maskConfig.vect.name], [0.01, 0.9, 2, 'Prime/F32/B0/M3']);
  await coordinator.stop();
});

test('the log says at the start what does the masking and the crypto', async () => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', readable: false, output: { write: (line) => lines.push(line) } });
  await start(settings({ kind: 'memory' }), { logger });
  const entry = lines.map((line) => JSON.parse(line) as Record<string, unknown>).find(({ msg }) => msg === 'coordinator listens');
  assert.deepEqual(entry?.crypto, cryptoProviders());
  assert.deepEqual(entry?.masking, maskingBackend());
  assert.equal(cryptoProviders().signing, 'node:crypto');
});

test('until the store is open nobody sees parameters, so no participant takes a restart for a new round', async () => {
  const spare = await start(settings({ kind: 'memory' }));
  const { port } = spare.address;
  await spare.stop();
  const store = new MemoryStore();
  const coordinatorState = store.coordinatorState.bind(store);
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  store.coordinatorState = async () => held.then(coordinatorState);
  const starting = start(settings({ kind: 'memory' }, { port }), { store });
  const ask = async (path: string, init?: RequestInit): Promise<Response | undefined> => fetch(`http://127.0.0.1:${port}${path}`, init).catch(() => undefined);
  let answer = await ask('/params');
  while (answer === undefined) answer = await ask('/params');
  assert.deepEqual([answer.status, answer.headers.get('retry-after')], [503, '1']);
  assert.equal((await ask('/message', { method: 'POST', body: 'x' }))?.status, 503);
  release();
  const coordinator = await starting;
  assert.ok(isRunning(await wait(coordinator, '/params', isRunning)));
  await coordinator.stop();
});

test('a database that is lost ends the start, unless nothing is to be restored', async () => {
  const folder = freshFolder();
  const given = settings({ kind: 'embedded', path: folder });
  await (await begun(await start(given))).stop();
  rmSync(join(folder, 'coordinator.sqlite'));
  await assert.rejects(start(given), { code: 'storage-incomplete' });
  await (await begun(await start({ ...given, restore: false }))).stop();
  truncateSync(join(folder, 'coordinator.sqlite'));
  await assert.rejects(start(given), { code: 'storage-incomplete' });
});
