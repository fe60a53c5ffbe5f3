// The URL of a Redis server, taken apart. The library could do that too, but its errors repeat the URL, and with it the password.

/** Where a Redis server is, and as whom to come. */
export interface RedisAddress {
  /** Host and port, or the path of a Unix socket. */
  readonly host: string | undefined;
  readonly port: number;
  readonly path: string | undefined;
  /** Over TLS. */
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

const DEFAULT_PORT = 6379;

/**
 * The address in `redis://[[user]:password@]host[:port][/database]`, `rediss://…` (TLS), `unix:///path` or `redis+unix:///path`, these with
 * `?db=&user=&pass=`; undefined for anything else.
 */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  try {
    const url = new URL(text);
    if (url.hash !== '') return undefined;
    if (url.protocol === 'unix:' || url.protocol === 'redis+unix:') return unixAddress(url);
    if ((url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '' || url.search !== '') return undefined;
    const database = databaseOf(url.pathname.replace(/^\//, ''));
    if (database === undefined) return undefined;
    return {
      host: decodeURIComponent(url.hostname).replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? DEFAULT_PORT : Number(url.port),
      path: undefined,
      tls: url.protocol === 'rediss:',
      username: given(decodeURIComponent(url.username)),
      password: given(decodeURIComponent(url.password)),
      database,
    };
  } catch {
    return undefined; // no URL, or one with a broken escape
  }
}

function unixAddress(url: URL): RedisAddress | undefined {
  const database = databaseOf(url.searchParams.get('db') ?? '');
  if (url.host !== '' || url.pathname.length < 2 || database === undefined) return undefined;
  const [username, password] = [given(url.searchParams.get('user')), given(url.searchParams.get('pass'))];
  return { host: undefined, port: 0, path: decodeURIComponent(url.pathname), tls: false, username, password, database };
}

function databaseOf(text: string): number | undefined {
  return /^\d{0,9}$/.test(text) ? Number(text) : undefined;
}

function given(text: string | null): string | undefined {
  return text === null || text === '' ? undefined : text;
}

/** For logs and errors: where, without user and password. */
export function shownAddress({ host, port, path, tls, database }: RedisAddress): string {
  const suffix = database === 0 ? '' : `/${database}`;
  if (path !== undefined) return `unix://${path}${suffix}`;
  return `${tls ? 'rediss' : 'redis'}://${host!.includes(':') ? `[${host}]` : host}:${port}${suffix}`;
}
