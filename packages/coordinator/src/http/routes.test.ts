// The routes over a real socket, read as raw bytes: coordinator 3.1-3.3 row by row, in both modes, and what is ours beside it.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { toBase64, toHex } from '@xaynet/core/bytes';
import { ask, EMPTY_REFUSAL, FakePort, get, key, post, Raw, using } from './raw-client.test.ts';
import { type HttpServer, startHttp } from './server.ts';
import { SERVER } from './tls-files.test.ts';

for (const encrypted of [false, true])
  describe(`the routes over ${encrypted ? 'TLS' : 'a socket'} (coordinator 3.1-3.3)`, () => {
    const port = new FakePort();
    let server: HttpServer;
    let reference: HttpServer;
    before(async () => {
      const tls = encrypted ? { certificate: SERVER.certificate, key: SERVER.key, clientAuth: undefined } : undefined;
      const options = { host: '127.0.0.1', portNumber: 0, corsOrigins: [], port, tls };
      server = await startHttp({ ...options, statusCodes: false });
      reference = await startHttp({ ...options, statusCodes: true });
    });
    after(async () => {
      await server.close();
      await reference.close();
    });
    const onBoth = async (check: (server: HttpServer) => Promise<void>): Promise<void> => {
      await check(server);
      await check(reference);
    };
    const withoutCaching = ({ etag, 'cache-control': caching, ...rest }: Record<string, string>): Record<string, string> => {
      assert.match(etag ?? '', /^"[\w-]{43}"$/);
      assert.equal(caching, 'no-cache');
      return rest;
    };

    it('answers POST /message with an empty 200', () =>
      onBoth(async (at) => {
        const { status, headers, body } = await ask(at, post('sealed'));
        assert.deepEqual([status, headers, body.length], [200, { 'content-length': '0' }, 0]);
        assert.equal(Buffer.from(port.received.at(-1)!).toString(), 'sealed');
      }));

    it('answers the same for a refused message, as long as nobody asks for more', () =>
      onBoth(async (at) => {
        port.verdict = { accepted: false, code: 'signature-invalid' };
        const { status, headers } = await ask(at, post('forged', 'accept: */*\r\n'));
        port.verdict = { accepted: true, complete: true };
        assert.deepEqual([status, headers], [200, { 'content-length': '0' }]);
      }));

    it('serves /params and /model without a content type', () =>
      onBoth(async (at) => {
        for (const name of ['params', 'model'] as const) {
          const { status, headers, body } = await ask(at, get(`/${name}`));
          assert.equal(status, 200);
          assert.deepEqual(withoutCaching(headers), { 'content-length': String(port.documents[name]!.length) });
          assert.deepEqual(new Uint8Array(body), port.documents[name]);
        }
      }));

    it('says which round a document is of, with 304 too, where that is known (W-40)', async () => {
      const { params, model } = new FakePort().documents;
      const rounds = new Map([
        ['/params', 7],
        ['/model', 6],
      ]);
      const roundOf = (document: Uint8Array): number | undefined => (document === model ? 6 : document === params ? 7 : undefined);
      const telling = await startHttp({
        host: '127.0.0.1',
        portNumber: 0,
        corsOrigins: [],
        statusCodes: false,
        port: Object.assign(new FakePort(), { documents: { ...port.documents, params, model }, roundOf }),
        tls: encrypted ? { certificate: SERVER.certificate, key: SERVER.key, clientAuth: undefined } : undefined,
      });
      for (const target of ['/params', '/sums', '/model']) {
        const { headers } = await ask(telling, get(target));
        const wanted = rounds.get(target);
        assert.equal(headers['x-round-id'], wanted === undefined ? undefined : String(wanted), target);
        const again = await ask(telling, get(target, `if-none-match: ${headers.etag}\r\n`));
        assert.deepEqual([again.status, again.headers['x-round-id']], [304, headers['x-round-id']]);
      }
      await telling.close();
    });

    it('serves /sums and /seeds as octet streams', () =>
      onBoth(async (at) => {
        for (const [target, name] of [
          ['/sums', 'sums'],
          [`/seeds?pk=${key(port.known)}`, 'seeds'],
        ] as const) {
          const { status, headers, body } = await ask(at, get(target));
          assert.equal(status, 200);
          assert.deepEqual(withoutCaching(headers), { 'content-type': 'application/octet-stream', 'content-length': String(body.length) });
          assert.deepEqual(new Uint8Array(body), port.documents[name]);
        }
      }));

    it('answers 204 without content-length where there is no document', () =>
      onBoth(async (at) => {
        const saved = { ...port.documents };
        Object.assign(port.documents, { sums: undefined, seeds: undefined, model: undefined });
        for (const target of ['/sums', '/model', `/seeds?pk=${key(port.known)}`]) {
          const { status, headers } = await ask(at, get(target));
          assert.deepEqual([status, headers], [204, {}], target);
        }
        Object.assign(port.documents, saved);
        const stranger = await ask(at, get(`/seeds?pk=${key(new Uint8Array(32).fill(8))}`));
        assert.deepEqual([stranger.status, stranger.headers], [204, {}]);
      }));

    it('answers 404 for unknown paths, extra segments and other case', () =>
      onBoth(async (at) => {
        for (const target of ['/', '/health', '/healthz', '/params/x', '/Params', '/params//', '//params', '/para%6ds', '/message/x', '/constructor', '*']) {
          const { status, headers, body } = await ask(at, get(target));
          assert.deepEqual([status, headers, body.length], [404, EMPTY_REFUSAL, 0], target);
        }
      }));

    it('tolerates one trailing slash, unknown query parameters and an absolute target', () =>
      onBoth(async (at) => {
        for (const target of ['/params/', '/params?x=1', '/params/?pk=%', 'http://somewhere/params', `/seeds/?a=b&pk=${key(port.known)}&c=d`]) {
          assert.equal((await ask(at, get(target))).status, 200, target);
        }
        assert.equal((await ask(at, 'POST /message/?x HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\nz')).status, 200);
      }));

    it('answers 400 for a pk that does not decode to 32 bytes', () =>
      onBoth(async (at) => {
        const standard = toBase64(new Uint8Array(32).fill(0xff));
        const bad = [
          '',
          '=',
          'zz',
          toHex(port.known),
          key(new Uint8Array(31)),
          key(new Uint8Array(33)),
          standard.replaceAll('/', '_'),
          toBase64(new Uint8Array(32).fill(0xfb)),
        ];
        for (const pk of bad) {
          const { status, headers } = await ask(at, get(`/seeds?pk=${pk}`));
          assert.deepEqual([status, headers], [400, EMPTY_REFUSAL], pk);
        }
      }));

    it('takes a pk without padding, and percent-encoded characters', () =>
      onBoth(async (at) => {
        assert.equal((await ask(at, get(`/seeds?pk=${toBase64(port.known).replace('=', '')}`))).status, 200);
        assert.equal((await ask(at, get(`/seeds?%70k=${key(new Uint8Array(32).fill(0xfb))}`))).status, 204);
      }));

    it('answers a missing or doubled pk with 400, with 500 as the reference', async () => {
      for (const target of ['/seeds', '/seeds?', '/seeds?PK=x', `/seeds?pk=${key(port.known)}&pk=${key(port.known)}`]) {
        const ours = await ask(server, get(target));
        const theirs = await ask(reference, get(target));
        assert.deepEqual([ours.status, ours.headers, theirs.status, theirs.headers], [400, EMPTY_REFUSAL, 500, EMPTY_REFUSAL], target);
      }
    });

    it('answers wrong methods with 405 and Allow, with 500 as the reference', async () => {
      const cases = [
        ['PUT', '/params', 'GET, HEAD'],
        ['POST', '/sums', 'GET, HEAD'],
        ['GET', '/message', 'POST'],
        ['HEAD', '/message', 'POST'],
        ['OPTIONS', '/model', 'GET, HEAD'],
      ];
      for (const [method, target, allow] of cases) {
        const text = `${method} ${target} HTTP/1.1\r\nhost: x\r\n\r\n`;
        const ours = await ask(server, text, method === 'HEAD');
        assert.deepEqual([ours.status, ours.headers], [405, { allow, ...EMPTY_REFUSAL }], text);
        const theirs = await ask(reference, text, method === 'HEAD');
        assert.deepEqual([theirs.status, theirs.headers], [500, EMPTY_REFUSAL], text);
      }
    });

    it('answers HEAD like GET without the body, with 500 as the reference', async () => {
      const raw = new Raw(server);
      for (const target of ['/params', '/model', '/sums']) {
        const whole = await ask(server, get(target));
        raw.write(`HEAD ${target} HTTP/1.1\r\nhost: x\r\n\r\n`);
        const { status, headers } = await raw.answer(true);
        assert.deepEqual([status, headers], [200, whole.headers]);
      }
      raw.destroy();
      assert.equal((await ask(reference, 'HEAD /params HTTP/1.1\r\nhost: x\r\n\r\n', true)).status, 500);
    });

    it('answers 500 without content type when a part of its own fails, and lives on', () =>
      onBoth(async (at) => {
        port.broken = true;
        const failed = [await ask(at, get('/params')), await ask(at, post('x'))];
        port.broken = false;
        for (const { status, headers } of failed) assert.deepEqual([status, headers], [500, { 'content-length': '0' }]);
        assert.equal((await ask(at, get('/params'))).status, 200);
      }));

    it('ignores the content type of a message, a broken one too', async () => {
      for (const type of ['application/json', 'text/plain; charset=nonsense', ';;;', '']) {
        const { status } = await ask(server, post('{"not json', `content-type: ${type}\r\n`));
        assert.equal(status, 200, type);
        assert.equal(Buffer.from(port.received.at(-1)!).toString(), '{"not json');
      }
    });

    it('takes chunked bodies and empty ones', async () => {
      await ask(server, 'POST /message HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n');
      assert.equal(Buffer.from(port.received.at(-1)!).toString(), 'abcde');
      assert.equal((await ask(server, 'POST /message HTTP/1.1\r\nhost: x\r\n\r\n')).status, 200);
      assert.equal(port.received.at(-1)!.length, 0);
    });

    it('keeps a connection for the next request, after refusals too, and answers pipelined requests in order', async () => {
      const raw = new Raw(server);
      for (const [target, status] of [
        ['/params', 200],
        ['/nope', 404],
        ['/seeds', 400],
        ['/sums', 200],
      ] as const) {
        assert.equal((await raw.write(get(target)).answer()).status, status);
      }
      assert.equal((await raw.write(post('again')).answer()).status, 200);
      raw.write(get('/params') + post('later') + get('/sums'));
      const lengths = [await raw.answer(), await raw.answer(), await raw.answer()].map(({ body }) => body.length);
      assert.deepEqual(lengths, [136, 0, 3]);
      raw.destroy();
    });

    it('tells the true verdict to a client that asks for problem documents', async () => {
      const accept = 'accept: application/octet-stream, Application/Problem+JSON;q=0.5\r\n';
      const verdictOf = async (headers: string): Promise<unknown[]> => {
        const answer = await ask(server, post('m', headers));
        return [answer.status, answer.headers['x-verdict'], answer.body.length];
      };
      assert.deepEqual(await verdictOf(accept), [200, 'accepted', 0]);
      assert.deepEqual(await verdictOf(''), [200, undefined, 0], 'an original answer, byte for byte, for who does not ask');
      port.verdict = { accepted: true, complete: false };
      assert.deepEqual(await verdictOf(accept), [202, 'incomplete', 0]);
      assert.deepEqual(await verdictOf(''), [200, undefined, 0]);
      port.verdict = { accepted: false, code: 'signature-invalid' };
      const { status, headers, body } = await ask(server, post('m', accept));
      const declined = await ask(server, post('m', 'accept: application/problem+json;q=0\r\n'));
      port.verdict = { accepted: true, complete: true };
      assert.deepEqual([status, headers['content-type']], [401, 'application/problem+json']);
      const { title, detail, ...rest } = JSON.parse(body.toString()) as Record<string, unknown>;
      assert.deepEqual(rest, { type: 'urn:xaynet:error:signature-invalid', status: 401, code: 'signature-invalid' });
      assert.match(`${title} ${detail}`, /does not verify.*Sign everything/);
      assert.equal(declined.status, 200);
      const missing = await ask(server, get('/nope', accept));
      assert.deepEqual([missing.status, JSON.parse(missing.body.toString()).code], [404, 'http-not-found']);
    });

    it('answers 304 to a client that has the document, and 200 once it changed', async () => {
      const first = await ask(server, get('/sums'));
      const etag = first.headers.etag!;
      for (const value of [etag, `"other", W/${etag}`, '*']) {
        const { status, headers, body } = await ask(server, get('/sums', `if-none-match: ${value}\r\n`));
        assert.deepEqual([status, headers, body.length], [304, { etag, 'cache-control': 'no-cache' }, 0], value);
      }
      port.documents.sums = Uint8Array.of(1, 2, 3);
      assert.equal((await ask(server, get('/sums', `if-none-match: ${etag}\r\n`))).status, 304, 'the same bytes in another array');
      port.documents.sums = Uint8Array.of(1, 2, 4);
      const changed = await ask(server, get('/sums', `if-none-match: ${etag}\r\n`));
      assert.equal(changed.status, 200);
      assert.notEqual(changed.headers.etag, etag);
    });
  });

describe('web pages (CORS)', () => {
  const preflight = (target: string): string =>
    `OPTIONS ${target} HTTP/1.1\r\nhost: x\r\norigin: https://a.example\r\naccess-control-request-method: POST\r\n\r\n`;

  it('lets every page in by default, and answers its preflight', () =>
    using({ cors: ['*'] }, async (server) => {
      const { status, headers } = await ask(server, preflight('/message'));
      assert.equal(status, 204);
      assert.equal(headers['access-control-allow-origin'], '*');
      assert.equal(headers['access-control-allow-methods'], 'POST, OPTIONS');
      assert.equal(headers['access-control-allow-headers'], 'accept, content-type, if-none-match, last-event-id, range');
      assert.equal(headers['access-control-expose-headers'], 'etag, x-round-id, x-verdict, content-range, retry-after');
      for (const text of [get('/params'), get('/nope'), post('x')]) assert.equal((await ask(server, text)).headers['access-control-allow-origin'], '*');
      assert.equal((await ask(server, 'PUT /params HTTP/1.1\r\nhost: x\r\n\r\n')).headers.allow, 'GET, HEAD, OPTIONS');
    }));

  it('names a listed origin, and no other', () =>
    using({ cors: ['https://a.example', 'https://b.example'] }, async (server) => {
      const listed = await ask(server, get('/params', 'origin: https://b.example\r\n'));
      assert.deepEqual([listed.headers['access-control-allow-origin'], listed.headers.vary], ['https://b.example', 'origin']);
      const stranger = await ask(server, get('/params', 'origin: https://c.example\r\n'));
      assert.deepEqual([stranger.status, stranger.headers['access-control-allow-origin'], stranger.headers.vary], [200, undefined, 'origin']);
    }));

  it('answers OPTIONS with 500 as the reference', () =>
    using({ cors: ['*'], statusCodes: true }, async (server) => assert.equal((await ask(server, preflight('/message'))).status, 500)));
});

describe('documents that others change as well', () => {
  it('are looked at anew before one of the five routes shows them, and nothing else waits for that', async () => {
    const port = new (class extends FakePort {
      readonly mayBeStale = true;
      looks = 0;
      found: () => void = () => {};
      hangs = true;
      away: { code: 'storage-failed'; retryAfter: number } | undefined;
      fresh(): Promise<void> {
        this.looks++;
        return this.hangs ? new Promise((resolve) => (this.found = resolve)) : Promise.resolve();
      }
      unavailable = () => this.away;
    })();
    await using({ port }, async (server) => {
      const old = port.documents.params;
      const asked = ask(server, get('/params'));
      assert.equal((await ask(server, get('/healthz'))).status, 404, 'no API here: answered all the same');
      while (port.looks === 0) await new Promise((resolve) => setImmediate(resolve));
      port.documents.params = new Uint8Array(136).fill(2);
      port.found();
      assert.notDeepEqual(new Uint8Array((await asked).body), old);
      port.hangs = false;
      port.away = { code: 'storage-failed', retryAfter: 2 };
      for (const path of ['/params', '/sums', '/model', `/seeds?pk=${encodeURIComponent(toBase64(port.known))}`]) {
        const { status, headers } = await ask(server, get(path));
        assert.deepEqual([status, headers['retry-after']], [503, '2'], path);
      }
      assert.equal(port.looks, 5);
    });
  });
});
