// The fetch of Node with certificates: options that cannot work, client certificates, connections that are kept, bodies. Whom it believes is
// tested by the attackers of T2.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { HttpTransport } from '../http-transport.ts';
import { identity, privateKey } from './certificates.test.ts';
import { nodeFetch } from './node-fetch.node.ts';

const AUTHORITY = identity(privateKey(), { isAuthority: true });
const SERVER = identity(privateKey(), { issuer: AUTHORITY });
const CLIENT = identity(privateKey(), { issuer: AUTHORITY });
const ca = AUTHORITY.cert;

const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(options: ServerOptions, answer: ConstructorParameters<typeof Server>[1]): Promise<{ url: string; sockets: Set<TLSSocket> }> {
  const sockets = new Set<TLSSocket>();
  const server = createServer({ cert: SERVER.cert, key: SERVER.key, ...options }, answer as never);
  server.on('secureConnection', (socket) => sockets.add(socket));
  server.on('tlsClientError', () => undefined);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

test('options that cannot work are thrown at once', () => {
  for (const options of [
    { cert: CLIENT.cert },
    { key: CLIENT.key },
    { ca: 'no PEM' },
    { ca: new Uint8Array(0) },
    { cert: 'no PEM', key: CLIENT.key },
    { cert: CLIENT.cert, key: SERVER.key },
    { pins: [] },
    { pins: ['sha256/short='] },
    { pins: [SERVER.pins.key, `sha1/${'A'.repeat(43)}=`] },
    { pins: [SERVER.pins.key.slice(7)] },
  ])
    assert.throws(() => nodeFetch(options), { code: 'option-invalid' }, JSON.stringify(options).slice(0, 60));
  nodeFetch({ ca: Buffer.from(ca), cert: new TextEncoder().encode(CLIENT.cert), key: CLIENT.key, pins: [SERVER.pins.key] });
});

test('a client certificate lets in', async () => {
  const { url } = await listen({ ca, requestCert: true, rejectUnauthorized: true }, (_, response) => response.writeHead(204).end());
  for (const tls of [{ ca }, { pins: [SERVER.pins.key] }]) {
    await assert.rejects(new HttpTransport({ url, fetch: nodeFetch(tls) }).sums(), { code: 'transport-tls', message: /cert and key/ });
    assert.equal(await new HttpTransport({ url, fetch: nodeFetch({ ...tls, cert: CLIENT.cert, key: CLIENT.key }) }).sums(), undefined);
  }
});

test('one connection serves many polls, whatever they answer; headers and bodies go through', async () => {
  let status = 204;
  const heard: unknown[] = [];
  const { url, sockets } = await listen({}, (request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      heard.push([request.method, request.headers.accept, request.headers['if-none-match'], Buffer.concat(pieces).length]);
      response.writeHead(status, { etag: '"a"' }).end(status === 200 ? new Uint8Array(8) : undefined);
    });
  });
  for (const tls of [{ ca }, { pins: [SERVER.pins.certificate] }]) {
    heard.length = 0;
    sockets.clear();
    const transport = new HttpTransport({ url, fetch: nodeFetch(tls) });
    status = 204;
    for (let i = 0; i < 5; i++) assert.equal(await transport.sums(), undefined);
    status = 200;
    assert.equal((await transport.sums())!.size, 0);
    status = 304;
    assert.equal((await transport.sums())!.size, 0);
    status = 200;
    assert.equal(await transport.send(new Uint8Array(300_000)), undefined);
    assert.deepEqual(heard.slice(5), [
      ['GET', undefined, undefined, 0],
      ['GET', undefined, '"a"', 0],
      ['POST', 'application/problem+json', undefined, 300_000],
    ]);
    assert.equal(sockets.size, 1);
  }
});

test('an abort ends a request with the reason of the caller, and silence with a time-out', async () => {
  const { url } = await listen({}, () => undefined);
  const transport = new HttpTransport({ url, fetch: nodeFetch({ ca }), timeout: 50 });
  await assert.rejects(transport.params(), { code: 'transport-timeout' });
  const controller = new AbortController();
  const asked = new HttpTransport({ url, fetch: nodeFetch({ ca }) }).params(controller.signal);
  setTimeout(() => controller.abort(new Error('enough')), 20);
  await assert.rejects(asked, /enough/);
  await assert.rejects(new HttpTransport({ url: url.replace(/:\d+$/, ':1'), fetch: nodeFetch({ ca }) }).params(), { code: 'transport-unreachable' });
});
