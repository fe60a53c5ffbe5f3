// What a coordinator keeps, as a few contracts; each method states its behaviour as cases. Verdicts of the protocol are values, failures
// of the machinery are exceptions: "the store worked and says no" must never be mistaken for "the store did not work".

import type { PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import type { MaskObject } from '@xaynet/core/mask';
import type { LocalSeedDict, MessageTag } from '@xaynet/core/message';
import type { CoordinatorState, SeedDict, SumDict } from '@xaynet/core/round';
import type { Memory } from '../buffers.ts';

/** Verdict on a sum participant. */
export type SumVerdict = 'ok' | 'already-exists';

/** Verdict on an update; when more than one applies, the first in this order (coordinator 4.5). */
export type UpdateVerdict = 'ok' | 'length-mismatch' | 'unknown-sum-participant' | 'already-submitted';

/** Verdict on a mask, the first that applies in this order (coordinator 4.6); `votes`: submissions of this very mask, this one included. */
export type Sum2Verdict = { readonly verdict: 'ok'; readonly votes: number } | { readonly verdict: 'unknown-sum-participant' | 'already-submitted' };

/** Verdict on an update; `position`: its number in the order of admission, from 1 on, for {@link ContributionStore.contributions}. */
export type UpdateAdmission = { readonly verdict: 'ok'; readonly position: number } | { readonly verdict: Exclude<UpdateVerdict, 'ok'> };

/** Where a round stands; with the coordinator state it is what a restart goes on from. */
export interface RoundProgress {
  readonly round: number;
  /** The phase that takes messages, or unmask; a round that failed or is over has no progress. */
  readonly phase: 'sum' | 'update' | 'sum2' | 'unmask';
  /** When the phase began, in milliseconds since 1970: its deadlines count from here, also over restarts. */
  readonly since: number;
  /** When the round began, likewise; absent: not known. */
  readonly began?: number | undefined;
  /** Rounds that failed in a row before this one. */
  readonly failures: number;
  /** What others who admit messages have to know; a store that is used by one process need not keep it. */
  readonly gate?: Gate | undefined;
}

/** Who may still be admitted to a phase, for whoever admits without knowing the round. */
export interface Gate {
  /** Messages that the phase takes at most. */
  readonly most: number;
  /** Update participants that sit this round out, hexadecimal. */
  readonly excluded: readonly string[];
}

/** How much of the current round is stored. `leading`: votes of the mask with most votes. */
export interface RoundCounts {
  readonly sums: number;
  readonly updates: number;
  readonly masks: number;
  readonly leading: number;
}

/** The sum of the contributions up to a position, that one included. */
export interface Checkpoint {
  readonly position: number;
  readonly aggregate: MaskObject;
  /** Contributions in the aggregate. */
  readonly count: number;
}

/** A masked model that was admitted. */
export interface Contribution {
  readonly position: number;
  readonly participant: PublicSigningKey;
  readonly maskedModel: MaskObject;
}

/** One chunk of a multipart message: opened, verified, of the current phase, its message not yet complete. */
export interface SpooledChunk {
  readonly participant: PublicSigningKey;
  readonly tag: MessageTag;
  /** The payload of the chunk message: chunk header and data. */
  readonly payload: Uint8Array;
  /** Its sender has not proved to be selected yet. */
  readonly unproven?: boolean | undefined;
  /** The memory that it lies in, which the store may take until it has answered; left out: it may not. */
  readonly memory?: Memory | undefined;
}

/** Bytes of the sign that a message is over: a chunk header that ends after the message's number. */
export const OVER_LENGTH = 4;

/** What became of a round: plain data, JSON as it is. Hashes and keys are hexadecimal. */
export interface RoundRecord {
  /** Number of the round. */
  readonly round: number;
  /** What it came to. */
  readonly outcome: 'model' | 'failure';
  /** Milliseconds since 1970. */
  readonly began: number;
  readonly ended: number;
  /** Sum participants. */
  readonly sums: number;
  /** Updates in the model. */
  readonly updates: number;
  /** Sum2 messages. */
  readonly masks: number;
  /** Why it failed, and in which phase; absent for a model. */
  readonly phase?: string;
  readonly code?: string;
  /** Id of the model. */
  readonly model?: string;
  /** SHA-256 of what was published and computed, as far as the round came: documents as served, dictionaries in the order of their keys. */
  readonly hashes: Readonly<Partial<Record<'params' | 'sums' | 'seeds' | 'aggregate' | 'model', string>>>;
  /** Key of the coordinator that signed, and its Ed25519 signature over the UTF-8 JSON of this record without `signature`, keys in this order. */
  readonly signer: string;
  readonly signature: string;
}

/** Numbers that the application told of a round, by name. */
export interface RoundReport {
  /** Number of the round. */
  readonly round: number;
  /** Finite numbers by name. */
  readonly values: Readonly<Record<string, number>>;
}

/** A stored model. */
export interface ModelEntry {
  /** Name of the model. */
  readonly id: string;
  /** Bytes of the published document. */
  readonly bytes: number;
}

/** Bytes that a store takes, and what its disk still has room for; 0 and Infinity where there is no disk. */
export interface StoreUsage {
  readonly bytes: number;
  readonly free: number;
}

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
 * process dies in the middle. Exceptions are `storage-failed`, or `storage-timeout` from a store that waits for another thread or machine:
 * then the effect may or may not have happened, or happen before that of any later call, and the caller may ask again. Bytes passed
 * in are not kept beyond the call: they may be views of large messages.
 */
export interface RoundStore {
  /** The state last set; none: undefined; undecodable: throws. */
  coordinatorState(): Promise<CoordinatorState | undefined>;
  /** Absent: stores. Present: replaces. The progress is replaced in the same act; without one there is none afterwards. */
  setCoordinatorState(state: CoordinatorState, progress?: RoundProgress): Promise<void>;
  /** The progress last set; none, or none any more: undefined. */
  progress(): Promise<RoundProgress | undefined>;
  /** Absent: stores. Present: replaces. `undefined`: there is none afterwards. */
  setProgress(progress: RoundProgress | undefined): Promise<void>;
  /** How much of the current round is stored; empty: zeros. */
  counts(): Promise<RoundCounts>;
  /** New participant: stores, `ok`. Known: `already-exists`, the first key stays. */
  admitSum(participant: PublicSigningKey, ephemeralKey: PublicEncryptKey): Promise<SumVerdict>;
  /**
   * The sum phase is over: leaves only `chosen` in the sum dictionary (`undefined`: everybody) and sets the progress, in one act. A key that
   * is not there is no error.
   */
  closeSum(chosen: readonly PublicSigningKey[] | undefined, progress: RoundProgress): Promise<void>;
  /**
   * No message of the current phase is admitted from now on, until there is another progress. A store that is used by one process need not have it:
   * who admits and who ends the phase is the same there.
   */
  closeAdmissions?(): Promise<void>;
  /** All sum participants; none: undefined. Cannot be what was stored: `seed-dict-damaged`. */
  sumDict(): Promise<SumDict | undefined>;
  /**
   * Verdict, seeds and masked model in one act. Another number of seeds than sum participants: `length-mismatch`. A seed for somebody
   * who is none: `unknown-sum-participant`. Second update of the participant: `already-submitted`. In these cases nothing changes.
   * Else `ok`, and the seeds are in the dictionary; a store that {@link ContributionStore.keepsContributions} has the model as well.
   * `memory`: where the masked model lies. A store may take it, large as it is, until it answers, and has given it back unchanged by then;
   * after an exception it may be lost.
   */
  admitUpdate(update: Update, memory?: Memory): Promise<UpdateAdmission>;
  /** One row for every sum participant, empty before the first update; no sum participant: undefined. Cannot be what was stored: `seed-dict-damaged`. */
  seedDict(): Promise<SeedDict | undefined>;
  /** Sender not in the sum dictionary: `unknown-sum-participant`. Second mask of a sender: `already-submitted`. Else counts, `ok`. */
  admitSum2(participant: PublicSigningKey, mask: MaskObject): Promise<Sum2Verdict>;
  /** The two masks with most votes, best first; equal votes in any order; fewer when there are fewer. Masks are equal when all bytes are. Not what was
   * submitted: `contribution-damaged`. */
  bestMasks(): Promise<readonly MaskVotes[]>;
  /** How many different masks were submitted. */
  maskCount(): Promise<number>;
  /** Deletes sum, seed and mask dictionaries, progress, contributions, checkpoint and chunks; state and model id stay. Nothing there: no error. */
  eraseRound(): Promise<void>;
  /**
   * Deletes all that this contract knows, state and model id included, and the records of past rounds: numbers begin anew, and records of the
   * same or lower numbers would replace old ones or count as older than they are. Models stay.
   */
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
   * model at rest is a risk of its own (with one sum participant it can be opened), so it is kept only where it is of use, and only until
   * a checkpoint has it.
   */
  readonly keepsContributions: boolean;
  /**
   * Every contribution after this position exactly once, in the order of admission; refused ones never; none kept, or erased: none.
   * Throws `contribution-damaged` where stored bytes are not what was written. What a checkpoint has may be gone.
   */
  contributions(after: number): AsyncIterable<Contribution>;
  /** The checkpoint last set in this round; none: undefined. Throws `contribution-damaged`. */
  checkpoint(): Promise<Checkpoint | undefined>;
  /**
   * Stores a checkpoint durably, then lets go of the checkpoint before it and of contributions up to its position. `memory`: where its vector
   * lies, as for {@link RoundStore.admitUpdate}.
   */
  setCheckpoint(checkpoint: Checkpoint, memory?: Memory): Promise<void>;
}

/**
 * Chunks of messages that are not complete, so that a restart does not lose what was answered. They survive the process; whether they
 * survive a power failure is up to the store. A store that keeps no contributions keeps no chunks: nothing is appended, none is read.
 */
export interface ChunkStore {
  /**
   * Resolves when the chunks are written; in this order. One whose payload has {@link OVER_LENGTH} bytes says that its message is over: the
   * chunks of that message may go, and the sign with them once they have gone.
   */
  appendChunks(chunks: readonly SpooledChunk[]): Promise<void>;
  /** All chunks in the order they were appended, less what a death of the process cut off, and what is over. */
  chunks(): AsyncIterable<SpooledChunk>;
  /** Forgets all chunks: a phase has ended. */
  eraseChunks(): Promise<void>;
  /** What was damaged of them when the store was opened, and dropped, as text for a log; what a death of the process cut off is no damage. */
  chunkDamage?(): string | undefined;
}

/** What became of past rounds. A store that is set to keep n records lets go of the oldest. */
export interface RecordStore {
  /** Absent: stores. A record of this round is there: replaces. */
  putRecord(record: RoundRecord): Promise<void>;
  /** At most `limit` records of rounds before `before` (left out: of all), newest first. */
  records(limit: number, before?: number): Promise<readonly RoundRecord[]>;
  /**
   * Absent: stores. A report of this round is there: replaces. It goes when records so old go, and with {@link RoundStore.eraseAll}. A store may lack
   * this method and the next; then applications cannot report.
   */
  putReport?(report: RoundReport): Promise<void>;
  /** At most `limit` reports of rounds before `before` (left out: of all), newest first. */
  reports?(limit: number, before?: number): Promise<readonly RoundReport[]>;
  /** Seed of the key that signs records, 32 bytes; never set: undefined. It stays for as long as the store does, {@link RoundStore.eraseAll} included. */
  identity(): Promise<Uint8Array | undefined>;
  /** Stores the seed, unless there is one. */
  setIdentity(seed: Uint8Array): Promise<void>;
}

/**
 * The global models, by id (coordinator 4.7). A store that is set to keep n models deletes others whenever another one becomes the latest: the
 * n stored last stay, and the latest in any case.
 */
export interface ModelStore {
  /** Absent: stores, `ok`. Present: `already-exists`, the first stays. `model`: the bytes that `/model` serves. */
  putModel(id: string, model: Uint8Array): Promise<'ok' | 'already-exists'>;
  /** The bytes; absent: undefined. Not what was stored: `storage-model-missing`. */
  model(id: string): Promise<Uint8Array | undefined>;
  /** All models, the one stored last first. */
  models(): Promise<readonly ModelEntry[]>;
}

/** All that a coordinator keeps. An engine may implement the contracts in one, or one each. */
export interface Store extends RoundStore, ContributionStore, ChunkStore, RecordStore, ModelStore {
  /** Resolves when the store can be used now; else throws. */
  ready(): Promise<void>;
  /** Keeps so many models and records from the next one on, 0: all. A store that cannot change that has no such method. */
  keep?(models: number, rounds: number): Promise<void>;
  /** What it takes on its disk. */
  usage(): Promise<StoreUsage>;
  /** Releases files, locks and connections; again: no error. Afterwards every other method throws. */
  close(): Promise<void>;
}
