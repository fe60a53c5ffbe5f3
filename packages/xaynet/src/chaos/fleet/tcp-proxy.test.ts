import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { TcpProxy } from './tcp-proxy.ts';

/** A server that answers each piece in capitals, behind a proxy, and what it was sent. */
async function line(t: { after(end: () => unknown): void }) {
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (piece) => {
      heard.push(piece.toString());
      socket.write(piece.toString().toUpperCase());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = await TcpProxy.start(() => (server.address() as AddressInfo).port);
  const sockets: Socket[] = [];
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    await proxy.close();
    await new Promise((resolve) => server.close(resolve));
  });
  /** What comes back before the connection ends, or the first piece. */
  const ask = (text: string, from: Socket = connect(proxy.port, '127.0.0.1')): Promise<string> => {
    sockets.push(from);
    return new Promise((resolve) => {
      from.on('error', () => undefined);
      from.once('data', (piece) => resolve(piece.toString()));
      from.once('close', () => resolve('ended'));
      from.write(text);
    });
  };
  return { proxy, heard, ask };
}

test('passes on, both ways', async (t) => {
  const { ask, heard } = await line(t);
  assert.deepEqual([await ask('one'), heard], ['ONE', ['one']]);
});

test('a lost request has no effect, a lost reply has had one; the next passes', async (t) => {
  const { proxy, ask, heard } = await line(t);
  proxy.lose('request');
  assert.deepEqual([await ask('one'), heard], ['ended', []]);
  proxy.lose('reply');
  assert.deepEqual([await ask('two'), heard], ['ended', ['two']]);
  assert.equal(await ask('three'), 'THREE');
});

test('cut: connections end, and new ones too, until it passes again', async (t) => {
  const { proxy, ask } = await line(t);
  const open = connect(proxy.port, '127.0.0.1');
  assert.equal(await ask('one', open), 'ONE');
  const ended = new Promise((resolve) => open.once('close', resolve));
  proxy.set('cut');
  await ended;
  assert.equal(await ask('two'), 'ended');
  proxy.set('pass');
  assert.equal(await ask('three'), 'THREE');
});

test('a hole says nothing, and what it swallowed never comes; slow is late', async (t) => {
  const { proxy, ask, heard } = await line(t);
  proxy.set('hole');
  const asked = ask('one');
  const first = await Promise.race([asked, new Promise((resolve) => setTimeout(resolve, 60, 'nothing'))]);
  assert.deepEqual([first, heard], ['nothing', []]);
  proxy.set('pass');
  assert.deepEqual([await asked, heard], ['ended', []]);
  proxy.set('slow', 30);
  const began = performance.now();
  assert.equal(await ask('two'), 'TWO');
  assert.ok(performance.now() - began >= 55);
});

test('what comes after a slow time does not overtake what was held back in it (answers of Redis went to other questions)', async (t) => {
  const { proxy, ask, heard } = await line(t);
  const open = connect(proxy.port, '127.0.0.1');
  assert.equal(await ask('begun ', open), 'BEGUN ');
  proxy.set('slow', 80);
  open.write('first ');
  await new Promise((resolve) => setTimeout(resolve, 20)); // the proxy has it, and holds it
  proxy.set('pass');
  open.write('second');
  let answer = '';
  while (answer.length < 'FIRST SECOND'.length) answer += await new Promise<string>((resolve) => open.once('data', (piece) => resolve(piece.toString())));
  assert.deepEqual([heard.join(''), answer], ['begun first second', 'FIRST SECOND']);
});
