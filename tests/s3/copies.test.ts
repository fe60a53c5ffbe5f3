// A whole round of a coordinator whose models are copied to a bucket: the copy has the id that the original gives, and the bytes that /model serves;
// while the storage is away the round waits, and goes on once it is there.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Coordinator, createLogger, parseSettings, type Settings } from '@xaynet/coordinator';
import { toHex } from '@xaynet/core/bytes';
import { generateSigningKeyPair } from '@xaynet/core/crypto';
import { decodeRoundParams } from '@xaynet/core/round';
import { runParticipant } from '@xaynet/participant';
import { FaultyProxy } from './faulty-proxy.ts';
import { ACCESS_KEY, REGION, sharedSwift, USERS } from './swift.ts';

const swift = await sharedSwift();
const proxy = await FaultyProxy.start(swift.port);
const client = new S3Client({
  region: REGION,
  endpoint: swift.url,
  forcePathStyle: true,
  credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: USERS[ACCESS_KEY] },
});
after(async () => {
  client.destroy();
  await proxy.stop();
});

const settings = (endpoint: string, changes: object = {}): Settings =>
  parseSettings({
    api: { bind_address: '127.0.0.1:0' },
    pet: {
      sum: { prob: 0.4, count: { min: 1, max: 50 }, time: { min: 0.2, max: 60 } },
      update: { prob: 1, count: { min: 3, max: 50 }, time: { min: 0.2, max: 60 } },
      sum2: { count: { min: 1, max: 50 }, time: { min: 0.2, max: 60 } },
    },
    model: { length: 3 },
    store: { kind: 'memory', blobs: 's3', keep_models: 1, timeout: 5, ...changes },
    s3: { access_key: ACCESS_KEY, secret_access_key: USERS[ACCESS_KEY], region: [REGION, endpoint], buckets: { global_models: 'published' } },
  });

const objects = async (): Promise<string[]> => ((await client.send(new ListObjectsV2Command({ Bucket: 'published' }))).Contents ?? []).map(({ Key }) => Key!);

test('the model of each round is in the bucket before it is served, older ones go, those of others stay', async () => {
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', readable: false, output: { write: (line) => lines.push(line) } });
  const coordinator = await Coordinator.start(settings(proxy.url), { logger });
  const theirs = `7_${'ab'.repeat(32)}`;
  await client.send(new PutObjectCommand({ Bucket: 'published', Key: theirs, Body: new Uint8Array(8) }));
  const stop = new AbortController();
  const found: { round: number; keys: string[]; equal: boolean }[] = [];
  const seeds = new Map<number, string>();
  const away = { puts: 0 };
  let models = 0;
  // The storage is away when the second model is to be put. A round may fail before: roles are chance, and the storage may be slow.
  proxy.fault = ({ method }) => (method === 'PUT' && models === 1 && away.puts++ < 8 ? { kind: 'answer', status: 503, code: 'ServiceUnavailable' } : undefined);
  const done = new Promise<void>((resolve, reject) => {
    coordinator.on((event) => {
      if (event.type === 'phase' && event.phase === 'update')
        fetch(`${coordinator.url}/params`).then(async (response) => {
          const { seed } = decodeRoundParams(new Uint8Array(await response.arrayBuffer()));
          seeds.set(event.round, toHex(seed));
        }, reject);
      if (event.type !== 'model') return;
      models++;
      const look = async (): Promise<void> => {
        const keys = await objects();
        const own = keys.find((key) => key.startsWith(`${event.round}_`));
        const object = own === undefined ? undefined : await client.send(new GetObjectCommand({ Bucket: 'published', Key: own }));
        const copy = await object?.Body?.transformToByteArray();
        const served = new Uint8Array(await (await fetch(`${coordinator.url}/model`)).arrayBuffer());
        found.push({ round: event.round, keys, equal: copy !== undefined && Buffer.from(copy).equals(served) });
        if (found.length === 2) resolve();
      };
      look().catch(reject);
    });
  });
  const runs = Array.from({ length: 12 }, () =>
    runParticipant({
      url: coordinator.url,
      keys: generateSigningKeyPair((length) => crypto.getRandomValues(new Uint8Array(length))),
      signal: stop.signal,
      poll: { min: 20, max: 200 },
      train: async (_, { length }) => new Float32Array(length).fill(0.5),
    }),
  );
  await done;
  stop.abort();
  await Promise.all(runs.map((run) => run.done));
  await coordinator.stop();
  assert.deepEqual(
    found.map(({ equal }) => equal),
    [true, true],
  );
  const [first, second] = found.map(({ round }) => `${round}_${seeds.get(round)}`);
  assert.ok(found[0]!.keys.includes(first!), `${found[0]!.keys} ${first}`);
  assert.deepEqual(found[1]!.keys.sort(), [second, theirs].sort());
  assert.ok(away.puts > 8, 'it was put again once the storage was back');
  assert.ok(lines.every((line) => !line.includes(USERS[ACCESS_KEY])));
});

test('a coordinator that cannot use its bucket does not start, and says why', async () => {
  const wrong = settings(swift.url);
  const start = Coordinator.start({ ...wrong, s3: { ...wrong.s3!, secretAccessKey: 'wrong' } });
  await assert.rejects(start, { code: 'storage-refused', message: /SignatureDoesNotMatch/ });
});
