// The agent's connections: so many at a time, and where there is no room for a new one, the one on which nothing has been under way for longest
// makes way. Connections that only stay open keep no app out.

import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** Holds at most `most` connections of `server`; a new one is turned away only when a request is under way on all of them. */
export function boundConnections(server: Server, most: number): void {
  let open = 0;
  /** Without a request under way, the longest first. */
  const idle = new Set<Socket>();
  const busy = new Map<Socket, number>();
  server.on('connection', (socket: Socket) => {
    if (open >= most) {
      const [longest] = idle;
      if (longest === undefined) return void socket.destroy();
      idle.delete(longest);
      longest.destroy();
    }
    open++;
    idle.add(socket);
    socket.once('close', () => {
      open--;
      idle.delete(socket);
      busy.delete(socket);
    });
  });
  server.on('request', ({ socket }, response) => {
    idle.delete(socket);
    busy.set(socket, (busy.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = (busy.get(socket) ?? 1) - 1;
      if (left > 0) return void busy.set(socket, left);
      busy.delete(socket);
      if (!socket.destroyed) idle.add(socket);
    });
  });
}
