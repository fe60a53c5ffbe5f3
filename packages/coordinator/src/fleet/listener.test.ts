// The listener of a fleet under strangers and junk, and the connections to it: who has no token gets nothing, no body does harm, and a member that is gone
// or hangs is one that somebody else stands in for.

import assert from 'node:assert/strict';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { PublicSigningKey } from '@xaynet/core/bytes';
import type { Verdict } from '../http/port.ts';
import type { HandedChunk } from '../intake/fleet-chunks.ts';
import { SILENT_LOGGER } from '../log.ts';
import { seededRandom } from '../rig.test.ts';
import { FleetClient } from './client.ts';
import { urlOf } from './link.ts';
import { type FleetListener, startFleetListener } from './listener.ts';
import { tokenOf } from './token.ts';
import { BATCH_BYTES, CHUNK_PATH, decodeAnswer, decodeBatch, decodeHandedChunk, encodeAnswer, encodeBatch, encodeHandedChunk, largestBatch } from './wire.ts';

const secret = new Uint8Array(32).fill(7);
let differing = 0;
const token = { text: tokenOf(secret), differs: () => void differing++ };
const authorization = `Bearer ${tokenOf(secret)}`;
const LARGEST = 300_000;
const chunk = (changes: Partial<HandedChunk> = {}): HandedChunk => ({
  round: 2 ** 40 + 3,
  tag: 'update',
  participant: PublicSigningKey(new Uint8Array(32).fill(3)),
  payload: new Uint8Array(50).fill(9),
  proven: true,
  address: '203.0.113.7',
  ...changes,
});

const taken: HandedChunk[] = [];
let answer: () => Promise<Verdict | undefined> = async () => ({ accepted: true, complete: false });
const listener: FleetListener = await startFleetListener({ host: '127.0.0.1', port: 0, token, logger: SILENT_LOGGER });
const client = new FleetClient(token);
after(async () => {
  client.close();
  await listener.close();
});
const forever = new AbortController().signal;

/** The status of a request with this body. */
function post(body: Uint8Array, headers: Record<string, string> = { authorization }, path = CHUNK_PATH, method = 'POST'): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(`${listener.url}${path}`, { method, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode!));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('before there is an intake nothing is taken', async () => {
  assert.equal(await client.send(listener, chunk(), forever), undefined);
  listener.connect({
    maxMessageBytes: LARGEST,
    collect: (handed) => {
      taken.push({ ...handed, payload: handed.payload.slice() });
      return answer();
    },
  });
});

test('chunks and verdicts come over as they were given', async () => {
  const chunks = [
    chunk(),
    chunk({ proven: false, address: undefined, tag: 'sum2' }),
    chunk({ tag: 'sum', payload: new Uint8Array(LARGEST), address: '2001:db8::/64' }),
  ];
  const verdicts: Verdict[] = [
    { accepted: true, complete: true },
    { accepted: false, code: 'update-already-submitted' },
    { accepted: false, code: 'rate-limited', retryAfter: 60 },
  ];
  taken.length = 0;
  for (const [i, verdict] of verdicts.entries()) {
    answer = async () => verdict;
    assert.deepEqual(await client.send(listener, chunks[i]!, forever), verdict);
  }
  assert.deepEqual(
    taken.map(({ participant, ...rest }) => ({ ...rest, participant: new Uint8Array(participant) })),
    chunks.map(({ participant, ...rest }) => ({ ...rest, participant: new Uint8Array(participant) })),
  );
  answer = async () => undefined;
  assert.equal(await client.send(listener, chunk(), forever), undefined);
});

test('chunks of one moment go in few requests, and each is answered as soon as its verdict is there', async () => {
  const { requests } = listener;
  const slow = Promise.withResolvers<Verdict>();
  answer = () => (taken.at(-1)!.tag === 'sum' ? slow.promise : Promise.resolve({ accepted: true, complete: false }));
  const waiting = client.send(listener, chunk({ tag: 'sum' }), forever);
  const others = Array.from({ length: 500 }, () => client.send(listener, chunk({ payload: new Uint8Array(4000) }), forever));
  for (const verdict of await Promise.all(others)) assert.deepEqual(verdict, { accepted: true, complete: false });
  assert.ok(listener.requests - requests < 50, `${listener.requests - requests} requests`);
  slow.resolve({ accepted: true, complete: true });
  assert.deepEqual(await waiting, { accepted: true, complete: true });
});

test('without the token nothing is read, whatever is asked for', async () => {
  taken.length = 0;
  const body = encodeBatch([encodeHandedChunk(chunk())]);
  const { refused } = listener;
  for (const wrong of [{}, { authorization: 'Bearer x' }, { authorization: `Basic ${tokenOf(secret)}` }, { authorization: `${authorization}0` }]) {
    assert.equal(await post(body, wrong as Record<string, string>), 401);
    assert.equal(await post(body, wrong as Record<string, string>, '/'), 401);
  }
  let noticed = 0;
  const stranger = new FleetClient({ text: tokenOf(new Uint8Array(32).fill(8)), differs: () => void noticed++ });
  await assert.rejects(stranger.send(listener, chunk(), forever), /401/);
  stranger.close();
  assert.equal(listener.refused, refused + 9);
  assert.deepEqual([differing, noticed], [9, 1], 'both ends notice that they have different tokens');
  assert.deepEqual(taken, []);
});

test('junk is refused, and the listener goes on', async () => {
  taken.length = 0;
  const plain = encodeHandedChunk(chunk());
  const good = encodeBatch([plain]);
  const random = seededRandom('junk');
  const changed = (at: number, to: number) => encodeBatch([plain, plain.map((byte, i) => (i === at ? to : byte))]);
  const bad = [new Uint8Array(), good.subarray(0, 3), good.subarray(0, 46), plain, encodeBatch([new Uint8Array()])];
  bad.push(changed(0, 9), changed(1, 2), changed(2, 65), changed(10, 0xff));
  for (const body of bad) assert.equal(await post(body), 400);
  for (let i = 0; i < 50; i++) assert.ok([200, 400, 503].includes(await post(random(7 * i))));
  assert.equal(await post(good, { authorization }, '/'), 404);
  assert.equal(await post(good, { authorization }, CHUNK_PATH, 'PUT'), 405);
  taken.length = 0;
  assert.equal(await post(new Uint8Array(largestBatch(LARGEST) + 1)), 413);
  assert.deepEqual(taken, []);
  const { port } = new URL(listener.url);
  for (const text of ['junk\r\n\r\n', `POST ${CHUNK_PATH} HTTP/1.1\r\nhost: x\r\nauthorization: ${authorization}\r\ncontent-length: 99\r\n\r\nshort`]) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.write(text, () => resolve()));
    socket.destroy();
  }
  answer = async () => ({ accepted: true, complete: false });
  assert.deepEqual(await client.send(listener, chunk(), forever), { accepted: true, complete: false });
});

test('an answer that is none, one that never ends, nobody there, nobody who answers: the chunk is not taken', async () => {
  const lines: readonly [number, string][] = [
    [200, 'hello\n'],
    [200, '0 {"accepted":true}\n'],
    [200, '0 {"accepted":true,"complete":true}'],
    [200, '0 {"accepted":false,"code":"no-such-code"}\n'],
    [200, '0 {"accepted":false,"code":"rate-limited","retryAfter":-1}\n'],
    [200, '1 {"accepted":true,"complete":true}\n'],
    [200, 'null\n'],
    [200, ' '.repeat(5000)],
    [200, ''],
    [500, ''],
  ];
  let next = 0;
  const other = createServer((_, response) => {
    const [status, text] = lines[next]!;
    response.writeHead(status).end(text);
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  for (next = 0; next < lines.length; next++) await assert.rejects(client.send({ url }, chunk(), forever), Error, lines[next]![1].slice(0, 60));
  other.closeAllConnections();
  await new Promise((resolve) => other.close(resolve));
  await assert.rejects(client.send({ url }, chunk(), forever));
  await assert.rejects(client.send({ url: 'nowhere' }, chunk(), forever));

  const sockets: Socket[] = [];
  const silent = createTcpServer((socket) => void sockets.push(socket.on('error', () => {})));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  const late = new AbortController();
  const sending = client.send({ url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` }, chunk(), late.signal);
  setImmediate(() => late.abort());
  await assert.rejects(sending, /too long/);
  const again = new AbortController();
  const hanging = Array.from({ length: 5 }, () => client.send({ url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` }, chunk(), again.signal));
  while (sockets.length < 2) await new Promise((resolve) => setImmediate(resolve));
  again.abort();
  for (const one of hanging) await assert.rejects(one, /too long/);
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => silent.close(resolve));
});

test('a connection that the other end has closed meanwhile is no failure', async () => {
  const own = new FleetClient(token);
  let requests = 0;
  const server = createServer((message, response) => {
    // The second request on a connection meets its end.
    if (++requests % 2 === 0 && message.socket.bytesRead > 400) message.socket.resetAndDestroy();
    else response.end(encodeAnswer(0, { accepted: true, complete: false }));
    message.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (let i = 0; i < 3; i++) assert.deepEqual(await own.send({ url }, chunk(), forever), { accepted: true, complete: false });
  assert.ok(requests > 3, `${requests}`);
  own.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test('where others reach a process follows from where it listens', () => {
  assert.equal(urlOf({ host: '127.0.0.1', portNumber: 5 }, 'box'), 'http://127.0.0.1:5');
  assert.equal(urlOf({ host: '::1', portNumber: 5 }, 'box'), 'http://[::1]:5');
  assert.equal(urlOf({ host: '10.0.0.5', portNumber: 5 }, 'box'), 'http://10.0.0.5:5');
  assert.equal(urlOf({ host: '0.0.0.0', portNumber: 5 }, 'box'), 'http://box:5');
  assert.equal(urlOf({ host: '::', portNumber: 5 }, 'box'), 'http://box:5');
});

test('what is not a chunk or a verdict is never read as one', () => {
  const bytes = encodeHandedChunk(chunk());
  assert.deepEqual(decodeHandedChunk(bytes), chunk());
  for (let length = 0; length < bytes.length - 50; length++) assert.throws(() => decodeHandedChunk(bytes.subarray(0, length)), { code: 'decode-truncated' });
  for (const text of ['', '[]', '1', '{"accepted":1}', '{"accepted":false}', '{"accepted":false,"code":"toString"}', '0 null']) {
    assert.equal(decodeAnswer(`0 ${text}`), undefined, text);
  }
  for (const line of ['null', '-1 null', '1.5 null', '0  null', '0 null ']) assert.equal(decodeAnswer(line), undefined, line);
  const largest = Array.from({ length: Math.floor(BATCH_BYTES / bytes.length) }, () => bytes);
  assert.equal(decodeBatch(encodeBatch(largest)).length, largest.length);
  assert.ok(encodeBatch(largest).length <= largestBatch(0));
});
