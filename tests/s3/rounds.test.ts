// Rounds of a coordinator on Redis with large bytes in two buckets: what is asked of the storage is counted, what a round needed is gone with it, and the
// models lie where the original has them.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Coordinator, type CoordinatorEvent, parseSettings } from '@xaynet/coordinator';
import { generateSigningKeyPair } from '@xaynet/core/crypto';
import { readModel } from '@xaynet/core/round';
import { runParticipant } from '@xaynet/participant';
import { freshPrefix, KEY, RedisServer } from '../redis/server.ts';
import { FaultyProxy } from './faulty-proxy.ts';
import { ACCESS_KEY, REGION, sharedSwift, USERS } from './swift.ts';

const LENGTH = 3;
const swift = await sharedSwift();

/** A coordinator on Redis whose large bytes go through a proxy into buckets of this name, and participants of it, until the end of the test. */
async function start(t: TestContext, name: string) {
  const proxy = await FaultyProxy.start(swift.port);
  t.after(() => proxy.stop());
  const redis = await RedisServer.start(t, { tcp: true });
  const phase = { count: { min: 1, max: 50 }, time: { min: 0.2, max: 60 } };
  const settings = parseSettings({
    api: { bind_address: '127.0.0.1:0' },
    pet: { sum: { prob: 0.4, ...phase }, update: { prob: 1, count: { min: 3, max: 50 }, time: phase.time }, sum2: phase },
    model: { length: LENGTH },
    store: { kind: 'redis', blobs: 's3', key: KEY, keep_models: 1 },
    redis: { url: redis.url, prefix: freshPrefix() },
    s3: {
      access_key: ACCESS_KEY,
      secret_access_key: USERS[ACCESS_KEY],
      region: [REGION, proxy.url],
      buckets: { global_models: `${name}-models`, rounds: `${name}-rounds` },
    },
    limits: { exempt_addresses: ['127.0.0.1'] },
  });
  const coordinator = await Coordinator.start(settings);
  const stop = new AbortController();
  t.after(async () => {
    stop.abort();
    await coordinator.stop();
  });
  const join = () =>
    Array.from({ length: 12 }, () =>
      runParticipant({
        url: coordinator.url,
        keys: generateSigningKeyPair((length) => crypto.getRandomValues(new Uint8Array(length))),
        signal: stop.signal,
        poll: { min: 20, max: 200 },
        train: async (_, { length }) => new Float32Array(length).fill(0.5),
      }),
    );
  return { proxy, coordinator, stop, join };
}

test('a bucket that lists and takes nothing: updates are refused for now, the process is not ready, and both heal by themselves', async (t) => {
  const { proxy, coordinator, join } = await start(t, 'ready');
  const readiness = async (): Promise<number> => (await fetch(`${coordinator.url}/readyz`)).status;
  const isContribution = (path: string): boolean => path.includes('/contribution/');
  const isModel = new Promise((resolve) => coordinator.on(({ type }) => type === 'model' && resolve(undefined)));
  assert.equal(await readiness(), 200);
  proxy.fault = ({ method, path }) =>
    method === 'PUT' && path.startsWith('/ready-rounds/') ? { kind: 'answer', status: 403, code: 'AccessDenied' } : undefined;
  join();
  while ((await readiness()) !== 503) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.ok(proxy.seen.some(({ method, path, status }) => method === 'PUT' && isContribution(path) && status === 403));
  proxy.fault = () => undefined;
  while ((await readiness()) !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
  await isModel;
});

test('a round on Redis and S3: one PUT an update, nothing left of the round, the model under the id of the original', async (t) => {
  const { proxy, coordinator, stop, join } = await start(t, 'fleet');
  const credentials = { accessKeyId: ACCESS_KEY, secretAccessKey: USERS[ACCESS_KEY] };
  const client = new S3Client({ region: REGION, endpoint: swift.url, forcePathStyle: true, credentials });
  const keysIn = async (Bucket: string): Promise<string[]> =>
    ((await client.send(new ListObjectsV2Command({ Bucket }))).Contents ?? []).map(({ Key }) => Key!).sort();
  t.after(() => client.destroy());
  const theirs = `7_${'ab'.repeat(32)}`;
  await client.send(new PutObjectCommand({ Bucket: 'fleet-models', Key: theirs, Body: new Uint8Array(8) }));
  const events: CoordinatorEvent[] = [];
  const twice = new Promise<void>((resolve) => {
    coordinator.on((event) => {
      events.push(event);
      if (event.type === 'phase' && event.round === 3 && event.phase === 'sum') resolve();
    });
  });
  const runs = join();
  await twice;
  stop.abort();
  await Promise.all(runs.map((run) => run.done));
  const admitted = events.filter((event) => event.type === 'accepted' && event.tag === 'update' && event.round <= 2).length;
  const puts = proxy.seen.flatMap(({ method, path }) => (method === 'PUT' ? [path.replace(/\?.*/, '')] : []));
  const contributions = puts.filter((path) => /^\/fleet-rounds\/rounds\/[^/]+\/\d+\/contribution\//.test(path));
  assert.equal(new Set(contributions).size, contributions.length, 'each is put once');
  // Those that came when the phase had all it takes were put as well.
  assert.ok(admitted >= 6 && contributions.length >= admitted, `${admitted} ${contributions.length}`);
  assert.equal(
    puts.filter((path) => path.startsWith('/fleet-models/') && !path.includes('.xaynet-probe') && path !== '/fleet-models/').length,
    2,
    'a model a round',
  );
  const folders = new Set(contributions.map((path) => path.replace('/fleet-rounds/', '').replace(/contribution.*/, '')));
  while ((await keysIn('fleet-rounds')).some((key) => [...folders].some((folder) => key.startsWith(folder))))
    await new Promise((resolve) => setTimeout(resolve, 50));
  const models = await keysIn('fleet-models');
  assert.deepEqual(
    models.map((key) => key.replace(/^2_[0-9a-f]{64}$/, '2_seed')),
    ['2_seed', theirs],
  );
  const object = await client.send(new GetObjectCommand({ Bucket: 'fleet-models', Key: models[0]! }));
  const copy = await object.Body!.transformToByteArray();
  assert.equal(readModel(copy).length, LENGTH);
  assert.deepEqual(copy, new Uint8Array(await (await fetch(`${coordinator.url}/model`)).arrayBuffer()));
});
