// New settings for a running coordinator: what changes at once, with the next round, or only with a restart, for every setting that there is.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeRoundParams } from '@xaynet/core/round';
import { Coordinator } from './coordinator.ts';
import { SILENT_LOGGER } from './log.ts';
import { LiveSettings, RELOAD_KEYS, type ReloadReport, reloadSettings } from './reload.ts';
import { SETTINGS_REFERENCE } from './settings/reference.ts';
import { parseSettings, type Settings } from './settings/settings.ts';
import type { Store } from './stores/contract.ts';
import { openEmbeddedStore } from './stores/embedded.ts';
import { MemoryStore } from './stores/memory.ts';

const read = (toml: string): Settings => parseSettings(`${toml}\n[model]\nlength = 4`);
const BEFORE = '[pet.sum.count]\nmin = 2\nmax = 5\n[api]\ncors_origins = ["*"]';

test('every setting that is used is one that a reload knows', () => {
  // The file of the token is read into the token itself.
  const used = SETTINGS_REFERENCE.filter(({ use, key }) => use === 'used' && key !== 'admin.token_file').map(({ key }) => key);
  assert.deepEqual([...RELOAD_KEYS].sort(), used.sort());
});

test('nothing new: nothing changes', () => {
  const live = new LiveSettings(read(BEFORE));
  assert.deepEqual(live.apply(read(BEFORE)), { applied: [], nextRound: [], needRestart: [] } satisfies ReloadReport);
});

test('log, origins, proxies and limits change at once, where parts already hold them', () => {
  const live = new LiveSettings(read(BEFORE));
  const { limits, api } = live.settings;
  const next = '[log]\nfilter = "debug"\n[api]\ncors_origins = ["https://a.example"]\ntrusted_proxies = ["10.0.0.1"]\n[limits]\nrequests_per_second = 7';
  assert.deepEqual(live.apply(read(`[pet.sum.count]\nmin = 2\nmax = 5\n${next}`)), {
    applied: ['log.filter', 'api.cors_origins', 'api.trusted_proxies', 'limits.requests_per_second'],
    nextRound: [],
    needRestart: [],
  });
  assert.deepEqual([limits.requestsPerSecond, api.corsOrigins, api.trustedProxies], [7, ['https://a.example'], ['10.0.0.1']]);
  assert.equal(live.settings.log.level, 'debug');
});

test('counts, times and probabilities wait for the next round; the last word counts', () => {
  const live = new LiveSettings(read(BEFORE));
  const first = live.apply(read('[pet.sum]\nprob = 0.5\n[pet.sum.count]\nmin = 3\nmax = 5'));
  assert.deepEqual(
    first.nextRound,
    ['pet.sum.prob', 'pet.sum.count.min', 'pet.sum2.count.min'].filter((key) => first.nextRound.includes(key)),
  );
  assert.ok(first.nextRound.includes('pet.sum.count.min'));
  assert.equal(live.settings.pet.sum.count.min, 2, 'the round that runs keeps its own');
  assert.deepEqual(live.apply(read('[pet.sum]\nprob = 0.5\n[pet.sum.count]\nmin = 3\nmax = 5')).nextRound, [], 'it is known already');
  live.apply(read(BEFORE));
  live.betweenRounds();
  assert.equal(live.settings.pet.sum.count.min, 2, 'it was taken back in time');
  live.apply(read('[pet.sum.count]\nmin = 4\nmax = 5'));
  live.betweenRounds();
  assert.equal(live.settings.pet.sum.count.min, 4);
});

test('what needs a restart is named and not in force, secrets by their key only', () => {
  const live = new LiveSettings(read('[admin]\nbind_address = "127.0.0.1:0"\ntoken = "the-old-token-of-sixteen"'));
  const report = live.apply(
    parseSettings(
      '[admin]\nbind_address = "127.0.0.1:0"\ntoken = "a-new-token-of-sixteen"\n[mask]\nmodel_type = "M3"\n[store]\nkind = "memory"\n[model]\nlength = 5',
    ),
  );
  assert.deepEqual(report.needRestart, ['admin.token', 'mask.model_type', 'model.length', 'store.kind']);
  assert.deepEqual([live.settings.modelLength, live.settings.store.kind], [4, 'embedded']);
  assert.equal(live.settings.admin?.token, 'the-old-token-of-sixteen');
});

test('files of TLS with other contents are told of, unchanged ones are not', () => {
  let fingerprint = 'old';
  const http = {
    setAddressRules: () => undefined,
    get tlsFingerprint() {
      return fingerprint;
    },
    reloadTls: () => {
      fingerprint = 'new';
      return [];
    },
  };
  const parts = { live: new LiveSettings(read(BEFORE)), logger: SILENT_LOGGER, httpLogger: SILENT_LOGGER, store: {} as Store };
  assert.deepEqual(reloadSettings(parts, http, read(BEFORE)).applied, ['tls']);
  assert.deepEqual(reloadSettings(parts, http, read(BEFORE)).applied, []);
});

test('stores keep what the last word says, from the next model on', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-keep-'));
  try {
    for (const store of [new MemoryStore({ keepModels: 0 }), await openEmbeddedStore(folder, { keepModels: 0 })]) {
      for (const id of ['1_a', '2_b', '3_c']) {
        await store.putModel(id, Uint8Array.of(1));
        await store.setLatestModelId(id);
      }
      await store.keep(2, 5);
      assert.equal((await store.models()).length, 3);
      await store.putModel('4_d', Uint8Array.of(1));
      await store.setLatestModelId('4_d');
      assert.deepEqual(
        (await store.models()).map(({ id }) => id),
        ['4_d', '3_c'],
      );
      await assert.rejects(store.keep(-1, 0), { code: 'option-invalid' });
      await store.close();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a running coordinator takes them over: origins at once, probabilities with the next round; what is wrong changes nothing', async () => {
  const toml = (origins: string, prob: number): Settings =>
    read(`[api]\nbind_address = "127.0.0.1:0"\ncors_origins = ${origins}\n[store]\nkind = "memory"\n[pet.sum]\nprob = ${prob}\ntime = { min = 0, max = 0.3 }`);
  let next = toml('["https://a.example"]', 0.5);
  const coordinator = await Coordinator.start(toml('["*"]', 0.25), { load: () => next });
  try {
    const asked = async (): Promise<{ origin: string | null; sum: number }> => {
      const response = await fetch(`${coordinator.url}/params`, { headers: { origin: 'https://b.example' } });
      return { origin: response.headers.get('access-control-allow-origin'), sum: decodeRoundParams(new Uint8Array(await response.arrayBuffer())).sum };
    };
    assert.deepEqual(await asked(), { origin: '*', sum: 0.25 });
    const { round } = coordinator.status();
    assert.deepEqual(coordinator.reload(), { applied: ['api.cors_origins'], nextRound: ['pet.sum.prob'], needRestart: [] });
    assert.equal((await asked()).origin, null);
    while (coordinator.status().round <= round + 1) await sleep(20);
    assert.equal((await asked()).sum, 0.5);
    next = undefined as unknown as Settings;
    assert.throws(() => coordinator.reload(), { code: 'option-invalid' });
    assert.equal((await asked()).sum, 0.5);
  } finally {
    await coordinator.stop();
  }
});
