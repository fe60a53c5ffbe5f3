// How chunks go to the listeners of the others: over connections that stay open, those of one moment in one request, and all that come while requests
// are being sent in the next one. So a request costs little where there are many chunks, and no chunk waits where there are few. Each is answered by
// itself, as soon as its verdict is there.

import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { Verdict } from '../http/port.ts';
import type { HandedChunk } from '../intake/fleet-chunks.ts';
import type { Member } from '../stores/shared.ts';
import type { Token } from './token.ts';
import { BATCH_BYTES, CHUNK_PATH, decodeAnswer, encodeBatch, encodeHandedChunk, LONGEST_ANSWER } from './wire.ts';

/** Connections to one member; each is taken until the last verdict of its request is there. */
const CONNECTIONS = 64;
/** Requests to one member that may be on their way to it at a time. */
const SENDING = 2;

/** A chunk that has no verdict yet. */
interface Waiting {
  readonly body: Uint8Array;
  isOver: boolean;
  /** Nobody waits for it any more. */
  abandoned(): void;
  resolve(verdict: Verdict | undefined): void;
  reject(error: Error): void;
}

/** See the head of the file. */
export class FleetClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS, maxFreeSockets: CONNECTIONS });
  readonly #token: Token;
  readonly #peers = new Map<string, Peer>();

  constructor(token: Token) {
    this.#token = token;
  }

  /** The verdict of a member, or undefined when it takes nothing now. Rejects when it cannot be reached, or answers anything else, and when `signal` says so. */
  async send({ url }: Pick<Member, 'url'>, chunk: HandedChunk, signal: AbortSignal): Promise<Verdict | undefined> {
    let peer = this.#peers.get(url);
    if (peer === undefined) {
      peer = new Peer(`${url}${CHUNK_PATH}`, this.#agent, this.#token);
      this.#peers.set(url, peer);
    }
    try {
      return await peer.send(encodeHandedChunk(chunk), signal);
    } finally {
      if (peer.isIdle) this.#peers.delete(url);
    }
  }

  /** Ends all connections; what has no verdict is rejected. */
  close(): void {
    this.#agent.destroy();
  }
}

/** One member, as a queue of chunks for it. */
class Peer {
  readonly #url: string;
  readonly #agent: Agent;
  readonly #token: Token;
  #queue: Waiting[] = [];
  #sending = 0;
  #under = 0;
  #isPlanned = false;

  constructor(url: string, agent: Agent, token: Token) {
    this.#url = url;
    this.#agent = agent;
    this.#token = token;
  }

  get isIdle(): boolean {
    return this.#under === 0;
  }

  async send(body: Uint8Array, signal: AbortSignal): Promise<Verdict | undefined> {
    this.#under++;
    let abort = (): void => {};
    try {
      return await new Promise((resolve, reject) => {
        const waiting: Waiting = { body, isOver: false, abandoned: () => {}, resolve, reject };
        abort = () => {
          waiting.isOver = true;
          this.#queue = this.#queue.filter((one) => one !== waiting);
          reject(new Error('it took too long'));
          waiting.abandoned();
        };
        signal.addEventListener('abort', abort);
        this.#queue.push(waiting);
        this.#plan();
      });
    } finally {
      signal.removeEventListener('abort', abort);
      this.#under--;
    }
  }

  #plan(): void {
    if (this.#isPlanned || this.#queue.length === 0 || this.#sending >= SENDING) return;
    this.#isPlanned = true;
    setImmediate(() => {
      this.#isPlanned = false;
      const batch: Waiting[] = [];
      for (let bytes = 0; this.#queue.length > 0 && (batch.length === 0 || bytes + this.#queue[0]!.body.length <= BATCH_BYTES); ) {
        bytes += this.#queue[0]!.body.length;
        batch.push(this.#queue.shift()!);
      }
      if (batch.length > 0) this.#post(batch);
      this.#plan();
    });
  }

  #post(batch: readonly Waiting[]): void {
    this.#sending++;
    let isSent = false;
    const sent = (): void => {
      if (isSent) return;
      isSent = true;
      this.#sending--;
      this.#plan();
    };
    const fail = (error: Error): void => {
      sent();
      for (const waiting of batch) if (!waiting.isOver) waiting.reject(error);
    };
    const body = encodeBatch(batch.map((one) => one.body));
    const headers = { authorization: `Bearer ${this.#token.text}`, 'content-length': body.length, 'content-type': 'application/octet-stream' };
    let posted: ClientRequest;
    try {
      posted = request(this.#url, { method: 'POST', agent: this.#agent, headers });
    } catch (error) {
      fail(error as Error); // its URL is none
      return;
    }
    // A request that nobody waits for is not to stand in the way of others.
    const abandoned = (): void => {
      if (batch.every(({ isOver }) => isOver)) posted.destroy();
    };
    for (const waiting of batch) waiting.abandoned = abandoned;
    posted.on('response', (response) => {
      sent();
      if (response.statusCode === 401) this.#token.differs();
      read(response, batch).catch((error: unknown) => {
        posted.destroy();
        fail(error as Error);
      });
    });
    posted.on('error', (error: NodeJS.ErrnoException) => {
      // A connection that the other end closed while it was idle is no reason to give up: a chunk may be sent twice.
      const rest = batch.filter(({ isOver }) => !isOver);
      if (posted.reusedSocket && error.code === 'ECONNRESET' && !isSent && rest.length > 0) {
        sent();
        this.#post(rest);
      } else fail(error);
    });
    posted.end(body);
  }
}

/** Gives the chunks of a request their verdicts. Rejects when there are none, or not all. */
async function read(response: IncomingMessage, batch: readonly Waiting[]): Promise<void> {
  const { statusCode } = response;
  if (statusCode !== 200 && statusCode !== 503) {
    response.resume();
    throw new Error(`an answer that is none: ${statusCode}`);
  }
  const answered = new Set<number>();
  const take = (place: number, verdict: Verdict | undefined): void => {
    answered.add(place);
    batch[place]!.isOver = true;
    batch[place]!.resolve(verdict);
  };
  let rest = '';
  for await (const part of response as AsyncIterable<Buffer>) {
    const lines = (rest + part.toString('latin1')).split('\n');
    rest = lines.pop()!;
    if (rest.length > LONGEST_ANSWER) throw new Error('an answer that is longer than any verdict');
    for (const line of lines) {
      const answer = decodeAnswer(line);
      if (answer === undefined || answer.place >= batch.length) throw new Error('an answer that is none');
      take(answer.place, answer.verdict);
    }
  }
  if (statusCode === 503) for (const place of batch.keys()) if (!answered.has(place)) take(place, undefined);
  if (answered.size < batch.length) throw new Error('an answer that ends too early');
}
