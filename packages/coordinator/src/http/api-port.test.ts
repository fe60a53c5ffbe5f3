// Routes beside those of the protocol, as the server treats them: they come after the five, and methods, preflights, CORS, failures and limits
// are the server's work.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { ApiRequest, ApiRoutes } from './api-port.ts';
import { ask, EMPTY_REFUSAL, get, post, Raw, using } from './raw-client.test.ts';
import type { Answered } from './service.ts';

class Fake implements ApiRoutes {
  readonly asked: ApiRequest[] = [];
  methods(path: string): readonly string[] | undefined {
    return path === '/status' || path === '/params' || path.startsWith('/models/')
      ? ['GET', 'HEAD']
      : path === '/stream' || path === '/throws'
        ? ['GET']
        : undefined;
  }
  answer: ApiRoutes['answer'] = (what, _request, response) => {
    this.asked.push(what);
    if (what.path === '/throws') throw new Error('on purpose');
    if (what.path !== '/stream') return { status: 200, headers: { 'content-length': '2' }, body: Buffer.from('ok') };
    response.writeHead(200, { ...what.cors, 'content-type': 'text/event-stream' });
    response.write('data: 1\n\n');
    what.closing.addEventListener('abort', () => response.end('data: end\n\n'), { once: true });
    return 'handled';
  };
}

it('are asked after the five, with path, query and address apart', async () => {
  const api = new Fake();
  await using({ api, cors: ['*'] }, async (server) => {
    assert.equal((await ask(server, get('/params'))).body.length, 136);
    const { status, headers, body } = await ask(server, get('/status/?a=%20b&c'));
    assert.deepEqual([status, body.toString(), headers['access-control-allow-origin']], [200, 'ok', '*']);
    assert.equal((await ask(server, 'HEAD /status HTTP/1.1\r\nhost: x\r\n\r\n', true)).status, 200);
    assert.deepEqual([api.asked.length, api.asked[0]!.path, api.asked[0]!.query, api.asked[0]!.address], [2, '/status', 'a=%20b&c', '127.0.0.1']);
    assert.deepEqual((await ask(server, get('/nope'))).status, 404);
  });
});

it('get their 405, preflight and 500 from the server, in the mode of the original too', async () => {
  for (const statusCodes of [false, true]) {
    await using({ api: new Fake(), cors: ['*'], statusCodes }, async (server) => {
      const wrong = await ask(server, 'PUT /status HTTP/1.1\r\nhost: x\r\n\r\n');
      assert.deepEqual([wrong.status, wrong.headers.allow], [405, 'GET, HEAD, OPTIONS']);
      const preflight = await ask(server, 'OPTIONS /models/3 HTTP/1.1\r\nhost: x\r\norigin: https://a.example\r\n\r\n');
      assert.deepEqual([preflight.status, preflight.headers['access-control-allow-methods']], [204, 'GET, HEAD, OPTIONS']);
      const thrown = await ask(server, get('/throws'));
      assert.deepEqual([thrown.status, thrown.headers['content-type']], [500, 'application/problem+json']);
      assert.equal((await ask(server, get('/status'))).status, 200);
    });
  }
});

it('a stream ends when the server closes, and a body that nobody reads ends its connection', async () => {
  await using({ api: new Fake(), limits: { closeMs: 2000, lingerMs: 10 } }, async (server) => {
    const stream = new Raw(server).write(get('/stream'));
    const smuggling = new Raw(server).write(`GET /status HTTP/1.1\r\nhost: x\r\ncontent-length: ${post('m').length}\r\n\r\n${post('m')}`);
    assert.equal((await smuggling.answer()).status, 200);
    await smuggling.end();
    assert.equal((await stream.answer()).status, 200);
    await server.close();
    assert.match(await stream.end(), /data: 1[\s\S]*data: end/);
  });
});

it('every answer is told once, by route and never by what a stranger made up', async () => {
  const told: Answered[] = [];
  await using({ api: new Fake(), answered: (what) => told.push(what) }, async (server, port) => {
    for (const text of [get('/params?x=1'), get('/models/17/x'), get('/made-up-1'), post('m')]) await ask(server, text);
    assert.equal((await ask(server, 'PUT /params/ HTTP/1.1\r\nhost: x\r\n\r\n')).status, 405);
    port.broken = true;
    assert.deepEqual((await ask(server, post('m'))).headers, { 'content-length': '0' });
    assert.deepEqual((await ask(server, get('/seeds'))).headers, EMPTY_REFUSAL);
  });
  assert.deepEqual(
    told.map(({ method, route, status }) => `${method} ${route} ${status}`),
    ['GET /params 200', 'GET /models 200', 'GET other 404', 'POST /message 200', 'PUT /params 405', 'POST /message 500', 'GET /seeds 400'],
  );
  assert.ok(told.every(({ seconds }) => seconds >= 0));
});
