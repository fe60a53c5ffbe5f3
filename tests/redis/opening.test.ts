// What can be wrong with a Redis, with what is in it, and with who comes to it: said before anything is changed.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { isXaynetError } from '@xaynet/core/errors';
import forge from 'node-forge';
import { lookAtRedis } from '../../packages/coordinator/src/stores/redis/open.ts';
import { RedisStore } from '../../packages/coordinator/src/stores/redis/store.ts';
import { freePort } from '../../packages/xaynet/src/chaos/free-port.ts';
import { ephemeral, filled, key, logs, openAt, progress, state } from './rig.ts';
import { freshPrefix, KEY, RedisServer, sharedServer } from './server.ts';

const server = sharedServer();
const PASSWORD = 'p@ss/word:1';

/** Everything in the database, to be compared. */
async function dump(at: RedisServer): Promise<string> {
  const keys = ((await at.command('KEYS', '*')) as Buffer[]).map((name) => name.toString('latin1')).sort();
  const values = await Promise.all(keys.map(async (name) => [name, String(await at.command('DUMP', Buffer.from(name, 'latin1')))]));
  return JSON.stringify(values);
}

test('nobody there: it is waited for, with a line in the log, and then said', async () => {
  const { logger, text } = logs();
  const url = `redis://user:secret-word@127.0.0.1:${await freePort()}`;
  // On a busy machine the first look may take longer than the wait; then nothing is waited for.
  for (let wait = 0.4; text() === ''; wait *= 2) {
    await assert.rejects(RedisStore.open({ url, key: KEY, wait, logger }), (error) => {
      assert.ok(isXaynetError(error, 'storage-unreachable'));
      assert.match(error.message, /127\.0\.0\.1:\d+.*ECONNREFUSED/);
      assert.ok(!error.message.includes('secret-word'));
      return true;
    });
  }
  assert.match(text(), /warn Redis cannot be reached; waiting for it/);
  assert.ok(!text().includes('secret-word'));
});

test('a server that comes up later is waited for, one that loads its file too', async (t) => {
  const late = await RedisServer.make();
  t.after(() => late.remove());
  const opening = openAt(t, late, { prefix: freshPrefix() });
  await new Promise((resolve) => setTimeout(resolve, 50));
  await late.up();
  await (await opening).ready();
});

test('a server that hangs is given up, and so is one that is none', async (t) => {
  const hanging = await RedisServer.start(t);
  hanging.pause();
  await assert.rejects(RedisStore.open({ url: hanging.url, key: KEY, wait: 0, timeout: 0.2 }), { code: 'storage-unreachable' });
  hanging.resume();
  const http = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(0, '127.0.0.1');
  t.after(() => http.close());
  await once(http, 'listening');
  const { port } = http.address() as { port: number };
  await assert.rejects(RedisStore.open({ url: `redis://127.0.0.1:${port}`, key: KEY, wait: 0 }), { code: 'storage-unreachable' });
});

test('a password that is wrong, or missing, is said at once and never repeated; the right one opens', async (t) => {
  const guarded = await RedisServer.start(t, { tcp: true, args: ['--requirepass', PASSWORD] });
  const url = (password: string): string => `redis://:${encodeURIComponent(password)}@127.0.0.1:${guarded.port}`;
  const { logger, text } = logs();
  for (const wrong of [url('another-word'), guarded.url, `redis://nobody:another-word@127.0.0.1:${guarded.port}`]) {
    await assert.rejects(RedisStore.open({ url: wrong, key: KEY, logger }), (error) => {
      assert.ok(isXaynetError(error, 'storage-refused'), String(error));
      assert.ok(!`${error.message}${String(error.cause)}`.includes('another-word'));
      return true;
    });
  }
  const store = await RedisStore.open({ url: url(PASSWORD), key: KEY, logger });
  await store.ready();
  await store.close();
  assert.ok(!text().includes(PASSWORD) && !text().includes(encodeURIComponent(PASSWORD)) && !text().includes('another-word'));
});

test('a look before a store is opened finds what opening would, and changes nothing', async (t) => {
  const own = await RedisServer.start(t, { tcp: true });
  const prefix = freshPrefix();
  const look = (options: object = {}) => lookAtRedis({ url: own.url, key: KEY, prefix, ...options });
  const fresh = await look();
  assert.deepEqual([fresh.installed, fresh.members, Number.parseInt(fresh.version, 10) >= 7], [false, 0, true]);
  assert.ok(Math.abs(fresh.now - Date.now()) < 5000);
  assert.deepEqual([fresh.appendOnly, fresh.appendSync, fresh.memory.most, fresh.memory.used > 0], [false, undefined, 0, true]);
  assert.equal(Number(await own.command('DBSIZE')), 0);
  await openAt(t, own, { prefix });
  const before = await own.command('DBSIZE');
  assert.equal((await look()).installed, true);
  await assert.rejects(look({ key: 'f'.repeat(64) }), { code: 'storage-key-wrong' });
  await assert.rejects(look({ url: 'redis://127.0.0.1:9' }), { code: 'storage-unreachable' });
  assert.deepEqual(await own.command('DBSIZE'), before);
});

test('a database that the server does not have is said at once, not waited for', async (t) => {
  const own = await RedisServer.start(t, { tcp: true });
  const opening = RedisStore.open({ url: `redis://127.0.0.1:${own.port}/99`, key: KEY });
  await assert.rejects(opening, (error) => isXaynetError(error, 'storage-refused') && /DB index is out of range/.test(error.message));
});

test('a user that may not do what is needed', async (t) => {
  const guarded = await RedisServer.start(t, { tcp: true });
  await guarded.command('ACL', 'SETUSER', 'reader', 'on', '>word', '~*', '&*', '+@read', '+info');
  await assert.rejects(RedisStore.open({ url: `redis://reader:word@127.0.0.1:${guarded.port}`, key: KEY }), { code: 'storage-refused' });
});

test('a server that may drop keys is refused with what to do', async (t) => {
  for (const policy of ['allkeys-lru', 'volatile-ttl']) {
    const dropping = await RedisServer.start(t, { args: ['--maxmemory-policy', policy] });
    await assert.rejects(RedisStore.open({ url: dropping.url, key: KEY }), (error) => {
      assert.ok(isXaynetError(error, 'storage-unfit'));
      assert.match(error.message, new RegExp(`maxmemory-policy is ${policy}.*noeviction`));
      return true;
    });
    assert.equal(await dropping.command('DBSIZE'), 0);
  }
});

test('a replica, and an old version', async (t) => {
  const replica = await RedisServer.start(t, { tcp: true, args: ['--replicaof', '127.0.0.1', '1'] });
  await assert.rejects(RedisStore.open({ url: replica.url, key: KEY }), { code: 'storage-unfit' });
  const at = await server();
  const old = createServer((socket) => proxy(socket, at, (text) => text.replace('redis_version:7', 'redis_version:6'))).listen(0, '127.0.0.1');
  t.after(() => old.close());
  await once(old, 'listening');
  const { port } = old.address() as { port: number };
  await assert.rejects(RedisStore.open({ url: `redis://127.0.0.1:${port}`, key: KEY }), (error) => {
    assert.ok(isXaynetError(error, 'storage-unfit'));
    assert.match(error.message, /Redis 7 or newer is needed, this is 6/);
    return true;
  });
});

test('a server without persistence is warned of, one with an append-only file is not', async (t) => {
  const warnings = async (args: Parameters<typeof RedisServer.start>[1]): Promise<string> => {
    const at = await RedisServer.start(t, args);
    const { logger, text } = logs();
    await openAt(t, at, { prefix: freshPrefix(), logger });
    return text();
  };
  assert.match(await warnings({}), /warn Redis keeps nothing on disk \(appendonly no, no save\)/);
  assert.match(await warnings({ args: ['--save', '3600 1'] }), /warn Redis has no append-only file/);
  assert.doesNotMatch(await warnings({ aof: 'always' }), /warn/);
});

test('keys of another application under the prefix: refused, and left as they are', async () => {
  const at = await server();
  for (const [name, put] of Object.entries({
    'another name': (prefix: string) => at.command('SET', `{${prefix}}:sessions`, 'theirs'),
    'our name, another type': (prefix: string) => at.command('SET', `{${prefix}}:meta`, 'theirs'),
    'our name and type': (prefix: string) => at.command('HSET', `{${prefix}}:meta`, 'field', 'theirs'),
  })) {
    const prefix = freshPrefix();
    await put(prefix);
    const before = await dump(at);
    await assert.rejects(RedisStore.open({ url: at.url, key: KEY, prefix }), { code: 'storage-foreign' }, name);
    assert.equal(await dump(at), before);
  }
});

test('an installation of another format', async (t) => {
  const at = await server();
  const prefix = freshPrefix();
  await (await openAt(t, at, { prefix })).close();
  await at.command('HSET', `{${prefix}}:meta`, 'format', '2');
  const before = await dump(at);
  await assert.rejects(RedisStore.open({ url: at.url, key: KEY, prefix }), { code: 'storage-version' });
  assert.equal(await dump(at), before);
});

test('a prefix in use by another installation: another key does not open it, and its lease is not touched', async (t) => {
  const at = await server();
  const prefix = freshPrefix();
  const first = await openAt(t, at, { prefix });
  await first.setCoordinatorState(state(1), progress(1));
  const before = await dump(at);
  await assert.rejects(RedisStore.open({ url: at.url, key: 'bb'.repeat(32), prefix }), { code: 'storage-key-wrong' });
  assert.equal(await dump(at), before);
});

test('a live holder of the lease is not disturbed; a dead one is waited for, with a line in the log', async (t) => {
  const at = await server();
  const prefix = freshPrefix();
  const { logger, text } = logs();
  const first = await openAt(t, at, { prefix, lease: 1.5 });
  await first.setCoordinatorState(state(1), progress(1));
  await assert.rejects(RedisStore.open({ url: at.url, key: KEY, prefix, logger }), { code: 'storage-locked' });
  assert.match(text(), /info another coordinator has the lease of the store; waiting for it to run out .*process \d+ on /);
  await first.setProgress(progress(2));
  // It dies: its lease stays, and nobody renews it.
  const lease = `{${prefix}}:lease`;
  const holder = (await at.command('GET', lease)) as Buffer;
  await first.close();
  await at.command('SET', lease, holder, 'PX', '500');
  const second = await openAt(t, at, { prefix });
  assert.deepEqual(await second.progress(), progress(2));
});

test("an original coordinator's data: told, never wiped", async (t) => {
  const original = await RedisServer.start(t);
  await original.command('SET', 'coordinator_state', 'theirs');
  await original.command('HSET', 'sum_dict', filled32(1), filled32(2));
  await original.command('HSET', filled32(1), filled32(3), 'seed');
  await original.command('SADD', 'update_participants', filled32(3));
  await original.command('ZADD', 'mask_dict', '1', 'mask');
  await original.command('SET', 'latest_global_model_id', '1_aa');
  const before = await dump(original);
  const { logger, text } = logs();
  const store = await openAt(t, original, { prefix: 'xaynet', logger });
  assert.match(text(), /warn this database has the data of an original coordinator; they are left as they are, and not read .*coordinator_state/);
  await store.setCoordinatorState(state(1), progress(1));
  await store.admitSum(key(1), ephemeral(1));
  await store.eraseAll();
  await store.close();
  for (const name of (await original.command('KEYS', '{xaynet}:*')) as Buffer[]) await original.command('DEL', name);
  assert.equal(await dump(original), before);
});

test('two installations share an instance, and know nothing of each other', async (t) => {
  const at = await server();
  const [one, two] = [await openAt(t, at, { prefix: freshPrefix() }), await openAt(t, at, { prefix: freshPrefix(), key: 'bb'.repeat(32) })];
  await one.setCoordinatorState(state(1), progress(1));
  await one.admitSum(key(1), ephemeral(1));
  await two.eraseAll();
  assert.equal(await two.coordinatorState(), undefined);
  assert.equal((await one.counts()).sums, 1);
});

test('the key: neither given, of the wrong form, in a file that is not there or that others may read', async (t) => {
  const at = await server();
  const open = (options: object): Promise<RedisStore> => RedisStore.open({ url: at.url, prefix: freshPrefix(), ...options });
  await assert.rejects(open({}), { code: 'storage-key-missing' });
  await assert.rejects(open({ key: 'short' }), { code: 'option-invalid' });
  await assert.rejects(open({ keyFile: join(at.folder, 'nothing') }), { code: 'storage-key-missing' });
  const keyFile = join(at.folder, 'key');
  writeFileSync(keyFile, `${KEY}\n`, { mode: 0o644 });
  await assert.rejects(open({ keyFile }), { code: 'storage-key-exposed' });
  chmodSync(keyFile, 0o600);
  const store = await open({ keyFile });
  t.after(() => store.close());
});

test('options that cannot be', async () => {
  for (const options of [
    { url: 'http://host' },
    { prefix: 'a b' },
    { prefix: '' },
    { prefix: 'a}b' },
    { timeout: 0 },
    { lease: 0 },
    { wait: -1 },
    { keepModels: -1 },
  ]) {
    await assert.rejects(RedisStore.open({ url: 'redis://127.0.0.1', key: KEY, ...options }), { code: 'option-invalid' }, JSON.stringify(options));
  }
});

test('secrets are sealed: neither the secret key of a round nor the seed of the identity is in the database', async (t) => {
  const at = await RedisServer.start(t);
  const store = await openAt(t, at, { prefix: freshPrefix() });
  const secret = state(1);
  const seed = Buffer.from(filled(32, 0xe7));
  await store.setCoordinatorState(secret, progress(1));
  await store.setIdentity(seed);
  const values: Buffer[] = [];
  for (const name of (await at.command('KEYS', '*')) as Buffer[])
    if (String(await at.command('TYPE', name)) === 'string') values.push((await at.command('GET', name)) as Buffer);
  assert.ok(values.length >= 3);
  for (const value of values) assert.ok(!value.includes(seed) && !value.includes(Buffer.from(secret.keys.secretKey)));
});

test('over TLS with a certificate of our own, which is checked', async (t) => {
  const made = await RedisServer.make({ tcp: true });
  t.after(() => made.remove());
  const { certificate, privateKey } = selfSigned();
  writeFileSync(join(made.folder, 'cert.pem'), certificate);
  writeFileSync(join(made.folder, 'key.pem'), privateKey);
  const port = await freePort();
  const tls = await RedisServer.start(t, {
    tcp: true,
    args: [
      '--tls-port',
      String(port),
      '--tls-cert-file',
      join(made.folder, 'cert.pem'),
      '--tls-key-file',
      join(made.folder, 'key.pem'),
      '--tls-ca-cert-file',
      join(made.folder, 'cert.pem'),
      '--tls-auth-clients',
      'no',
    ],
  });
  const url = `rediss://127.0.0.1:${port}`;
  await assert.rejects(
    RedisStore.open({ url, key: KEY, wait: 0 }),
    (error) => isXaynetError(error, 'storage-unreachable') && /certificate/.test(error.message),
  );
  const store = await RedisStore.open({ url, key: KEY, ca: certificate });
  await store.setCoordinatorState(state(1), progress(1));
  await store.close();
  assert.ok(Number(await tls.command('DBSIZE')) > 0);
});

test('on a cluster: all keys are on one node, and a client that asks another is sent there', async (t) => {
  // By itself a node takes the port 10 000 above for the others, where a connection of somebody else may have its end.
  const buses = [await freePort(), await freePort()] as const;
  const start = (bus: number) => RedisServer.start(t, { tcp: true, args: ['--cluster-enabled', 'yes', '--cluster-port', String(bus)] });
  const nodes = [await start(buses[0]), await start(buses[1])] as const;
  await nodes[0].command('CLUSTER', 'ADDSLOTSRANGE', '0', '8191');
  await nodes[1].command('CLUSTER', 'ADDSLOTSRANGE', '8192', '16383');
  await nodes[0].command('CLUSTER', 'MEET', '127.0.0.1', String(nodes[1].port), String(buses[1]));
  for (const node of nodes)
    while (!String(await node.command('CLUSTER', 'INFO')).includes('cluster_state:ok')) await new Promise((resolve) => setTimeout(resolve, 20));
  const slot = Number(await nodes[0].command('CLUSTER', 'KEYSLOT', '{xaynet}:meta'));
  const other = nodes[slot < 8192 ? 1 : 0];
  const store = await openAt(t, other, { prefix: 'xaynet' });
  await store.setCoordinatorState(state(1), progress(1));
  await store.admitSum(key(1), ephemeral(1));
  await store.putModel('1_aa', filled(1000, 1));
  await store.setLatestModelId('1_aa');
  await store.eraseRound();
  assert.equal((await store.coordinatorState())?.roundId, 1);
  assert.equal(await other.command('DBSIZE'), 0);
});

function filled32(byte: number): Buffer {
  return Buffer.alloc(32, byte);
}

/** Passes everything on, and changes what comes back. */
function proxy(socket: Socket, at: RedisServer, change: (text: string) => string): void {
  const upstream = connect({ path: at.url.replace('unix://', '') });
  socket.pipe(upstream);
  upstream.on('data', (data: Buffer) => socket.write(Buffer.from(change(data.toString('latin1')), 'latin1')));
  for (const end of [socket, upstream]) {
    end.on('error', () => {});
    end.on('close', () => {
      socket.destroy();
      upstream.destroy();
    });
  }
}

function selfSigned(): { certificate: string; privateKey: string } {
  const keys = forge.pki.rsa.generateKeyPair(2048);
  const made = forge.pki.createCertificate();
  made.publicKey = keys.publicKey;
  made.serialNumber = '01';
  made.validity.notBefore = new Date(Date.now() - 86_400_000);
  made.validity.notAfter = new Date(Date.now() + 86_400_000);
  const name = [{ name: 'commonName', value: 'test' }];
  made.setSubject(name);
  made.setIssuer(name);
  made.setExtensions([
    { name: 'basicConstraints', cA: true },
    { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
  ]);
  made.sign(keys.privateKey, forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(made), privateKey: forge.pki.privateKeyToPem(keys.privateKey) };
}
