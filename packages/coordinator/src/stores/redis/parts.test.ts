// The parts of the store on Redis that need no Redis; the rest is tested over a real one in tests/redis.

import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { isXaynetError } from '@xaynet/core/errors';
import { parseRedisUrl, shownAddress } from './address.ts';
import { ownerIn } from './lease.ts';
import { type Arg, redisLibrary } from './library.ts';
import { RedisLink } from './link.ts';
import { Names, PREFIX } from './names.ts';
import { script } from './script.ts';
import { checkServer, serverInfo } from './server.ts';

test('addresses: what an original takes, TLS and sockets too, and how they are shown', () => {
  const shown = (url: string): string | undefined => {
    const address = parseRedisUrl(url);
    return address && shownAddress(address);
  };
  for (const [url, expected] of [
    ['redis://127.0.0.1/', 'redis://127.0.0.1:6379'],
    ['redis://redis', 'redis://redis:6379'],
    ['redis://:word@host:1234/3', 'redis://host:1234/3'],
    ['rediss://user:word@[::1]:1', 'rediss://[::1]:1'],
    ['unix:///run/redis.sock?db=2&user=a&pass=b', 'unix:///run/redis.sock/2'],
    ['redis+unix:///run/redis.sock', 'unix:///run/redis.sock'],
  ] as const) {
    assert.equal(shown(url), expected);
  }
  for (const url of [
    '',
    'host',
    'http://host',
    'redis://',
    'redis:///1',
    'redis://host/a',
    'redis://host/-1',
    'redis://host?db=1',
    'redis://host#a',
    'unix://host/a',
    'unix:///',
    'redis://%zz@host',
  ]) {
    assert.equal(parseRedisUrl(url), undefined, url);
  }
  const { username, password, tls } = parseRedisUrl('rediss://us%40er:p%40ss%2Fword%3A1@host')!;
  assert.deepEqual([username, password, tls], ['us@er', 'p@ss/word:1', true]);
  assert.equal(parseRedisUrl('unix:///s?pass=b%26')?.password, 'b&');
});

test('a library that is not there says what to install', async () => {
  await assert.rejects(
    redisLibrary(() => Promise.reject(new Error("Cannot find package '@redis/client'\nand more"))),
    (error) => isXaynetError(error, 'storage-library-missing') && error.message.includes('@redis/client') && !error.message.includes('and more'),
  );
  const library = { createClient: () => assert.fail(), RESP_TYPES: { BLOB_STRING: 36 } };
  assert.equal(await redisLibrary(async () => library), library);
  assert.equal(await redisLibrary(async () => ({ default: library })), library);
});

test('servers: the fields of INFO, versions, policies', () => {
  const info = serverInfo('# Server\r\nredis_version:7.0.15\r\n\r\n# Memory\r\nmaxmemory_policy:noeviction\r\nrole:master\r\nodd:a:b\r\n');
  assert.deepEqual([...info].flat(), ['redis_version', '7.0.15', 'maxmemory_policy', 'noeviction', 'role', 'master', 'odd', 'a:b']);
  checkServer(info);
  checkServer(new Map([['redis_version', '8.2.0']]));
  for (const wrong of [
    [],
    [['redis_version', '6.2.1']],
    [
      ['redis_version', '7.0.0'],
      ['maxmemory_policy', 'allkeys-lru'],
    ],
    [
      ['redis_version', '7.0.0'],
      ['role', 'slave'],
    ],
  ]) {
    assert.throws(() => checkServer(new Map(wrong as [string, string][])), { code: 'storage-unfit' });
  }
});

test('names: one hash tag for all, and rounds apart', () => {
  const names = new Names('fleet-1');
  const round = names.round(7);
  const strings = [...Object.values(names), ...Object.values(round)].filter((name) => typeof name === 'string');
  assert.ok(strings.length > 20);
  for (const name of [...strings, names.blob('a/b'), round.sent(new Uint8Array(33)).toString('latin1'), round.chunks(new Uint8Array(35)).toString('latin1')]) {
    assert.ok(name.startsWith('{fleet-1}:'), name);
  }
  assert.equal(new Set(strings).size, strings.length);
  assert.notEqual(names.round(8).sums, round.sums);
  for (const prefix of ['a', 'a.b-c_D9', 'x'.repeat(64)]) assert.ok(PREFIX.test(prefix));
  for (const prefix of ['', 'a b', '{a}', 'a:b', 'a*', 'é', 'x'.repeat(65)]) assert.ok(!PREFIX.test(prefix));
});

test('scripts: arguments of their own come after those of the head', () => {
  const { text, sha1 } = script('read', 'return {A1, A2, ARGV[F + 3]}');
  assert.match(text, /^#!lua flags=no-writes\n/);
  assert.match(text, /return \{ARGV\[7\], ARGV\[8\], ARGV\[6 \+ 3\]\}/);
  assert.match(sha1, /^[0-9a-f]{40}$/);
  assert.equal(ownerIn('{"host":"a","pid":1}'), 'process 1 on a');
  assert.equal(ownerIn('no JSON'), 'another coordinator');
});

test('a call that was given up while there was no connection is never sent', async (t) => {
  const sent: string[] = [];
  let connected = (): void => {};
  const client = {
    isReady: false,
    connect: () =>
      new Promise<void>((resolve) => {
        connected = () => {
          client.isReady = true;
          resolve();
        };
      }),
    sendCommand: async (args: readonly Arg[]) => {
      sent.push(String(args[0]));
      return 'OK';
    },
    destroy: () => {},
    on: () => {},
  };
  const library = { createClient: () => client, RESP_TYPES: { BLOB_STRING: 36 } };
  const link = new RedisLink({ library, address: parseRedisUrl('redis://host')!, timeout: 10_000 });
  t.after(() => link.close());
  await assert.rejects(link.command(['EARLY'], 10), { code: 'storage-timeout' });
  const later = link.command(['LATER']);
  connected();
  assert.equal(await later, 'OK');
  assert.deepEqual(sent, ['LATER']);
});

test('a server that repeats what it was given is not repeated: the password is hidden', async (t) => {
  // As one does that does not know AUTH.
  const old = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.write("-ERR unknown command 'AUTH', with args beginning with: 'user' 'hush'\r\n"));
  });
  await new Promise<void>((resolve) => old.listen(0, '127.0.0.1', resolve));
  t.after(() => old.close());
  const { port } = old.address() as { port: number };
  let library: Awaited<ReturnType<typeof redisLibrary>>;
  try {
    library = await redisLibrary();
  } catch {
    return t.skip('@redis/client is not installed');
  }
  const link = new RedisLink({ library, address: parseRedisUrl(`redis://user:hush@127.0.0.1:${port}`)!, timeout: 5000 });
  t.after(() => link.close());
  await assert.rejects(link.command(['PING']), (error) => {
    assert.ok(isXaynetError(error));
    assert.match(error.message, /unknown command 'AUTH'/);
    assert.ok(!`${error.message} ${String(error.cause)} ${(error.cause as Error).stack}`.includes('hush'));
    return true;
  });
});
