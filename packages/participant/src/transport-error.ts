// What can go wrong between a participant and its coordinator. The status is a field, not a word in a sentence: applications
// decide by it (participant 2.4).

import type { ErrorCode } from '@xaynet/core/errors';
import { XaynetError } from '@xaynet/core/errors';

/** An error of a transport: `code` says what kind, `status` which HTTP status, if there was an answer, and `url` whom we asked. */
export class TransportError extends XaynetError {
  /** HTTP status of the answer; undefined when there was none. */
  readonly status: number | undefined;
  /** What was asked for. */
  readonly url: string;

  constructor(code: ErrorCode, found: string, details: { readonly url: string; readonly status?: number | undefined; readonly cause?: unknown }) {
    super(code, found, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = details.status;
    this.url = details.url;
  }
}
