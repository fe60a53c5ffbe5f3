// What can go wrong between a participant and its coordinator. The status is a field, not a word in a sentence: applications
// decide by it (participant 2.4).

import type { ErrorCode } from '@xaynet/core/errors';
import { XaynetError } from '@xaynet/core/errors';

interface TransportDetails {
  readonly url: string;
  readonly status?: number | undefined;
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/**
 * An error of a transport: `code` says what kind, `status` which HTTP status, if there was an answer, and `url` whom we asked.
 * @example
 * ```ts
 * import { HttpTransport, TransportError } from '@xaynet/participant';
 * const transport = new HttpTransport({ url: 'http://127.0.0.1:8081' });
 * const error: unknown = await transport.params().catch((error) => error);
 * if (error instanceof TransportError && error.code === 'transport-busy') console.log(`again in ${error.retryAfter} ms`);
 * ```
 */
export class TransportError extends XaynetError {
  /** HTTP status of the answer; undefined when there was none. */
  readonly status: number | undefined;
  /** What was asked for. */
  readonly url: string;
  /** Milliseconds after which the coordinator wants to be asked again, with `transport-busy`; at most a minute. */
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, found: string, details: TransportDetails) {
    super(code, found, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = details.status;
    this.url = details.url;
    this.retryAfter = details.retryAfter;
  }
}
