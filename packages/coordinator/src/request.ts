// A request: a message that intake has opened, verified, reassembled and found eligible, on its way to the round.

import type { PublicSigningKey } from '@xaynet/core/bytes';
import type { Payload } from '@xaynet/core/message';

/** A message for the round (coordinator 2.1, stage 9). */
export interface Request {
  /** The round whose key opened it and whose seed its signatures were checked against. */
  readonly round: number;
  readonly participant: PublicSigningKey;
  readonly payload: Payload;
  /** Size of the payload in bytes. */
  readonly bytes: number;
}
