// What a participant needs of `fetch`, over node:https: with authorities and a client certificate of one's own, which the fetch of Node takes
// for the whole process or not at all.

import { request } from 'node:https';
import { Readable } from 'node:stream';
import type { Fetch } from '@xaynet/participant';
import { connectionError, type TlsOptions } from './tls.ts';

/** A fetch for https URLs. It follows no redirection; rejects with `transport-tls` or `transport-unreachable`. */
export function tlsFetch(tls: TlsOptions): Fetch {
  return (url, { method, body, signal }) =>
    new Promise((resolve, reject) => {
      const { origin } = new URL(url);
      const length = body === undefined ? {} : { 'content-length': body.length };
      const sent = request(url, { ...tls, method, headers: { 'user-agent': 'xaynet', ...length }, signal }, (response) => {
        const { statusCode = 0, headers } = response;
        const stream = (): ReadableStream<Uint8Array> => Readable.toWeb(response) as ReadableStream<Uint8Array>;
        const header = (name: string): string | null => {
          const value = headers[name.toLowerCase()];
          return value === undefined ? null : String(value);
        };
        let opened: ReadableStream<Uint8Array> | undefined;
        resolve({
          status: statusCode,
          url,
          headers: { get: header },
          get body() {
            opened ??= stream();
            return opened;
          },
          arrayBuffer: () => new Response(stream()).arrayBuffer(),
        });
      });
      sent.on('error', (error) => reject(signal.aborted ? signal.reason : connectionError(origin, error)));
      sent.end(body);
    });
}
