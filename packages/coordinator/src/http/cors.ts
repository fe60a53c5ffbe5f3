// Which web pages may read the answers. Everything served is public and no cookie is looked at, so the default lets every page in;
// a list of origins narrows that for browsers (it is no access control: a client that is no browser never asks).

const EXPOSED = 'etag, x-round-id, x-verdict, content-range, retry-after';
const EVERY_PAGE: Readonly<Record<string, string>> = { 'access-control-allow-origin': '*', 'access-control-expose-headers': EXPOSED };
const NO_PAGE: Readonly<Record<string, string>> = {};

/** Headers that let `origin` read the answer; none when it is not among `origins` (`*` stands for every page). */
export function corsHeaders(origins: readonly string[], origin: string | undefined): Readonly<Record<string, string>> {
  if (origins.length === 0) return NO_PAGE;
  if (origins.includes('*')) return EVERY_PAGE;
  if (origin === undefined || !origins.includes(origin)) return { vary: 'origin' };
  return { vary: 'origin', 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED };
}

/** What a preflight request learns besides: the route's methods, the headers that mean something here, and how long that holds. */
export function preflightHeaders(methods: readonly string[]): Record<string, string> {
  return {
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': 'accept, content-type, if-none-match, last-event-id, range',
    'access-control-max-age': '7200',
  };
}
