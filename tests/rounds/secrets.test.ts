// No secret leaves by a side door: a whole round with a coordinator that logs all it can, on a store in files, with metrics, InfluxDB and an
// admin address. Every draw of randomness of 32 bytes or more, on either side, is a secret (keys, seeds, ephemeral keys), and none of
// them may occur in logs, metrics, events, answers, points or files, in any of the usual spellings; nor may tokens and passwords.
import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Coordinator, type CoordinatorEvent, createLogger, parseSettings } from '@xaynet/coordinator';
import { generateSigningKeyPair, type RandomBytes } from '@xaynet/core/crypto';
import { runParticipant } from '@xaynet/participant';

/** A name and the texts or bytes that must not occur. */
type Canary = readonly [name: string, spellings: readonly Buffer[]];

/** All ways in which bytes are usually written; base64 also where it begins in the middle of something longer. */
function spellings(secret: Uint8Array): Buffer[] {
  const bytes = Buffer.from(secret);
  const texts = [bytes.toString('hex'), bytes.toString('hex').toUpperCase(), [...bytes].join(','), [...bytes].join(', ')];
  for (const encoding of ['base64', 'base64url'] as const) {
    for (let before = 0; before < 3; before++) {
      const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(encoding);
      texts.push(text.replace(/=+$/, '').slice(before === 0 ? 0 : 2 + before - 1, -1));
    }
  }
  return [bytes, ...texts.map((text) => Buffer.from(text))];
}

function found(canaries: readonly Canary[], place: Buffer): string[] {
  return canaries.filter(([, all]) => all.some((one) => place.includes(one))).map(([name]) => name);
}

function recording(secrets: Canary[], whose: string): RandomBytes {
  return (length) => {
    const bytes = randomFillSync(new Uint8Array(length));
    if (length >= 32) secrets.push([`${whose}, draw ${secrets.length}`, spellings(bytes)]);
    return bytes;
  };
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}

test('what looks for secrets finds them in every spelling, wherever they begin', () => {
  const secret = randomFillSync(new Uint8Array(32));
  const canary: Canary[] = [['it', spellings(secret)]];
  const longer = (before: number): Buffer => Buffer.concat([Buffer.alloc(before, 7), secret, Buffer.alloc(5, 9)]);
  for (const before of [0, 1, 2, 3, 4, 5]) {
    for (const encoding of ['hex', 'base64', 'base64url'] as const) assert.deepEqual(found(canary, Buffer.from(longer(before).toString(encoding))), ['it']);
    assert.deepEqual(found(canary, longer(before)), ['it']);
  }
  assert.deepEqual(found(canary, Buffer.from(JSON.stringify([...secret]))), ['it']);
  assert.deepEqual(found(canary, randomFillSync(Buffer.alloc(10_000))), []);
});

test('a whole round tells no secret to logs, metrics, events, answers, InfluxDB or files', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-secrets-'));
  const secrets: Canary[] = [];
  const told = new Map<string, Buffer[]>();
  const tell = (where: string, what: string | Buffer): void => {
    const list = told.get(where);
    if (list === undefined) told.set(where, [Buffer.from(what)]);
    else list.push(Buffer.from(what));
  };
  const text = (name: string, length = 32): string => {
    const value = `${name.replaceAll(' ', '-')}-${randomFillSync(Buffer.alloc(length)).toString('hex')}`;
    secrets.push([name, [Buffer.from(value), ...spellings(Buffer.from(value)).slice(1)]]);
    return value;
  };
  const storeKey = randomFillSync(Buffer.alloc(32));
  secrets.push(['store key', spellings(storeKey)]);
  const influx = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => tell('InfluxDB', chunk));
    request.on('end', () => response.writeHead(500).end('no'));
  });
  influx.unref();
  await new Promise<void>((resolve) => influx.listen(0, '127.0.0.1', resolve));
  const adminToken = text('admin token');
  const settings = parseSettings({
    log: { filter: 'trace' },
    api: { bind_address: '127.0.0.1:0' },
    admin: { bind_address: '127.0.0.1:0', token: adminToken },
    pet: {
      sum: { prob: 0.4, count: { min: 1, max: 50 }, time: { min: 0.5, max: 5 } },
      update: { prob: 1, count: { min: 3, max: 50 }, time: { min: 0.5, max: 5 } },
      sum2: { count: { min: 1, max: 50 }, time: { min: 0.5, max: 5 } },
    },
    model: { length: 3 },
    store: { path: join(folder, 'data'), key: storeKey.toString('hex') },
    record: { path: join(folder, 'recordings') },
    metrics: { influxdb: { url: `http://someone:${text('InfluxDB password')}@127.0.0.1:${(influx.address() as AddressInfo).port}` } },
    redis: { url: `redis://:${text('Redis password')}@127.0.0.1` },
    s3: { access_key: 'someone', secret_access_key: text('S3 key') },
  });
  const logger = createLogger({ level: 'trace', readable: false, output: { write: (line) => tell('log', line) } });
  const coordinator = await Coordinator.start(settings, { random: recording(secrets, 'coordinator'), logger });
  const stop = new AbortController();
  const files = (when: string): void => {
    for (const path of filesOf(folder)) tell(`file ${path.slice(folder.length)} in ${when}`, readFileSync(path));
  };
  const ask = async (path: string, init: RequestInit & { base?: string } = {}): Promise<void> => {
    const headers = { accept: 'application/problem+json', connection: 'close', ...init.headers };
    const response = await fetch((init.base ?? coordinator.url) + path, { ...init, headers });
    tell(`${init.method ?? 'GET'} ${path}`, JSON.stringify([...response.headers]));
    tell(`${init.method ?? 'GET'} ${path}`, Buffer.from(await response.arrayBuffer()));
  };
  try {
    const stream = fetch(`${coordinator.url}/events`, { signal: stop.signal }).then(async (response) => {
      for await (const chunk of response.body!) tell('GET /events', Buffer.from(chunk as Uint8Array));
    });
    stream.catch(() => {});
    const asked: Promise<void>[] = [];
    const model = new Promise<void>((resolve) => {
      coordinator.on((event: CoordinatorEvent) => {
        tell(
          'events',
          JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
        );
        if (event.type === 'phase' && event.phase !== 'shutdown') {
          files(event.phase);
          for (const path of ['/params', '/sums', '/model', '/status', '/metrics', '/rounds', '/models', '/nowhere']) asked.push(ask(path));
          asked.push(ask('/message', { method: 'POST', body: randomFillSync(new Uint8Array(200)) }));
        }
        if (event.type === 'model') resolve();
      });
    });
    const runs = Array.from({ length: 12 }, (_, i) => {
      const random = recording(secrets, `participant ${i}`);
      return runParticipant({
        url: coordinator.url,
        keys: generateSigningKeyPair(random),
        random,
        signal: stop.signal,
        poll: { min: 20, max: 200 },
        train: async (_, { length }) => new Float32Array(length).fill(0.5),
      });
    });
    await model;
    for (const token of [adminToken, 'wrong'.repeat(5)]) {
      for (const path of ['/status', '/reload']) await ask(path, { base: coordinator.adminUrl!, headers: { authorization: `Bearer ${token}` } });
    }
    await Promise.all(asked);
    files('the end');
    stop.abort();
    await Promise.all(runs.map((run) => run.done));
  } finally {
    stop.abort();
    await coordinator.stop();
    influx.closeAllConnections();
    influx.close();
    files('peace');
    rmSync(folder, { recursive: true, force: true });
  }
  const places = [...told].map(([where, parts]): [string, Buffer] => [where, Buffer.concat(parts)]);
  for (const must of ['log', 'events', 'GET /events', 'GET /metrics', 'POST /message', 'InfluxDB', 'GET /rounds']) {
    assert.ok(told.has(must), `${must} was looked at`);
  }
  assert.ok(places.filter(([where]) => where.startsWith('file ')).length >= 5, 'files were looked at');
  const recordings = places.filter(([where]) => /^file .recordings.*peace$/.test(where)).map(([, bytes]) => bytes.toString());
  assert.match(recordings.join(''), /"type":"message"[\s\S]*"type":"stop"/, 'a recording of the round was looked at');
  for (const whose of ['coordinator', 'participant 0', 'participant 11'])
    assert.ok(
      secrets.some(([name]) => name.startsWith(`${whose},`)),
      whose,
    );
  for (const [where, bytes] of places) assert.deepEqual(found(secrets, bytes), [], where);
  const log = told.get('log')!.join('');
  const participants = JSON.parse(`[${log.trim().split('\n').join(',')}]`).filter((line: { participant?: string }) => line.participant !== undefined);
  assert.ok(participants.length > 0 && participants.every((line: { participant: string }) => /^[0-9a-f]{8}$/.test(line.participant)), 'keys by prefix');
  assert.ok(
    participants.every((line: { round?: number; phase?: string }) => line.round !== undefined && line.phase !== undefined),
    'with round and phase',
  );
});
