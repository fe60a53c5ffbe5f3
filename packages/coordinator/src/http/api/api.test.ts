// The table of routes against what is answered, over real HTTP: every route as described, by status, type and schema; every route that is answered
// in the table; and the routes that are not tested elsewhere.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ERRORS, type ErrorCode, XaynetError } from '@xaynet/core/errors';
import fc from 'fast-check';
import { fileNames } from '../page/files.ts';
import { FakePort, key } from '../raw-client.test.ts';
import { splitTarget } from '../routes.ts';
import { startHttp } from '../server.ts';
import { apiRoutes, createApi } from './api.ts';
import { EVERYWHERE, refusalsOf } from './openapi.ts';
import { FakeApiPort, ID, mistakesOf, problemOf, record, SAMPLE, serving } from './rig.test.ts';
import { type ApiRoute, matchRoute } from './route.ts';
import { SCHEMAS } from './schemas.ts';

const TABLE = apiRoutes(new FakeApiPort());

interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, unknown> };
}
interface Operation {
  readonly operationId: string;
  readonly responses: Record<string, { description: string; content?: Record<string, { schema: unknown }> }>;
}

/** A coordinator that may not be there yet. */
class StartingPort extends FakePort {
  starting = false;
}

/** Both ports behind one server: what a coordinator answers as a whole. */
async function whole<T>(use: (url: string, api: FakeApiPort, port: StartingPort) => Promise<T>): Promise<T> {
  const [api, port] = [new FakeApiPort(), new StartingPort()];
  const server = await startHttp({ host: '127.0.0.1', portNumber: 0, corsOrigins: [], statusCodes: false, port, api: createApi(api) });
  try {
    return await use(server.url, api, port);
  } finally {
    await server.close();
  }
}

const pk = key(new Uint8Array(32).fill(7));
const PROBLEM = { accept: 'application/problem+json' };

// One request that gets each status of each route; what is not here is in `ELSEWHERE`.
const REQUESTS: Readonly<Record<string, Readonly<Record<number, (api: FakeApiPort, port: StartingPort) => { path: string; init?: RequestInit }>>>> = {
  '/': { 200: () => ({ path: '/' }), 304: () => ({ path: '/', init: { headers: { 'if-none-match': '*' } } }) },
  '/message': {
    200: () => ({ path: '/message', init: { method: 'POST', body: 'x', headers: PROBLEM } }),
    202: (_, port) => {
      port.verdict = { accepted: true, complete: false };
      return { path: '/message', init: { method: 'POST', body: 'x', headers: PROBLEM } };
    },
    ...Object.fromEntries(
      ([400, 401, 403, 409, 422, 503] as const).map((status) => [
        status,
        (_: FakeApiPort, port: StartingPort) => {
          const code = refusalsOf(TABLE.find(({ path }) => path === '/message')!)
            .get(status)!
            .at(-1)!;
          port.verdict = { accepted: false, code };
          return { path: '/message', init: { method: 'POST', body: 'x', headers: PROBLEM } };
        },
      ]),
    ),
    413: () => ({ path: '/message', init: { method: 'POST', body: 'x'.repeat(1001), headers: PROBLEM } }),
  },
  '/params': frozen('/params'),
  '/sums': {
    ...frozen('/sums'),
    204: (_, port) => {
      port.documents.sums = undefined;
      return { path: '/sums' };
    },
  },
  '/seeds': {
    ...frozen(`/seeds?pk=${pk}`),
    204: () => ({ path: `/seeds?pk=${key(new Uint8Array(32))}` }),
    400: () => ({ path: '/seeds', init: { headers: PROBLEM } }),
  },
  '/model': {
    ...frozen('/model'),
    204: (_, port) => {
      port.documents.model = undefined;
      return { path: '/model' };
    },
  },
  '/healthz': { 200: () => ({ path: '/healthz' }) },
  '/readyz': {
    200: () => ({ path: '/readyz' }),
    503: (api) => {
      api.readiness = { ready: false, code: 'storage-failed', retryAfter: 7 };
      return { path: '/readyz' };
    },
  },
  '/status': { 200: () => ({ path: '/status' }) },
  '/live': {
    200: () => ({ path: '/live' }),
    406: () => ({ path: '/live', init: { headers: { accept: 'image/png' } } }),
  },
  '/settings': document('/settings'),
  '/masked': {
    200: () => ({ path: '/masked' }),
    503: (api) => {
      api.bus.emit({ type: 'model', round: 3, model: undefined as never, weights: 3, updates: 3, scalarSum: undefined as never, masked: SAMPLE });
      return broken(api, '/masked');
    },
  },
  '/events': { 200: () => ({ path: '/events' }), 400: () => ({ path: '/events?types=' }) },
  '/rounds': {
    ...document('/rounds'),
    400: () => ({ path: '/rounds?limit=x' }),
    503: (api) => broken(api, '/rounds'),
  },
  '/rounds/{round}': { ...document('/rounds/3'), 404: () => ({ path: '/rounds/99' }), 503: (api) => broken(api, '/rounds/3') },
  '/models': { 200: () => ({ path: '/models' }), 400: () => ({ path: '/models?limit=-1' }), 503: (api) => broken(api, '/models') },
  '/models/{id}': {
    ...document('/models/latest?format=json'),
    206: () => ({ path: `/models/${ID}`, init: { headers: { range: 'bytes=0-7' } } }),
    400: () => ({ path: '/models/latest?format=x' }),
    404: () => ({ path: '/models/7' }),
    406: () => ({ path: '/models/latest', init: { headers: { accept: 'image/png' } } }),
    416: () => ({ path: '/models/latest', init: { headers: { range: 'bytes=999999999-' } } }),
    503: (api) => broken(api, `/models/${ID}`),
  },
  '/metrics': { 200: () => ({ path: '/metrics' }) },
  '/page/{file}': { ...document(`/page/${fileNames[1]}`), 404: () => ({ path: '/page/index.html' }) },
  '/openapi.json': document('/openapi.json'),
};

// Statuses whose cause takes too long, or too much, to be made here.
const ELSEWHERE = new Set(['/message 408', '/events 503', '/live 503']);

function document(path: string): (typeof REQUESTS)[string] {
  return { 200: () => ({ path }), 304: () => ({ path, init: { headers: { 'if-none-match': '*' } } }) };
}

function frozen(path: string): (typeof REQUESTS)[string] {
  return {
    ...document(path),
    503: (_, port) => {
      port.starting = true;
      return { path, init: { headers: PROBLEM } };
    },
  };
}

function broken(api: FakeApiPort, path: string): { path: string } {
  api.broken = new XaynetError('storage-failed', 'on purpose');
  return { path };
}

for (const route of TABLE) {
  test(`${route.path} answers as the table says`, async () => {
    const statuses = [...Object.keys(route.responses).map(Number), ...refusalsOf(route).keys()];
    for (const status of statuses) {
      if (EVERYWHERE.some((code) => ERRORS[code].status === status) || ELSEWHERE.has(`${route.path} ${status}`)) continue;
      await whole(async (url, api, port) => {
        const make = REQUESTS[route.path]?.[status];
        assert.ok(make, `no request for ${route.path} ${status}`);
        const { path, init = {} } = make(api, port);
        const response = await fetch(`${url}${path}`, { method: route.methods[0]!, ...init });
        assert.equal(response.status, status, path);
        await checkBody(route, status, response);
      });
    }
  });

  test(`${route.path} refuses other methods and says which it has`, () =>
    whole(async (url) => {
      const path = route.path.replace('{id}', 'latest').replace('{round}', '1');
      for (const method of ['DELETE', 'PUT', 'POST', 'GET'].filter((name) => !route.methods.includes(name))) {
        const response = await fetch(`${url}${path}`, { method, headers: PROBLEM });
        assert.equal((await problemOf(response)).code, 'http-method-not-allowed');
        assert.equal(response.headers.get('allow'), route.methods.join(', '));
      }
    }));

  if (route.methods.includes('HEAD')) {
    test(`${route.path} answers HEAD as GET, without a body`, () =>
      whole(async (url, api) => {
        const { path } = REQUESTS[route.path]![200]!(api, new StartingPort());
        const response = await fetch(`${url}${path}`, { method: 'HEAD' });
        assert.equal(response.status, 200);
        assert.equal(await response.text(), '');
      }));
  }
}

async function checkBody(route: ApiRoute, status: number, response: Response): Promise<void> {
  if (status >= 400) {
    const { code } = await problemOf(response);
    assert.ok(
      refusalsOf(route)
        .get(status)!
        .includes(code as ErrorCode),
      `${route.path} ${status}: ${code} is not in the table`,
    );
    return;
  }
  const content = route.responses[status]!.content ?? {};
  const type = response.headers.get('content-type')?.split(';')[0];
  if (type === 'text/event-stream') return response.body!.cancel();
  const body = Buffer.from(await response.arrayBuffer());
  if (Object.keys(content).length === 0) return assert.equal(body.length, 0);
  // /params and /model have no type, as in the original.
  assert.ok(type === undefined || type in content, `${route.path} ${status}: ${type} is not in the table`);
  if (type !== 'application/json') return;
  const schema = content[type];
  assert.deepEqual(mistakesOf(JSON.parse(body.toString()), typeof schema === 'string' ? SCHEMAS[schema] : schema), []);
}

test('the document names every route, method and code of the table, and nothing else', () =>
  serving(async (url) => {
    const document = (await (await fetch(`${url}/openapi.json`)).json()) as OpenApi;
    assert.match(document.openapi, /^3\.1\./);
    assert.deepEqual(
      Object.keys(document.paths),
      TABLE.map(({ path }) => path),
    );
    const ids = new Set<string>();
    for (const route of TABLE) {
      const operations = document.paths[route.path]!;
      assert.deepEqual(
        Object.keys(operations),
        route.methods.map((method) => method.toLowerCase()),
      );
      for (const operation of Object.values(operations)) {
        ids.add(operation.operationId);
        for (const code of route.codes) assert.match(operation.responses[ERRORS[code].status]!.description, new RegExp(`\`${code}\``));
      }
    }
    assert.equal(ids.size, TABLE.flatMap(({ methods }) => methods).length, 'operation ids are unique');
    const references = JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g);
    for (const [, name] of references) assert.ok(name! in document.components.schemas, name);
  }));

test('every place in a path is a parameter, and is required', () => {
  for (const { path, parameters } of TABLE) {
    const named = parameters.filter((parameter) => parameter.in === 'path');
    assert.deepEqual(
      named.map(({ name }) => `{${name}}`),
      path.match(/\{\w+\}/g) ?? [],
    );
    assert.ok(named.every(({ required }) => required));
  }
});

test('paths are matched segment by segment, percent-decoded, and nothing else', () => {
  const found = (path: string): unknown => {
    const match = matchRoute(TABLE, path);
    return match && [match.route.path, match.path];
  };
  assert.deepEqual(found('/models/a%2Fb'), ['/models/{id}', { id: 'a/b' }]);
  assert.deepEqual(found('/models'), ['/models', {}]);
  for (const path of ['', '/models/', '/models/%zz', '/models/a/b', '//models', '/Models', '/constructor', '/models/__proto__/x'])
    assert.equal(found(path), undefined, path);
});

test('the index: JSON for programs, naming all routes; the page for people', () =>
  serving(async (url) => {
    const routes = ((await (await fetch(url)).json()) as { routes: { path: string }[] }).routes.map(({ path }) => path);
    assert.deepEqual(
      routes,
      TABLE.map(({ path }) => path),
    );
    const page = await fetch(url, { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } });
    assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.match(await page.text(), /<html lang="en">/);
  }));

test('alive asks nobody; ready asks once a second at most, says why not and when to ask again', () =>
  serving(async (url, port) => {
    for (let i = 0; i < 5; i++) assert.equal((await fetch(`${url}/healthz`)).status, 200);
    assert.equal(port.probes, 0);
    await Promise.all(Array.from({ length: 5 }, () => fetch(`${url}/readyz`)));
    assert.equal(port.probes, 1);
  }).then(() => {
    const port = new FakeApiPort();
    port.readiness = { ready: false, code: 'starting-up', retryAfter: 1.2 };
    return serving(
      async (url) => {
        const response = await fetch(`${url}/readyz`);
        assert.equal(response.headers.get('retry-after'), '2');
        assert.equal((await problemOf(response)).code, 'starting-up');
      },
      { port },
    );
  }));

test('the status: all members always there, what was, no words of errors', () =>
  serving(async (url, port) => {
    const read = async (): Promise<Record<string, unknown>> => {
      const response = await fetch(`${url}/status`);
      assert.equal(response.headers.get('cache-control'), 'no-store');
      const status = (await response.json()) as Record<string, unknown>;
      assert.deepEqual(mistakesOf(status, SCHEMAS.Status), []);
      return status;
    };
    const first = await read();
    assert.deepEqual([first.window, first.counts, first.paused, first.lastFailure], [null, null, null, null]);
    const counts = { accepted: 2, rejected: 1, discarded: 0 };
    port.state = { ...port.state, phase: 'update', earliestEnd: 5.2, latestEnd: 8.9, counts, updates: 2, paused: { since: 4.4, code: 'storage-failed' } };
    port.bus.emit({ type: 'failure', round: 2, phase: 'sum2', code: 'mask-ambiguous', message: 'a secret' });
    const second = await read();
    assert.deepEqual([second.window, second.counts, second.updates], [{ earliestEnd: 5, latestEnd: 9 }, counts, 2]);
    assert.deepEqual(second.model, { id: ID, round: 3 });
    assert.deepEqual(second.store, { bytes: 12, free: null });
    assert.equal((second.lastFailure as { code: string }).code, 'mask-ambiguous');
    assert.ok(!JSON.stringify(second).includes('secret'));
    port.broken = new XaynetError('storage-failed', 'on purpose');
    assert.deepEqual((await read()).model, { id: ID, round: 3 }, 'the status needs no store');
  }));

test('the status waits for the store to name the model once, and not for one that hangs', async () => {
  class LazyPort extends FakeApiPort {
    ms = 30;
    override async latestModelId(): Promise<string | undefined> {
      await new Promise((resolve) => setTimeout(resolve, this.ms).unref());
      return this.latest;
    }
  }
  const modelOf = async (url: string): Promise<unknown> => ((await (await fetch(`${url}/status`)).json()) as { model: unknown }).model;
  await serving(async (url) => assert.deepEqual(await modelOf(url), { id: ID, round: 3 }), { port: new LazyPort() });
  await serving(async (url) => assert.equal(await modelOf(url), null), { port: Object.assign(new LazyPort(), { ms: 1e8 }) });
});

test('rounds: newest first, page by page, each record exactly as it was signed', () =>
  serving(async (url) => {
    const read = async (path: string): Promise<{ rounds: { round: number }[]; next: string | null }> => (await fetch(`${url}${path}`)).json() as never;
    const seen: number[] = [];
    for (let path: string | null = '/rounds?limit=2'; path !== null; ) {
      const page = await read(path);
      assert.ok(page.rounds.length <= 2);
      seen.push(...page.rounds.map(({ round }) => round));
      path = page.next;
    }
    assert.deepEqual(seen, [5, 4, 3, 2, 1]);
    assert.equal(await (await fetch(`${url}/rounds/4`)).text(), JSON.stringify(record(4)));
    for (const unknown of ['0', '6', '-1', '4.0', 'x', '99999999999999999999']) {
      assert.equal((await problemOf(await fetch(`${url}/rounds/${unknown}`))).code, 'http-round-unknown', unknown);
    }
    for (const query of ['limit=0', 'limit=1001', 'limit=1e2', 'before=0', 'before=x', 'limit=1&limit=2']) {
      assert.equal((await problemOf(await fetch(`${url}/rounds?${query}`))).code, 'http-query-invalid', query);
    }
    const etag = (await fetch(`${url}/rounds`)).headers.get('etag')!;
    assert.equal((await fetch(`${url}/rounds`, { headers: { 'if-none-match': etag } })).status, 304);
  }));

test('measurements as they are rendered; no route where nothing is measured', () =>
  serving(async (url) => {
    const response = await fetch(`${url}/metrics`);
    assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
    assert.equal(await response.text(), 'xaynet_up 1\n');
  }).then(() =>
    serving(
      async (url) => {
        assert.equal((await fetch(`${url}/metrics`)).status, 404);
        assert.ok(!('/metrics' in ((await (await fetch(`${url}/openapi.json`)).json()) as OpenApi).paths));
      },
      { port: Object.assign(new FakeApiPort(), { metrics: undefined }) },
    ),
  ));

test('pages of other origins may read answers, headers and refusals', () =>
  serving(
    async (url) => {
      for (const path of ['/status', '/models/latest.f32', '/models/none', '/events?types=x']) {
        const response = await fetch(`${url}${path}`, { headers: { origin: 'https://app.example' } });
        await response.arrayBuffer();
        assert.equal(response.headers.get('access-control-allow-origin'), 'https://app.example', path);
        assert.match(response.headers.get('access-control-expose-headers')!, /etag, .*content-range/);
        assert.match(response.headers.get('vary')!, /origin/);
      }
      const stream = await fetch(`${url}/events`, { headers: { origin: 'https://app.example' } });
      assert.equal(stream.headers.get('access-control-allow-origin'), 'https://app.example');
      await stream.body!.cancel();
      const preflight = await fetch(`${url}/models/latest`, { method: 'OPTIONS', headers: { origin: 'https://app.example' } });
      assert.equal(preflight.status, 204);
      assert.match(preflight.headers.get('access-control-allow-headers')!, /range/);
    },
    { cors: ['https://app.example'] },
  ));

test('whatever is asked, the answer is one of the table, and never a mistake of this program', () =>
  whole(async (url) => {
    const piece = fc.oneof(
      fc.constantFrom(
        'models',
        'rounds',
        'latest',
        ID,
        `${ID}.f32`,
        'latest.json',
        'events',
        '..',
        '%00',
        '%ff',
        '%2F',
        '__proto__',
        '1',
        '-1',
        '9'.repeat(30),
      ),
      fc.string({ maxLength: 8 }).map(encodeURIComponent),
    );
    const value = fc.oneof(piece, fc.constantFrom('f32', 'json', '0', '1e9', '', 'phase,model'));
    const query = fc.array(fc.tuple(fc.constantFrom('limit', 'before', 'format', 'dtype', 'types', 'x'), value), { maxLength: 3 });
    const header = fc.record(
      { range: value.map((text) => `bytes=${text}`), accept: value, 'if-none-match': value, 'if-range': value, 'last-event-id': value },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 3 }), query, header, async (pieces, parameters, headers) => {
        const path = `/${pieces.join('/')}`;
        const response = await fetch(`${url}${path}?${parameters.map(([name, text]) => `${name}=${text}`).join('&')}`, { headers });
        await response.body?.cancel();
        const route = matchRoute(TABLE, splitTarget(new URL(`${url}${path}`).pathname).path);
        if (route === undefined) assert.equal(response.status, 404);
        else
          assert.ok(response.status in route.route.responses || [...refusalsOf(route.route).keys()].includes(response.status), `${path}: ${response.status}`);
        assert.notEqual(response.status, 500);
      }),
    );
  }));

test('docs/API.md has a row and an example for every route, with its codes', () => {
  const text = readFileSync(new URL('../../../../../docs/API.md', import.meta.url), 'utf8');
  const rows = new Map([...text.matchAll(/^\| `[A-Z, ]+ (\/[^`]*)` \|(.*)$/gm)].map((match) => [match[1]!, match[2]!]));
  assert.deepEqual(
    [...rows.keys()],
    TABLE.map(({ path }) => path),
  );
  const examples = [...text.matchAll(/curl [^\n]*\$URL(\/[^\s"'?]*)/g)].map((match) => match[1]!);
  for (const { path, codes } of TABLE) {
    const row = rows.get(path)!;
    const named = new Set([...row.matchAll(/`([a-z0-9]+(?:-[a-z0-9]+)+)`/g)].map((match) => match[1]!).filter((word) => word in ERRORS));
    if (path === '/message') for (const code of named) assert.ok(codes.includes(code as ErrorCode), code);
    else assert.deepEqual([...named].sort(), [...codes].sort(), path);
    assert.ok(
      examples.some((example) => matchRoute(TABLE, example)?.route.path === path),
      `no example of ${path}`,
    );
  }
});
