// The two ports of a coordinator as its settings open them: TLS from files, limits by address, admin routes that act on it, and nothing left
// open when one of the two cannot be had.

import assert from 'node:assert/strict';
import { get } from 'node:https';
import { createServer } from 'node:net';
import { it } from 'node:test';
import { Coordinator, type CoordinatorOptions } from './coordinator.ts';
import { mistakesOf } from './http/api/rig.test.ts';
import { SCHEMAS } from './http/api/schemas.ts';
import { AUTHORITY, issue, SERVER } from './http/tls-files.test.ts';
import { parseSettings, type Settings } from './settings/settings.ts';

const TOKEN = 'a token of the tests'.replaceAll(' ', '-');
const settings = (more: { api?: object; admin?: object; limits?: object } = {}): Settings =>
  parseSettings({
    model: { length: 2 },
    store: { kind: 'memory' },
    ...more,
    api: { bind_address: '127.0.0.1:0', ...more.api },
  });
const TLS = { tls_certificate: SERVER.certificate, tls_key: SERVER.key };
const ADMIN = { bind_address: '127.0.0.1:0', token: TOKEN };

async function running(options: CoordinatorOptions & { settings: Settings }, use: (coordinator: Coordinator) => Promise<void>): Promise<void> {
  const coordinator = await Coordinator.start(options.settings, options);
  try {
    await use(coordinator);
  } finally {
    await coordinator.stop();
  }
}

/** Status and body length of `/params`, as a client with these options gets it. */
function params(coordinator: Coordinator, options: object = {}): Promise<[number | undefined, number]> {
  return new Promise((resolve, reject) => {
    get(`${coordinator.url}/params`, { ca: AUTHORITY.pem, agent: false, ...options }, (answer) => {
      let length = 0;
      answer.on('data', (piece: Buffer) => {
        length += piece.length;
      });
      answer.on('end', () => resolve([answer.statusCode, length]));
    }).on('error', reject);
  });
}

const admin = (coordinator: Coordinator, method: string, path: string, token = TOKEN): Promise<Response> =>
  fetch(`${coordinator.adminUrl}${path}`, { method, headers: { authorization: `Bearer ${token}`, connection: 'close' } });

it('an original file with its three TLS settings serves HTTPS to clients with a certificate', () =>
  running({ settings: settings({ api: { ...TLS, tls_client_auth: AUTHORITY.certificate } }) }, async (coordinator) => {
    assert.match(coordinator.url, /^https:/);
    const client = issue('client', AUTHORITY);
    assert.deepEqual(await params(coordinator, { cert: client.pem, key: client.keyPem }), [200, 136]);
    await assert.rejects(params(coordinator));
    assert.equal(coordinator.adminUrl, undefined);
  }));

it('limits by address hold, and exempt addresses have none', async () => {
  const asked = async (exempt: string[]): Promise<Set<number>> => {
    const seen = new Set<number>();
    await running({ settings: settings({ limits: { requests_per_second: 0.1, exempt_addresses: exempt } }) }, async ({ url }) => {
      for (let i = 0; i < 4; i++) seen.add((await fetch(`${url}/params`)).status);
    });
    return seen;
  };
  assert.deepEqual(await asked([]), new Set([200, 429]));
  assert.deepEqual(await asked(['127.0.0.1']), new Set([200]));
});

it('an administrator asks for the status, for settings to be read again, and for a stop', async () => {
  let stops = 0;
  const given = settings({ admin: ADMIN });
  const options = { settings: given, load: () => settings({ admin: ADMIN, limits: { requests_per_second: 5 } }), onStop: () => stops++ };
  await running(options, async (coordinator) => {
    assert.equal((await admin(coordinator, 'GET', '/admin/status', 'wrong-token-wrong-token')).status, 401);
    const status = (await (await admin(coordinator, 'GET', '/admin/status')).json()) as { round: number; phase: string };
    assert.ok(status.round >= 0 && status.phase !== '');
    assert.deepEqual(mistakesOf(status, SCHEMAS.Status), [], 'it has the shape of /status');
    const report = (await (await admin(coordinator, 'POST', '/admin/reload')).json()) as { applied: string[] };
    assert.deepEqual(report.applied, ['limits.requests_per_second']);
    assert.equal((await admin(coordinator, 'POST', '/admin/stop')).status, 202);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal(stops, 1);
    assert.equal((await fetch(`${coordinator.url}/admin/status`, { headers: { authorization: `Bearer ${TOKEN}` } })).status, 404);
  });
  const alone = await Coordinator.start(given);
  assert.equal((await admin(alone, 'POST', '/admin/stop')).status, 202);
  for (let up = true; up; ) up = await fetch(`${alone.url}/params`).then(Boolean, () => false);
  await alone.stop();
});

it('what cannot be used ends the start with a code, and leaves no port open', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as { port: number };
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const { port: api } = free.address() as { port: number };
  await new Promise((resolve) => free.close(resolve));
  const start = (more: Parameters<typeof settings>[0]): Promise<Coordinator> => Coordinator.start(settings(more));
  const at = { bind_address: `127.0.0.1:${api}` };
  await assert.rejects(start({ api: at, admin: { ...ADMIN, bind_address: `127.0.0.1:${port}` } }), { code: 'api-port-in-use', message: /admin\.bind_address/ });
  await assert.rejects(start({ api: { ...at, ...TLS, tls_key: AUTHORITY.key } }), { code: 'tls-key-mismatch' });
  await assert.rejects(start({ api: { ...at, ...TLS, tls_certificate: 'nowhere.pem' } }), { code: 'tls-file-unreadable' });
  await (await start({ api: at })).stop();
  taken.close();
});
