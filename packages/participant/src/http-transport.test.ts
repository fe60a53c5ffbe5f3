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

const problem = (code: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  status(code, typeof body === 'string' ? body : JSON.stringify(body), { 'content-type': 'application/problem+json', ...headers });

test('verdicts: asked for with a header that needs no preflight; told only by who tells them, and never made up', async () => {
  const transport = new HttpTransport({ url });
  const send = () => transport.send(new Uint8Array(1));
  seen.length = 0;
  answer = status(200); // an original coordinator
  assert.equal(await send(), undefined);
  assert.equal(seen[0]!.headers.accept, 'application/problem+json');
  answer = status(200, '', { 'x-verdict': 'accepted' });
  assert.deepEqual(await send(), { accepted: true });
  answer = status(202, '', { 'x-verdict': 'incomplete' });
  assert.equal(await send(), undefined);
  const refusal = {
    type: 'urn:xaynet:error:x',
    title: 'The signature\u00e9 \u0007does not verify.',
    status: 401,
    detail: 'Sign it.',
    code: 'signature-invalid',
  };
  answer = problem(401, refusal);
  assert.deepEqual(await send(), { accepted: false, code: 'signature-invalid', reason: 'The signature does not verify. Sign it.' });
  answer = problem(409, { code: 'sum-already-exists' });
  assert.deepEqual(await send(), { accepted: false, code: 'sum-already-exists', reason: '' });
  answer = problem(422, { code: 'mask-invalid', detail: 'x'.repeat(2000) });
  assert.equal(((await send()) as { reason: string }).reason.length, 400);
});

test('verdicts: what may be otherwise at the next attempt, or says nothing that can be understood, is an error and not a verdict', async () => {
  const transport = new HttpTransport({ url });
  for (const [found, code] of [
    [problem(408, { code: 'http-body-timeout' }), 'transport-status'],
    [problem(429, { code: 'rate-limited' }, { 'retry-after': '7' }), 'transport-busy'],
    [problem(503, { code: 'chunk-budget' }, { 'retry-after': '7' }), 'transport-busy'],
    [problem(500, { code: 'internal-error' }), 'transport-status'],
    [problem(409, '{"code": "x'), 'transport-status'],
    [problem(409, { title: 'no code' }), 'transport-status'],
    [problem(409, { code: 'Not a code <script>' }), 'transport-status'],
    [problem(409, `{"code": "x", "detail": "${'y'.repeat(5000)}"}`), 'transport-status'],
    [status(404, '<html>not here</html>', { 'content-type': 'text/html' }), 'transport-status'],
    [status(409, '{"code": "signature-invalid"}', { 'content-type': 'application/json' }), 'transport-status'],
  ] as const) {
    answer = found;
    assert.equal((await failure(transport.send(new Uint8Array(1)))).code, code);
  }
  const original = new HttpTransport({ url, verdicts: false });
  seen.length = 0;
  answer = problem(409, { code: 'signature-invalid' });
  assert.equal((await failure(original.send(new Uint8Array(1)))).code, 'transport-status');
  answer = status(200, '', { 'x-verdict': 'accepted' });
  assert.equal(await original.send(new Uint8Array(1)), undefined);
  assert.ok(seen.every(({ headers }) => headers.accept === '*/*'));
});

test('a document that has not changed is not sent again: If-None-Match, and the bytes that are here', async () => {
  const transport = new HttpTransport({ url });
  const whole = encodeRoundParams(params);
  let tag = '"a"';
  answer = (request, response) =>
    request.headers['if-none-match'] === tag
      ? status(304, '', { etag: tag })(request, response)
      : status(200, request.url === '/model' ? encodeModel([rational(1, 2)]) : whole, { etag: tag })(request, response);
  seen.length = 0;
  for (let i = 0; i < 3; i++) assert.deepEqual(await transport.params(), params);
  assert.deepEqual(
    seen.map(({ headers }) => headers['if-none-match']),
    [undefined, '"a"', '"a"'],
  );
  assert.equal((await transport.model())!.length, 1, 'each document has a tag of its own');
  assert.equal((await transport.model())!.length, 1);
  assert.deepEqual(
    seen.slice(3).map(({ headers }) => headers['if-none-match']),
    [undefined, '"a"'],
  );
  assert.equal((await failure(transport.model(undefined, 7))).code, 'transport-too-large', 'the limit of who asks now');
  tag = '"b"';
  assert.deepEqual(await transport.params(), params);
  assert.equal(seen.at(-1)!.headers['if-none-match'], '"a"');
  await transport.params();
  assert.equal(seen.at(-1)!.headers['if-none-match'], '"b"');

  // Seeds differ for everybody and are fetched once; params that came without a tag are not kept.
  answer = status(200, encodeUpdateSeedDict(new KeyMap()), { etag: '"c"' });
  seen.length = 0;
  for (let i = 0; i < 2; i++) await transport.seeds(key);
  answer = status(200, whole);
  for (let i = 0; i < 2; i++) await transport.params();
  assert.deepEqual(
    seen.map(({ headers }) => headers['if-none-match']),
    [undefined, undefined, '"b"', undefined],
  );
});

test('a 304 without a body that is here is an error; so is one that nobody asked for; what does not decode is not kept', async () => {
  const transport = new HttpTransport({ url });
  answer = status(304, '', { etag: '"a"' });
  assert.equal((await failure(transport.params())).code, 'transport-status');
  answer = status(200, new Uint8Array(3), { etag: '"a"' });
  assert.equal((await failure(transport.params())).code, 'transport-not-pet');
  answer = status(304, '', { etag: '"a"' });
  assert.equal((await failure(transport.params())).code, 'transport-status');
  const large = encodeModel(Array.from({ length: 500_000 }, () => rational(1, 2)));
  assert.ok(large.length > 8 * 2 ** 20);
  answer = status(200, large, { etag: '"large"' });
  await transport.model();
  answer = status(204);
  seen.length = 0;
  assert.equal(await transport.model(), undefined);
  assert.equal(seen[0]!.headers['if-none-match'], undefined, 'large documents are not kept');
});

test('in a page the cache of the browser revalidates, without a header of ours; never: nothing does', async () => {
  const requests: FetchRequest[] = [];
  const fetch = async (_: string, request: FetchRequest) => {
    requests.push(request);
    const body = encodeRoundParams(params).slice().buffer as ArrayBuffer;
    return { status: 200, url: '', headers: { get: (name: string) => (name === 'etag' ? '"a"' : null) }, arrayBuffer: async () => body };
  };
  const asked = async (options: object): Promise<unknown[]> => {
    requests.length = 0;
    const transport = new HttpTransport({ url, fetch, ...options });
    for (let i = 0; i < 2; i++) await transport.params();
    return requests.map(({ cache, headers }) => [cache, headers]);
  };
  const quiet = ['no-store', {}];
  assert.deepEqual(await asked({ revalidate: 'page' }), [
    ['no-cache', {}],
    ['no-cache', {}],
  ]);
  assert.deepEqual(await asked({ revalidate: 'never' }), [quiet, quiet]);
  assert.deepEqual(await asked({}), [quiet, ['no-store', { 'if-none-match': '"a"' }]]);
  const here = globalThis as { location?: object };
  here.location = {};
  try {
    assert.deepEqual(await asked({}), [
      ['no-cache', {}],
      ['no-cache', {}],
    ]);
  } finally {
    delete here.location;
  }
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

test('in a page of another origin, a request without an answer may be one that CORS settings forbid: the error names them', async () => {
  const fetch = async (): Promise<never> => {
    throw new TypeError('Failed to fetch');
  };
  const message = async (): Promise<string> => (await failure(new HttpTransport({ url: 'https://coordinator.example/pet', fetch }).params())).message;
  const hint = 'Failed to fetch, or the coordinator does not allow pages of https://app.example: its setting api.cors_origins';
  const here = globalThis as { location?: object };
  try {
    here.location = { origin: 'https://app.example' };
    assert.ok((await message()).includes(`https://coordinator.example/pet/params: ${hint}`), await message());
    here.location = { origin: 'https://coordinator.example' };
    assert.ok(!(await message()).includes('cors'));
  } finally {
    delete here.location;
  }
  assert.ok(!(await message()).includes('cors'));
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
