// A request: a message that intake has opened, verified, reassembled and found eligible, on its way to the round.

import type { PublicSigningKey } from '@xaynet/core/bytes';
import type { ErrorCode } from '@xaynet/core/errors';
import type { Payload } from '@xaynet/core/message';
import type { Memory } from './buffers.ts';
import type { Meter } from './meter.ts';

/** A message for the round (coordinator 2.1, stage 9). */
export interface Request {
  /** The round whose key opened it and whose seed its signatures were checked against. */
  readonly round: number;
  readonly participant: PublicSigningKey;
  readonly payload: Payload;
  /** Size of the payload in bytes. */
  readonly bytes: number;
  /**
   * What a look at configuration, length and every element of a masked model or mask found, so that nobody need look again: the error, or
   * none. Left out: nobody has looked.
   */
  readonly elements?: { readonly error: ErrorCode | undefined } | undefined;
  /** What follows its signatures, as the first digits of a SHA-256; made for recordings only. */
  readonly digest?: string | undefined;
  /** What is told how long its stages take, in place of the meter of all. */
  readonly meter?: Meter | undefined;
  /** The memory of the payload: it is used again after the answer, unless it is undefined by then. Left out: nobody uses it again. */
  readonly memory?: Memory | undefined;
}
