// HTTP for the load generator: node:http over connections that stay open, because fetch costs several times as much, and time that the
// generator takes is missing to the coordinator on the same machine.

import { Agent, request } from 'node:http';

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** A client with at most so many connections to one server. */
export class HttpClient {
  readonly #agent: Agent;
  readonly #url: URL;

  constructor(url: string, connections: number) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
    this.#url = new URL(url);
  }

  /** The answer to one request. */
  ask(method: 'GET' | 'POST', path: string, body?: Uint8Array): Promise<Answer> {
    const { hostname, port } = this.#url;
    const headers = { accept: 'application/problem+json, application/json, */*', ...(body === undefined ? {} : { 'content-length': body.length }) };
    return new Promise((resolve, reject) => {
      const sent = request({ agent: this.#agent, hostname, port, method, path, headers }, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: new Uint8Array(Buffer.concat(pieces)) }));
        response.on('error', reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
