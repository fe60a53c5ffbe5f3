// Connections that only stay open: they keep no app out, and none on which a request is under way is lost to them.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { boundConnections } from './connections.ts';

test('64 connections that send nothing, or half a request, shut no app out; only requests under way can', async () => {
  const held: ServerResponse[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/long') held.push(response);
    else response.end('now');
  });
  boundConnections(server, 4);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  const open = async (text = ''): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1').on('error', () => {});
    sockets.push(socket);
    await once(socket, 'connect');
    socket.write(text);
    return socket;
  };
  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`;
  const answer = async (socket: Socket): Promise<string> => String((await once(socket, 'data'))[0]);
  try {
    const long = await open(get('/long'));
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let i = 0; i < 64; i++) await open(i % 2 === 0 ? '' : 'GET / HTTP/1.1\r\nhost:');
    for (let i = 0; i < 3; i++) assert.match(await answer(await open(get('/'))), /now/, 'an app that comes now is served at once');
    for (let i = 0; i < 3; i++) await open(get('/long'));
    while (held.length < 4) await new Promise((resolve) => setImmediate(resolve));
    const late = await open();
    await once(late, 'close');
    held[0]!.end('at last');
    assert.match(await answer(long), /at last/, 'what was under way all the time');
    assert.match(await answer(await open(get('/'))), /now/, 'its place is free again');
  } finally {
    for (const socket of sockets) socket.destroy();
    server.closeAllConnections();
    server.close();
  }
});
