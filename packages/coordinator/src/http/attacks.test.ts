// Attackers that hold things open (threats T14, weaknesses W-15, W-29, W-38), each against a server with small limits: slow bodies, bodies that
// never end, answers that nobody takes, floods of requests and of connections. After each of them an honest client is served.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ask, EMPTY_REFUSAL, FakePort, get, post, Raw, type Using, using } from './raw-client.test.ts';
import type { HttpServer } from './server.ts';

const HEAD = 'POST /message HTTP/1.1\r\nhost: x\r\n';
const honest = async (server: HttpServer): Promise<void> => assert.equal((await ask(server, get('/params'))).status, 200);

/** A client that stops to read: the system's buffers fill, and then nothing moves. */
function stopped(server: HttpServer, text: string): Raw {
  const raw = new Raw(server).write(text);
  raw.socket.pause();
  return raw;
}

for (const encrypted of [false, true]) {
  const attacked = (name: string, options: Using, attack: (server: HttpServer, port: FakePort) => Promise<void>): void => {
    it(`T14 ${name}${encrypted ? ' (TLS)' : ''}`, () =>
      using({ ...options, encrypted }, async (server, port) => {
        await attack(server, port);
        await honest(server);
      }));
  };

  describe(`bodies that do not come${encrypted ? ', over TLS' : ''}`, () => {
    attacked('one byte at a time is too slow, however steady', { limits: { stallMs: 60, slowest: 10_000, lingerMs: 10 } }, async (server, port) => {
      const raw = new Raw(server).write(`${HEAD}content-length: 1000\r\n\r\n`);
      const trickle = setInterval(() => raw.socket.writable && raw.write('x'), 10);
      assert.equal((await raw.answer()).status, 408);
      clearInterval(trickle);
      raw.destroy();
      assert.equal(port.received.length, 0);
    });

    attacked('chunk extensions move the socket but are no body', { limits: { stallMs: 80, lingerMs: 10 } }, async (server) => {
      const raw = new Raw(server).write(`${HEAD}transfer-encoding: chunked\r\n\r\n3;`);
      const trickle = setInterval(() => raw.socket.writable && raw.write('x'), 10);
      assert.equal((await raw.answer()).status, 408);
      clearInterval(trickle);
      raw.destroy();
    });

    attacked('chunks without end stop at the largest message', { limits: { lingerMs: 10 } }, async (server, port) => {
      const raw = new Raw(server).write(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
      const feed = setInterval(() => raw.socket.writable && raw.write('64\r\n'.concat('x'.repeat(100), '\r\n')), 1);
      assert.equal((await raw.answer()).status, 413);
      clearInterval(feed);
      raw.destroy();
      assert.equal(port.received.length, 0);
    });

    attacked('a length that lies: less than said is no message, more is another request', { limits: { stallMs: 50, lingerMs: 10 } }, async (server, port) => {
      const less = new Raw(server).write(`${HEAD}content-length: 10\r\n\r\nabc`);
      assert.equal((await less.answer()).status, 408);
      const more = new Raw(server).write(`${HEAD}content-length: 3\r\n\r\nabcdefgh\r\n\r\n`);
      assert.equal((await more.answer()).status, 200);
      assert.equal(await more.end(), '', 'the first gets its own answer, the rest none');
      for (const bad of ['-1', '1e3', '0x10', '3, 4', '99999999999999999999']) {
        assert.match(await new Raw(server).write(`${HEAD}content-length: ${bad}\r\n\r\nabc`).end(), /^HTTP\/1\.1 4(00|13) /, bad);
      }
      assert.deepEqual(
        port.received.map((body) => Buffer.from(body).toString()),
        ['abc'],
      );
      less.destroy();
    });

    attacked('a half-closed socket with half a body is no message', { limits: { stallMs: 50 } }, async (server, port) => {
      const raw = new Raw(server).write(`${HEAD}content-length: 10\r\n\r\nabc`);
      raw.socket.end();
      await raw.end();
      assert.equal(port.received.length, 0);
    });

    attacked('100-continue that is never followed', { limits: { stallMs: 50, lingerMs: 10 } }, async (server) => {
      const raw = new Raw(server).write(`${HEAD}expect: 100-continue\r\ncontent-length: 10\r\n\r\n`);
      assert.equal((await raw.answer()).status, 100);
      assert.equal((await raw.answer()).status, 408);
      raw.destroy();
    });

    attacked('headers that never end', { limits: { headersMs: 60 } }, async (server) => {
      const raw = new Raw(server).write('GET /params HTTP/1.1\r\nhost: x\r\n');
      const trickle = setInterval(() => raw.socket.writable && raw.write('x-a: b\r\n'), 20);
      assert.match(await raw.end(), /^HTTP\/1\.1 408 /);
      clearInterval(trickle);
    });

    it(`T14 announced bytes take nothing; those that came are shared, and one address gets a part${encrypted ? ' (TLS)' : ''}`, async () => {
      const port = new FakePort();
      port.maxMessageBytes = 100_000;
      const addresses = { requestsPerSecond: 0, bytesPerSecond: 0, connectionsPerAddress: 0, trustedProxies: ['127.0.0.1'], exemptAddresses: [] };
      await using({ port, addresses, encrypted, limits: { bodyBytes: 800_000, stallMs: 2000, lingerMs: 5 } }, async (server) => {
        const slow = (address: string, sent: number): Raw =>
          new Raw(server).write(`${HEAD}x-forwarded-for: ${address}\r\ncontent-length: 100000\r\n\r\n${'x'.repeat(sent)}`);
        const announced = Array.from({ length: 50 }, () => slow('203.0.113.1', 0));
        await sleep(20);
        const message = (address: string): string => post('x'.repeat(90_000), `x-forwarded-for: ${address}\r\n`);
        assert.equal((await ask(server, message('203.0.113.1'))).status, 200);
        const held = [slow('203.0.113.1', 99_999), slow('203.0.113.1', 99_999)];
        await sleep(50);
        const refused = await ask(server, message('203.0.113.1'));
        assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '1']);
        assert.equal((await ask(server, message('203.0.113.2'))).status, 200);
        for (const raw of [...announced, ...held]) raw.destroy();
      });
    });
  });

  describe(`answers that nobody takes${encrypted ? ', over TLS' : ''}`, () => {
    const model = new Uint8Array(7_000_000);
    const modelPort = (): FakePort => {
      const port = new FakePort();
      port.documents.model = model;
      return port;
    };

    attacked('a model to a stopped reader ends with the connection', { port: modelPort(), limits: { stallMs: 60 } }, async (server) => {
      const raw = stopped(server, get('/model'));
      while (server.connections === 0) await sleep(2);
      while (server.connections > 0) await sleep(5);
      raw.destroy();
    });

    attacked('a reader that takes a little now and then is too slow', { port: modelPort(), limits: { stallMs: 100, slowest: 100_000_000 } }, async (server) => {
      const raw = new Raw(server).write(get('/model'));
      raw.socket.pause();
      const sip = setInterval(() => raw.socket.read(1), 5);
      while (server.connections === 0) await sleep(2);
      while (server.connections > 0) await sleep(5);
      clearInterval(sip);
      raw.destroy();
    });

    attacked(
      'saturated: large answers are refused with 503, small ones and tags go on (W-38)',
      { port: modelPort(), limits: { answers: 3, stallMs: 5000 } },
      async (server) => {
        const held = Array.from({ length: 3 }, () => stopped(server, get('/model')));
        while (server.connections < 3) await sleep(2);
        await sleep(30);
        const refused = await ask(server, get('/model'));
        assert.deepEqual([refused.status, refused.headers], [503, { 'retry-after': '1', ...EMPTY_REFUSAL }]);
        assert.equal((await ask(server, 'HEAD /model HTTP/1.1\r\nhost: x\r\n\r\n', true)).status, 200);
        for (const raw of held) raw.destroy();
        while (server.connections > 0) await sleep(2);
        const whole = await ask(server, get('/model'));
        assert.deepEqual([whole.status, whole.body.length], [200, model.length]);
      },
    );

    attacked('answers pile up for nobody: the connection stands still and ends', { limits: { stallMs: 60, pipelined: 1e6 } }, async (server) => {
      const raw = stopped(server, get('/sums').repeat(20_000));
      raw.socket.on('error', () => {});
      while (server.connections === 0) await sleep(2);
      raw.socket.write(get('/model').repeat(500));
      while (server.connections > 0) await sleep(5);
      raw.destroy();
    });
  });

  describe(`floods${encrypted ? ', over TLS' : ''}`, () => {
    attacked('pipelining: so many requests at a time on one connection, then it ends', { limits: { pipelined: 8 } }, async (server, port) => {
      port.verdict = new Promise(() => {});
      const flood = new Raw(server).write(post('m').repeat(500));
      await flood.end();
      assert.ok(port.received.length <= 8, `${port.received.length}`);
      port.verdict = { accepted: true, complete: true };
      const decent = new Raw(server).write(get('/params').repeat(8));
      for (let i = 0; i < 8; i++) assert.equal((await decent.answer()).status, 200);
      decent.destroy();
    });

    attacked('idle connections make way, the longest idle first', { limits: { connections: 20 } }, async (server) => {
      const idle = Array.from({ length: 20 }, () => new Raw(server));
      for (const raw of idle.slice(0, encrypted ? 20 : 10)) await raw.write(get('/params')).answer();
      while (server.connections < 20) await sleep(2);
      for (let i = 0; i < 10; i++) {
        const late = new Raw(server);
        assert.equal((await late.write(get('/params')).answer()).status, 200);
        late.destroy();
      }
      assert.ok(server.connections <= 20);
      assert.ok(idle.some(({ ended }) => ended));
      for (const raw of idle) raw.destroy();
    });

    it(`T14 connections under work do not make way: one more is turned away${encrypted ? ' (TLS)' : ''}`, async () => {
      const port = new FakePort();
      let release = (): void => {};
      port.verdict = new Promise((resolve) => {
        release = () => resolve({ accepted: true, complete: true });
      });
      await using({ port, encrypted, limits: { connections: 2 } }, async (server) => {
        const busy = [new Raw(server).write(post('a')), new Raw(server).write(post('b'))];
        while (port.received.length < 2) await sleep(2);
        assert.equal(await new Raw(server).write(get('/params')).end(), '');
        release();
        for (const raw of busy) assert.equal((await raw.answer()).status, 200);
        await honest(server);
        for (const raw of busy) raw.destroy();
      });
    });
  });
}

describe('what cannot be taken now', () => {
  it('is refused with 503 and Retry-After, original clients too, and not read while it cannot be stored', async () => {
    const port = Object.assign(new FakePort(), { unavailable: (): { code: 'storage-failed'; retryAfter: number } | undefined => undefined });
    await using({ port, statusCodes: true }, async (server) => {
      port.verdict = { accepted: false, code: 'storage-failed', retryAfter: 2.5 };
      const told = await ask(server, post('m'));
      assert.deepEqual([told.status, told.headers], [503, { 'retry-after': '3', ...EMPTY_REFUSAL }]);
      port.verdict = { accepted: false, code: 'storage-failed' };
      assert.equal((await ask(server, post('m'))).status, 200);
      port.unavailable = () => ({ code: 'storage-failed', retryAfter: 7 });
      const before = port.received.length;
      const raw = new Raw(server).write(`${HEAD}accept: application/problem+json\r\ncontent-length: 1000\r\n\r\n`);
      const { status, headers, body } = await raw.answer();
      assert.deepEqual([status, headers['retry-after'], JSON.parse(body.toString()).code], [503, '7', 'storage-failed']);
      raw.destroy();
      assert.equal(port.received.length, before);
      assert.equal((await ask(server, get('/params'))).status, 200);
    });
  });
});
