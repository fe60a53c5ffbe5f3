// Every fault that the doctor knows, by giving each check what it would have looked at; and one real examination of this machine.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Coordinator, parseSettings } from '@xaynet/coordinator';
import { XaynetError } from '@xaynet/core/errors';
import { main } from '../main.ts';
import { paintFor } from '../screen.ts';
import { checkClock, checkOffset, checkSynchronised } from './clock.ts';
import { checkCoordinator } from './coordinator.ts';
import { checkAnswers, checkProviders, wrongAnswers } from './crypto.ts';
import { checkFileSystem, checkFolder, checkFree, checkPermissions, checkSync, filesToGuard } from './disk.ts';
import { type Finding, fault, ok, unknown, warning } from './finding.ts';
import { folderFacts, portFacts, s3Facts, syncTime } from './machine.ts';
import { checkBackend, checkKeystream, checkMean, checkSpeed, maskedMean } from './masking.ts';
import { checkCertificates, checkPort } from './ports.ts';
import { checkRedis } from './redis.ts';
import { checkCores, checkMemory, checkNode, checkOpenFiles, checkPlatform } from './runtime.ts';
import { checkS3 } from './s3.ts';
import { findingLines, groupTitle, verdictLine } from './text.ts';

const folder = mkdtempSync(join(tmpdir(), 'xaynet-doctor-'));
const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
  rmSync(folder, { recursive: true, force: true });
});

/** Each finding has the state, and the sentence, and what to do unless all is well. */
function expect(finding: Finding, state: Finding['state'], found: RegExp, todo?: RegExp): void {
  assert.equal(finding.state, state, JSON.stringify(finding));
  assert.match(finding.found, found);
  if (state === 'ok') assert.equal(finding.todo, undefined);
  else assert.match(finding.todo!, todo ?? /\w{3}.*\w/);
}

const GB = 1e9;
const SPAN = { smallest: 2 * GB, largest: 8 * GB };

describe('runtime', () => {
  const runtime = { version: '24.1.0', execPath: '/opt/node/bin/node', execArgv: [], platform: 'linux', arch: 'x64', endianness: 'LE' } as const;
  test('Node: how it was started; too old; not maintained for long', () => {
    expect(checkNode(runtime), 'ok', /^Node 24\.1\.0, of this system \(\/opt\/node\/bin\/node\), running built files$/);
    expect(
      checkNode({ ...runtime, execPath: 'C:\\x\\node_modules\\node\\node.exe', execArgv: ['--conditions=source'] }),
      'ok',
      /the one that the packages bring.*running the sources/,
    );
    for (const version of ['20.19.1', '22.17.9']) expect(checkNode({ ...runtime, version }), 'fault', /^Node 2/, /22\.18 or newer is needed/);
    expect(checkNode({ ...runtime, version: '22.18.0' }), 'ok', /22\.18\.0/);
    expect(checkNode({ ...runtime, version: '25.0.0' }), 'warning', /25\.0\.0/, /even/);
  });

  test('byte order, cores', () => {
    expect(checkPlatform(runtime), 'ok', /linux on x64, little-endian/);
    expect(checkPlatform({ ...runtime, arch: 's390x', endianness: 'BE' }), 'warning', /big-endian/, /slower/);
    expect(checkCores(8), 'ok', /8 cores/);
    expect(checkCores(1), 'warning', /one core/, /main thread/);
  });

  test('memory: enough, little, less than rounds need, limited by a control group', () => {
    const memory = { total: 16 * GB, available: 10 * GB, limit: undefined };
    expect(checkMemory(memory, undefined), 'ok', /^10\.0 GB available of 16\.0 GB$/);
    expect(checkMemory(memory, SPAN), 'ok', /largest round needs 8\.0 GB/);
    expect(checkMemory({ ...memory, available: 3 * GB }, SPAN), 'warning', /largest round needs/, /update\.count\.max/);
    expect(checkMemory({ ...memory, limit: GB }, SPAN), 'fault', /limited to 1\.0 GB by its control group; the smallest round needs 2\.0 GB/, /model\.length/);
    expect(checkMemory({ ...memory, available: 0.1 * GB }, undefined), 'warning', /100 MB available/, /256 MB/);
  });

  test('open files', () => {
    const limits = (soft: string): string =>
      `Limit                     Soft Limit           Hard Limit           Units     \nMax open files            ${soft}                20000                files     \n`;
    expect(checkOpenFiles(limits('20000')), 'ok', /20000 open files/);
    expect(checkOpenFiles(limits('unlimited')), 'ok', /unlimited/);
    expect(checkOpenFiles(limits('1024')), 'warning', /1024/, /ulimit -n 4096/);
    expect(checkOpenFiles(limits('256')), 'fault', /256/, /LimitNOFILE/);
    expect(checkOpenFiles(undefined), 'unknown', /cannot be read/, /ulimit/);
  });
});

describe('masking and cryptography', () => {
  test('the kernel: the fastest, without OpenSSL, without WebAssembly', () => {
    expect(checkBackend({ kernel: 'wasm', keystream: 'openssl' }), 'ok', /OpenSSL/);
    expect(checkBackend({ kernel: 'wasm', keystream: 'wasm', reason: 'no native keystream' }), 'warning', /no native keystream/, /FIPS/);
    expect(
      checkBackend({ kernel: 'plain', keystream: 'plain', reason: 'a big-endian machine' }),
      'warning',
      /plain TypeScript: a big-endian machine/,
      /ten to twenty times/,
    );
    expect(checkKeystream(['aes-128-cbc', 'chacha20'], '3.5.1', false), 'ok', /OpenSSL 3\.5\.1, with ChaCha20/);
    expect(checkKeystream(['aes-128-cbc'], '3.0.2-fips', true), 'warning', /restricted to FIPS, without ChaCha20/);
  });

  test('the mean of two masked models is right here, and a wrong one is told', () => {
    const mean = maskedMean();
    expect(checkMean(mean), 'ok', /mean of the plain ones/);
    expect(checkMean(mean.with(7, 0.51)), 'fault', /weight 7 of the unmasked mean is 0\.51/, /no round/);
    expect(checkMean(mean.slice(1)), 'fault', /has 999 weights/);
    expect(checkSpeed('X', { mask: 1e-8, derive: 5e-9 }), 'ok', /^100 million weights masked a second, 200 million of a mask .*\(X, one thread\)/);
  });

  test('libraries: sodium-native missing; answers that are wrong', () => {
    const providers = {
      signing: 'node:crypto',
      shortSigning: 'sodium-native',
      hashing: 'node:crypto',
      agreement: 'sodium-native',
      sealing: 'sodium-native',
    } as const;
    expect(checkProviders(providers), 'ok', /signatures by node:crypto and sodium-native, hashes by node:crypto, sealed boxes by sodium-native/);
    expect(
      checkProviders({ ...providers, shortSigning: 'node:crypto', sealing: 'noble' }),
      'warning',
      /signatures by node:crypto, .* sealed boxes by noble/,
      /npm install sodium-native/,
    );
    assert.deepEqual(wrongAnswers(), []);
    expect(checkAnswers([]), 'ok', /what they must be/);
    expect(checkAnswers(['a SHA-256']), 'fault', /wrong: a SHA-256/, /no round/);
  });
});

describe('clock', () => {
  const now = Date.UTC(2026, 10, 29);
  test('a wall clock from 1970, one that jumps', () => {
    const facts = { now, wallPassed: 800, monotonicPassed: 801, zone: 'Pacific/Auckland' };
    expect(checkClock(facts), 'ok', /^2026-11-29T00:00:00\.000Z \(zone Pacific\/Auckland, which changes nothing\)$/);
    expect(checkClock({ ...facts, now: 86_400_000 }), 'fault', /^1970-01-02/, /Set the clock/);
    expect(checkClock({ ...facts, wallPassed: 5800 }), 'warning', /4999 ms ahead/, /slewed/);
    expect(checkClock({ ...facts, wallPassed: -3200 }), 'warning', /4001 ms back/);
  });

  test('synchronised or not, or nobody knows', () => {
    expect(checkSynchronised(true, 'timedatectl'), 'ok', /synchronised \(timedatectl\)/);
    expect(checkSynchronised(false, 'timedatectl'), 'warning', /not synchronised/, /set-ntp/);
    expect(checkSynchronised(undefined, 'nobody'), 'unknown', /cannot be told/, /container/);
  });

  test('the clock of a coordinator: the same, off, an hour off, not said', () => {
    const header = (offset: number): string => new Date(now + offset).toUTCString();
    expect(checkOffset(header(0), now + 400), 'ok', /the same to about a second/);
    expect(checkOffset(header(5000), now), 'ok', /6 s ahead/);
    expect(checkOffset(header(-60_000), now), 'warning', /60 s behind/, /time service/);
    expect(checkOffset(header(7_200_000), now), 'fault', /7201 s ahead/, /certificates/);
    for (const none of [undefined, 'yesterday']) expect(checkOffset(none, now), 'unknown', /names no time/);
  });
});

describe('data folder', () => {
  test('a folder that is there, missing, no folder, not to be written', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(checkFolder(folderFacts(folder)), 'ok', /can be written/);
    expect(checkFolder(folderFacts(join(folder, 'a', 'b'))), 'ok', /is not there yet; .* above it can be written/);
    expect(checkFolder(folderFacts(join(folder, 'file'))), 'fault', /is no folder/, /store\.path/);
    expect(checkFolder(folderFacts(join(folder, 'file', 'data'))), 'fault', /cannot be written: ENOTDIR/);
    expect(checkFolder({ path: 'x', kind: 'folder', parent: '/x', refused: 'EROFS' }), 'fault', /x cannot be written: EROFS/, /user that runs/);
    assert.deepEqual(readdirSync(folder), ['file'], 'nothing is left behind');
  });

  test('a full disk, one that is full after some rounds', () => {
    const total = 100 * GB;
    expect(checkFree({ free: 50 * GB, total }, undefined), 'ok', /^50\.0 GB free of 100 GB$/);
    expect(checkFree({ free: 50 * GB, total }, SPAN), 'ok', /needs 8\.0 GB/);
    expect(checkFree({ free: 4 * GB, total }, SPAN), 'warning', /largest round needs 8\.0 GB/, /keep_models/);
    expect(checkFree({ free: GB, total }, SPAN), 'fault', /smallest round needs 2\.0 GB/);
    expect(checkFree({ free: 0, total }, undefined), 'fault', /0 B free/);
    expect(checkFree({ free: 50e6, total }, undefined), 'warning', /50\.0 MB free/);
  });

  test('a disk that is slow, one that only says that it has written', () => {
    expect(checkSync(2.5), 'ok', /takes 2\.50 ms/);
    expect(checkSync(180), 'warning', /takes 180 ms/, /SSD/);
    expect(checkSync(0.003), 'warning', /which no disk does/, /fsync/);
    expect(checkSync(undefined), 'unknown', /could not be measured/);
    assert.ok(syncTime(folder)! > 0);
    assert.equal(syncTime(join(folder, 'nowhere')), undefined);
  });

  test('file systems: local, of the network, in memory, of a container, unheard of', () => {
    expect(checkFileSystem(0xef53, 'linux'), 'ok', /ext4/);
    for (const [type, name, todo] of [
      [0x6969, 'nfs', /local disk/],
      [0xff534d42, 'cifs', /local disk/],
      [0x1021994, 'tmpfs', /restarts/],
      [0x794c7630, 'overlay', /volume/],
    ] as const)
      expect(checkFileSystem(type, 'linux'), 'warning', new RegExp(`is ${name}$`), todo);
    expect(checkFileSystem(0x1234, 'linux'), 'unknown', /not known/);
    expect(checkFileSystem(0xef53, 'darwin'), 'unknown', /not known/);
    expect(checkFileSystem(undefined, 'linux'), 'unknown', /not known/);
  });

  test('permissions: others can read keys; the group may read settings', () => {
    expect(checkPermissions([], 'linux'), 'ok', /nothing to guard/);
    expect(
      checkPermissions(
        [
          { path: 'd', mode: 0o40700, forGroup: false },
          { path: 'c.toml', mode: 0o100640, forGroup: true },
        ],
        'linux',
      ),
      'ok',
      /nobody else/,
    );
    expect(
      checkPermissions(
        [
          { path: 'd', mode: 0o40755, forGroup: false },
          { path: 'k', mode: 0o100600, forGroup: false },
        ],
        'linux',
      ),
      'warning',
      /write d \(0755\)$/,
      /^chmod go= d$/,
    );
    expect(checkPermissions([{ path: 'c.toml', mode: 0o100664, forGroup: true }], 'linux'), 'warning', /c\.toml \(0664\)/);
    expect(checkPermissions([{ path: "it's k", mode: 0o100644, forGroup: false }], 'linux'), 'warning', /it's k/, /^chmod go= 'it'\\''s k'$/);
    expect(checkPermissions([], 'win32'), 'unknown', /Windows/);
    const paths = (kind: 'folder' | 'other'): string[] =>
      filesToGuard({ path: 'd', kind }, { keyFile: undefined, tlsKey: 't', config: 'c' }).map(({ path }) => path);
    assert.deepEqual(
      [paths('folder'), paths('other')],
      [
        ['d', join('d', 'store.key'), 't', 'c'],
        [join('d', 'store.key'), 't', 'c'],
      ],
    );
  });
});

async function serve(answer: RequestListener): Promise<number> {
  const server = createServer(answer);
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

test('Redis: in order, without a file, with another clock, not to be used', () => {
  const memory = { used: 5e8, most: 1e9 };
  const look = { version: '7.0.15', appendOnly: true, appendSync: 'always' as string | undefined, memory, installed: true, members: 2, now: 100_000 };
  const findings = (over: Partial<typeof look>, here = 100_000): Finding[] => checkRedis({ look: { ...look, ...over }, here });
  const states = (found: readonly Finding[]): string => found.map(({ id, state }) => `${id} ${state}`).join(', ');
  assert.equal(states(findings({})), 'redis.server ok, redis.prefix ok, redis.disk ok, redis.memory ok, redis.clock ok');
  expect(findings({})[1]!, 'ok', /^an installation with this key, 2 processes are there$/);
  expect(findings({ installed: false, members: 0 })[1]!, 'ok', /^nothing is under the prefix yet$/);
  expect(findings({ appendOnly: false })[2]!, 'warning', /no append-only file/, /appendonly yes/);
  expect(findings({})[2]!, 'ok', /^it keeps an append-only file, synced with each write$/);
  expect(findings({ appendSync: 'everysec' })[2]!, 'ok', /once a second: a crash may cost the last one/);
  expect(findings({ appendSync: undefined })[2]!, 'ok', /^it keeps an append-only file$/);
  expect(findings({ appendSync: 'no' })[2]!, 'warning', /never synced/, /appendfsync always/);
  expect(findings({})[3]!, 'ok', /^it uses 500 MB of 1\.0 GB$/);
  expect(findings({ memory: { used: 5e8, most: 0 } })[3]!, 'ok', /no limit/);
  expect(findings({ memory: { used: 9e8, most: 1e9 } })[3]!, 'warning', /900 MB of 1\.0 GB/, /maxmemory/);
  expect(findings({}, 92_000)[4]!, 'warning', /differs from the one here by 8 s: a coordinator here will not lead/, /time service/);
  const [refused, ...rest] = checkRedis({ error: new XaynetError('storage-refused', 'redis://h: WRONGPASS') });
  expect(refused!, 'fault', /WRONGPASS/, /the password/);
  assert.deepEqual(rest, []);
});

test('S3: in order, without a bucket, with another clock, one bucket that is refused, nobody there', () => {
  const look = { exists: true, conditional: true, ahead: -700 as number | undefined };
  const models = (over: Partial<typeof look>) => ({ setting: 'global_models', bucket: 'm', look: { ...look, ...over } }) as const;
  const states = (...buckets: Parameters<typeof checkS3>[0]): string =>
    checkS3(buckets)
      .map(({ id, state }) => `${id} ${state}`)
      .join(', ');
  const [bucket, clock] = checkS3([models({})]);
  expect(bucket!, 'ok', /^m can be listed, written, read and deleted from$/);
  expect(clock!, 'ok', /agrees/);
  expect(checkS3([models({ conditional: false })])[0]!, 'ok', /without conditional writes/);
  expect(checkS3([models({ exists: false })])[0]!, 'warning', /there is no bucket m yet/, /s3\.buckets\.global_models and s3\.region/);
  expect(checkS3([models({ ahead: -90_400 })])[1]!, 'warning', /^its clock is 90 s behind the one here$/, /Set the clock/);
  expect(checkS3([models({ ahead: undefined })])[1]!, 'unknown', /name no time/);
  const refused = { setting: 'rounds', bucket: 'r', error: new XaynetError('storage-refused', 'DELETE .xaynet-probe/1: AccessDenied') } as const;
  assert.equal(states(models({}), refused), 's3.global_models ok, s3.rounds fault, s3.clock ok');
  expect(checkS3([refused])[0]!, 'fault', /^r: .*DELETE .*AccessDenied/, /list, read, write and delete/);
  const away = { setting: 'global_models', bucket: 'm', error: new XaynetError('storage-unreachable', 'ECONNREFUSED') } as const;
  assert.equal(states(away, { ...away, setting: 'rounds' }), 's3.global_models fault', 'said once');
});

test('S3: what is looked at, where nobody listens', async () => {
  const settings = parseSettings({
    model: { length: 4 },
    store: { kind: 'redis', blobs: 's3', key: 'a5'.repeat(32) },
    redis: { url: 'redis://127.0.0.1:9' },
    s3: { access_key: 'key', secret_access_key: 'secret', region: ['here', 'http://127.0.0.1:9'] },
  });
  const facts = await s3Facts(settings);
  assert.deepEqual(
    facts.map((one) => [one.setting, 'error' in one && (one.error as XaynetError).code]),
    [
      ['global_models', 'storage-unreachable'],
      ['rounds', 'storage-unreachable'],
    ],
  );
  assert.equal((await s3Facts({ s3: settings.s3, store: { ...settings.store, kind: 'embedded' } })).length, 1, 'a store of its own has copies of models only');
});

describe('ports', () => {
  test('free, in use by a coordinator, by something else, forbidden, not of this machine', async () => {
    const facts = (port: number, host = '127.0.0.1') => portFacts('api.bind_address', { host, port }, false);
    expect(checkPort(await facts(0)), 'ok', /any free port/);
    const port = await serve((_, response) => response.end(JSON.stringify({ round: 7, phase: 'sum', now: 1, uptime: 2 })));
    expect(checkPort(await facts(port)), 'warning', /a coordinator answers on 127\.0\.0\.1:\d+ already, in round 7, phase sum/, /Stop it/);
    const other = await serve((_, response) => response.end('hello'));
    expect(checkPort(await facts(other)), 'fault', /another program listens/, /set api\.bind_address to another port/);
    expect(checkPort(await facts(9, '192.0.2.1')), 'fault', /no address 192\.0\.2\.1/, /0\.0\.0\.0/);
    const free = { setting: 'admin.bind_address', host: '::1', port: 80, refused: undefined, answers: undefined } as const;
    expect(checkPort(free), 'ok', /^\[::1\]:80 \(admin\.bind_address\) is free$/);
    expect(checkPort({ ...free, refused: 'EACCES' }), 'fault', /may not listen/, /1024/);
    expect(checkPort({ ...free, refused: 'EWHAT' }), 'fault', /EWHAT/, /admin\.bind_address/);
  });

  test('certificates: none, in order, about to expire, wrong', () => {
    expect(checkCertificates(undefined), 'ok', /plain HTTP/);
    expect(checkCertificates({ notices: [] }), 'ok', /fit and hold/);
    expect(checkCertificates({ notices: ['a.pem expires in 3 days.'] }), 'warning', /3 days/, /Renew/);
    expect(checkCertificates({ error: new XaynetError('tls-key-mismatch', 'k.pem and c.pem') }), 'fault', /k\.pem and c\.pem/);
  });
});

describe('a coordinator', () => {
  const states = (findings: readonly Finding[]): string => findings.map(({ id, state }) => `${id} ${state}`).join(', ');
  test('not there; something else; over plain HTTP', async () => {
    const gone = await checkCoordinator({
      url: 'http://127.0.0.1:9',
      params: () => Promise.reject(new XaynetError('transport-unreachable', 'no')),
      document: () => Promise.resolve('none'),
    });
    assert.equal(states(gone), 'url.reachable fault');
    const answer = { body: new TextEncoder().encode('<html>'), headers: { date: new Date(0).toUTCString() }, halfway: Date.now(), took: 12 };
    const document = (): Promise<Uint8Array> => Promise.resolve(Uint8Array.of(1, 2, 3));
    const other = await checkCoordinator({ url: 'http://example.org/pet', params: () => Promise.resolve(answer), document });
    assert.equal(states(other), 'url.reachable ok, url.security warning, url.params fault, url.sums fault, url.model fault, url.cors ok, url.clock fault');
  });

  test('one that runs: all is well', async () => {
    const coordinator = await Coordinator.start(parseSettings({ model: { length: 10 }, api: { bind_address: '127.0.0.1:0' }, store: { kind: 'memory' } }));
    try {
      let out = '';
      await main(['doctor', '--json', '--url', coordinator.url], { out: (text) => (out += text), err: () => undefined });
      const { findings } = JSON.parse(out) as { findings: Finding[] };
      assert.equal(
        states(findings.filter(({ id }) => id.startsWith('url.'))),
        'url.reachable ok, url.security ok, url.params ok, url.sums ok, url.model ok, url.cors ok, url.clock ok',
      );
      assert.match(findings.find(({ id }) => id === 'url.params')!.found, /rounds of 10 weights, masked with Power2\/F32\/B0\/M6/);
    } finally {
      await coordinator.stop();
    }
  });
});

test('lines: marks in a column, advice below, titles once; the last line counts', () => {
  const paint = paintFor(false);
  assert.deepEqual(findingLines(warning('disk.free', 'a '.repeat(20).trim(), 'Do something about it.'), 40, paint), [
    '  ! free          a a a a a a a a a a a',
    '                  a a a a a a a a a',
    '                  → Do something about',
    '                    it.',
  ]);
  assert.deepEqual(findingLines(ok('x.y', 'fine'), 80, paint), ['  ✓ y             fine']);
  assert.deepEqual(
    [groupTitle('disk.free', undefined), groupTitle('disk.sync', 'disk.free'), groupTitle('ports.api', 'disk.sync')],
    ['data folder', undefined, 'ports'],
  );
  assert.equal(verdictLine([ok('a.b', '')], paint), 'no fault, no warning, 1 in order');
  assert.equal(
    verdictLine([fault('a.b', '', ''), warning('a.c', '', ''), warning('a.d', '', ''), unknown('a.e', '', '')], paint),
    '1 fault, 2 warnings, 0 in order, 1 cannot be told',
  );
});

describe('xaynet doctor', () => {
  async function xaynet(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    let out = '';
    let err = '';
    const code = await main(['doctor', ...args], { out: (text) => (out += text), err: (text) => (err += text) });
    return { code, out, err };
  }
  const settings = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };

  test('a real examination, as text and as JSON; a coordinator besides', async () => {
    const data = join(folder, 'data');
    mkdirSync(data, { mode: 0o700 });
    const config = settings('good.toml', `[model]\nlength = 100\n[api]\nbind_address = "127.0.0.1:0"\n[store]\npath = "${data}"\n`);
    const { code, out } = await xaynet('-c', config);
    assert.equal(code, 0, out);
    for (const part of [
      /^settings\n {2}✓ file +.*good\.toml\s+can be/,
      /\nmasking\n {2}. backend/,
      /\n\ndata folder\n {2}✓ folder/,
      /✓ permissions +nobody else/,
      /\nno fault, .*; \d+\.\d s\n$/,
    ])
      assert.match(out, part);
    chmodSync(data, 0o755);
    const port = await serve((_, response) => response.setHeader('access-control-allow-origin', '*').end('nonsense'));
    const shown = await xaynet('-c', config, '--url', `http://127.0.0.1:${port}`, '--json');
    const { ok: fine, counts, findings } = JSON.parse(shown.out) as { ok: boolean; counts: Record<string, number>; findings: Finding[] };
    const stateOf = (id: string): string | undefined => findings.find((finding) => finding.id === id)?.state;
    assert.deepEqual([shown.code, fine, counts.fault], [1, false, 3], shown.out);
    assert.deepEqual(['url.params', 'url.reachable', 'disk.permissions', 'masking.mean'].map(stateOf), ['fault', 'ok', 'warning', 'ok']);
    assert.equal(new Set(findings.map(({ id }) => id)).size, findings.length, 'each id once');
  });

  test('settings that cannot be used are a fault, and the rest is looked at all the same', async () => {
    const { code, out } = await xaynet('-c', settings('bad.toml', '[model]\nlength = 0\n'), '--json');
    const { findings } = JSON.parse(out) as { findings: Finding[] };
    assert.deepEqual([code, findings[0]!.id, findings[0]!.state], [1, 'settings.file', 'fault']);
    assert.ok(findings.some(({ id }) => id === 'masking.mean'));
    assert.ok(!findings.some(({ id }) => id.startsWith('disk.')));
  });
});
