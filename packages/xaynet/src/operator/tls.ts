// Authorities and client certificates from the command line, the same for all commands that talk to a coordinator, and what to do about a
// secure connection that does not come about: TLS itself names a code of OpenSSL and nothing that could be done.

import { XaynetError } from '@xaynet/core/errors';
import type { Command } from 'commander';
import { readWholeFile } from '../files.ts';

/** PEM files: authorities instead of the usual ones, and a client certificate with its key. */
export interface TlsFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

/** What node:https takes of them. */
export interface TlsOptions {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/** Adds `--ca`, `--cert` and `--key`. */
export function addTlsOptions(command: Command): Command {
  return command
    .option('--ca <file>', 'PEM file with certificates of authorities that are trusted instead of the usual ones')
    .option('--cert <file>', 'PEM file with a client certificate; needs --key')
    .option('--key <file>', 'PEM file with the key of the client certificate')
    .hook('preAction', (_, action) => {
      const { cert, key } = action.opts<TlsFiles>();
      if ((cert === undefined) !== (key === undefined)) action.error('error: --cert and --key go together');
    });
}

/** Reads the files. Throws `file-unreadable`. */
export function readTlsFiles({ ca, cert, key }: TlsFiles): TlsOptions {
  return {
    ...(ca === undefined ? {} : { ca: Buffer.from(readWholeFile(ca)) }),
    ...(cert === undefined ? {} : { cert: Buffer.from(readWholeFile(cert)) }),
    ...(key === undefined ? {} : { key: Buffer.from(readWholeFile(key)) }),
  };
}

const UNTRUSTED = /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?))$/;
const NOT_LET_IN = /CERTIFICATE_REQUIRED|ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|HANDSHAKE_FAILURE|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN)/;

/** The error for a connection to `origin` that failed: `transport-tls` with what to do about it, else `transport-unreachable`. */
export function connectionError(origin: string, error: NodeJS.ErrnoException): XaynetError {
  const code = error.code ?? '';
  const said = code || error.message;
  const tls = (advice: string): XaynetError => new XaynetError('transport-tls', `${origin}: ${said}: ${advice}`, { cause: error });
  if (UNTRUSTED.test(code)) return tls('its certificate is of an authority that is not trusted here; name that with --ca');
  if (NOT_LET_IN.test(code)) return tls('it lets in only who has a certificate of its authority; give one with --cert and --key');
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return tls('its certificate is for another name; use that name in --url');
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return tls('its certificate does not hold today; compare the clocks');
  if (/wrong.version.number|packet.length.too.long|http.request/i.test(`${code} ${error.message}`)) return tls('no TLS is spoken there; use http:// in --url');
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code.startsWith('ERR_OSSL')) return tls(error.message);
  const plain = origin.startsWith('http:') && (code === 'ECONNRESET' || code.startsWith('HPE_'));
  return new XaynetError('transport-unreachable', `${origin}: ${said}${plain ? '; if it speaks TLS, use https:// in --url' : ''}`, { cause: error });
}
