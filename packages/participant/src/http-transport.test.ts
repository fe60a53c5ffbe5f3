// The HTTP transport against a real server: every row of the status table (participant 2.3), redirections, answers that are not
// PET's, answers without end, silence, and nobody there.

import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { KeyMap, PublicSigningKey } from '@xaynet/core/bytes';
import { rational } from '@xaynet/core/mask';
import { encodeModel, encodeRoundParams, encodeSumDict, encodeUpdateSeedDict } from '@xaynet/core/round';
import { FakeCoordinator } from './fake-coordinator.test.ts';
import { type FetchRequest, HttpTransport } from './http-transport.ts';
import { Participant } from './participant.ts';
import type { Clock } from './ports.ts';
import { TransportError } from './transport-error.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

let answer: Answer = (_, response) => response.end();
const seen: { method: string; url: string; headers: IncomingMessage['headers']; bytes: number }[] = [];
const server = createServer((request, response) => {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => {
    seen.push({ method: request.method!, url: request.url!, headers: request.headers, bytes });
    answer(request, response);
  });
});
let url = '';

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const status =
  (code: number, body: Uint8Array | string = '', headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(code, headers).end(body);

const key = PublicSigningKey(new Uint8Array(32).fill(0xfb));
const params = new FakeCoordinator().params_;

async function failure(promise: Promise<unknown>): Promise<TransportError> {
  const error = await promise.then(
    () => assert.fail('should reject'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof TransportError, String(error));
  return error;
}

test('200: the body is decoded, for all four documents', async () => {
  const transport = new HttpTransport({ url });
  answer = status(200, encodeRoundParams(params));
  assert.deepEqual(await transport.params(), params);
  answer = status(200, encodeSumDict(new KeyMap([[key, params.publicKey]])));
  assert.deepEqual((await transport.sums())!.get(key), params.publicKey);
  answer = status(200, encodeUpdateSeedDict(new KeyMap()));
  assert.equal((await transport.seeds(key))!.size, 0);
  answer = status(200, encodeModel([rational(1, 2)]));
  assert.deepEqual((await transport.model())?.toModel(), [rational(1, 2)]);
});

test('the requests are those of the protocol: paths, encoded key, no headers that need a preflight', async () => {
  seen.length = 0;
  answer = status(204);
  const transport = new HttpTransport({ url: `${url}/pre/?x=1` });
  await failure(transport.params());
  await transport.sums();
  await transport.seeds(key);
  await transport.model();
  answer = status(200);
  await transport.send(new Uint8Array(280));
  const pk = '%2B%2Fv7%2B%2Fv7%2B%2Fv7%2B%2Fv7%2B%2Fv7%2B%2Fv7%2B%2Fv7%2B%2Fv7%2B%2Fv7%2B%2Fv7%2B%2Fs%3D';
  assert.deepEqual(
    seen.map(({ method, url }) => `${method} ${url}`),
    ['GET /pre/params?x=1', 'GET /pre/sums?x=1', `GET /pre/seeds?x=1&pk=${pk}`, 'GET /pre/model?x=1', 'POST /pre/message?x=1'],
  );
  assert.equal(new URL(`http://h/?pk=${pk}`).searchParams.get('pk'), Buffer.from(key).toString('base64'));
  assert.equal(seen[4]!.bytes, 280);
  assert.equal(seen[4]!.headers['content-type'], undefined);
  assert.equal(seen[4]!.headers['content-length'], '280');
});

test('204: absent for sums, seeds and model; an error for params; delivered for POST', async () => {
  const transport = new HttpTransport({ url });
  answer = status(204);
  assert.equal(await transport.sums(), undefined);
  assert.equal(await transport.seeds(key), undefined);
  assert.equal(await transport.model(), undefined);
  const error = await failure(transport.params());
  assert.deepEqual([error.code, error.status, error.url], ['transport-status', 204, `${url}/params`]);
  await transport.send(new Uint8Array(1));
});

test('other 2xx: an error for GET, delivered for POST', async () => {
  const transport = new HttpTransport({ url });
  for (const code of [201, 202, 206]) {
    answer = status(code, encodeSumDict(new KeyMap()));
    const error = await failure(transport.sums());
    assert.deepEqual([error.code, error.status], ['transport-status', code]);
    await transport.send(new Uint8Array(1));
  }
});

test('3xx with location: followed for GET, at most ten times, also relative; never for POST (Q-11)', async () => {
  const transport = new HttpTransport({ url });
  for (const code of [301, 302, 303, 307, 308]) {
    answer = (request, response) =>
      request.url === '/elsewhere/sums'
        ? status(200, encodeSumDict(new KeyMap()))(request, response)
        : status(code, '', { location: '/elsewhere/sums' })(request, response);
    assert.equal((await transport.sums())!.size, 0, String(code));
    seen.length = 0;
    const error = await failure(transport.send(new Uint8Array(5)));
    assert.equal(error.code, 'transport-redirect', String(code));
    assert.deepEqual(
      seen.map(({ method }) => method),
      ['POST'],
      'no second request',
    );
  }
  let hops = 0;
  const hop =
    (max: number): Answer =>
    (request, response) =>
      (hops++ < max ? status(302, '', { location: `hop-${hops}` }) : status(200, encodeSumDict(new KeyMap())))(request, response);
  answer = hop(10);
  assert.equal((await transport.sums())!.size, 0);
  hops = 0;
  answer = hop(11);
  assert.equal((await failure(transport.sums())).code, 'transport-redirect');
});

test('3xx that leads to plain HTTP on another machine is not followed', async () => {
  answer = status(302, '', { location: 'http://evil.example/params' });
  assert.equal((await failure(new HttpTransport({ url }).params())).code, 'transport-insecure');
  answer = status(302, '', { location: '//evil.example/params' });
  assert.equal((await failure(new HttpTransport({ url }).params())).code, 'transport-insecure');
});

test('3xx without location: an error with its status, for POST too, since nothing was delivered', async () => {
  const transport = new HttpTransport({ url });
  for (const code of [300, 304]) {
    answer = status(code);
    for (const promise of [transport.sums(), transport.send(new Uint8Array(1))]) {
      const error = await failure(promise);
      assert.deepEqual([error.code, error.status], ['transport-status', code]);
    }
  }
});

test('503 and 429 with Retry-After: busy, with the time to wait, a minute at most', async () => {
  const transport = new HttpTransport({ url });
  for (const [code, retry, wait] of [
    [503, '2', 2000],
    [429, '10', 10_000],
    [503, '99999', 60_000],
    [503, 'Sun, 06 Nov 1994 08:49:37 GMT', 1000],
  ] as const) {
    answer = status(code, '', { 'retry-after': retry });
    for (const promise of [transport.params(), transport.send(new Uint8Array(1))]) {
      const error = await failure(promise);
      assert.deepEqual([error.code, error.status, error.retryAfter], ['transport-busy', code, wait]);
    }
  }
  const participant = await Participant.create({ transport });
  answer = status(503, '', { 'retry-after': '3' });
  const { waitingFor, wait } = await participant.tick();
  assert.deepEqual([waitingFor, wait], ['network', 3000]);
  answer = status(500, '', { 'retry-after': '3' });
  const tick = await participant.tick();
  assert.deepEqual([tick.error?.message.includes('answered 500'), tick.wait], [true, undefined]);
});

test('4xx and 5xx: an error with its status', async () => {
  const transport = new HttpTransport({ url });
  for (const code of [400, 404, 413, 500, 503]) {
    answer = status(code, 'oh no');
    for (const promise of [transport.params(), transport.sums(), transport.seeds(key), transport.model(), transport.send(new Uint8Array(1))]) {
      const error = await failure(promise);
      assert.deepEqual([error.code, error.status], ['transport-status', code]);
      assert.match(error.message, new RegExp(`${url}.* answered ${code}`));
    }
  }
});

test("a body that does not decode: the answer is not PET's, and from whom it came", async () => {
  const transport = new HttpTransport({ url });
  answer = status(200, '<html>It works!</html>');
  for (const promise of [transport.params(), transport.sums(), transport.seeds(key), transport.model()]) {
    const error = await failure(promise);
    assert.equal(error.code, 'transport-not-pet');
    assert.match(error.message, new RegExp(url));
    assert.ok(error.cause instanceof Error);
  }
  const bad = encodeRoundParams(params);
  new DataView(bad.buffer).setFloat64(40, Number.NaN, true);
  answer = status(200, bad);
  assert.deepEqual((await failure(transport.params())).code, 'transport-not-pet');
});

test('an answer that is too large is refused, announced or streamed without end', async () => {
  const transport = new HttpTransport({ url });
  answer = status(200, new Uint8Array(4097));
  assert.equal((await failure(transport.params())).code, 'transport-too-large');
  let written = 0;
  answer = (_, response) => {
    const more = (): void => {
      if (response.destroyed) return;
      written += 65_536;
      response.write(new Uint8Array(65_536), more);
    };
    more();
  };
  const error = await failure(transport.model(undefined, 1_000_000));
  assert.equal(error.code, 'transport-too-large');
  assert.ok(written < 50_000_000);
  answer = status(200, encodeSumDict(new KeyMap([[key, params.publicKey]])));
  assert.equal((await transport.sums(undefined, 88))!.size, 1);
  assert.equal((await failure(transport.sums(undefined, 87))).code, 'transport-too-large');
});

test('nobody there: unreachable, with what the platform says', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const error = await failure(new HttpTransport({ url: `http://127.0.0.1:${port}` }).params());
  assert.equal(error.code, 'transport-unreachable');
  assert.equal(error.status, undefined);
  assert.match(error.message, new RegExp(`127\\.0\\.0\\.1:${port}/params.*ECONNREFUSED`));
});

test('silence: given up after the time-out, also between two pieces of an answer', async () => {
  const transport = new HttpTransport({ url, timeout: 40 });
  answer = () => undefined;
  assert.equal((await failure(transport.params())).code, 'transport-timeout');
  assert.equal((await failure(transport.send(new Uint8Array(1)))).code, 'transport-timeout');
  answer = (_, response) => void response.writeHead(200).write(new Uint8Array(8));
  assert.equal((await failure(transport.sums())).code, 'transport-timeout');
});

test('the time-out runs on the clock that was passed, grows with a POST, and is cancelled', async () => {
  const timers: { ms: number; cancelled: boolean }[] = [];
  const clock: Clock = {
    now: () => 0,
    after: (ms) => {
      const timer = { ms, cancelled: false };
      timers.push(timer);
      return () => {
        timer.cancelled = true;
      };
    },
  };
  const transport = new HttpTransport({ url, clock });
  answer = status(200);
  await transport.send(new Uint8Array(16_000));
  assert.deepEqual(timers, [{ ms: 31_000, cancelled: true }]);
  answer = status(204);
  await transport.sums();
  assert.ok(timers.every(({ cancelled }) => cancelled));
});

test("an abort is the caller's own reason, before and during a request", async () => {
  const transport = new HttpTransport({ url });
  const reason = new Error('enough');
  await assert.rejects(transport.params(AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  answer = () => controller.abort(reason);
  for (const call of [() => transport.model(controller.signal), () => transport.send(new Uint8Array(1), controller.signal)])
    await assert.rejects(call(), reason);
});

test('plain HTTP to another machine needs allowInsecure (threats T2)', () => {
  assert.throws(() => new HttpTransport({ url: 'http://coordinator.example' }), { code: 'transport-insecure' });
  assert.throws(() => new HttpTransport({ url: 'http://127.0.0.1.evil.example' }), { code: 'transport-insecure' });
  new HttpTransport({ url: 'http://coordinator.example', allowInsecure: true });
  new HttpTransport({ url: 'https://coordinator.example' });
  assert.throws(() => new HttpTransport({ url: 'https://coordinator.example', timeout: 0 }), { code: 'option-invalid' });
});

test('a fetch of the application is used: no-store, and redirect error for POST; engines without streams work', async () => {
  const requests: FetchRequest[] = [];
  const body = encodeSumDict(new KeyMap());
  const transport = new HttpTransport({
    url: 'https://coordinator.example',
    fetch: async (_, request) => {
      requests.push(request);
      return { status: 200, url: '', headers: { get: () => null }, arrayBuffer: async () => body.slice().buffer as ArrayBuffer };
    },
  });
  await transport.sums();
  await transport.send(new Uint8Array(1));
  assert.deepEqual(
    requests.map(({ method, cache, redirect }) => [method, cache, redirect]),
    [
      ['GET', 'no-store', 'manual'],
      ['POST', 'no-store', 'error'],
    ],
  );
  assert.equal((await failure(transport.sums(undefined, 7))).code, 'transport-too-large');
});

test('where the platform hides redirections, it follows, and the last URL is checked', async () => {
  const last = { url: 'http://evil.example/sums' };
  const transport = new HttpTransport({
    url: 'https://coordinator.example',
    fetch: async (_, { redirect }) => {
      const common = { headers: { get: () => null }, arrayBuffer: async () => encodeSumDict(new KeyMap()).buffer as ArrayBuffer };
      return redirect === 'manual' ? { ...common, status: 0, url: '', type: 'opaqueredirect' } : { ...common, status: 200, url: last.url, redirected: true };
    },
  });
  assert.equal((await failure(transport.sums())).code, 'transport-insecure');
  last.url = 'https://other.example/sums';
  assert.equal((await transport.sums())!.size, 0);
});
