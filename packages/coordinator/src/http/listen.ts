// Binding a port, with a code for each way in which that fails, and what URL the bound address has.

import type { AddressInfo, Server } from 'node:net';
import { type ErrorCode, XaynetError } from '@xaynet/core/errors';

const LISTEN_CODES: Readonly<Record<string, ErrorCode>> = {
  EADDRINUSE: 'api-port-in-use',
  EACCES: 'api-port-forbidden',
  EADDRNOTAVAIL: 'api-address-unavailable',
  ENOTFOUND: 'api-address-unavailable',
  EAFNOSUPPORT: 'api-address-unavailable',
};

/** Where a server listens. */
export interface Bound {
  /** For example `http://127.0.0.1:8081`; a wildcard address is given as loopback. */
  readonly url: string;
  readonly host: string;
  readonly portNumber: number;
}

/** Listens on exactly this address. Throws `api-…`; `setting` names what the operator can change. */
export function listen(
  server: Server,
  host: string,
  port: number,
  { scheme = 'http', setting = '' }: { scheme?: string; setting?: string } = {},
): Promise<Bound> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => {
      const at = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
      const where = setting === '' ? at : `${setting} ${at}`;
      reject(new XaynetError(LISTEN_CODES[error.code ?? ''] ?? 'api-listen-failed', `${where}: ${error.code ?? error.message}`, { cause: error }));
    };
    server.once('error', failed);
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', failed);
      const { address, family, port: portNumber } = server.address() as AddressInfo;
      const reachable = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
      resolve({ url: `${scheme}://${family === 'IPv6' ? `[${reachable}]` : reachable}:${portNumber}`, host: address, portNumber });
    });
  });
}
