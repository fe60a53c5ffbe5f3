// What a store adds when several coordinator processes use it for one round. One process leads: it alone writes where the round stands, under a
// lease with a fencing token, so that a leader that was paused and wakes up cannot write any more. Every process admits messages, and the store
// compares each with the round and phase that it holds itself, in the same act: nobody needs to be asked, and nobody can be late.

import type { PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import type { MaskObject } from '@xaynet/core/mask';
import type { MessageTag } from '@xaynet/core/message';
import type { Memory } from '../buffers.ts';
import type { Contribution, RoundCounts, RoundProgress, SpooledChunk, Store, Sum2Verdict, SumVerdict, Update, UpdateAdmission } from './contract.ts';

/** A process that uses the store, as it tells the others of itself. */
export interface Member {
  /** Names one life of a process; another one after a restart. */
  readonly id: string;
  /** Where the other processes reach it; empty: they do not. */
  readonly url: string;
  /** Version of its program. */
  readonly version: string;
  /** When it began, in milliseconds since 1970. */
  readonly began: number;
  /** Messages that it admitted and refused since then. */
  readonly accepted: number;
  readonly refused: number;
  /** Settings that the store does not hold and that should be the same for all, by their names; left out by older versions. */
  readonly settings?: Readonly<Record<string, number>>;
}

/** What the store holds, seen at one moment. */
export interface Sight {
  /** Another one whenever state, progress or the id of the latest model were set or erased. */
  readonly version: number;
  readonly progress: RoundProgress | undefined;
  /** Whether the phase admits messages. */
  readonly open: boolean;
  readonly counts: RoundCounts;
  /** Contributions that are in no stored sum yet. */
  readonly unfolded: number;
  readonly modelId: string | undefined;
  /** Whether the process that looked leads. */
  readonly leads: boolean;
  /** Id of the member that leads; undefined: nobody does. */
  readonly leader: string | undefined;
  /** The members that live, in the order of their ids. */
  readonly members: readonly Member[];
  /** Milliseconds since 1970 by the clock of the store, which alone decides how long a lease lasts. */
  readonly now: number;
}

/** Why a message is not admitted that came from a process which may know less than the store: its phase is over, or has all it takes. */
export type Closed = 'phase-over' | 'phase-full';

/**
 * The admissions of {@link Store} for any process of the fleet: in the same act the round and the phase are compared with the stored progress
 * (`phase-over`), and the messages that are stored with {@link RoundProgress.gate} (`phase-full`); then nothing is stored.
 */
export interface SharedAdmissions {
  sum(round: number, participant: PublicSigningKey, ephemeralKey: PublicEncryptKey): Promise<SumVerdict | Closed>;
  update(round: number, update: Update, memory?: Memory): Promise<UpdateAdmission | { readonly verdict: Closed }>;
  sum2(round: number, participant: PublicSigningKey, mask: MaskObject): Promise<Sum2Verdict | { readonly verdict: Closed }>;
  /**
   * Stores chunks of this round, all with the tag of the phase, in this order; one of {@link OVER_LENGTH} bytes says that its message is over: what was stored
   * of that message goes. Answers for each how many were stored for its participant in this phase, itself and such signs counted: whoever keeps count learns
   * that others have stored some as well. Another round or phase: `phase-over`. With their phase the chunks are gone
   * for everybody; their memory may be free later, when the round is erased at the latest.
   */
  chunks(
    round: number,
    chunks: readonly SpooledChunk[],
  ): Promise<{ readonly verdict: 'ok'; readonly stored: readonly number[] } | { readonly verdict: 'phase-over' }>;
}

/** The chunks that are stored of one participant. */
export interface StoredChunks {
  /** In the order in which they were stored. */
  readonly chunks: readonly SpooledChunk[];
  /** How many were stored for the participant in this phase, signs counted: see {@link SharedAdmissions.chunks}. */
  readonly stored: number;
}

/** A sum of contributions that one process has made, or several one after another. */
export interface PartialSum {
  /** Names it; the process that makes it goes on with it under the same name. */
  readonly name: string;
  readonly aggregate: MaskObject;
  /** Contributions in it. */
  readonly count: number;
}

/**
 * The aggregate of a round, made by all processes together. Each contribution belongs to the member that admitted it, which adds it to a sum of its
 * own and stores that from time to time: from then on the contribution is in that sum and may be deleted. So at every moment a contribution either
 * belongs to a member or is in exactly one stored sum, whoever dies.
 */
export interface SharedSums {
  /** Positions of the contributions of this round that belong to this member, in their order; the current round is another one: none. */
  pending(round: number, member: string): Promise<readonly number[]>;
  /** How many belong to whom; nobody who has none. */
  outstanding(): Promise<ReadonlyMap<string, number>>;
  /** A contribution that belongs to somebody. Gone, or never there: `contribution-damaged`. */
  contribution(position: number): Promise<Contribution>;
  /**
   * One act: `sum` is stored in place of the one of its name, and these contributions, which belong to `member`, are in it and belong to nobody.
   * `lost`: the round is another one, or one of them is not this member's (any more); nothing has changed then. `memory`: where its vector lies,
   * as for {@link RoundStore.admitUpdate}.
   */
  fold(round: number, member: string, sum: PartialSum, positions: readonly number[], memory?: Memory): Promise<'ok' | 'lost'>;
  /** All that belong to `from` belong to `member` from now on; how many that were. */
  claim(member: string, from: string): Promise<number>;
  /** All stored sums of the round. They go with {@link ContributionStore.setCheckpoint}, which has all of them, and with the round. */
  partials(): AsyncIterable<PartialSum>;
}

/**
 * A store as one of several processes holds it. All that the leader alone may do throws `storage-fenced` for everybody else, whatever the process
 * believes: every method of {@link Store} that changes something, but for admissions, chunks, reports and the key that signs records. Reading is for all.
 */
export interface SharedStore extends Store {
  /** How long a lease lasts without being renewed, and a member lives without a look, in milliseconds. */
  readonly leaseMs: number;
  /** What can be admitted by any process. */
  readonly admissions: SharedAdmissions;
  /** What the processes have added up. An update that was admitted belongs to the member that looked last through this very store. */
  readonly sums: SharedSums;
  /** See {@link RoundStore}. */
  closeAdmissions(): Promise<void>;
  /**
   * One act: notes that this member lives, renews its lease if it leads, and takes the lease if nobody has it and `mayLead`; then tells what the store
   * holds. Throws like every method; then the process has to suppose that it does not lead. Throws `storage-lost` once after what was acknowledged is
   * gone: there is nothing left of the round to go on with.
   */
  look(self: Member, mayLead: boolean): Promise<Sight>;
  /**
   * Version of what is published and whether anybody leads, as {@link Sight} has them, and nothing else: a look for those who have seen the rest and ask
   * whether it still is so. Throws as a look does.
   */
  peek(): Promise<{ readonly version: number; readonly isLed: boolean }>;
  /** This member goes: it gives the lease back if it has it, and is no member any more. */
  leave(id: string): Promise<void>;
  /**
   * What {@link SharedAdmissions.chunks} stored of a participant in this round and phase, less the first `after`, and less what is over. Nothing, or another round
   * or phase: none, 0. {@link ChunkStore} itself is for processes that have a store to themselves; a fleet does not use it.
   */
  chunksOf(round: number, tag: MessageTag, participant: PublicSigningKey, after: number): Promise<StoredChunks>;
  /** 32 random bytes that all processes of the fleet share, and nobody else knows: made by a call that finds none, and the same for all from then on. */
  fleetSecret(): Promise<Uint8Array>;
}

/** Whether a store is one of several at the same data. */
export function isSharedStore(store: Store): store is SharedStore {
  return typeof (store as Partial<SharedStore>).look === 'function';
}
