// The operator's commands against a server that answers as a coordinator does, and misbehaves where a test wants it to: lost connections,
// half downloads, records that were changed, another program behind the port.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { SigningKeySeed, toHex } from '@xaynet/core/bytes';
import { sign, signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { span } from '../figures.ts';
import { main } from '../main.ts';
import { certificates } from './certificates.test.ts';
import { Client } from './client.ts';
import { followEvents, parseEvents, type StreamEvent } from './events.ts';
import { eventLine } from './text.ts';

const folder = mkdtempSync(join(tmpdir(), 'xaynet-operator-'));
const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
  rmSync(folder, { recursive: true, force: true });
});

async function xaynet(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const code = await main(['coordinator', ...args], { out: (text) => (out += text), err: (text) => (err += text) });
  return { code, out, err };
}

/** A server on a free port of this machine; its URL. */
async function serve(answer: RequestListener, tls?: { cert: string; key: string; ca: string }): Promise<string> {
  const server = tls === undefined ? createServer(answer) : createTlsServer({ ...tls, requestCert: true, rejectUnauthorized: true }, answer);
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const json = (response: ServerResponse, value: unknown): void => void response.setHeader('content-type', 'application/json').end(JSON.stringify(value));

const STATUS = {
  version: '0.1.0',
  now: 1_000_000,
  began: 0,
  uptime: 11_520,
  round: 7,
  phase: 'update',
  window: { earliestEnd: 1_005_000, latestEnd: 4_600_000 },
  counts: { accepted: 1200, rejected: 2, discarded: 0 },
  sums: 5,
  updates: 1200,
  queued: 3,
  chunkBytes: 2_500_000,
  paused: { since: 999_000, code: 'storage-failed', title: 'The store failed.' },
  failures: 2,
  lastFailure: { round: 6, phase: 'sum', code: 'phase-timeout', title: 'Too few messages arrived in time, so the round failed.', at: 990_000 },
  model: { id: '4_abcdef', round: 4 },
  task: { modelLength: 1_000_000, mask: 'Power2/F32/B0/M6' },
  masking: { kernel: 'wasm', keystream: 'openssl' },
  store: { bytes: 1_500_000_000, free: null },
};

describe('status', () => {
  test('as a table, as JSON', async () => {
    const url = await serve((_, response) => json(response, STATUS));
    const { code, out } = await xaynet('status', '--url', url);
    assert.equal(code, 0);
    for (const part of [
      `coordinator   ${url}, version 0.1.0, up for 3 h 12 min\n`,
      'phase         update\n',
      'ends          in 5 s at the earliest, in 1 h at the latest\n',
      'messages      1 200 accepted, 2 rejected, 0 discarded in this phase\n',
      'this round    5 sum participants, 1 200 updates in the aggregate\n',
      'waiting       3 messages, 2.5 MB of incomplete ones\n',
      'PAUSED        takes no messages since ',
      ': The store failed. [storage-failed]\n',
      'failed        2 rounds in a row\n',
      'last failure  round 6 in sum, ',
      'task          1 000 000 weights, masked by Power2/F32/B0/M6\n',
      'store         1.5 GB\n',
    ])
      assert.ok(out.includes(part), `${part}\nin\n${out}`);
    assert.deepEqual(JSON.parse((await xaynet('status', '--url', url, '--json')).out), STATUS);
  });

  test('of a fleet: who is there, who leads, which one this is', async () => {
    const lineOf = async (fleet: object): Promise<string> => {
      const { out } = await xaynet('status', '--url', await serve((_, response) => json(response, { ...STATUS, fleet, store: { bytes: 0, free: null } })));
      assert.doesNotMatch(out, /^store/m, 'nothing is known of how much is stored');
      return /^fleet +(.*)$/m.exec(out)![1]!;
    };
    const members = [{ id: 'a' }, { id: 'b' }];
    assert.equal(await lineOf({ self: 'a', leader: 'b', members }), '2 processes; b leads, this one is a');
    assert.equal(await lineOf({ self: 'a', members }), '2 processes; nobody leads, this one is a');
    assert.equal(await lineOf({ self: 'a', leader: 'a', members: [{ id: 'a' }] }), 'one process; this one, a, leads');
  });

  test('what is not there, and what is something else', async () => {
    const gone = await xaynet('status', '--url', 'http://127.0.0.1:9');
    assert.deepEqual([gone.code, /transport-unreachable/.test(gone.err)], [1, true], gone.err);
    for (const [answer, expected] of [
      [(_: IncomingMessage, response: ServerResponse) => response.end('hello'), /transport-not-pet/],
      [(_: IncomingMessage, response: ServerResponse) => json(response, { fine: true }), /no round and phase.*\n.*transport-not-pet/],
      [(_: IncomingMessage, response: ServerResponse) => response.writeHead(404).end(), /404[\s\S]*transport-status/],
      [
        (_: IncomingMessage, response: ServerResponse) => {
          response.statusCode = 503;
          json(response, { code: 'starting-up', title: 'It starts.', detail: 'Come again.' });
        },
        /The coordinator refused the request\.[\s\S]*503 starting-up: It starts.: Come again./,
      ],
    ] as const) {
      const { code, err } = await xaynet('status', '--url', await serve(answer));
      assert.equal(code, 1);
      assert.match(err, expected);
    }
    assert.match((await xaynet('status', '--url', 'ftp://x')).err, /transport-url/);
    const half = await xaynet('status', '--cert', 'x.pem');
    assert.deepEqual([half.code, half.err.split('\n')[0]], [2, 'error: --cert and --key go together']);
  });

  test('over TLS with an authority of one’s own and a client certificate', async () => {
    const { authority, server, client } = certificates();
    for (const [name, pem] of Object.entries({ ca: authority, cert: client.cert, key: client.key })) writeFileSync(join(folder, `${name}.pem`), pem);
    const url = await serve((_, response) => json(response, STATUS), { ...server, ca: authority });
    const files = ['--ca', join(folder, 'ca.pem'), '--cert', join(folder, 'cert.pem'), '--key', join(folder, 'key.pem')];
    assert.equal((await xaynet('status', '--url', url, ...files)).code, 0);
    const stranger = await xaynet('status', '--url', url);
    assert.deepEqual([stranger.code, /transport-tls/.test(stranger.err)], [1, true], 'a certificate that nobody vouches for is refused');
    assert.match(stranger.err, /SELF_SIGNED_CERT_IN_CHAIN: .*--ca/);
    const bare = await xaynet('status', '--url', url, ...files.slice(0, 2));
    assert.deepEqual([bare.code, /CERTIFICATE_REQUIRED: .*--cert and --key/.test(bare.err)], [1, true], `so is a client without one: ${bare.err}`);
    const plain = await xaynet('status', '--url', url.replace('https', 'http'));
    assert.deepEqual([plain.code, /https:\/\/ in the URL/.test(plain.err)], [1, true], plain.err);
    const secure = await xaynet('status', '--url', (await serve((_, response) => json(response, STATUS))).replace('http', 'https'));
    assert.deepEqual([secure.code, /http:\/\/ in the URL/.test(secure.err)], [1, true], secure.err);
  });
});

describe('rounds', () => {
  const keys = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32).fill(3)));
  const record = (round: number, rest: object): Record<string, unknown> => {
    const unsigned = {
      round,
      outcome: 'model',
      began: 1000,
      ended: 61_000,
      sums: 5,
      updates: 10,
      masks: 4,
      ...rest,
      hashes: {},
      signer: toHex(keys.publicKey),
    };
    return { ...unsigned, signature: toHex(sign(new TextEncoder().encode(JSON.stringify(unsigned)), keys.secretKey)) };
  };
  const good = [record(2, { outcome: 'failure', phase: 'sum', code: 'phase-timeout' }), record(1, { model: '1_ab' })];

  test('a table, signatures verified', async () => {
    let asked = '';
    const url = await serve((request, response) => {
      asked = request.url!;
      json(response, { rounds: good, next: null });
    });
    const { code, out } = await xaynet('rounds', '--url', url, '--limit', '5', '--before', '9');
    assert.deepEqual([code, asked], [0, '/rounds?limit=5&before=9']);
    assert.match(out, /^round {2}outcome[^\n]*\n2 +phase-timeout in sum .* holds .*\n1 +model .* 1 min +5 +10 +4 +holds /);
    const listed = JSON.parse((await xaynet('rounds', '--url', url, '--json', '--signer', toHex(keys.publicKey))).out);
    assert.deepEqual(
      listed.map(({ verified }: { verified: boolean }) => verified),
      [true, true],
    );
    const other = await xaynet('rounds', '--url', url, '--signer', '0'.repeat(64));
    assert.deepEqual([other.code, /record-unverified/.test(other.err)], [1, true]);
  });

  test('a record that was changed is told, and is a failure', async () => {
    const url = await serve((_, response) => json(response, { rounds: [good[0], { ...good[1], updates: 11 }], next: null }));
    const { code, out, err } = await xaynet('rounds', '--url', url);
    assert.equal(code, 1);
    assert.match(out, /\n1 .* DOES NOT HOLD /);
    assert.match(err, /\(round 1\)[\s\S]*\[record-unverified\]/);
  });
});

describe('events', () => {
  test('a stream in pieces, comments, several lines of data', async () => {
    const text =
      'retry: 3000\n: hello\n\nid: a-1\nevent: phase\ndata: {"phase":\ndata: "sum"}\n\r\nevent: odd\ndata: no JSON é\n\n:\n\ndata: {}\n\nevent: half';
    const bytes = new TextEncoder().encode(text);
    for (const size of [1, 2, 7, bytes.length]) {
      const found: StreamEvent[] = [];
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      };
      for await (const event of parseEvents(pieces())) found.push(event);
      assert.deepEqual(found, [
        { type: 'phase', id: 'a-1', data: { phase: 'sum' } },
        { type: 'odd', id: undefined, data: 'no JSON é' },
        { type: 'message', id: undefined, data: {} },
      ]);
    }
  });

  test('go on after the last one when the connection is lost', async () => {
    const seen: (string | undefined)[] = [];
    const url = await serve((request, response) => {
      const last = request.headers['last-event-id'] as string | undefined;
      seen.push(last);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const next = last === undefined ? 1 : Number(last.slice(2)) + 1;
      response.write(`id: p-${next}\nevent: round\ndata: {"round":${next}}\n\n`, () => (next === 1 ? response.destroy() : undefined));
    });
    const stop = new AbortController();
    const troubles: (string | undefined)[] = [];
    const rounds: unknown[] = [];
    for await (const { data } of followEvents(new Client({ url }), { signal: stop.signal, trouble: (why) => troubles.push(why) })) {
      rounds.push(data);
      if (rounds.length === 2) stop.abort();
    }
    assert.deepEqual(
      [rounds, seen],
      [
        [{ round: 1 }, { round: 2 }],
        [undefined, 'p-1'],
      ],
    );
    assert.deepEqual([troubles.length, troubles[1]], [2, undefined]);
  });

  test('say at once that they are connected, and to what', async () => {
    const url = await serve((request, response) => {
      if (request.url === '/status') return json(response, STATUS);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
    });
    // The command's own listener alone is told to stop: the test runner listens as well, and would end all tests.
    const before = new Set(process.listeners('SIGTERM'));
    let ended: Promise<unknown> = Promise.resolve();
    const said = new Promise<string>((resolve) => {
      ended = main(['coordinator', 'events', '--url', url], { out: () => undefined, err: (text) => text.startsWith('connected') && resolve(text) });
    });
    assert.equal(await said, `connected to ${url}, round 7, phase update; waiting for events (Ctrl-C ends)\n`);
    for (const listener of process.listeners('SIGTERM')) if (!before.has(listener)) listener('SIGTERM');
    await ended;
  });

  test('a first connection that fails is an error', async () => {
    const { code, err } = await xaynet('events', '--url', 'http://127.0.0.1:9');
    assert.deepEqual([code, /transport-unreachable/.test(err)], [1, true]);
    const refused = await xaynet('events', '--url', await serve((_, response) => response.writeHead(400).end()), '--types', 'nonsense');
    assert.match(refused.err, /\/events\?types=nonsense: 400/);
  });
});

describe('report', () => {
  test('numbers of a round, with the token of the environment or of a file; refusals with what the coordinator says', async () => {
    const asked: (string | undefined)[][] = [];
    const url = await serve((request, response) => {
      asked.push([request.method, request.url, request.headers.authorization]);
      json(response, { round: 12 });
    });
    const token = join(folder, 'token');
    writeFileSync(token, 'secret of a file\n');
    const { code, out, err } = await xaynet('report', '--url', url, '--token-file', token, '--round', '12', 'accuracy=0.91', 'loss=1e-3');
    assert.deepEqual([code, out, err], [0, 'round 12: accuracy 0.91, loss 1e-3\n', '']);
    assert.deepEqual(asked, [['POST', '/admin/report?round=12&accuracy=0.91&loss=1e-3', 'Bearer secret of a file']]);
    for (const args of [['accuracy'], ['accuracy=high'], ['Accuracy=1'], ['round=3'], []])
      assert.equal((await xaynet('report', '--url', url, '--token-file', token, '--round', '12', ...args)).code, 2, args.join());
    assert.match((await xaynet('report', '--url', url, '--round', '12', 'accuracy=1')).err, /no token: set XAYNET__ADMIN__TOKEN/);
    const refusing = await serve((_, response) => {
      response.writeHead(422, { 'content-type': 'application/problem+json' }).end('{"code":"report-invalid","title":"no such round"}');
    });
    assert.match((await xaynet('report', '--url', refusing, '--token-file', token, '--round', '9', 'a=1')).err, /422 report-invalid: no such round/);
  });
});

describe('model get', () => {
  const model = new Uint8Array(300_000).map((_, i) => (i * 7) % 251);
  const sha256 = createHash('sha256').update(model).digest('hex');
  /** Serves the model; breaks off after `breaks` bytes as long as there are some. */
  function models(breaks: number[], tag: () => string = () => '"3_ab.f32"'): { asked: string[]; answer: RequestListener } {
    const asked: string[] = [];
    const answer: RequestListener = (request, response) => {
      asked.push(`${request.method} ${request.url} ${request.headers.range ?? ''}`.trim());
      if (request.url!.startsWith('/rounds')) return json(response, { rounds: [], next: null });
      const same = request.headers['if-range'] === undefined || request.headers['if-range'] === tag();
      const from = same ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
      const body = model.subarray(from);
      response.writeHead(from > 0 ? 206 : 200, { etag: tag(), 'content-length': body.length });
      if (request.method === 'HEAD') return response.end();
      const stop = breaks.shift();
      if (stop === undefined) return response.end(body);
      response.write(body.subarray(0, stop), () => setTimeout(() => response.destroy(), 50));
    };
    return { asked, answer };
  }

  test('to a file, by the id that "latest" means', async () => {
    const { asked, answer } = models([]);
    const out = join(folder, 'whole.f32');
    const { code, out: text } = await xaynet('model', 'get', '--url', await serve(answer), '-o', out);
    assert.equal(code, 0);
    assert.equal(text, `${out}: model 3_ab, 300 kB\nsha256 ${sha256}\n`);
    assert.deepEqual(new Uint8Array(readFileSync(out)), model);
    assert.deepEqual(asked, ['HEAD /models/latest?format=f32', 'GET /models/3_ab?format=f32']);
  });

  test('a download that broke off goes on, unless the model is another one', async () => {
    let tag = '"3_ab.f32"';
    const { asked, answer } = models([100_000, 50_000], () => tag);
    const url = await serve(answer);
    const out = join(folder, 'resumed.f32');
    for (const _ of [1, 2]) {
      const { code, err } = await xaynet('model', 'get', '3_ab', '--url', url, '-o', out);
      assert.deepEqual([code, existsSync(out)], [1, false]);
      assert.match(err, /transport-unreachable/);
    }
    const { code, out: text } = await xaynet('model', 'get', '3_ab', '--url', url, '-o', out, '--json');
    const { bytes, resumed, sha256: found } = JSON.parse(text);
    assert.deepEqual([code, bytes, resumed, found], [0, 300_000, 150_000, sha256]);
    assert.deepEqual(
      asked.filter((line) => line.startsWith('GET')).map((line) => line.split(' ')[2]),
      [undefined, 'bytes=100000-', 'bytes=150000-'],
    );
    tag = '"4_cd.f32"';
    assert.equal((await xaynet('model', 'get', '--url', url, '-o', out)).code, 0);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes('.part')),
      [],
    );
  });

  test('a format that there is not, a file that cannot be written', async () => {
    const url = await serve(models([]).answer);
    assert.equal((await xaynet('model', 'get', '--url', url, '-o', 'x', '--format', 'onnx')).code, 2);
    const { code, err } = await xaynet('model', 'get', '--url', url, '-o', join(folder, 'nowhere', 'x.f32'));
    assert.deepEqual([code, /file-unwritable/.test(err)], [1, true], err);
  });
});

test('a line for an event: no text of the other side moves the cursor, times are readable', () => {
  const line = eventLine('phase', { phase: 'sum\u001b[2J', earliestEnd: 0, latestEnd: undefined }, 0);
  assert.match(line, /^19\d\d-\d\d-\d\d \d\d:\d\d:\d\d {2}phase {6}phase=sum\?\[2J earliestEnd=19\d\d-/);
  assert.match(eventLine('dropped', { count: null }, 0), /dropped {4}some events, nobody knows how many/);
  assert.match(eventLine('dropped', { count: 3 }, 0), /dropped {4}count=3$/);
});

test('spans of time keep two units', () => {
  assert.deepEqual([-1, 0, 0.5, 59, 60, 3661, 90_000, 1e7].map(span), ['0 s', '0 s', 'below 1 s', '59 s', '1 min', '1 h 1 min', '1 d 1 h', '115 d 17 h']);
});
