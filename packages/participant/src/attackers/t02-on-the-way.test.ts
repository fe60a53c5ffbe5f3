// T2: somebody on the way between participant and coordinator. Without TLS they are the coordinator, so there is none without; with a pin,
// not even an authority that the machine trusts can be in between. Here each attacker stands where the coordinator is expected.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { encodeRoundParams } from '@xaynet/core/round';
import { FakeCoordinator } from '../fake-coordinator.test.ts';
import { HttpTransport } from '../http-transport.ts';
import { type Identity, identity, privateKey } from '../node/certificates.test.ts';
import { type NodeTls, nodeFetch } from '../node/node-fetch.node.ts';
import { Participant } from '../participant.ts';
import { runParticipant } from '../run.ts';

const AUTHORITY = identity(privateKey(), { isAuthority: true });
const KEY = privateKey();
const COORDINATOR = identity(KEY, { issuer: AUTHORITY });
const RENEWED = identity(KEY, { issuer: AUTHORITY });
const EXPIRED = identity(KEY, { days: -1 });
const SELF_SIGNED = identity(KEY);
/** Another key, vouched for by the same authority: one that was tricked, or that answers to somebody. */
const IMPOSTOR = identity(privateKey(), { issuer: AUTHORITY });

const servers: Server[] = [];
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

/** A coordinator with this certificate that serves parameters, and what it got to read. */
async function listen(
  who: Identity,
  port = 0,
  location?: string,
): Promise<{ url: string; port: number; requests: string[]; connections: () => number; close: () => Promise<void> }> {
  const requests: string[] = [];
  let connections = 0;
  const { params_ } = new FakeCoordinator({ sum: 0, update: 0 });
  const server = createServer({ cert: who.cert, key: who.key }, (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (location !== undefined) response.writeHead(302, { location }).end();
    else if (request.url === '/params') response.end(encodeRoundParams(params_));
    else response.writeHead(204).end();
  });
  server.on('secureConnection', () => connections++);
  server.on('tlsClientError', () => undefined);
  servers.push(server);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const at = (server.address() as AddressInfo).port;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return { url: `https://127.0.0.1:${at}`, port: at, requests, connections: () => connections, close };
}

/** What a participant with these options gets from a server with this certificate: its parameters, or a code. */
async function meets(who: Identity, tls: NodeTls): Promise<string> {
  const { url, requests } = await listen(who);
  const result = await new HttpTransport({ url, fetch: nodeFetch(tls) }).params().then(
    () => 'params',
    (error) => error.code,
  );
  assert.equal(requests.length, result === 'params' ? 1 : 0, 'whoever is not believed is sent nothing');
  return result;
}

test('T2: plain HTTP to another machine is refused before anything is sent, also when a secure coordinator redirects there', async () => {
  assert.throws(() => new HttpTransport({ url: 'http://coordinator.example' }), { code: 'transport-insecure' });
  await assert.rejects(Participant.create({ url: 'http://coordinator.example' }), { code: 'transport-insecure' });
  const asked: string[] = [];
  const fetch = async (url: string) => {
    asked.push(url);
    return { status: 307, url: '', headers: { get: () => 'http://coordinator.example/params' }, arrayBuffer: () => assert.fail() };
  };
  await assert.rejects(new HttpTransport({ url: 'https://coordinator.example', fetch }).params(), { code: 'transport-insecure' });
  assert.deepEqual(asked, ['https://coordinator.example/params']);
});

test('T2: an authority of one’s own alone is believed; a certificate that nobody vouches for is not', async () => {
  assert.equal(await meets(COORDINATOR, { ca: AUTHORITY.cert }), 'params');
  assert.equal(await meets(IMPOSTOR, { ca: AUTHORITY.cert }), 'params', 'that is why there are pins');
  assert.equal(await meets(COORDINATOR, {}), 'transport-tls');
  assert.equal(await meets(SELF_SIGNED, { ca: AUTHORITY.cert }), 'transport-tls');
});

test('T2: a pinned key or certificate shuts out everybody else, whoever vouches for them', async () => {
  const { pins } = COORDINATOR;
  for (const tls of [{ pins: [pins.key] }, { pins: [pins.certificate] }, { pins: [IMPOSTOR.pins.certificate, pins.key] }]) {
    assert.equal(await meets(COORDINATOR, tls), 'params', 'the pin alone is enough');
    assert.equal(await meets(COORDINATOR, { ...tls, ca: AUTHORITY.cert }), 'params');
  }
  assert.equal(await meets(IMPOSTOR, { pins: [pins.key] }), 'transport-pin');
  assert.equal(await meets(IMPOSTOR, { pins: [pins.key], ca: AUTHORITY.cert }), 'transport-pin');
  // The pin of the key outlives the certificate, that of the certificate does not.
  assert.equal(await meets(RENEWED, { pins: [pins.key] }), 'params');
  assert.equal(await meets(RENEWED, { pins: [pins.certificate] }), 'transport-pin');
  // Without an authority the key is all that counts; with one, it must vouch for the certificate besides.
  for (const who of [SELF_SIGNED, EXPIRED]) {
    assert.equal(await meets(who, { pins: [pins.key] }), 'params');
    assert.equal(await meets(who, { pins: [pins.key], ca: AUTHORITY.cert }), 'transport-tls');
  }
});

test('T2: an attacker who steps in between two requests is met with the same check, and told of at every attempt', async (t) => {
  const honest = await listen(COORDINATOR);
  const fetch = nodeFetch({ pins: [COORDINATOR.pins.key] });
  const run = runParticipant({ signal: t.signal, url: honest.url, fetch, poll: { min: 1, max: 20 }, train: () => new Float32Array(4) });
  const events = run.events();
  for (let type = ''; type !== 'waiting'; type = (await events.next()).value?.type ?? assert.fail('ended'));
  await honest.close();
  const attacker = await listen(IMPOSTOR, honest.port);
  let told = 0;
  while (told < 3) {
    const { value } = await events.next();
    if (value?.type !== 'error' || value.error.code !== 'transport-pin') continue;
    assert.match(value.error.message, new RegExp(IMPOSTOR.pins.key.replace(/[+]/g, '\\+')), 'with the pin that is shown');
    told++;
  }
  assert.deepEqual(attacker.requests, []);
  await attacker.close();
  // The coordinator is back: the participant goes on by itself.
  const again = await listen(COORDINATOR, honest.port);
  while (again.requests.length === 0) await events.next();
  await run.stop();
});

test('T2: pins hold for redirections, and are no use without TLS', async () => {
  const impostor = await listen(IMPOSTOR);
  const redirecting = await listen(COORDINATOR, 0, `${impostor.url}/params`);
  const params = (url: string, tls: NodeTls) => new HttpTransport({ url, fetch: nodeFetch(tls) }).params();
  await assert.rejects(params(redirecting.url, { pins: [COORDINATOR.pins.key] }), { code: 'transport-pin' });
  assert.deepEqual(impostor.requests, []);
  await params(redirecting.url, { ca: AUTHORITY.cert });
  assert.deepEqual(impostor.requests, ['GET /params'], 'an authority alone does not help against it');
  await assert.rejects(params('http://127.0.0.1:1', { pins: [COORDINATOR.pins.key] }), { code: 'transport-pin', message: /plain HTTP has no certificate/ });
});
