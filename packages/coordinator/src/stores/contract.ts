// What a coordinator keeps, as three contracts; each method states its behaviour as cases. Verdicts of the protocol are values, failures
// of the machinery are exceptions: "the store worked and says no" must never be mistaken for "the store did not work".

import type { PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import type { MaskObject } from '@xaynet/core/mask';
import type { LocalSeedDict } from '@xaynet/core/message';
import type { CoordinatorState, SeedDict, SumDict } from '@xaynet/core/round';

/** Verdict on a sum participant. */
export type SumVerdict = 'ok' | 'already-exists';

/** Verdict on an update; when more than one applies, the first in this order (coordinator 4.5). */
export type UpdateVerdict = 'ok' | 'length-mismatch' | 'unknown-sum-participant' | 'already-submitted';

/** Verdict on a mask, the first that applies in this order (coordinator 4.6); `votes`: submissions of this very mask, this one included. */
export type Sum2Verdict = { readonly verdict: 'ok'; readonly votes: number } | { readonly verdict: 'unknown-sum-participant' | 'already-submitted' };

/** An update as it is stored: sealed seeds for every sum participant, and the masked model. */
export interface Update {
  readonly participant: PublicSigningKey;
  readonly localSeedDict: LocalSeedDict;
  readonly maskedModel: MaskObject;
}

/** A mask and how many sum participants submitted exactly it. */
export interface MaskVotes {
  readonly mask: MaskObject;
  readonly votes: number;
}

/**
 * State and dictionaries of the current round (coordinator 4.2). Every method is atomic: it has its whole effect or none, also when the
 * process dies in the middle. After an exception the effect may or may not have happened, and the caller may ask again. Bytes passed
 * in are not kept beyond the call: they may be views of large messages.
 */
export interface RoundStore {
  /** The state last set; none: undefined; undecodable: throws. */
  coordinatorState(): Promise<CoordinatorState | undefined>;
  /** Absent: stores. Present: replaces. */
  setCoordinatorState(state: CoordinatorState): Promise<void>;
  /** New participant: stores, `ok`. Known: `already-exists`, the first key stays. */
  admitSum(participant: PublicSigningKey, ephemeralKey: PublicEncryptKey): Promise<SumVerdict>;
  /** All sum participants; none: undefined. */
  sumDict(): Promise<SumDict | undefined>;
  /**
   * Verdict, seeds and masked model in one act. Another number of seeds than sum participants: `length-mismatch`. A seed for somebody
   * who is none: `unknown-sum-participant`. Second update of the participant: `already-submitted`. In these cases nothing changes.
   * Else `ok`, and the seeds are in the dictionary; a store that {@link ContributionStore.keepsContributions} has the model as well.
   */
  admitUpdate(update: Update): Promise<UpdateVerdict>;
  /** One row for every sum participant, empty before the first update; no sum participant: undefined. */
  seedDict(): Promise<SeedDict | undefined>;
  /** Sender not in the sum dictionary: `unknown-sum-participant`. Second mask of a sender: `already-submitted`. Else counts, `ok`. */
  admitSum2(participant: PublicSigningKey, mask: MaskObject): Promise<Sum2Verdict>;
  /** The two masks with most votes, best first; equal votes in any order; fewer when there are fewer. Masks are equal when all bytes are. */
  bestMasks(): Promise<readonly MaskVotes[]>;
  /** How many different masks were submitted. */
  maskCount(): Promise<number>;
  /** Deletes sum, seed and mask dictionaries and contributions; state and model id stay. Nothing there: no error. */
  eraseRound(): Promise<void>;
  /** Deletes all that this contract knows, state and model id included. Models stay. */
  eraseAll(): Promise<void>;
  /** Id of the model to serve after a restart; never set: undefined. */
  latestModelId(): Promise<string | undefined>;
  /**
   * Absent: stores. Present: replaces. In the same act a store may delete old models (see {@link ModelStore}), so there is no moment at
   * which the model to serve is missing.
   */
  setLatestModelId(id: string): Promise<void>;
}

/** The masked models of the round, for stores from which an interrupted round can go on. */
export interface ContributionStore {
  /**
   * False: {@link RoundStore.admitUpdate} leaves the masked model to the aggregate in memory, and a round ends with its process. A masked
   * model at rest is a risk of its own (with the round's key and one sum participant it can be opened), so it is kept only where it is of use.
   */
  readonly keepsContributions: boolean;
  /** Every admitted update exactly once, in the order of admission; refused ones never; nothing kept or erased: none. */
  contributions(): AsyncIterable<{ readonly participant: PublicSigningKey; readonly maskedModel: MaskObject }>;
}

/**
 * The global models, by id (coordinator 4.7). A store that is set to keep n models deletes others whenever another one becomes the latest: the
 * n stored last stay, and the latest in any case.
 */
export interface ModelStore {
  /** Absent: stores, `ok`. Present: `already-exists`, the first stays. `model`: the bytes that `/model` serves. */
  putModel(id: string, model: Uint8Array): Promise<'ok' | 'already-exists'>;
  /** The bytes; absent: undefined. */
  model(id: string): Promise<Uint8Array | undefined>;
}

/** All that a coordinator keeps. An engine may implement the three contracts in one, or one each. */
export interface Store extends RoundStore, ContributionStore, ModelStore {
  /** Resolves when the store can be used now; else throws. */
  ready(): Promise<void>;
  /** Releases files, locks and connections; again: no error. Afterwards every other method throws. */
  close(): Promise<void>;
}
