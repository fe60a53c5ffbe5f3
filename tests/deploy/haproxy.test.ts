// deploy/haproxy.cfg in a real HAProxy, before three servers that stand for coordinators.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer, type IncomingHttpHeaders, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { type Balancer, HAPROXY_CONFIG, startBalancer, until } from './balancer.ts';

/** What stands for a coordinator. */
class Stub {
  ready = true;
  seen = 0;
  bytes = 0;
  headers: IncomingHttpHeaders = {};
  readonly streams: ServerResponse[] = [];
  readonly server: Server = createServer((asked, answer) => {
    if (asked.url === '/readyz') {
      answer.writeHead(this.ready ? 200 : 503).end();
      return;
    }
    this.seen++;
    this.headers = asked.headers;
    if (asked.url === '/events') {
      this.streams.push(answer);
      answer.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
      return;
    }
    asked.on('data', (part: Buffer) => (this.bytes += part.length));
    asked.on('end', () => answer.end(`${this.bytes}`));
  });
  port = 0;

  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(port, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const stubs = [new Stub(), new Stub(), new Stub()];
let balancer: Balancer;

interface Answer {
  readonly status: number;
  readonly body: string;
}

function get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    request(new URL(path, balancer.url), { headers, agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (part: string) => (body += part));
      answer.on('end', () => resolve({ status: answer.statusCode!, body }));
    })
      .on('error', reject)
      .end();
  });
}

before(async () => {
  for (const stub of stubs) await stub.listen();
  balancer = await startBalancer(stubs.map(({ port }) => port));
});

after(async () => {
  await balancer?.stop();
  for (const stub of stubs) await stub.close();
});

test('HAProxy takes the file as it is, with names that are not there yet', () => {
  execFileSync('haproxy', ['-c', '-f', HAPROXY_CONFIG], { stdio: 'pipe' });
});

test('everybody gets some, and is told who asks, whatever the client says', async () => {
  await until('all three are asked', async () => {
    assert.equal((await get('/params', { 'x-forwarded-for': '203.0.113.7' })).status, 200);
    return stubs.every(({ seen }) => seen > 0);
  });
  for (const { headers } of stubs) assert.equal(headers['x-forwarded-for'], '127.0.0.1');
});

test('metrics of one by chance are nobody’s', async () => {
  assert.equal((await get('/metrics')).status, 404);
});

test('a large body is handed on while it comes', async () => {
  const before = stubs.map(({ bytes }) => bytes);
  const came = (): number => stubs.reduce((sum, { bytes }, index) => sum + bytes - before[index]!, 0);
  const half = Buffer.alloc(8 * 1024 * 1024);
  await new Promise<void>((resolve, reject) => {
    const sending = request(new URL('/message', balancer.url), { method: 'POST', agent: false }, (answer) => {
      assert.equal(answer.statusCode, 200);
      answer.resume().on('end', resolve);
    });
    sending.on('error', reject);
    sending.write(half);
    until('the first half is there', () => came() === half.length).then(() => sending.end(half), reject);
  });
  assert.equal(came(), 2 * half.length);
});

test('events come when they happen', async () => {
  const events: string[] = [];
  const asking = request(new URL('/events', balancer.url), { agent: false }, (answer) => {
    answer.setEncoding('utf8').on('data', (part: string) => events.push(part));
    answer.on('error', () => {});
  });
  asking.on('error', () => {});
  asking.end();
  await until('the first event is there', () => events.join('') === 'data: 1\n\n');
  for (const stub of stubs) for (const stream of stub.streams) stream.write('data: 2\n\n');
  await until('the second event is there', () => events.join('') === 'data: 1\n\ndata: 2\n\n');
  asking.destroy();
});

test('who is not ready is asked nothing more; who is dead is noticed by no client', async () => {
  const [first, second, third] = stubs as [Stub, Stub, Stub];
  first.ready = false;
  await until('the first is left out', async () => {
    const { seen } = first;
    for (let asked = 0; asked < 6; asked++) await get('/params');
    return first.seen === seen;
  });
  const { port: was } = second;
  await second.close();
  // Before HAProxy has looked: a connection that is refused goes to another one.
  for (let asked = 0; asked < 6; asked++) assert.equal((await get('/params')).status, 200);
  third.ready = false;
  await until('nobody is left', async () => !(await balancer.healthy()));
  assert.equal((await get('/params')).status, 503);
  await second.listen(was);
  await until('the second is back', balancer.healthy);
  assert.equal((await get('/params')).status, 200);
});
