// Every fate of a request against a real server: what it saw, what the client got, and what the proxy told.
import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FaultProxy, SENDER_HEADER } from './fault-proxy.ts';
import type { RequestPlan } from './plan.ts';

let server: Server;
let proxy: FaultProxy;
let plan: RequestPlan = { fate: 'pass', wait: 0 };
let target: number | undefined;
/** Bodies that arrived whole, and how many requests began. */
let arrived: string[] = [];
let begun = 0;
let told: string[] = [];
let status = 200;
let header: string | undefined;

before(async () => {
  server = createServer(async (request, response) => {
    begun++;
    header = request.headers[SENDER_HEADER] as string | undefined;
    let body = '';
    request.on('error', () => undefined);
    try {
      for await (const part of request) body += part;
    } catch {
      return;
    }
    arrived.push(`${request.method} ${request.url} ${request.headers.accept} ${body}`);
    if (status === 200) response.writeHead(200, { 'content-type': 'text/plain', etag: '"x"' }).end('reply');
    else response.writeHead(status, { 'content-type': 'application/problem+json' }).end('{"code":"too-late"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await FaultProxy.start({
    target: () => target,
    fate: () => plan,
    sending: ({ participant, tag, round }) => told.push(`sending ${participant} ${tag} ${round}`),
    forwarded: () => told.push('forwarded'),
    replied: (_, status, code) => told.push(`replied ${status}${code === undefined ? '' : ` ${code}`}`),
    answered: () => told.push('answered'),
    happened: (fate, kind) => told.push(`${fate} ${kind}`),
  });
});
after(async () => {
  await proxy.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
beforeEach(() => {
  [arrived, told, begun, status, header] = [[], [], 0, 200, undefined];
  target = (server.address() as AddressInfo).port;
});

/** Posts a message of participant 7; 'cut' when the connection was. */
async function post(fate: RequestPlan['fate'], wait = 30): Promise<string> {
  plan = { fate, wait };
  try {
    const headers = { [SENDER_HEADER]: '7 update ab', accept: 'text/x' };
    const response = await fetch(`${proxy.url}/message?q=1`, { method: 'POST', body: 'a message', headers });
    return `${response.status} ${response.headers.get('etag')} ${await response.text()}`;
  } catch {
    return 'cut';
  }
}

const WHOLE = 'POST /message?q=1 text/x a message';

test('pass: the same to both sides, and the sender’s header stays here', async () => {
  assert.equal(await post('pass'), '200 "x" reply');
  assert.deepEqual([arrived, header], [[WHOLE], undefined]);
  assert.deepEqual(told, ['pass message', 'sending 7 update ab', 'forwarded', 'replied 200', 'answered']);
  status = 409;
  assert.equal(await post('pass'), '409 null {"code":"too-late"}');
  assert.ok(told.includes('replied 409 too-late'));
  plan = { fate: 'pass', wait: 0 };
  told = [];
  const response = await fetch(`${proxy.url}/params`, { headers: { [SENDER_HEADER]: '7' } });
  assert.deepEqual([response.status, told], [409, ['pass question']], 'of a question it tells no more than its fate');
  await response.arrayBuffer();
});

test('drop: cut, and never seen', async () => {
  assert.equal(await post('drop'), 'cut');
  assert.deepEqual([begun, told], [0, ['drop message']]);
});

test('cut: half a body, then silence on both sides', async () => {
  assert.equal(await post('cut'), 'cut');
  while (begun === 0) await sleep(5);
  assert.deepEqual([arrived, told], [[], ['cut message', 'sending 7 update ab']]);
});

test('lose: handled and answered, but the client does not learn of it', async () => {
  assert.equal(await post('lose'), 'cut');
  assert.deepEqual(arrived, [WHOLE]);
  assert.deepEqual(told, ['lose message', 'sending 7 update ab', 'forwarded', 'replied 200']);
});

test('twice, again: the server has it two times, the client one answer', async () => {
  for (const fate of ['twice', 'again'] as const) {
    [arrived, told] = [[], []];
    assert.equal(await post(fate), '200 "x" reply');
    while (told.filter((line) => line === 'replied 200').length < 2) await sleep(5);
    assert.deepEqual(arrived, [WHOLE, WHOLE]);
    assert.equal(told.filter((line) => line === 'answered').length, 1);
  }
});

test('delay: others overtake it; slow: it arrives whole all the same', async () => {
  const late = post('delay', 100).then((text) => told.push(`late ${text}`));
  while (told.length === 0) await sleep(1);
  assert.equal(await post('pass'), '200 "x" reply');
  await late;
  assert.equal(told.at(-1), 'late 200 "x" reply');
  arrived = [];
  assert.equal(await post('slow', 40), '200 "x" reply');
  assert.deepEqual(arrived, [WHOLE]);
});

test('nobody behind it: cut; it keeps its port while servers come and go', async () => {
  target = undefined;
  assert.equal(await post('pass'), 'cut');
  target = 1; // nobody listens there
  assert.equal(await post('pass'), 'cut');
  target = (server.address() as AddressInfo).port;
  assert.equal(await post('pass'), '200 "x" reply');
});
