// The base URL of a coordinator, taken apart by hand: not every engine has `URL`, and what decides over plain HTTP must not
// depend on a parser that silently repairs its input. What browsers would repair (backslashes, tabs, user names) is refused.

import { XaynetError } from '@xaynet/core/errors';

/** The path of one of the five requests (participant 2.2). */
export type Endpoint = 'params' | 'sums' | 'seeds' | 'model' | 'message';

const FORM = /^(https?):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/i;
/** Up to the space, the backslash, and delete. */
const UNPRINTED = /[^!-[\]-~\u0080-\uffff]/;
const HOST = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(:[0-9]{1,5})?$/i;

/** The base URL of a coordinator. */
export class BaseUrl {
  readonly #origin: string;
  readonly #path: string;
  readonly #query: string;
  /** Whether nobody between the two ends can read or change what is sent: https, or this machine itself. */
  readonly secure: boolean;

  /** Parses `url`; throws `transport-url` for anything but http or https with a host (participant 2.1). */
  constructor(url: string) {
    const bad = (why: string): XaynetError => new XaynetError('transport-url', `${JSON.stringify(url)}: ${why}`);
    if (typeof url !== 'string') throw new XaynetError('transport-url', `a string expected, ${typeof url} given`);
    if (UNPRINTED.test(url)) throw bad('it holds a space, a control character or a backslash');
    const parts = FORM.exec(url);
    if (parts === null) throw bad('it does not start with http:// or https://');
    const [, scheme, authority, path, query] = parts;
    if (authority!.includes('@')) throw bad('user names in URLs are not supported');
    const host = HOST.exec(authority!);
    if (host === null) throw bad('it has no usable host');
    this.#origin = `${scheme}://${authority}`.toLowerCase();
    this.#path = path!.replace(/\/+$/, '');
    this.#query = query === undefined || query === '?' ? '' : query;
    this.secure = /^https$/i.test(scheme!) || isLoopback(host[1]!);
  }

  /** The URL of a request; a query of the base is kept, `parameter` (already encoded) is added to it. */
  at(endpoint: Endpoint, parameter?: string): string {
    const query = parameter === undefined ? this.#query : (this.#query === '' ? '?' : `${this.#query}&`) + parameter;
    return `${this.#origin}${this.#path}/${endpoint}${query}`;
  }
}

/** Whether a whole URL is https or leads to this machine; false for everything else, also for what cannot be parsed. */
export function isSecureUrl(url: string): boolean {
  try {
    return new BaseUrl(url).secure;
  } catch {
    return false;
  }
}

function isLoopback(host: string): boolean {
  return /^(localhost|127\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}|\[::1\])$/i.test(host);
}
