// How the API words its answers: JSON, problem documents that say what was found, 304. Unlike the five frozen routes it always says why it
// refuses, because nobody who uses it expects the original's silence.

import { ERRORS, type ErrorCode, isXaynetError, XaynetError } from '@xaynet/core/errors';
import { type Answer, notModified } from '../answer.ts';
import { etagOf, matchesEtag } from '../etag.ts';

/** Nothing that is served may be taken for something else by a browser. */
export const NO_SNIFF = { 'x-content-type-options': 'nosniff' } as const;

/** Says that an answer holds for this moment only. */
export const NO_STORE = { 'cache-control': 'no-store' } as const;

/** 200 (or another status) with a body of this type. */
export function body(type: string, bytes: Uint8Array, headers: Readonly<Record<string, string>>, status = 200): Answer {
  return { status, headers: { ...NO_SNIFF, ...headers, 'content-type': type, 'content-length': String(bytes.length) }, body: bytes };
}

/** A value as JSON. */
export function json(value: unknown, headers: Readonly<Record<string, string>> = NO_STORE): Answer {
  return body('application/json', Buffer.from(JSON.stringify(value)), headers);
}

/** Bytes under their strong entity tag: 304 for who has them. */
export function tagged(type: string, bytes: Uint8Array, ifNoneMatch: string | undefined, headers: Readonly<Record<string, string>> = {}): Answer {
  const etag = etagOf(bytes);
  if (!matchesEtag(ifNoneMatch, etag)) return body(type, bytes, { 'cache-control': 'no-cache', ...headers, etag });
  const { headers: own } = notModified(etag);
  return { status: 304, headers: { ...own, ...headers } };
}

/** Refuses with a code; `found`: what was expected and what was given, for people. Caught and worded by {@link refusalOf}. */
export class Refusal extends XaynetError {
  readonly found: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, found?: string, headers: Readonly<Record<string, string>> = {}) {
    super(code, found);
    this.found = found;
    this.headers = headers;
  }
}

const RETRY_SECONDS = '5';

/** The problem document (RFC 9457) of a refusal, or of an error whose status says that it passes; anything else is thrown again. */
export function refusalOf(error: unknown): Answer {
  if (!isXaynetError(error)) throw error;
  const { status, sentence, todo } = ERRORS[error.code];
  const refusal = error instanceof Refusal ? error : undefined;
  if (refusal === undefined && status !== 503) throw error;
  // What another error found can name files and hosts: that is for the log.
  const detail = refusal?.found === undefined ? todo : `${refusal.found}. ${todo}`;
  const text = JSON.stringify({ type: `urn:xaynet:error:${error.code}`, title: sentence, status, detail, code: error.code });
  const retry = status === 503 ? { 'retry-after': RETRY_SECONDS } : {};
  return body('application/problem+json', Buffer.from(text), { ...NO_STORE, ...retry, ...refusal?.headers }, status);
}
