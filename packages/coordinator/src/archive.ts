// What is kept of a round that is over: its model, and a signed record of what it was made of.

import { equalBytes } from '@xaynet/core/bytes';
import type { RandomBytes } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';
import { type Patience, Stopped } from './patience.ts';
import { makeRoundRecord, type RoundFacts, recordKeys } from './records.ts';
import type { Store } from './stores/contract.ts';

/** What an archive works with. */
export interface ArchiveContext {
  readonly store: Store;
  readonly patience: Patience;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly logger: Logger;
}

/**
 * Model first, then its id: a restart serves only what is complete (coordinator 1.10, weakness W-25), and may do it all again. Throws
 * `storage-failed` when there is another model of this id.
 */
export async function storeModel({ store, patience }: ArchiveContext, id: string, bytes: Uint8Array): Promise<void> {
  if ((await patience.call('store-model', () => store.putModel(id, bytes))) === 'already-exists') {
    const there = await patience.call('store-model', () => store.model(id));
    if (there === undefined || !equalBytes(there, bytes)) throw new XaynetError('storage-failed', `there is another model ${id}`);
  }
  await patience.call('store-model', () => store.setLatestModelId(id));
}

/** Puts the round on record, with the counts that are stored. A record that cannot be made costs neither the model nor the next round. */
export async function putRecord(context: ArchiveContext, facts: Omit<RoundFacts, 'ended' | 'sums' | 'updates' | 'masks'>): Promise<void> {
  const { store, patience, clock, random, logger } = context;
  try {
    const { sums, updates, masks } = await patience.call('record', () => store.counts());
    const keys = await patience.call('record', () => recordKeys(store, random));
    const whole = { ...facts, began: Math.round(facts.began), ended: Math.round(clock.now()), sums, updates, masks };
    const record = await makeRoundRecord(whole, keys);
    await patience.call('record', () => store.putRecord(record));
  } catch (error) {
    if (error instanceof Stopped) throw error;
    logger.error({ round: facts.round, error }, 'there is no record of the round');
  }
}
