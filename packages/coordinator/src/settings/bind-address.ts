// `IP:port` as the original writes it: a literal address, IPv6 in brackets, no host names (they can mean several addresses, or none).

import { isIPv4, isIPv6 } from 'node:net';

/** An address to listen on. */
export interface BindAddress {
  readonly host: string;
  /** TCP port; 0 takes any free one. */
  readonly port: number;
}

/** Reads `127.0.0.1:8081` or `[::1]:8081`; undefined when it is neither (coordinator 5.2). */
export function parseBindAddress(text: string): BindAddress | undefined {
  const found = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  if (found === null) return undefined;
  const [, v6, v4, digits] = found;
  const port = Number(digits);
  if (port > 65_535 || (v6 === undefined ? !isIPv4(v4!) : !isIPv6(v6))) return undefined;
  return { host: (v6 ?? v4)!, port };
}
