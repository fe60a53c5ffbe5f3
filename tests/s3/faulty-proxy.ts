// A proxy before an S3 server, which hands on what comes (the Host header too, as signatures cover it), counts it, and does to single requests
// what networks and servers do.

import { createServer, request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request that came, and the status of the answer (undefined: there was none). */
export interface Seen {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: number;
  status: number | undefined;
}

/** What is done to a request; undefined: nothing. */
export type Fault =
  | { readonly kind: 'cut-before' } // it never arrives
  | { readonly kind: 'cut-after' } // it has its effect, the answer is lost
  | { readonly kind: 'hang' } // nothing ever happens
  | { readonly kind: 'answer'; readonly status: number; readonly code?: string; readonly headers?: Record<string, string> } // the server never sees it
  | { readonly kind: 'damage-request' } // one bit of its body is another
  | { readonly kind: 'damage-answer' }
  | { readonly kind: 'cut-answer' } // half of the body comes
  | undefined;

export class FaultyProxy {
  readonly seen: Seen[] = [];
  /** Asked for each request, in the order of their arrival. */
  fault: (request: Seen) => Fault = () => undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(target: number) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('error', () => {});
      response.on('error', () => {});
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => this.#handle(target, request, response, Buffer.concat(chunks)));
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(target: number): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Methods and kinds of the requests that came since the last call, like `PUT` or `POST ?uploads`. */
  taken(): string[] {
    return this.seen.splice(0).map(({ method, path }) => {
      const parameters = [...new URL(path, this.url).searchParams.keys()].filter((name) => name !== 'x-id').sort();
      return parameters.length === 0 ? method : `${method} ?${parameters.join('&')}`;
    });
  }

  #handle(target: number, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const seen: Seen = { method: request.method!, path: request.url!, headers: request.headers, bytes: body.length, status: undefined };
    this.seen.push(seen);
    const fault = this.fault(seen);
    if (fault?.kind === 'cut-before') return void request.socket.destroy();
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'answer') {
      seen.status = fault.status;
      response.writeHead(fault.status, { 'content-type': 'application/xml', ...fault.headers });
      const text = `<Error><Code>${fault.code}</Code><Message>by the proxy</Message></Error>`;
      return void response.end(fault.code === undefined || request.method === 'HEAD' ? '' : text);
    }
    if (fault?.kind === 'damage-request') body[body.length >> 1]! ^= 1;
    const options = { host: '127.0.0.1', port: target, method: request.method!, path: request.url!, headers: request.headers, setHost: false };
    const onward = httpRequest(options, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        if (fault?.kind === 'cut-after') return void request.socket.destroy();
        const answered = Buffer.concat(chunks);
        if (fault?.kind === 'damage-answer') answered[answered.length >> 1]! ^= 1;
        seen.status = answer.statusCode!;
        response.writeHead(answer.statusCode!, answer.headers);
        if (fault?.kind !== 'cut-answer') return void response.end(answered);
        response.write(answered.subarray(0, answered.length >> 1), () => request.socket.destroy());
      });
    });
    onward.on('error', () => request.socket.destroy());
    onward.end(body);
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}
