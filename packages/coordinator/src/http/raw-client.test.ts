// What the HTTP tests share: a coordinator with fixed documents, and a client that writes and reads raw bytes, so that every header can be
// seen as it was sent. It is a test file because it must not be shipped; its own test shows that the client reads what arrives in pieces.

import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { it } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { type PublicSigningKey, toBase64, toHex } from '@xaynet/core/bytes';
import type { Logger } from '../log.ts';
import type { HttpLimits } from './limits.ts';
import type { HttpPort, Verdict } from './port.ts';
import { type HttpOptions, type HttpServer, startHttp } from './server.ts';
import { SERVER } from './tls-files.test.ts';

/** A coordinator with fixed documents that remembers the messages it got. */
export class FakePort implements HttpPort {
  readonly received: Uint8Array[] = [];
  readonly addresses: string[] = [];
  readonly known: Uint8Array = new Uint8Array(32).fill(7);
  maxMessageBytes = 1000;
  verdict: Verdict | Promise<Verdict> = { accepted: true, complete: true };
  documents = {
    params: new Uint8Array(136).fill(1) as Uint8Array,
    sums: Uint8Array.of(1, 2, 3) as Uint8Array | undefined,
    seeds: Uint8Array.of(4, 5) as Uint8Array | undefined,
    model: new Uint8Array(100_000).fill(9) as Uint8Array | undefined,
  };
  broken = false;

  params(): Uint8Array {
    if (this.broken) throw new Error('broken on purpose');
    return this.documents.params;
  }
  sums(): Uint8Array | undefined {
    return this.documents.sums;
  }
  seeds(participant: PublicSigningKey): Uint8Array | undefined {
    return toHex(participant) === toHex(this.known) ? this.documents.seeds : undefined;
  }
  model(): Uint8Array | undefined {
    return this.documents.model;
  }
  async message(body: Uint8Array, address: string): Promise<Verdict> {
    if (this.broken) throw new Error('broken on purpose');
    this.received.push(body);
    this.addresses.push(address);
    return await this.verdict;
  }
}

export interface RawAnswer {
  readonly status: number;
  /** All headers but `date`, which each answer must carry, and the connection's own (`connection`, `keep-alive`). */
  readonly headers: Record<string, string>;
  readonly connection: string | undefined;
  readonly body: Buffer;
}

/** A raw connection: what is written goes out as it is, answers are read one by one. */
export class Raw {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #wake: () => void = () => {};
  ended = false;

  constructor(server: Pick<HttpServer, 'host' | 'portNumber'> & { url?: string }) {
    const plain = connect({ port: server.portNumber, host: server.host, allowHalfOpen: true });
    const options = { socket: plain, rejectUnauthorized: false, allowHalfOpen: true };
    this.socket = server.url?.startsWith('https') === true ? connectTls(options) : plain;
    this.socket.on('data', (piece) => {
      this.#received = Buffer.concat([this.#received, piece]);
      this.#wake();
    });
    const over = (): void => {
      this.ended = true;
      this.#wake();
    };
    this.socket.on('end', over).on('close', over).on('error', over);
  }

  write(text: string | Uint8Array): this {
    this.socket.write(text);
    return this;
  }

  async #until<T>(ready: () => T | undefined): Promise<T> {
    for (;;) {
      const found = ready();
      if (found !== undefined) return found;
      if (this.ended) throw new Error(`the connection ended after ${JSON.stringify(this.#received.toString('latin1'))}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next answer; `head` says that it has no body whatever its content-length. */
  answer(head = false): Promise<RawAnswer> {
    return this.#until(() => {
      const end = this.#received.indexOf('\r\n\r\n');
      if (end < 0) return undefined;
      const [first, ...lines] = this.#received.subarray(0, end).toString('latin1').split('\r\n');
      const headers: Record<string, string> = {};
      for (const line of lines) headers[line.slice(0, line.indexOf(':')).toLowerCase()] = line.slice(line.indexOf(':') + 1).trim();
      const length = head ? 0 : Number(headers['content-length'] ?? 0);
      if (this.#received.length < end + 4 + length) return undefined;
      const body = this.#received.subarray(end + 4, end + 4 + length);
      this.#received = this.#received.subarray(end + 4 + length);
      const status = Number(first!.split(' ')[1]);
      if (status >= 200) assert.ok(headers.date, `no date header: ${first}`);
      const { date: _, connection, 'keep-alive': __, ...rest } = headers;
      return { status, headers: rest, connection, body };
    });
  }

  /** Waits for the end of the connection and gives what came and was not read. */
  async end(): Promise<string> {
    await this.#until(() => (this.ended ? true : undefined));
    return this.#received.toString('latin1');
  }

  destroy(): void {
    this.socket.destroy();
  }
}

export const key = (bytes: Uint8Array): string => encodeURIComponent(toBase64(bytes));
export const get = (target: string, more = ''): string => `GET ${target} HTTP/1.1\r\nhost: x\r\n${more}\r\n`;
export const post = (body: string, more = ''): string => `POST /message HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n${more}\r\n${body}`;
export const EMPTY_REFUSAL = { 'content-type': 'application/octet-stream', 'content-length': '0' };

export interface Using extends Partial<Omit<HttpOptions, 'host' | 'portNumber' | 'port'>> {
  port?: FakePort;
  cors?: string[];
  limits?: Partial<HttpLimits>;
  logger?: Logger;
  /** Over TLS, with the certificate of the tests. */
  encrypted?: boolean;
}

/** A server for as long as `use` takes. */
export async function using<T>(options: Using, use: (server: HttpServer, port: FakePort) => Promise<T>) {
  const { port = new FakePort(), statusCodes = false, cors = [], encrypted = false, ...more } = options;
  const tls = encrypted ? { certificate: SERVER.certificate, key: SERVER.key, clientAuth: undefined } : undefined;
  const server = await startHttp({ host: '127.0.0.1', portNumber: 0, corsOrigins: cors, statusCodes, tls, ...more, port });
  try {
    return await use(server, port);
  } finally {
    await server.close();
  }
}

export async function ask(server: HttpServer, text: string, head = false): Promise<RawAnswer> {
  const raw = new Raw(server);
  try {
    return await raw.write(text).answer(head);
  } finally {
    raw.destroy();
  }
}

it('reads answers that arrive in pieces, and pieces that hold two answers', async () => {
  const pieces = ['HTTP/1.1 200 OK\r\ndate: x\r\ncontent-le', 'ngth: 5\r\n\r\nab', 'cdeHTTP/1.1 204 No Content\r\nDate: y\r\n\r\n'];
  const server = createServer(async (socket) => {
    for (const piece of pieces) {
      socket.write(piece);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    socket.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const raw = new Raw({ host: '127.0.0.1', portNumber: (server.address() as AddressInfo).port });
  const first = await raw.answer();
  assert.deepEqual([first.status, first.headers, first.body.toString()], [200, { 'content-length': '5' }, 'abcde']);
  assert.equal((await raw.answer()).status, 204);
  assert.equal(await raw.end(), '');
  raw.destroy();
  server.close();
});
