// The requests that an operator's commands make, nearly all GET, to a running coordinator, over HTTP or HTTPS with authorities and a client certificate of
// one's own. node:http rather than fetch, which takes none of these. Certificates are always verified; there is no switch for that.

import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { XaynetError } from '@xaynet/core/errors';
import { connectionError } from '@xaynet/participant/node';
import { readTlsFiles, type TlsFiles, type TlsOptions } from './tls.ts';

/** Where the coordinator is, and who is believed to be it. */
export interface Connection extends TlsFiles {
  /** Base URL; routes are below it. */
  readonly url: string;
}

/** Time without a byte after which a request is given up, in milliseconds. */
const STALL = 30_000;
/** JSON documents are small; more is no answer of a coordinator. */
const MOST_JSON = 64 * 1024 * 1024;

/** Asks one coordinator. Throws `transport-url`, `file-unreadable`. */
export class Client {
  readonly #base: URL;
  readonly #tls: TlsOptions;

  constructor({ url, ...tls }: Connection) {
    let base: URL | undefined;
    try {
      base = new URL(url.endsWith('/') ? url : `${url}/`);
    } catch {
      // said below
    }
    if (base === undefined || !/^https?:$/.test(base.protocol) || base.username !== '') throw new XaynetError('transport-url', url);
    this.#base = base;
    this.#tls = readTlsFiles(tls);
  }

  /** The address that `path` has there. */
  urlOf(path: string): string {
    return new URL(path.replace(/^\//, ''), this.#base).href;
  }

  /**
   * The answer to one request without a body, its body not yet read. Rejects with `transport-unreachable`, `transport-tls` or `transport-timeout`; unless the
   * status is in `expected`, with `transport-refused` and what the coordinator says of it, or `transport-status` when it says nothing.
   */
  async open(
    path: string,
    options: { method?: 'GET' | 'HEAD' | 'POST'; headers?: Record<string, string>; expected?: readonly number[]; signal?: AbortSignal | undefined } = {},
  ): Promise<IncomingMessage> {
    const url = new URL(this.urlOf(path));
    const { method = 'GET', expected = [200], signal } = options;
    const headers = { accept: 'application/json, application/problem+json;q=0.9', 'user-agent': 'xaynet', ...options.headers };
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => reject(signal?.aborted ? signal.reason : connectionError(url.origin, error));
      const make = url.protocol === 'https:' ? tlsRequest : plainRequest;
      const sent = make(url, { method, headers, ...(signal === undefined ? {} : { signal }), ...(url.protocol === 'https:' ? this.#tls : {}) }, resolve);
      sent.setTimeout(STALL, () => sent.destroy(new XaynetError('transport-timeout', `${url.origin}: nothing for ${STALL / 1000} s`)));
      sent.on('error', (error) => (error instanceof XaynetError ? reject(error) : failed(error)));
      sent.end();
    });
    if (expected.includes(response.statusCode ?? 0)) return response;
    const why = await explained(response);
    const code = why === undefined ? 'transport-status' : 'transport-refused';
    throw new XaynetError(code, `${method} ${url.href}: ${response.statusCode}${why ?? ''}`);
  }

  /** A JSON document. Rejects as {@link Client.open}, and with `transport-not-pet` for what is none. */
  async json(path: string, options: Parameters<Client['open']>[1] = {}): Promise<unknown> {
    const response = await this.open(path, options);
    const text = new TextDecoder().decode(await readAll(response, MOST_JSON));
    try {
      return JSON.parse(text);
    } catch {
      throw new XaynetError('transport-not-pet', `${this.urlOf(path)}: ${text.length} characters that are no JSON`);
    }
  }
}

/** The body of an answer, at most so many bytes. */
export async function readAll(response: IncomingMessage, most: number): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of response as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > most) {
      response.destroy();
      throw new XaynetError('transport-too-large', `more than ${most} bytes`);
    }
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

/** What a problem document says, for the end of a line; undefined for an answer that is none. */
async function explained(response: IncomingMessage): Promise<string | undefined> {
  try {
    const { code, title, detail } = JSON.parse(new TextDecoder().decode(await readAll(response, 65_536)));
    const said = [code, title, detail].filter((part) => typeof part === 'string');
    return said.length === 0 ? undefined : ` ${said.join(': ')}`;
  } catch {
    return undefined;
  }
}
