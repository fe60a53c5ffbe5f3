// What clients do wrong to a server, and how it starts and stops: bodies that are too large, too slow or cut off, clients that speak no
// HTTP or go away, taken ports, and a close that waits for what is under way and no longer.

import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { describe, it } from 'node:test';
import { isXaynetError } from '@xaynet/core/errors';
import { createLogger, SILENT_LOGGER } from '../log.ts';
import type { Verdict } from './port.ts';
import { ask, EMPTY_REFUSAL, FakePort, get, post, Raw, using } from './raw-client.test.ts';
import { RefusalLog } from './refusal-log.ts';
import { type HttpServer, startHttp } from './server.ts';

for (const encrypted of [false, true]) {
  const over = encrypted ? ', over TLS' : '';

  describe(`messages that are too much${over}`, () => {
    it('takes a message of the largest size, and refuses one byte more before it is sent', () =>
      using({ encrypted }, async (server, port) => {
        assert.equal((await ask(server, post('x'.repeat(1000)))).status, 200);
        const raw = new Raw(server).write('POST /message HTTP/1.1\r\nhost: x\r\ncontent-length: 1001\r\n\r\n');
        const { status, headers, connection, body } = await raw.answer();
        assert.deepEqual([status, headers, connection, body.length], [413, EMPTY_REFUSAL, 'close', 0]);
        raw.socket.end();
        assert.equal(await raw.end(), '');
        assert.equal(port.received.length, 1);
      }));

    it('refuses a chunked body one byte past the limit, and takes one at it', () =>
      using({ encrypted }, async (server, port) => {
        const chunked = (bytes: number): string =>
          `POST /message HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n0\r\n\r\n`;
        assert.equal((await ask(server, chunked(1000))).status, 200);
        assert.equal((await ask(server, chunked(1001))).status, 413);
        assert.equal(port.received.length, 1);
      }));

    it('tells the operator of a flood of them in one line a minute with both sizes, who sent them only at debug', async () => {
      const lines: Record<string, unknown>[] = [];
      const output = { write: (line: string) => lines.push(JSON.parse(line)) };
      for (const level of ['info', 'debug'] as const) {
        await using({ encrypted, logger: createLogger({ level, output }) }, async (server) => {
          for (let i = 0; i < 20; i++) assert.equal((await ask(server, post('x'.repeat(1001)))).status, 413);
          const chunked = `POST /message HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n7d0\r\n${'x'.repeat(2000)}\r\n0\r\n\r\n`;
          assert.equal((await ask(server, chunked)).status, 413);
        });
        const told = lines.filter(({ msg }) => /too large/.test(String(msg)));
        if (level === 'info') {
          assert.equal(told.length, 1);
          assert.deepEqual([told[0]!.bytes, told[0]!.limit, told[0]!.remote], [1001, 1000, undefined]);
          assert.match(String(told[0]!.msg), /another model length/);
        } else {
          assert.equal(told.length, 22);
          assert.deepEqual([told.at(-1)!.bytes, told.at(-1)!.remote], [2000, '127.0.0.1']);
        }
        lines.length = 0;
      }
    });

    it('counts what was not told, and tells it with the next', () => {
      let now = 0;
      const told: unknown[] = [];
      const log = new RefusalLog({ ...SILENT_LOGGER, info: (fields) => told.push(fields) }, 60_000, () => now);
      for (; now < 120_000; now += 100) log.tooLarge(1001, 1000, undefined);
      log.tooLarge(1001, 1000, undefined);
      const sizes = { bytes: 1001, limit: 1000 };
      assert.deepEqual(told, [sizes, { ...sizes, refusedSince: 599 }, { ...sizes, refusedSince: 599 }]);
    });

    it('lets a client that sends everything first still read the answer', () =>
      using({ encrypted }, async (server) => {
        const status = await new Promise((resolve, reject) => {
          const outgoing = (encrypted ? httpsRequest : httpRequest)(
            { host: server.host, port: server.portNumber, method: 'POST', path: '/message', agent: false, rejectUnauthorized: false },
            (answer) => {
              answer.resume();
              resolve(answer.statusCode);
            },
          );
          outgoing.on('error', reject);
          outgoing.end(Buffer.alloc(8 * 1024 * 1024));
        });
        assert.equal(status, 413);
      }));

    it('does not reset a client that is still sending when it is refused', () =>
      using({ encrypted, limits: { lingerMs: 400 } }, async (server) => {
        const raw = new Raw(server).write('POST /message HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n');
        assert.equal((await raw.answer()).status, 413);
        for (let i = 0; i < 5; i++) {
          raw.write('x'.repeat(10_000));
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        assert.equal(raw.ended, false);
        raw.destroy();
      }));

    it('says 100-continue only to a client whose body it wants', () =>
      using({ encrypted }, async (server, port) => {
        const refused = new Raw(server).write('POST /message HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 1001\r\n\r\n');
        assert.equal((await refused.answer()).status, 413);
        refused.destroy();
        const wanted = new Raw(server).write('POST /message HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n');
        assert.equal((await wanted.answer()).status, 100);
        assert.equal((await wanted.write('ok').answer()).status, 200);
        wanted.destroy();
        assert.equal(port.received.length, 1);
      }));

    it('closes after a refusal whose body nobody read, never taking the body for a request', () =>
      using({ encrypted, limits: { lingerMs: 50 } }, async (server, port) => {
        const smuggled = post('inner');
        const raw = new Raw(server).write(`PUT /params HTTP/1.1\r\nhost: x\r\ncontent-length: ${smuggled.length + 10}\r\n\r\n${smuggled}`);
        assert.equal((await raw.answer()).status, 405);
        assert.equal(await raw.end(), '');
        assert.equal(port.received.length, 0);
      }));

    it('answers 503 when the bodies under way fill the budget, and takes messages again afterwards', async () => {
      const port = new FakePort();
      port.maxMessageBytes = 600;
      let release: (verdict: Verdict) => void = () => {};
      port.verdict = new Promise((resolve) => {
        release = resolve;
      });
      await using({ encrypted, port, limits: { bodyBytes: 0 } }, async (server) => {
        const first = new Raw(server).write(post('x'.repeat(600)));
        const second = new Raw(server).write(post('x'.repeat(600)));
        while (port.received.length < 2) await new Promise((resolve) => setTimeout(resolve, 2));
        const refused = await ask(server, post('x'));
        assert.deepEqual([refused.status, refused.headers], [503, { 'retry-after': '1', ...EMPTY_REFUSAL }]);
        release({ accepted: true, complete: true });
        assert.deepEqual([(await first.answer()).status, (await second.answer()).status], [200, 200]);
        assert.equal((await ask(server, post('x'.repeat(600)))).status, 200);
        first.destroy();
        second.destroy();
      });
    });
  });

  describe(`the budget of bodies${over}`, () => {
    it('gets back what was taken by bodies that were refused, cut off or failed', async () => {
      const port = new FakePort();
      port.maxMessageBytes = 600;
      await using({ encrypted, port, limits: { bodyBytes: 0, stallMs: 40, lingerMs: 10 } }, async (server) => {
        const head = 'POST /message HTTP/1.1\r\nhost: x\r\ncontent-length: 600\r\n\r\n';
        for (let i = 0; i < 2; i++) {
          const gone = new Raw(server).write(head + 'x'.repeat(599));
          await new Promise((resolve) => setTimeout(resolve, 10));
          gone.destroy();
          const stalled = new Raw(server).write(head + 'x'.repeat(599));
          assert.equal((await stalled.answer()).status, 408);
          stalled.destroy();
          assert.equal(
            (
              await ask(
                server,
                `POST /message HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n12c\r\n${'x'.repeat(300)}\r\n12d\r\n${'x'.repeat(301)}\r\n0\r\n\r\n`,
              )
            ).status,
            413,
          );
          port.broken = true;
          assert.equal((await ask(server, post('x'.repeat(600)))).status, 500);
          port.broken = false;
        }
        const together = await Promise.all([ask(server, post('x'.repeat(600))), ask(server, post('x'.repeat(600)))]);
        assert.deepEqual(
          together.map(({ status }) => status),
          [200, 200],
        );
      });
    });
  });

  describe(`clients that are slow, absent or no HTTP${over}`, () => {
    it('answers 408 when a body stands still', () =>
      using({ encrypted, limits: { stallMs: 60, lingerMs: 20 } }, async (server, port) => {
        const raw = new Raw(server).write('POST /message HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc');
        const { status, headers, connection } = await raw.answer();
        assert.deepEqual([status, headers, connection], [408, EMPTY_REFUSAL, 'close']);
        await raw.end();
        assert.equal(port.received.length, 0);
      }));

    it('takes a body that comes slowly but comes', () =>
      using({ encrypted, limits: { stallMs: 200, slowest: 1 } }, async (server, port) => {
        const raw = new Raw(server).write('POST /message HTTP/1.1\r\nhost: x\r\ncontent-length: 6\r\n\r\n');
        for (const letter of 'slowly') {
          raw.write(letter);
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        assert.equal((await raw.answer()).status, 200);
        assert.equal(Buffer.from(port.received[0]!).toString(), 'slowly');
        raw.destroy();
      }));

    it('ends headers that never end with 408', () =>
      using({ encrypted, limits: { headersMs: 100 } }, async (server) => {
        const raw = new Raw(server).write('GET /params HTTP/1.1\r\nhost: x\r\nx-slow: ');
        assert.match(await raw.end(), /^HTTP\/1\.1 408 /);
      }));

    it('ends a connection that trickles its body for ever', () =>
      using({ encrypted, limits: { headersMs: 100, stallMs: 150, slowest: 1000, lingerMs: 20 } }, async (server, port) => {
        const raw = new Raw(server).write('POST /message HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n');
        const trickle = setInterval(() => raw.socket.writable && raw.write('x'), 20);
        assert.match(await raw.end(), /^HTTP\/1\.1 408 /);
        clearInterval(trickle);
        raw.destroy();
        assert.equal(port.received.length, 0);
      }));

    it('never takes half a body for a message', () =>
      using({ encrypted }, async (server, port) => {
        const half = new Raw(server).write('POST /message HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc');
        half.socket.end();
        await half.end();
        const gone = new Raw(server).write('POST /message HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc');
        await new Promise((resolve) => setTimeout(resolve, 20));
        gone.destroy();
        const cut = new Raw(server).write('POST /message HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\nzzz\r\n');
        assert.match(await cut.end(), /^HTTP\/1\.1 400 /);
        assert.equal((await ask(server, get('/params'))).status, 200);
        assert.equal(port.received.length, 0);
      }));

    it('answers a client that closed its sending half after the request', () =>
      using({ encrypted }, async (server, port) => {
        port.verdict = new Promise((resolve) => setTimeout(() => resolve({ accepted: true, complete: true }), 40));
        for (const text of [get('/model'), post('m')]) {
          const raw = new Raw(server).write(text);
          raw.socket.end();
          assert.equal((await raw.answer()).status, 200);
          await raw.end();
        }
      }));

    it('survives a client that goes away while it is answered', () =>
      using({ encrypted }, async (server, port) => {
        port.documents.model = new Uint8Array(20_000_000);
        const raw = new Raw(server).write(get('/model'));
        await new Promise((resolve) => raw.socket.once('data', resolve));
        raw.destroy();
        assert.equal((await ask(server, get('/params'))).status, 200);
      }));

    it('answers 400 to what is no HTTP, 431 to endless headers, and lives on', () =>
      using({ encrypted }, async (server) => {
        assert.match(await new Raw(server).write('\u0016\u0003\u0001\u0000binary\r\n\r\n').end(), /^HTTP\/1\.1 400 /);
        assert.match(await new Raw(server).write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n').end(), /^HTTP\/1\.1 400 /);
        assert.match(await new Raw(server).write(`GET /params HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}`).end(), /^HTTP\/1\.1 431 /);
        assert.match(
          await new Raw(server).write('POST /message HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n').end(),
          /^HTTP\/1\.1 400 /,
        );
        assert.equal((await ask(server, get('/params'))).status, 200);
      }));
  });
}

describe('listening and closing', () => {
  const start = (host: string, portNumber: number): Promise<HttpServer> =>
    startHttp({ host, portNumber, corsOrigins: [], statusCodes: false, port: new FakePort() });

  it('says what to do when the port is taken, or the address is not ours', () =>
    using({}, async (server) => {
      await assert.rejects(
        start('127.0.0.1', server.portNumber),
        (error) => isXaynetError(error, 'api-port-in-use') && error.message.includes(`127.0.0.1:${server.portNumber}`),
      );
      await assert.rejects(start('192.0.2.1', 0), (error) => isXaynetError(error, 'api-address-unavailable'));
    }));

  it('names its address, IPv6 in brackets', async (test) => {
    const server = await start('::1', 0).catch(() => undefined);
    if (server === undefined) return test.skip('no IPv6 here');
    assert.equal(server.url, `http://[::1]:${server.portNumber}`);
    assert.equal((await fetch(`${server.url}/params`)).status, 200);
    await server.close();
  });

  it('finishes what is under way, ends what is idle or has said nothing, and accepts no more', async () => {
    const port = new FakePort();
    let release: (verdict: Verdict) => void = () => {};
    port.verdict = new Promise((resolve) => {
      release = resolve;
    });
    const server = await startHttp({ host: '127.0.0.1', portNumber: 0, corsOrigins: [], statusCodes: false, port });
    const silent = new Raw(server);
    const idle = new Raw(server);
    await idle.write(get('/params')).answer();
    const busy = new Raw(server).write(post('last words'));
    while (port.received.length < 1) await new Promise((resolve) => setTimeout(resolve, 2));
    const closed = server.close();
    assert.equal(server.close(), closed, 'a second call waits for the first');
    assert.deepEqual([await silent.end(), await idle.end()], ['', '']);
    await assert.rejects(fetch(`${server.url}/params`));
    release({ accepted: true, complete: true });
    const { status, connection } = await busy.answer();
    assert.deepEqual([status, connection], [200, 'close']);
    await closed;
  });

  it('waits no longer than it said', async () => {
    const port = new FakePort();
    port.verdict = new Promise(() => {});
    const server = await startHttp({ host: '127.0.0.1', portNumber: 0, corsOrigins: [], statusCodes: false, port, limits: { closeMs: 50 } });
    const stuck = new Raw(server).write(post('for ever'));
    while (port.received.length < 1) await new Promise((resolve) => setTimeout(resolve, 2));
    await server.close();
    assert.equal(await stuck.end(), '');
  });
});
