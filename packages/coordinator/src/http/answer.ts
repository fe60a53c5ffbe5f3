// One answer, from a decision to bytes on a socket. What the reference sends for each case (coordinator 3.3) is written here once: 204 has
// no content-length, refusals are empty with a content type, a body is sent from the array it is published in.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { ERRORS, type ErrorCode } from '@xaynet/core/errors';

/** What to send: status, headers besides `date`, and at most one body. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
}

const OCTETS = 'application/octet-stream';
const PROBLEM = 'application/problem+json';

/** 200 with an empty body: what `POST /message` answers to a client that knows only the original protocol, whatever became of the message. */
export const EMPTY: Answer = { status: 200, headers: { 'content-length': '0' } };

/** The message counts, for a client that asked: the header tells this 200 from that of an original, which says nothing. */
export const ACCEPTED: Answer = { status: 200, headers: { 'content-length': '0', 'x-verdict': 'accepted' } };

/** A chunk was taken, others are missing; for a client that asked. */
export const INCOMPLETE: Answer = { status: 202, headers: { 'content-length': '0', 'x-verdict': 'incomplete' } };

/** 204: there is no document now. */
export const NO_DOCUMENT: Answer = { status: 204, headers: {} };

/** An empty answer whose fault is ours: 500 without content type, as the reference answers when its own parts fail. */
export const FAILED: Answer = { status: 500, headers: { 'content-length': '0' } };

/** An empty refusal as the reference words it: a content type, no content. */
export function refusal(status: number, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { ...headers, 'content-type': OCTETS, 'content-length': '0' } };
}

/** A document: its bytes uncopied, with `type` when the reference names one (`/sums` and `/seeds` do, `/params` and `/model` do not). */
export function document(body: Uint8Array, etag: string, type: string | undefined): Answer {
  return {
    status: 200,
    headers: { ...(type === undefined ? {} : { 'content-type': type }), 'content-length': String(body.length), etag, 'cache-control': 'no-cache' },
    body,
  };
}

/** 304: the client has this document already. */
export function notModified(etag: string): Answer {
  return { status: 304, headers: { etag, 'cache-control': 'no-cache' } };
}

/** The true verdict as an RFC 9457 problem document, its words from the table of errors. */
export function problem(code: ErrorCode, headers: Readonly<Record<string, string>> = {}, status: number = ERRORS[code].status): Answer {
  const { sentence, todo } = ERRORS[code];
  const text = JSON.stringify({ type: `urn:xaynet:error:${code}`, title: sentence, status, detail: todo, code });
  const body = Buffer.from(text);
  return { status, headers: { ...headers, 'content-type': PROBLEM, 'content-length': String(body.length) }, body };
}

/** True when the client says that it understands problem documents; a wildcard does not say so, original clients send one. */
export function wantsProblems(accept: string | undefined): boolean {
  return (accept ?? '').split(',').some((range) => {
    const [type, ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    return type === PROBLEM && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

/** How an answer is sent. */
export interface SendOptions {
  /** Close the connection after it; implied when a body was announced that nobody read. */
  readonly close: boolean;
  /** How long a client may let the socket stand still while it takes the answer, in milliseconds. */
  readonly stallMs: number;
  /** Slowest pace at which a client may take a body, in bytes a second, after `stallMs`. */
  readonly slowest: number;
  /** How long bytes that nobody wants are still drained after a refusal, in milliseconds, so that the client gets to read the answer. */
  readonly lingerMs: number;
}

/** Bodies longer than this are sent against a deadline. */
export const LARGE_BODY: number = 64 * 1024;

/** Sends `answer`. A request body that was not read is drained for a moment and the connection closed, never parsed as the next request. */
export function send(request: IncomingMessage, response: ServerResponse, answer: Answer, options: SendOptions): void {
  if (response.headersSent || response.destroyed) return;
  const unread = !request.complete && !hasNoBody(request);
  response.writeHead(answer.status, options.close || unread ? { ...answer.headers, connection: 'close' } : answer.headers);
  const { socket } = request;
  socket.setTimeout(options.stallMs);
  const body = request.method === 'HEAD' ? undefined : answer.body;
  if (body !== undefined && body.length > LARGE_BODY) {
    const timer = setTimeout(() => socket.destroy(), options.stallMs + (body.length / options.slowest) * 1000);
    timer.unref();
    response.once('close', () => clearTimeout(timer));
  }
  if (!unread) {
    if (body === undefined || body.length <= LARGE_BODY || !('encrypted' in socket)) response.end(body);
    else sendInPieces(response, body);
    return;
  }
  // A socket closed with unread bytes in it is reset, and a reset can overtake the answer: say everything, drain a little, then close.
  if (body === undefined) response.flushHeaders();
  else response.write(body);
  const finish = (): void => {
    clearTimeout(timer);
    if (!response.writableEnded) response.end();
  };
  const timer = setTimeout(finish, options.lingerMs);
  timer.unref();
  request.once('end', finish).once('close', finish).resume();
}

/** Encrypting copies, so a client that does not read would make us keep a copy of everything: it gets the next piece when it took the last. */
function sendInPieces(response: ServerResponse, body: Uint8Array): void {
  let sent = 0;
  const more = (): void => {
    while (sent < body.length) {
      const piece = body.subarray(sent, sent + LARGE_BODY);
      sent += piece.length;
      if (sent === body.length) response.end(piece);
      else if (!response.write(piece)) {
        response.once('drain', more);
        return;
      }
    }
  };
  more();
}

/** True when the request announces no body: neither a length above 0 nor chunks. */
export function hasNoBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] === undefined && Number(request.headers['content-length'] ?? 0) === 0;
}
