// The last documents that a transport fetched, so that a coordinator need not send them again: 304 instead of a body. What is kept are the
// bytes, decoded anew each time; a 304 counts only for who asked with the tag of bytes that are here.

import type { FetchResponse } from './http-body.ts';

/** Documents that are larger are not kept: a model of a million weights is fetched once a round, and would lie about for all of it. */
const MAX_KEPT = 8 * 2 ** 20;

/** One document for each URL that was asked. */
export class KeptDocuments {
  readonly #documents = new Map<string, { readonly etag: string; readonly bytes: Uint8Array }>();

  /** The header that asks for changes only, where something is kept. */
  asking(url: string): Record<string, string> {
    const kept = this.#documents.get(url);
    return kept === undefined ? {} : { 'if-none-match': kept.etag };
  }

  /** The kept bytes, when the answer to `asked` says that they are still right. */
  unchanged(url: string, { status }: FetchResponse, asked: Readonly<Record<string, string>>): Uint8Array | undefined {
    const kept = this.#documents.get(url);
    return status === 304 && kept !== undefined && kept.etag === asked['if-none-match'] ? kept.bytes : undefined;
  }

  /** Keeps the body of a 200, which the caller has found to be well formed. */
  keep(url: string, { status, headers }: FetchResponse, bytes: Uint8Array): void {
    if (status !== 200) return;
    const etag = headers.get('etag');
    if (etag !== null && etag.length <= 256 && bytes.length <= MAX_KEPT) this.#documents.set(url, { etag, bytes });
    else this.#documents.delete(url);
  }
}
