// Checks of the addresses that a coordinator will listen on, and of the certificates it will show.

import { ERRORS, isXaynetError } from '@xaynet/core/errors';
import { type Finding, fault, ok, warning } from './finding.ts';

/** What came of listening on an address for a moment. */
export interface PortFacts {
  readonly setting: 'api.bind_address' | 'admin.bind_address' | 'fleet.bind_address';
  readonly host: string;
  readonly port: number;
  /** Code of the system, such as `EADDRINUSE`; undefined: it was free. */
  readonly refused: string | undefined;
  /** Who answers there, when it is in use: what its /status says, or that it is something else. */
  readonly answers: { readonly phase: string; readonly round: number } | 'other' | undefined;
}

/** The address is free, or there is a reason why not. */
export function checkPort({ setting, host, port, refused, answers }: PortFacts): Finding {
  const id = `ports.${setting.slice(0, setting.indexOf('.'))}`;
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const data = { setting, host, port, refused: refused ?? null };
  if (port === 0) return ok(id, `${setting} takes any free port`, data);
  if (refused === undefined) return ok(id, `${address} (${setting}) is free`, data);
  if (refused === 'EADDRINUSE' && typeof answers === 'object') {
    return warning(
      id,
      `a coordinator answers on ${address} already, in round ${answers.round}, phase ${answers.phase}`,
      `Stop it before you start another one, or set ${setting} to another port.`,
      data,
    );
  }
  if (refused === 'EADDRINUSE')
    return fault(id, `another program listens on ${address}`, ERRORS['api-port-in-use'].todo.replace('the bind_address that is named', setting), data);
  if (refused === 'EACCES')
    return fault(id, `this user may not listen on ${address}`, ERRORS['api-port-forbidden'].todo.replace('the bind_address', setting), data);
  if (refused === 'EADDRNOTAVAIL')
    return fault(id, `this machine has no address ${host}`, ERRORS['api-address-unavailable'].todo.replace('api.bind_address', setting), data);
  return fault(id, `${address} cannot be listened on: ${refused}`, `Check ${setting}.`, data);
}

/** Certificates can be read, fit their key and hold; `notices` are what reading them gave, or it failed with `error`. */
export function checkCertificates(read: { readonly notices: readonly string[] } | { readonly error: unknown } | undefined): Finding {
  if (read === undefined) return ok('ports.tls', 'no TLS: the API is plain HTTP');
  if ('error' in read) {
    const { error } = read;
    return fault(
      'ports.tls',
      error instanceof Error ? error.message : String(error),
      isXaynetError(error) ? ERRORS[error.code].todo : 'Check api.tls_certificate and api.tls_key.',
    );
  }
  if (read.notices.length === 0) return ok('ports.tls', 'certificate and key fit and hold');
  return warning('ports.tls', read.notices.join(' '), 'Renew the certificate; "kill -HUP" makes a running coordinator read it again.');
}
