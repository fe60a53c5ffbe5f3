// Who may ask the agent. It acts for the user of this machine, so other users and the pages in a browser must not: a token that only this
// user can read (a socket of mode 0600 needs none), no page of an origin that was not allowed, and no host name but one that cannot be rebound.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { Refusal } from '@xaynet/coordinator/http';
import { readFileIfAny, writePrivateFile } from '../files.ts';

/** What is let in. */
export interface GuardOptions {
  /** Undefined: whoever can open the socket may ask. */
  readonly token: string | undefined;
  /** Origins of pages that may ask, with the token. */
  readonly origins: readonly string[];
}

/** The token in `path`, made at the first start. Throws `file-unreadable` and `file-unwritable`. */
export function tokenOf(path: string): string {
  const kept = new TextDecoder().decode(readFileIfAny(path) ?? new Uint8Array(0)).trim();
  if (kept !== '') return kept;
  const token = randomBytes(32).toString('base64url');
  writePrivateFile(path, `${token}\n`, { replace: true });
  return token;
}

/** Lets a request in or throws `agent-forbidden`, `agent-unauthorized`. `isPreflight`: a browser asks whether its page may ask, without the token. */
export function admit({ host, origin, authorization }: IncomingHttpHeaders, { token, origins }: GuardOptions, isPreflight: boolean): void {
  if (origin !== undefined && !origins.includes(origin)) throw new Refusal('agent-forbidden', `origin ${origin.slice(0, 100)}`);
  if (token === undefined) return;
  // A name of an attacker's that resolves to this machine would make his page one of our own (DNS rebinding); an address cannot be rebound.
  const name = nameOf(host ?? '');
  if (name !== 'localhost' && isIP(name) === 0) throw new Refusal('agent-forbidden', `host ${name.slice(0, 100)}`);
  if (isPreflight) return;
  const given = /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
  const isRight = timingSafeEqual(digest(given ?? ''), digest(token));
  if (given === undefined || !isRight) throw new Refusal('agent-unauthorized', undefined, { 'www-authenticate': 'Bearer realm="xaynet agent"' });
}

/** The headers that let a page of an allowed origin read the answer. */
export function corsOf(origin: string | undefined, { origins }: GuardOptions): Record<string, string> {
  if (origin === undefined || !origins.includes(origin)) return {};
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': 'etag, retry-after, x-xaynet-round, x-xaynet-length', vary: 'origin' };
}

/** The host without its port, `[::1]` without brackets. */
function nameOf(host: string): string {
  return (/^\[([^\]]*)\](?::\d+)?$/.exec(host) ?? /^([^:]*)(?::\d+)?$/.exec(host))?.[1]?.toLowerCase() ?? '';
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
