// Which web pages may read the answers. Everything served is public and no cookie is looked at, so the default lets every page in;
// a list of origins narrows that for browsers (it is no access control: a client that is no browser never asks).

/** Headers that let `origin` read the answer; none when it is not among `origins` (`*` stands for every page). */
export function corsHeaders(origins: readonly string[], origin: string | undefined): Record<string, string> {
  if (origins.length === 0) return {};
  if (origins.includes('*')) return { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'etag' };
  if (origin === undefined || !origins.includes(origin)) return { vary: 'origin' };
  return { vary: 'origin', 'access-control-allow-origin': origin, 'access-control-expose-headers': 'etag' };
}

/** What a preflight request learns besides: the route's methods, the headers that mean something here, and how long that holds. */
export function preflightHeaders(methods: readonly string[]): Record<string, string> {
  return {
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': 'accept, content-type, if-none-match',
    'access-control-max-age': '7200',
  };
}
