// The network between participants and coordinator, at its worst: an HTTP proxy on loopback that gives every request the fate it is told.
// It keeps its port while coordinators come and go behind it. What it sees (a message went out, a reply came back) is what the ledger
// counts and what kills are aimed at; participants say in a header who they are and what they send, which goes no further.

import { Agent, createServer, type IncomingMessage, type OutgoingHttpHeaders, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fate, RequestPlan } from './plan.ts';
import type { Message, Tag } from './round-book.ts';

/** Header in which a participant names itself, the role of its message and the round: `7 update 1f…`, or `7` for a question. */
export const SENDER_HEADER = 'x-chaos-sender';

/** What the proxy asks and tells. */
export interface ProxyPorts {
  /** Port of the coordinator now; undefined while there is none. */
  readonly target: () => number | undefined;
  readonly fate: (participant: number, kind: 'message' | 'question') => RequestPlan;
  /**
   * Each is called at once, so that a kill in it hits exactly that moment. `sending`: part of it may arrive from now on; `forwarded`: all of it is out;
   * `replied`: the coordinator's status, and its code of a refusal.
   */
  readonly sending: (message: Message) => void;
  readonly forwarded: (message: Message, port: number) => void;
  readonly replied: (message: Message, status: number, code: string | undefined, port: number) => void;
  readonly answered: (message: Message) => void;
  readonly happened: (fate: Fate, kind: 'message' | 'question') => void;
}

interface Reply {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
}

interface Errand {
  readonly method: string;
  readonly target: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Buffer;
  readonly message: Message | undefined;
}

/** A running proxy. */
export class FaultProxy {
  readonly #ports: ProxyPorts;
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #closing = new AbortController();

  private constructor(ports: ProxyPorts) {
    this.#ports = ports;
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (incoming, response) => {
      this.#serve(incoming, response).catch(() => incoming.socket.destroy()); // nobody behind it, or it died: the connection is cut
    });
  }

  /** Listens on any free port of the loopback address. */
  static async start(ports: ProxyPorts): Promise<FaultProxy> {
    const proxy = new FaultProxy(ports);
    await new Promise<void>((resolve, reject) => {
      proxy.#server.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return proxy;
  }

  /** Where participants find it. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Cuts everything. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#agent.destroy();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { participant, message } = senderOf(incoming);
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const kind = incoming.method === 'POST' ? 'message' : 'question';
    const plan = this.#ports.fate(participant, kind);
    const { [SENDER_HEADER]: _sender, host: _host, connection: _connection, 'transfer-encoding': _coding, ...headers } = incoming.headers;
    const body = Buffer.concat(parts);
    const errand = { method: incoming.method!, target: incoming.url!, headers: { ...headers, 'content-length': body.length }, body, message };
    this.#ports.happened(plan.fate, kind);
    const reply = await this.#carry(errand, plan);
    if (reply === undefined) return void incoming.socket.destroy();
    response.writeHead(reply.status, reply.headers).end(reply.body, () => {
      if (message !== undefined) this.#ports.answered(message);
    });
  }

  /** The reply that the participant is to get; undefined: none. */
  async #carry(errand: Errand, { fate, wait }: RequestPlan): Promise<Reply | undefined> {
    const { signal } = this.#closing;
    switch (fate) {
      case 'drop':
        return undefined;
      case 'cut':
        await this.#send(errand, { bytes: errand.body.length >> 1 });
        return undefined;
      case 'lose':
        await this.#send(errand);
        return undefined;
      case 'twice':
        return Promise.any([this.#send(errand), this.#send(errand)]);
      case 'again': {
        const reply = await this.#send(errand);
        sleep(wait, undefined, { signal })
          .then(() => this.#send(errand))
          .catch(() => undefined); // nobody waits for this one
        return reply;
      }
      case 'delay':
        await sleep(wait, undefined, { signal });
        return this.#send(errand);
      case 'slow':
        return this.#send(errand, { over: wait });
      default:
        return this.#send(errand);
    }
  }

  /** Sends to the coordinator; `bytes`: only so many, then the connection is cut; `over`: in pieces over so many milliseconds. */
  #send({ method, target, headers, body, message }: Errand, how: { bytes?: number; over?: number } = {}): Promise<Reply> {
    const { sending, forwarded, replied } = this.#ports;
    return new Promise((resolve, reject) => {
      const port = this.#ports.target();
      if (port === undefined) return reject(new Error('no coordinator'));
      const outgoing = request({ host: '127.0.0.1', port, method, path: target, headers, agent: this.#agent });
      outgoing.on('error', reject);
      outgoing.on('response', (incoming) => {
        const parts: Buffer[] = [];
        incoming.on('data', (part: Buffer) => parts.push(part));
        incoming.on('error', reject).on('aborted', () => reject(new Error('cut')));
        incoming.on('end', () => {
          const status = incoming.statusCode!;
          const reply = Buffer.concat(parts);
          if (message !== undefined) replied(message, status, codeOf(incoming.headers['content-type'], reply), port);
          const { connection: _connection, 'keep-alive': _keepAlive, 'transfer-encoding': _coding, ...kept } = incoming.headers;
          resolve({ status, headers: kept, body: reply });
        });
      });
      if (message !== undefined) sending(message); // whatever becomes of it, from here on it may arrive
      if (how.bytes !== undefined) {
        outgoing.write(body.subarray(0, how.bytes), () => {
          outgoing.destroy();
          reject(new Error('cut'));
        });
        return;
      }
      outgoing.on('finish', () => {
        if (message !== undefined) forwarded(message, port);
      });
      if (how.over === undefined) outgoing.end(body);
      else trickle(outgoing, body, how.over, this.#closing.signal).catch(reject);
    });
  }
}

const PIECES = 4;

async function trickle(outgoing: { write(bytes: Buffer): unknown; end(): unknown }, body: Buffer, over: number, signal: AbortSignal): Promise<void> {
  const size = Math.max(1, Math.ceil(body.length / PIECES));
  for (let at = 0; at < body.length; at += size) {
    outgoing.write(body.subarray(at, at + size));
    await sleep(over / PIECES, undefined, { signal });
  }
  outgoing.end();
}

/** The code in a problem document; undefined for anything else. */
function codeOf(type: string | undefined, body: Buffer): string | undefined {
  if (type !== 'application/problem+json') return undefined;
  try {
    return String((JSON.parse(body.toString()) as { code?: unknown }).code);
  } catch {
    return 'not JSON';
  }
}

function senderOf(incoming: IncomingMessage): { participant: number; message: Message | undefined } {
  const [participant, tag, round] = String(incoming.headers[SENDER_HEADER] ?? '').split(' ');
  const number = Number(participant);
  return { participant: number, message: tag === undefined || round === undefined ? undefined : { participant: number, tag: tag as Tag, round } };
}
