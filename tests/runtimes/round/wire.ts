// Requests and answers as lines of JSON, for engines that reach the network through their embedder.
import { fromHex, toHex } from '@xaynet/core/bytes';
import type { FetchRequest, FetchResponse } from '@xaynet/participant';

/** A request as a line carries it. */
export interface RequestLine {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An answer as a line carries it. */
export interface AnswerLine {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The request as plain data. */
export function packRequest(url: string, { method, body, headers }: FetchRequest): RequestLine {
  return { method, url, headers: { ...headers } as Record<string, string>, body: body === undefined ? '' : toHex(body) };
}

/** What `fetch` answers, of plain data. */
export function unpackAnswer(url: string, { status, headers, body }: AnswerLine): FetchResponse {
  const bytes = fromHex(body);
  return { status, url, headers: { get: (name) => headers[name] ?? null }, arrayBuffer: async () => bytes.slice().buffer as ArrayBuffer };
}
