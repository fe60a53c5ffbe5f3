// Where a process of a fleet takes chunks from the others, and nothing from anybody else: a port of its own, a token that follows from the secret of
// the fleet. What comes here was opened and verified by whoever sends it, so who has the token can speak for every participant; the port
// belongs into a network of the fleet alone (docs/SECURITY.md).

import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isXaynetError } from '@xaynet/core/errors';
import { Budget, readBody } from '../http/body.ts';
import { listen } from '../http/listen.ts';
import type { Verdict } from '../http/port.ts';
import type { HandedChunk } from '../intake/fleet-chunks.ts';
import type { Logger } from '../log.ts';
import type { Token } from './token.ts';
import { CHUNK_PATH, decodeBatch, encodeAnswer, largestBatch } from './wire.ts';

export interface FleetListenerOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly token: Token;
  readonly logger: Logger;
}

/** Who takes the chunks. */
export interface ChunkTaker {
  /** Bytes of the largest message, which no chunk exceeds. */
  readonly maxMessageBytes: number;
  collect(chunk: HandedChunk): Promise<Verdict | undefined>;
}

export interface FleetListener {
  readonly url: string;
  readonly host: string;
  readonly portNumber: number;
  /** Requests until now, and those of them without the token. */
  readonly requests: number;
  readonly refused: number;
  /** Until then all is answered 503. */
  connect(taker: ChunkTaker): void;
  close(): Promise<void>;
}

const CONNECTIONS = 1024;
/** Bytes of chunks that are held at a time, never less than one chunk. */
const HELD_BYTES = 64 * 1024 * 1024;
const STALL_MS = 10_000;
const SLOWEST = 16 * 1024;

/** Listens. Throws `api-…` when it cannot. */
export async function startFleetListener({ host, port, token, logger }: FleetListenerOptions): Promise<FleetListener> {
  let taker: ChunkTaker | undefined;
  let requests = 0;
  let refused = 0;
  const largest = (): number => largestBatch(taker?.maxMessageBytes ?? 0);
  const budget = new Budget(() => Math.max(HELD_BYTES, largest()), largest);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!isOurs(request.headers.authorization, digest(token.text))) {
      token.differs();
      if (refused++ % 100 === 0) logger.warn({ remote: request.socket.remoteAddress, refused }, 'somebody asks at the address of the fleet without its token');
      return end(request, response, 401);
    }
    if (request.url !== CHUNK_PATH) return end(request, response, 404);
    if (request.method !== 'POST') return end(request, response, 405);
    const own = taker;
    if (own === undefined) return end(request, response, 503);
    const give = (bytes: number): void => budget.give(undefined, bytes);
    const take = (bytes: number): 'busy' | undefined => (budget.take(undefined, bytes) ? undefined : 'busy');
    const body = await readBody(request, { limit: largest(), take, give, stallMs: STALL_MS, slowest: SLOWEST });
    if ('failed' in body) return end(request, response, body.failed === 'too-large' ? 413 : body.failed === 'busy' ? 503 : 408);
    const { length } = body.bytes;
    try {
      const chunks = decodeBatch(body.bytes);
      // Now, so that the other end sends more; the verdicts follow, each as soon as it is there.
      response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders();
      await Promise.all(chunks.map(async (chunk, place) => response.write(encodeAnswer(place, await own.collect(chunk)))));
      response.end();
    } catch (error) {
      if (!isXaynetError(error)) throw error;
      end(request, response, 400);
    } finally {
      give(length);
    }
  };
  const given = { headersTimeout: STALL_MS, requestTimeout: 0, keepAliveTimeout: 60_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 4096 };
  const server = createServer(given, (request, response) => {
    requests++;
    response.on('error', () => {});
    answer(request, response).catch((error: unknown) => {
      logger.error({ error }, 'a request of the fleet failed');
      response.destroy();
    });
  });
  server.maxConnections = CONNECTIONS;
  const bound = await listen(server, host, port, { setting: 'fleet.bind_address' });
  server.on('error', (error) => logger.error({ error }, 'the listener of the fleet reports an error'));
  let closed: Promise<void> | undefined;
  return {
    ...bound,
    get requests() {
      return requests;
    },
    get refused() {
      return refused;
    },
    connect: (other) => {
      taker = other;
    },
    close: () => {
      closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closed;
    },
  };
}

/** An empty answer. What was not read to its end is not waited for. */
function end(request: IncomingMessage, response: ServerResponse, status: number): void {
  if (!request.complete) response.once('finish', () => request.socket.destroySoon()).setHeader('connection', 'close');
  response.writeHead(status, { 'content-length': 0 }).end();
}

function isOurs(authorization: string | undefined, token: Buffer): boolean {
  const given = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1];
  // Digests have one length, so that comparing them tells nothing of the token, not even its length.
  return timingSafeEqual(digest(given ?? ''), token) && given !== undefined;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
