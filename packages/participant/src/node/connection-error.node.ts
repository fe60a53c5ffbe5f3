// What to do about a connection that does not come about: TLS itself names a code of OpenSSL and nothing that could be done.

import { XaynetError } from '@xaynet/core/errors';

const UNTRUSTED = /^(SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT(_LOCALLY)?))$/;
const NOT_LET_IN = /CERTIFICATE_REQUIRED|ALERT_(UNKNOWN_CA|BAD_CERTIFICATE|HANDSHAKE_FAILURE|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN)/;

/**
 * The error for a connection to `origin` that failed: `transport-tls` with what to do about it, else `transport-unreachable`. An error with a
 * code of this project is given back as it is.
 * @example
 * ```ts
 * import { connectionError } from '@xaynet/participant/node';
 * connectionError('https://c.example', Object.assign(new Error('expired'), { code: 'CERT_HAS_EXPIRED' })).code; // 'transport-tls'
 * ```
 */
export function connectionError(origin: string, error: NodeJS.ErrnoException): XaynetError {
  if (error instanceof XaynetError) return error;
  const code = error.code ?? '';
  const said = code || error.message;
  const tls = (advice: string): XaynetError => new XaynetError('transport-tls', `${origin}: ${said}: ${advice}`, { cause: error });
  if (UNTRUSTED.test(code)) return tls('its certificate is of an authority that is not trusted here; name that as ca (--ca)');
  if (NOT_LET_IN.test(code)) return tls('it lets in only who has a certificate of its authority; give one as cert and key (--cert and --key)');
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return tls('its certificate is for another name; use that name in the URL');
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') return tls('its certificate does not hold today; compare the clocks');
  if (/wrong.version.number|packet.length.too.long|http.request/i.test(`${code} ${error.message}`))
    return tls('no TLS is spoken there; use http:// in the URL');
  if (code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS') || code.startsWith('ERR_OSSL')) return tls(error.message);
  const plain = origin.startsWith('http:') && (code === 'ECONNRESET' || code.startsWith('HPE_'));
  return new XaynetError('transport-unreachable', `${origin}: ${said}${plain ? '; if it speaks TLS, use https:// in the URL' : ''}`, { cause: error });
}
