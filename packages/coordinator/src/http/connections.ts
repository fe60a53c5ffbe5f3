// Which connections are open, whose they are, and what is under way on them. When there is no room for a new one, the connection that has
// been idle longest makes way: thousands of silent connections then cost their owner work and keep nobody out.

import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { AddressLimits } from './address-limits.ts';
import type { Client, Clients } from './clients.ts';

/** One open connection. */
export interface Connection {
  /** Who is at its other end; a proxy that is trusted speaks for others. */
  readonly client: Client;
  readonly proxy: boolean;
  /** Answers that have not been sent to their end. */
  readonly responses: Set<ServerResponse>;
}

/** What became of a new connection. */
export type Arrival = 'open' | 'too many' | 'too many of the address';

/** All connections of a server. */
export class Connections {
  readonly #limits: AddressLimits;
  readonly #clients: () => Clients;
  readonly #most: number;
  readonly #all: Map<Socket, Connection> = new Map();
  /** Connections without a request under way, the longest idle first; those of TLS that shake hands are among them. */
  readonly #idle: Set<Socket> = new Set();
  /** Sockets that shake hands, by the address and port at their other end, which their encrypted side has too. */
  readonly #handshakes: Map<string, Socket> = new Map();
  #sockets = 0;
  /** True once the server closes: answers then end their connection. */
  closing = false;

  /** Holds at most `most` connections. */
  constructor(options: { limits: AddressLimits; clients: () => Clients; most: number }) {
    this.#limits = options.limits;
    this.#clients = options.clients;
    this.#most = options.most;
  }

  /** Connections open now. */
  get open(): number {
    return this.#sockets;
  }

  /** Counts a socket that was just accepted; unless the answer is `open` it is not kept, and the caller ends it. */
  arrived(socket: Socket): Arrival {
    const client = this.#clients().ofAddress(socket.remoteAddress);
    const proxy = this.#clients().isProxy(client.address);
    const counted = proxy ? undefined : client.counted;
    if (!this.#limits.connected(counted)) return 'too many of the address';
    if (this.#sockets >= this.#most && !this.#evict()) {
      this.#limits.disconnected(counted);
      return 'too many';
    }
    this.#sockets++;
    this.#keep(socket, { client, proxy, responses: new Set() });
    socket.once('close', () => {
      this.#sockets--;
      this.#limits.disconnected(counted);
    });
    return 'open';
  }

  /** Notes that a socket that has arrived is to shake hands. */
  shaking(raw: Socket): void {
    const name = peerOf(raw);
    this.#handshakes.set(name, raw);
    raw.once('close', () => {
      if (this.#handshakes.get(name) === raw) this.#handshakes.delete(name);
    });
  }

  /** Goes on with the encrypted side of a socket that has shaken hands. */
  secured(socket: Socket): void {
    const raw = this.#handshakes.get(peerOf(socket));
    if (raw === undefined) {
      socket.destroy(); // gone already
      return;
    }
    this.#all.delete(raw);
    this.#idle.delete(raw);
    const client = this.#clients().ofAddress(socket.remoteAddress);
    this.#keep(socket, { client, proxy: this.#clients().isProxy(client.address), responses: new Set() });
  }

  #keep(socket: Socket, connection: Connection): void {
    this.#all.set(socket, connection);
    this.#idle.add(socket);
    socket.once('close', () => {
      this.#all.delete(socket);
      this.#idle.delete(socket);
    });
  }

  #evict(): boolean {
    const [longest] = this.#idle;
    if (longest === undefined) return false;
    this.#idle.delete(longest);
    longest.destroy();
    return true;
  }

  /** Notes that a request is answered; the connection, or undefined when it was turned away. */
  began(socket: Socket, response: ServerResponse): Connection | undefined {
    const connection = this.#all.get(socket);
    if (connection === undefined) return undefined;
    connection.responses.add(response);
    this.#idle.delete(socket);
    response.once('close', () => {
      connection.responses.delete(response);
      if (connection.responses.size > 0) return;
      if (this.closing) socket.destroySoon();
      else if (!socket.destroyed) this.#idle.add(socket);
    });
    return connection;
  }

  /** True when an answer has begun on this connection, so that nothing else can be said on it. */
  answering(socket: Socket): boolean {
    return [...(this.#all.get(socket)?.responses ?? [])].some((response) => response.headersSent);
  }

  /** Ends a connection on which nothing more can be understood, after the answers to what was; false when there are none to wait for. */
  endAfterAnswers(socket: Socket): boolean {
    const waiting = [...(this.#all.get(socket)?.responses ?? [])].filter(({ req }) => req.complete);
    let left = waiting.length;
    for (const response of waiting) {
      response.once('close', () => {
        if (--left === 0) socket.destroySoon();
      });
    }
    return left > 0;
  }

  /** Ends the connections on which nothing is under way. */
  endIdle(): void {
    this.closing = true;
    for (const [socket, { responses }] of this.#all) if (responses.size === 0) socket.destroySoon();
  }
}

const peerOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;
