// Limits by address, by a clock that stands still: buckets, bursts, bounded memory; and whose address counts behind proxies.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type AddressBudgets, AddressLimits } from './address-limits.ts';
import { createApi } from './api/api.ts';
import { FakeApiPort } from './api/rig.test.ts';
import { Clients } from './clients.ts';
import { ask, EMPTY_REFUSAL, get, post, Raw, using } from './raw-client.test.ts';
import { NO_ADDRESS_RULES } from './server.ts';

function limits(budgets: Partial<AddressBudgets>, remembered?: number): { limits: AddressLimits; pass: (seconds: number) => void } {
  let now = 1e6;
  const all = { requestsPerSecond: 0, bytesPerSecond: 0, connectionsPerAddress: 0, ...budgets };
  return {
    limits: new AddressLimits(all, { largest: () => 1000, now: () => now, remembered }),
    pass: (seconds) => {
      now += seconds * 1000;
    },
  };
}

describe('buckets', () => {
  it('requests: a burst of ten seconds, then the rate, and how long to wait', () => {
    const { limits: address, pass } = limits({ requestsPerSecond: 2 });
    for (let i = 0; i < 20; i++) assert.equal(address.request('a'), 0);
    assert.equal(address.request('a'), 1);
    assert.equal(address.request('b'), 0, 'others are not concerned');
    pass(0.4);
    assert.equal(address.request('a'), 1);
    pass(0.1);
    assert.equal(address.request('a'), 0);
    pass(3600);
    for (let i = 0; i < 20; i++) assert.equal(address.request('a'), 0);
    assert.equal(address.request('a'), 1, 'an hour of silence is no larger burst');
  });

  it('a rate below one a second still lets one through, and says how long the next takes', () => {
    const { limits: address, pass } = limits({ requestsPerSecond: 0.01 });
    assert.deepEqual([address.request('a'), address.request('a')], [0, 100]);
    pass(100);
    assert.equal(address.request('a'), 0);
  });

  it('bytes: two largest messages always fit, and what never came is given back', () => {
    const { limits: address, pass } = limits({ bytesPerSecond: 10 });
    assert.deepEqual([address.bytes('a', 1000), address.bytes('a', 1000), address.bytes('a', 1000)], [0, 0, 100]);
    address.giveBytes('a', 600);
    assert.equal(address.bytes('a', 600), 0);
    pass(200);
    assert.deepEqual([address.bytes('a', 2000), address.bytes('a', 1)], [0, 1]);
  });

  it('connections, exempt addresses, and no limits at all', () => {
    const { limits: address } = limits({ connectionsPerAddress: 2 });
    assert.deepEqual([address.connected('a'), address.connected('a'), address.connected('a'), address.connected('b')], [true, true, false, true]);
    address.disconnected('a');
    assert.equal(address.connected('a'), true);
    for (let i = 0; i < 1000; i++) {
      assert.ok(address.connected(undefined));
      assert.equal(address.request('a') + address.bytes('a', 1e9), 0);
    }
    const strict = limits({ requestsPerSecond: 1e-9, bytesPerSecond: 1 }).limits;
    for (let i = 0; i < 100; i++) assert.equal(strict.request(undefined) + strict.bytes(undefined, 1e9), 0);
  });

  it('T14 a million addresses take the memory of a bounded number, and who is active is not forgotten', () => {
    const { limits: address } = limits({ requestsPerSecond: 0.1 }, 1000);
    assert.equal(address.request('active'), 0);
    for (let i = 0; i < 1_000_000; i++) {
      if (address.request(`10.${i}`) !== 0) assert.fail('a fresh address has its burst');
      if (i % 400 === 0) assert.ok(address.request('active') > 0);
    }
    assert.ok(address.remembered <= 1000, `${address.remembered}`);
  });

  it('new budgets hold from now on', () => {
    const { limits: address } = limits({ requestsPerSecond: 0.1 });
    assert.deepEqual([address.request('a'), address.request('a')], [0, 10]);
    address.budgets = { requestsPerSecond: 0, bytesPerSecond: 0, connectionsPerAddress: 0 };
    assert.equal(address.request('a'), 0);
  });
});

describe('whose address counts', () => {
  const clients = new Clients({ trustedProxies: ['10.0.0.0/8', '::1'], exemptAddresses: ['192.0.2.1', '127.0.0.0/8'] });
  const through = (remote: string, header: string): string => clients.forwarded(clients.ofAddress(remote), header).address;

  it('the rightmost that is no trusted proxy, whatever a client wrote before it', () => {
    const cases: [string, string, string][] = [
      ['10.0.0.1', '203.0.113.5', '203.0.113.5'],
      ['10.0.0.1', '127.0.0.1, 192.0.2.1, 203.0.113.5', '203.0.113.5'],
      ['10.0.0.1', '203.0.113.5, 10.0.0.2', '203.0.113.5'],
      ['::1', '2001:DB8::7', '2001:db8::7'],
      ['::ffff:10.0.0.1', '::ffff:203.0.113.5', '203.0.113.5'],
      ['10.0.0.1', '[2001:db8::7]:4711', '2001:db8::7'],
      ['10.0.0.1', '203.0.113.5:4711', '203.0.113.5'],
      ['10.0.0.1', '', '10.0.0.1'],
      ['10.0.0.1', '203.0.113.5, nonsense', '10.0.0.1'],
      ['10.0.0.1', '203.0.113.5, unknown, 10.0.0.2', '10.0.0.2'],
      ['203.0.113.9', '203.0.113.5', '203.0.113.9'],
    ];
    for (const [remote, header, client] of cases) assert.equal(through(remote, header), client, header);
  });

  it('exempt addresses are not counted, all others are, by their network', () => {
    assert.deepEqual(clients.ofAddress('127.0.0.9'), { address: '127.0.0.9', counted: undefined });
    assert.deepEqual(clients.ofAddress('::ffff:8.8.8.8'), { address: '8.8.8.8', counted: '8.8.8.8' });
    assert.deepEqual(clients.ofAddress('2001:db8::7'), { address: '2001:db8::7', counted: '2001:db8::' });
    assert.deepEqual(clients.ofAddress(undefined), { address: '', counted: undefined });
  });
});

describe('limits by address at a server', () => {
  const rules = { ...NO_ADDRESS_RULES, requestsPerSecond: 0.2 };

  it('T14 answers 429 with Retry-After beyond the budget, to everybody, and keeps the connection', () =>
    using({ addresses: rules, now: () => 0, statusCodes: true }, async (server, port) => {
      const raw = new Raw(server);
      assert.equal((await raw.write(get('/params')).answer()).status, 200);
      assert.equal((await raw.write(get('/params')).answer()).status, 200);
      for (const text of [get('/params'), post('m'), get('/nope')]) {
        const { status, headers } = await raw.write(text).answer();
        assert.deepEqual([status, headers], [429, { 'retry-after': '5', ...EMPTY_REFUSAL }]);
        if (text.startsWith('POST')) break; // its body was not read, so the connection ends
      }
      raw.destroy();
      assert.equal(port.received.length, 0);
      server.setAddressRules(NO_ADDRESS_RULES);
      assert.equal((await ask(server, get('/params'))).status, 200, 'other rules hold at once');
    }));

  it('a 429 says what holds for rates; empty for the routes of the original, a problem document for all others', () =>
    using({ addresses: { ...rules, requestsPerSecond: 0.1 }, now: () => 0, statusCodes: true, api: createApi(new FakeApiPort()) }, async (server) => {
      assert.equal((await ask(server, get('/healthz'))).status, 200);
      for (const path of ['/metrics', '/status', '/models/latest', '/openapi.json', '/']) {
        const { status, headers, body } = await ask(server, get(path));
        assert.deepEqual([status, headers['content-type'], headers['retry-after']], [429, 'application/problem+json', '10'], path);
        const { code, detail } = JSON.parse(body.toString()) as { code: string; detail: string };
        assert.equal(code, 'http-rate-limited');
        assert.match(detail, /Retry-After/);
      }
      assert.deepEqual((await ask(server, get('/params'))).headers, { 'retry-after': '10', ...EMPTY_REFUSAL });
    }));

  it('T14 behind a trusted proxy each client has its own budget, and cannot choose another', () =>
    using({ addresses: { ...rules, trustedProxies: ['127.0.0.1'], exemptAddresses: ['127.0.0.0/8'] }, now: () => 0 }, async (server, port) => {
      const from = async (header: string): Promise<number> => (await ask(server, post('m', `x-forwarded-for: ${header}\r\n`))).status;
      assert.deepEqual([await from('203.0.113.5'), await from('127.0.0.1, 203.0.113.5'), await from('8.8.8.8, 203.0.113.5')], [200, 200, 429]);
      assert.equal(await from('203.0.113.6'), 200);
      assert.deepEqual(
        [await from('2001:db8::1'), await from('2001:db8::ffff:2'), await from('2001:db8::3'), await from('2001:db8:0:1::1')],
        [200, 200, 429, 200],
      );
      assert.deepEqual(port.addresses, ['203.0.113.5', '203.0.113.5', '203.0.113.6', '2001:db8::1', '2001:db8::ffff:2', '2001:db8:0:1::1']);
    }));

  it('without trust the header is ignored', () =>
    using({ addresses: rules, now: () => 0 }, async (server, port) => {
      const statuses = [];
      for (let i = 0; i < 3; i++) statuses.push((await ask(server, post('m', `x-forwarded-for: 203.0.113.${i}\r\n`))).status);
      assert.deepEqual(statuses, [200, 200, 429]);
      assert.deepEqual(port.addresses, ['127.0.0.1', '127.0.0.1']);
    }));

  it('T14 bytes: announced ones before they are read, chunked ones as they come; what never came is not counted', () =>
    using({ addresses: { ...NO_ADDRESS_RULES, bytesPerSecond: 100 }, now: () => 0, limits: { stallMs: 30, lingerMs: 5 } }, async (server, port) => {
      const chunked = `POST /message HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n3e8\r\n${'x'.repeat(1000)}\r\n0\r\n\r\n`;
      assert.equal((await ask(server, 'POST /message HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n')).status, 408);
      assert.equal((await ask(server, post('x'.repeat(1000)))).status, 200);
      assert.equal((await ask(server, chunked)).status, 200);
      const refused = await ask(server, post('x'.repeat(500)));
      assert.deepEqual([refused.status, refused.headers['retry-after']], [429, '5']);
      assert.equal((await ask(server, chunked)).status, 429);
      assert.equal(port.received.length, 2);
    }));

  it('T14 one address gets so many connections; the next is told so, or with TLS closed, and room comes back', async () => {
    for (const encrypted of [false, true]) {
      await using({ addresses: { ...NO_ADDRESS_RULES, connectionsPerAddress: 2 }, encrypted }, async (server) => {
        const held = [new Raw(server), new Raw(server)];
        for (const raw of held) assert.equal((await raw.write(get('/params')).answer()).status, 200);
        const refused = new Raw(server);
        assert.match(await refused.end(), encrypted ? /^$/ : /^HTTP\/1\.1 429 [\s\S]*retry-after: 10/);
        refused.destroy();
        held[0]!.destroy();
        while (server.connections > 1) await new Promise((resolve) => setTimeout(resolve, 2));
        assert.equal((await ask(server, get('/params'))).status, 200);
        held[1]!.destroy();
      });
    }
  });
});
