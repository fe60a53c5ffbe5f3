// The admin routes over a socket: nothing without the token, coded answers with it, and guessing that gets slower.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ERRORS, XaynetError } from '@xaynet/core/errors';
import { createLogger } from '../log.ts';
import { type AdminOptions, type AdminServer, startAdmin } from './admin.ts';
import { type Administered, adminRoutes } from './admin-routes.ts';
import { FakePort } from './raw-client.test.ts';
import { startHttp } from './server.ts';

const TOKEN = 'correct-horse-battery';

class Fake implements Administered {
  readonly calls: string[] = [];
  status(): unknown {
    this.calls.push('status');
    return { round: 7 };
  }
  reload(): unknown {
    this.calls.push('reload');
    return { applied: ['log.filter'] };
  }
  stop(): void {
    this.calls.push('stop');
  }
  async report(round: number, values: Readonly<Record<string, number>>): Promise<void> {
    this.calls.push(`report ${round} ${JSON.stringify(values)}`);
    if (Number.isNaN(round)) throw new XaynetError('http-round-unknown', 'round NaN');
  }
  maskedUpdate(): unknown {
    return this.calls.length === 0 ? undefined : { elements: 3 };
  }
}

async function using(options: Partial<AdminOptions> & { running?: () => Administered | undefined }, use: (server: AdminServer, fake: Fake) => Promise<void>) {
  const fake = new Fake();
  const { running = () => fake, ...more } = options;
  const server = await startAdmin({ host: '127.0.0.1', portNumber: 0, token: TOKEN, routes: adminRoutes(running), delayMs: 0, ...more });
  try {
    await use(server, fake);
  } finally {
    await server.close();
  }
}

const call = async (server: AdminServer, method: string, path: string, authorization: string | undefined = `Bearer ${TOKEN}`) => {
  const headers: Record<string, string> = authorization === '' ? {} : { authorization };
  const response = await fetch(`${server.url}${path}`, { method, headers: { ...headers, connection: 'close', origin: 'https://a.example' } });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown> };
};

describe('the admin routes', () => {
  it('status, reload and stop', () =>
    using({}, async (server, fake) => {
      const status = await call(server, 'GET', '/admin/status');
      assert.deepEqual([status.status, status.body, status.headers.get('cache-control')], [200, { round: 7 }, 'no-store']);
      assert.deepEqual((await call(server, 'POST', '/admin/reload')).body, { applied: ['log.filter'] });
      assert.deepEqual((await call(server, 'POST', '/admin/stop')).status, 202);
      await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual(fake.calls, ['status', 'reload', 'stop']);
      assert.equal(server.failures, 0);
    }));

  it('takes what the application reports, shows the last masked update', () =>
    using({}, async (server, fake) => {
      assert.deepEqual((await call(server, 'GET', '/admin/masked-update')).body, { update: null });
      assert.deepEqual((await call(server, 'POST', '/admin/report?round=7&accuracy=0.91&loss=1e-3')).body, { round: 7 });
      const { status, body } = await call(server, 'POST', '/admin/report?accuracy=');
      assert.deepEqual([status, body.code], [422, 'http-round-unknown']);
      assert.equal((await call(server, 'POST', '/admin/report?round=7&accuracy=0x10')).status, 200);
      assert.deepEqual(fake.calls, ['report 7 {"accuracy":0.91,"loss":0.001}', 'report NaN {"accuracy":null}', 'report 7 {"accuracy":null}']);
      assert.deepEqual((await call(server, 'GET', '/admin/masked-update')).body, { update: { elements: 3 } });
    }));

  it('refuses every other path and method, and is never readable for a web page', () =>
    using({}, async (server, fake) => {
      for (const [method, path, status, allow] of [
        ['GET', '/params', 404, null],
        ['GET', '/', 404, null],
        ['GET', '/admin/stop', 405, 'POST'],
        ['OPTIONS', '/admin/stop', 405, 'POST'],
        ['DELETE', '/admin/status', 405, 'GET'],
      ] as const) {
        const answer = await call(server, method, path);
        if (status === 404) assert.match(String(answer.body.detail), /GET \/admin\/status, POST \/admin\/reload, POST \/admin\/stop/);
        assert.deepEqual([answer.status, answer.headers.get('allow'), answer.headers.get('access-control-allow-origin')], [status, allow, null], path);
      }
      assert.deepEqual(fake.calls, []);
    }));

  it('the API does not know them', async () => {
    const server = await startHttp({ host: '127.0.0.1', portNumber: 0, corsOrigins: ['*'], statusCodes: false, port: new FakePort() });
    for (const path of ['/admin/status', '/admin/stop', '/admin'])
      assert.equal((await fetch(`${server.url}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } })).status, 404);
    await server.close();
  });

  it('answers with the code of what went wrong, or 500, and 503 before there is a coordinator', async () => {
    await using({}, async (server, fake) => {
      fake.reload = () => {
        throw new XaynetError('settings-toml', 'c.toml:3');
      };
      const coded = await call(server, 'POST', '/admin/reload');
      assert.deepEqual([coded.status, coded.body.code], [422, 'settings-toml']);
      assert.equal(coded.headers.get('content-type'), 'application/problem+json');
      assert.match(String(coded.body.detail), /c\.toml:3/);
      assert.deepEqual([coded.body.title, coded.body.status], [ERRORS['settings-toml'].sentence, 422]);
      fake.reload = () => {
        throw new TypeError('a mistake with details');
      };
      const failed = await call(server, 'POST', '/admin/reload');
      assert.deepEqual([failed.status, failed.body.code], [500, 'http-failed']);
      assert.doesNotMatch(JSON.stringify(failed.body), /details/);
    });
    await using({ running: () => undefined }, async (server) => {
      const { status, headers } = await call(server, 'GET', '/admin/status');
      assert.deepEqual([status, headers.get('retry-after')], [503, '1']);
    });
  });
});

describe('the token', () => {
  it('401 without it, for every path, and nothing is done', () =>
    using({}, async (server, fake) => {
      const wrong = ['', 'Bearer', 'Bearer ', `Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`, `Bearer ${TOKEN} ${TOKEN}`, 'Bearer x'];
      for (const authorization of wrong) {
        for (const path of ['/admin/stop', '/nope']) {
          const { status, headers, body } = await call(server, 'POST', path, authorization);
          assert.deepEqual([status, body.code], [401, 'admin-unauthorized'], authorization);
          assert.match(headers.get('www-authenticate')!, /^Bearer/);
          assert.equal(headers.get('content-type'), 'application/problem+json');
        }
      }
      assert.deepEqual(fake.calls, []);
      assert.equal(server.failures, 2 * wrong.length);
      assert.equal((await call(server, 'GET', '/admin/status', `bearer  ${TOKEN}`)).status, 200);
    }));

  it('T14 wrong ones wait longer each time, and keep nobody with the right one waiting; it never reaches the log', async () => {
    const lines: string[] = [];
    const logger = createLogger({ level: 'debug', output: { write: (line) => lines.push(line) } });
    await using({ delayMs: 30, logger }, async (server) => {
      const times: number[] = [];
      for (let i = 0; i < 3; i++) {
        const begun = performance.now();
        assert.equal((await call(server, 'GET', '/admin/status', 'Bearer nearly-the-token-')).status, 401);
        times.push(performance.now() - begun);
      }
      // Only lower bounds: timers never fire early, but a busy machine may be late.
      assert.ok(times[0]! >= 29 && times[1]! >= 59 && times[2]! >= 119, `${times}`);
      const many = Promise.all(Array.from({ length: 100 }, () => call(server, 'GET', '/admin/status', 'Bearer guess-guess-guess')));
      assert.equal((await call(server, 'GET', '/admin/status')).status, 200);
      const statuses = (await many).map(({ status }) => status);
      assert.ok(statuses.includes(429) && statuses.includes(401) && !statuses.includes(200), `${statuses}`);
      assert.ok(server.failures >= 103);
      assert.ok(lines.length > 0 && lines.length < 10);
      assert.doesNotMatch(lines.join(''), /nearly|guess|correct/);
    });
  });
});
