// What a participant needs of `fetch`, over node:https: with authorities and a client certificate of one's own, and with pinned certificates,
// which the fetch of Node takes for the whole process or not at all. A pin is checked before the first byte of a request is written.

import { createHash, type X509Certificate } from 'node:crypto';
import { request as plainRequest } from 'node:http';
import { Agent, request as tlsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { Readable } from 'node:stream';
import { type ConnectionOptions, connect, createSecureContext, type TLSSocket } from 'node:tls';
import { XaynetError } from '@xaynet/core/errors';
import type { FetchResponse } from '../http-body.ts';
import type { Fetch } from '../http-transport.ts';
import { connectionError } from './connection-error.node.ts';

/** Whom to believe, and who to be. PEM texts or the bytes of PEM files. */
export interface NodeTls {
  /** Certificates of authorities that are trusted instead of the usual ones. */
  readonly ca?: string | Uint8Array | undefined;
  /** Client certificate; needs `key`. */
  readonly cert?: string | Uint8Array | undefined;
  readonly key?: string | Uint8Array | undefined;
  /**
   * `sha256/BASE64` of the DER bytes of the coordinator's public key (SPKI, as in HTTP Public Key Pinning; it survives a renewed certificate of
   * the same key) or of its certificate. One of them must match, on every connection, redirections included. With `ca`, the authority must
   * vouch for it besides; without, the pin is all that counts: a certificate that signed itself, is for another name, or has expired will do.
   */
  readonly pins?: readonly string[] | undefined;
}

/**
 * A `fetch` for the options `fetch` of participants and transports, in Node 20.19 and later. It follows no redirection by itself, and keeps
 * connections open between requests without keeping the process alive.
 *
 * Throws `option-invalid` for files that are no PEM, a certificate without its key, pins that are none. Rejects with `transport-pin` when no
 * pin matches, nothing having been sent; `transport-tls` or `transport-unreachable`.
 * @example
 * ```ts
 * import { HttpTransport } from '@xaynet/participant';
 * import { nodeFetch } from '@xaynet/participant/node';
 *
 * // openssl x509 -in coordinator.pem -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64
 * const fetch = nodeFetch({ pins: ['sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='] });
 * const transport = new HttpTransport({ url: 'https://coordinator.example', fetch });
 * ```
 */
export function nodeFetch(tls: NodeTls = {}): Fetch {
  const agent = new PinningAgent(tls);
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const { origin, protocol } = new URL(url);
      const failed = (error: NodeJS.ErrnoException): void => reject(signal.aborted ? signal.reason : connectionError(origin, error));
      if (protocol !== 'https:' && tls.pins !== undefined) {
        reject(new XaynetError('transport-pin', `${origin}: plain HTTP has no certificate`));
        return;
      }
      const length = body === undefined ? {} : { 'content-length': body.length };
      const given = { method, headers: { ...headers, ...length }, signal };
      const sent = protocol === 'https:' ? tlsRequest(url, { ...given, agent }) : plainRequest(url, given);
      sent.on('error', failed);
      sent.on('response', (response) => {
        if (protocol === 'https:' && !agent.checked.has(response.socket)) {
          sent.destroy(new XaynetError('transport-pin', `${origin}: this runtime opens connections past the check of pins`));
          return;
        }
        const { statusCode = 0, headers } = response;
        const empty = statusCode === 204 || statusCode === 304 || headers['content-length'] === '0';
        if (empty) response.resume(); // the connection is free for the next request; a body that is cancelled closes it
        let opened: unknown;
        const answer: FetchResponse = {
          status: statusCode,
          url,
          headers: { get: (name) => headers[name.toLowerCase()]?.toString() ?? null },
          get body(): unknown {
            if (!empty) opened ??= Readable.toWeb(response);
            return opened;
          },
          arrayBuffer: async () => (empty ? new ArrayBuffer(0) : new Response(Readable.toWeb(response) as ReadableStream).arrayBuffer()),
        };
        resolve(answer);
      });
      sent.end(body);
    });
}

/** Opens connections and hands out those alone whose certificate is a pinned one, where there are pins. */
class PinningAgent extends Agent {
  readonly #pins: readonly string[] | undefined;
  /** Sockets that were opened here. */
  readonly checked: WeakSet<Duplex> = new WeakSet();

  constructor({ ca, cert, key, pins }: NodeTls) {
    const pem = (bytes: string | Uint8Array | undefined): string | Buffer | undefined => (bytes instanceof Uint8Array ? Buffer.from(bytes) : bytes);
    if ((cert === undefined) !== (key === undefined)) throw new XaynetError('option-invalid', 'cert and key go together');
    if (pins?.length === 0 || pins?.some((pin) => !/^sha256\/[A-Za-z0-9+/]{43}=$/.test(pin)))
      throw new XaynetError('option-invalid', `pins: one or more of the form sha256/BASE64 expected, ${JSON.stringify(pins)} given`);
    const files = { ca: pem(ca), cert: pem(cert), key: pem(key) };
    if (ca !== undefined && !/-----BEGIN CERTIFICATE-----/.test(files.ca!.toString())) throw new XaynetError('option-invalid', 'ca: no PEM certificate in it');
    try {
      createSecureContext(files);
    } catch (cause) {
      throw new XaynetError('option-invalid', `ca, cert, key: ${(cause as Error).message}`, { cause });
    }
    const given = Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined));
    // A resumed session shows no certificate, so with pins none is resumed.
    super({ keepAlive: true, ...given, ...(pins === undefined ? {} : { maxCachedSessions: 0, rejectUnauthorized: ca !== undefined }) });
    this.#pins = pins;
  }

  override createConnection(options: ConnectionOptions, callback: (error: Error | null, socket: Duplex) => void): undefined {
    const socket: TLSSocket = connect({ ...options, ALPNProtocols: ['http/1.1'] });
    const failed = (error: Error): void => callback(error, socket);
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      socket.off('error', failed);
      const certificate = socket.getPeerX509Certificate();
      const shown = certificate === undefined ? [] : pinsOf(certificate);
      if (this.#pins !== undefined && !this.#pins.some((pin) => shown.includes(pin))) {
        socket.on('error', () => undefined).destroy();
        callback(new XaynetError('transport-pin', `https://${options.host}:${options.port} shows ${shown[0] ?? 'none'}, for its key`), socket);
        return;
      }
      this.checked.add(socket);
      callback(null, socket);
    });
  }
}

/** The pins that a certificate matches: of its key, of itself. */
function pinsOf(certificate: X509Certificate): string[] {
  const pin = (der: Uint8Array): string => `sha256/${createHash('sha256').update(der).digest('base64')}`;
  return [pin(certificate.publicKey.export({ type: 'spki', format: 'der' })), pin(certificate.raw)];
}
