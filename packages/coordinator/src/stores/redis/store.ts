// The store on Redis: rounds, records and chunks in Redis, large bytes in blobs, which are in Redis too unless they are given. Longer than most
// files because it is the whole contract, method after method, each of a few lines; the acts are scripts.

import { randomBytes } from 'node:crypto';
import { EncryptedMaskSeed, equalBytes, KeyMap, PublicEncryptKey, PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { sha256 } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { decodeMaskObject, encodeMaskObject, type MaskObject } from '@xaynet/core/mask';
import { tagOf } from '@xaynet/core/message';
import { type CoordinatorState, decodeCoordinatorState, encodeCoordinatorState, type SeedDict, type SumDict } from '@xaynet/core/round';
import { PackedSeeds, type Roster } from '../../packed-seeds.ts';
import { type BlobStore, blobDigest, checkBlob, putDigested } from '../blobs.ts';
import type {
  Checkpoint,
  Contribution,
  MaskVotes,
  ModelEntry,
  RoundCounts,
  RoundProgress,
  RoundRecord,
  RoundReport,
  SpooledChunk,
  Store,
  StoreUsage,
  Sum2Verdict,
  SumVerdict,
  Update,
  UpdateAdmission,
} from '../contract.ts';
import { readAs } from '../damage.ts';
import { storeOptions } from '../options.ts';
import type { SecretKind, Secrets } from '../secrets.ts';
import type { Closed } from '../shared.ts';
import { AS_ANYBODY, AS_HOLDER, type Guard, type RedisActs } from './acts.ts';
import { Admissions, blobName, UNPROVEN } from './admissions.ts';
import { GET, LATEST, MODEL, MODELS, NEWEST, PUT_MODEL, PUT_RECORD, PUT_REPORT, SET_LATEST, SET_ONCE } from './archive-scripts.ts';
import type { Arg, Reply } from './library.ts';
import type { Key, RoundNames } from './names.ts';
import { openRedis, type RedisStoreOptions } from './open.ts';
import { partialIn } from './partial-entry.ts';
import { scanHash, scanSet } from './redis-blobs.ts';
import * as scripts from './round-scripts.ts';
import type { Script } from './script.ts';
import { Sweeper } from './sweeper.ts';
import { buffer, bytesOf, HASH_LENGTH, KEY_LENGTH, MODELS_FOLDER, optional } from './values.ts';

/** Entries of contributions that are read, or let go, at once. */
const CONTRIBUTIONS_AT_ONCE = 64;
const LET_GO_AT_ONCE = 500;
/** Bytes of seeds that are read at a time, about. */
const SEED_BYTES_AT_ONCE = 1 << 20;
/** Messages whose chunks are erased by one script. */
const MESSAGES_AT_ONCE = 1000;
/** Longest id of a model that is the name of its blob as it is. */
const PLAIN_ID = /^[A-Za-z0-9_-]{1,200}$/;

/** What a store on Redis is made of. */
export interface RedisStoreParts {
  readonly acts: RedisActs;
  readonly blobs: BlobStore;
  readonly secrets: Secrets;
  /** Several processes share the installation. */
  readonly shared?: boolean | undefined;
}

/**
 * The store on Redis 7; see {@link Store} for the behaviour. One process at a time holds the lease of an installation: opening waits for that
 * of a predecessor to run out, and a store that has lost its lease changes nothing any more (`storage-fenced`). What Redis loses of what it
 * had acknowledged is noticed (`storage-lost`).
 * @example
 * ```ts
 * import { RedisStore, type RedisStoreOptions } from '@xaynet/coordinator/stores/redis';
 * async function countsAt(server: Pick<RedisStoreOptions, 'url' | 'key' | 'wait'>): Promise<number> {
 *   const store = await RedisStore.open({ ...server, prefix: 'fleet-1' });
 *   const { updates } = await store.counts();
 *   await store.close();
 *   return updates;
 * }
 * ```
 */
export class RedisStore implements Store {
  readonly keepsContributions: boolean;
  readonly #admissions: Admissions;
  /** Who may do what anybody may in a fleet. */
  readonly #anybody: Guard;
  readonly #acts: RedisActs;
  readonly #blobs: BlobStore;
  readonly #secrets: Secrets;
  readonly #sweeper: Sweeper;
  #keepModels: number;
  #keepRounds: number;
  #closing: Promise<void> | undefined;

  constructor({ acts, blobs, secrets, shared = false }: RedisStoreParts, options: ReturnType<typeof storeOptions>) {
    this.#acts = acts;
    this.#anybody = shared ? AS_ANYBODY : AS_HOLDER;
    this.#blobs = blobs;
    this.#secrets = secrets;
    this.#sweeper = new Sweeper(acts, blobs);
    this.keepsContributions = options.keepsContributions;
    this.#keepModels = options.keepModels;
    this.#keepRounds = options.keepRounds;
    this.#admissions = new Admissions(acts, blobs, options.keepsContributions);
  }

  /**
   * Connects, takes the lease, and goes on from what is stored; contributions are kept unless told otherwise. Throws `option-invalid`,
   * `storage-library-missing`, `storage-unreachable`, `storage-refused`, `storage-unfit`, `storage-foreign`, `storage-version`,
   * `storage-locked`, `storage-key-missing`, `storage-key-wrong`, `storage-key-exposed` or `storage-failed`.
   */
  static async open(options: RedisStoreOptions): Promise<RedisStore> {
    const checked = storeOptions({ keepsContributions: true, ...options });
    const parts = await openRedis(options);
    return new RedisStore(parts, checked);
  }

  async coordinatorState(): Promise<CoordinatorState | undefined> {
    const state = await this.#secret('coordinator state', this.#acts.names.state);
    return state && readAs('storage-damaged', 'coordinator state', () => decodeCoordinatorState(state));
  }

  async setCoordinatorState(state: CoordinatorState, progress?: RoundProgress): Promise<void> {
    const box = buffer(this.#secrets.seal('coordinator state', encodeCoordinatorState(state)));
    const { meta, state: name } = this.#acts.names;
    await this.#acts.act(scripts.SET_STATE, () => [meta, name], [...progressArgs(progress), box]);
  }

  async progress(): Promise<RoundProgress | undefined> {
    const [, progress] = await this.#read(scripts.STANDING, () => []);
    const text = optional(progress);
    return text && readAs('storage-damaged', 'progress', (): RoundProgress => JSON.parse(text.toString()));
  }

  async setProgress(progress: RoundProgress | undefined): Promise<void> {
    if (progress !== undefined) this.#acts.checkWhole();
    const script = progress === undefined ? scripts.CLEAR_PROGRESS : scripts.SET_PROGRESS;
    await this.#act(script, () => [], progressArgs(progress));
    if (progress === undefined) this.#acts.forgetLoss();
  }

  async counts(): Promise<RoundCounts> {
    const reply = await this.#read(scripts.COUNTS, ({ sums, updates, voters, votes }) => [sums, updates, voters, votes]);
    const [sums, updates, masks, leading] = reply.map(Number);
    return { sums: sums!, updates: updates!, masks: masks!, leading: leading! };
  }

  async admitSum(participant: PublicSigningKey, ephemeralKey: PublicEncryptKey): Promise<SumVerdict> {
    this.#acts.checkWhole();
    return held(await this.#admissions.admitSum(AS_HOLDER, participant, ephemeralKey)).verdict;
  }

  async closeSum(chosen: readonly PublicSigningKey[] | undefined, progress: RoundProgress): Promise<void> {
    this.#acts.checkWhole();
    const args = [...progressArgs(progress), chosen === undefined ? 'all' : 'chosen', Buffer.concat(chosen ?? [])];
    await this.#act(scripts.CLOSE_SUM, ({ sums, roster }) => [sums, roster], args);
  }

  async sumDict(): Promise<SumDict | undefined> {
    this.#acts.checkWhole();
    const { dict } = await this.#sums();
    return dict.size === 0 ? undefined : dict;
  }

  async admitUpdate(update: Update): Promise<UpdateAdmission> {
    this.#acts.checkWhole();
    return held(await this.#admissions.admitUpdate(AS_HOLDER, update));
  }

  async seedDict(): Promise<SeedDict | undefined> {
    this.#acts.checkWhole();
    const { dict: sums, round } = await this.#sums();
    if (sums.size === 0) return undefined;
    const dict = new PackedSeeds(sums);
    const rosters = await this.#rosters(round);
    const pieces = scanHash(this.#commands(), round.seeds, Math.ceil(SEED_BYTES_AT_ONCE / (sums.size * EncryptedMaskSeed.LENGTH)));
    for await (const piece of pieces) {
      readAs('seed-dict-damaged', 'seed dictionary', () => {
        for (const [participant, value] of piece) {
          const roster = rosters.get(value.toString('latin1', 0, HASH_LENGTH));
          if (roster === undefined) throw new Error('seeds of unknown sum participants');
          dict.add(participant, roster, value.subarray(HASH_LENGTH));
        }
      });
    }
    return dict;
  }

  async admitSum2(participant: PublicSigningKey, mask: MaskObject): Promise<Sum2Verdict> {
    this.#acts.checkWhole();
    return held(await this.#admissions.admitSum2(AS_HOLDER, participant, mask));
  }

  async bestMasks(): Promise<readonly MaskVotes[]> {
    this.#acts.checkWhole();
    const [voters, sum, ...best] = await this.#read(scripts.BEST_MASKS, ({ voters, votes, masks }) => [voters, votes, masks]);
    if (voters !== sum) throw new XaynetError('contribution-damaged', `${String(sum)} votes for masks, ${String(voters)} sum participants voted`);
    const masks: MaskVotes[] = [];
    for (let at = 0; at < best.length; at += 3) {
      const object = await this.#blobs.get(keyIn(best[at + 2], 'contribution-damaged', 'a mask'));
      if (object === undefined || !equalBytes(sha256(object), bytesOf(best[at]))) {
        throw new XaynetError('contribution-damaged', 'a mask has another SHA-256 than when it was submitted');
      }
      masks.push({ mask: readAs('contribution-damaged', 'mask', () => decodeMaskObject(object)), votes: Number(best[at + 1]) });
    }
    return masks;
  }

  async maskCount(): Promise<number> {
    const [masks] = await this.#read(scripts.MASK_COUNT, ({ masks }) => [masks]);
    return Number(masks);
  }

  async eraseRound(): Promise<void> {
    const [epoch] = await this.#act(scripts.ERASE_ROUND, () => []);
    await this.#erased(Number(epoch));
  }

  async eraseAll(): Promise<void> {
    const { state, records, recordRounds, reports, reportRounds } = this.#acts.names;
    const [epoch] = await this.#act(scripts.ERASE_ALL, () => [state, records, recordRounds, reports, reportRounds]);
    await this.#erased(Number(epoch));
  }

  async latestModelId(): Promise<string | undefined> {
    const [id] = await this.#read(LATEST, () => []);
    return optional(id)?.toString();
  }

  async setLatestModelId(id: string): Promise<void> {
    const { models, modelOrder, trash } = this.#acts.names;
    const args = [id, String(this.#keepModels), String(MODEL_KEY_AT + 1)];
    const [rest] = await this.#act(SET_LATEST, () => [models, modelOrder, trash], args);
    if (Number(rest) > 0) await this.#sweeper.emptyTrash();
  }

  async *contributions(after: number): AsyncIterable<Contribution> {
    this.#acts.checkOpen();
    this.#acts.checkWhole();
    if (!this.keepsContributions) return;
    for (let position = after; ; ) {
      const args = [String(position), String(CONTRIBUTIONS_AT_ONCE)];
      const [, checkpoint, ...entries] = await this.#read(
        scripts.CONTRIBUTIONS,
        ({ updates, contributions, checkpoint }) => [updates, contributions, checkpoint],
        args,
      );
      if (entries.length === 0) return;
      for (const entry of entries) {
        position++;
        const bytes = bytesOf(entry);
        if (bytes.length > 0) yield await readContribution(this.#blobs, position, bytes);
        else if (position > Number(checkpoint)) throw new XaynetError('contribution-damaged', `contribution ${position} is not there`);
      }
    }
  }

  async checkpoint(): Promise<Checkpoint | undefined> {
    this.#acts.checkWhole();
    const [position, count, digest, blob] = await this.#read(scripts.CHECKPOINT, ({ checkpoint }) => [checkpoint]);
    if (position === null) return undefined;
    const what = 'the checkpoint';
    const bytes = await this.#blobs.get(keyIn(blob, 'contribution-damaged', what));
    checkBlob('contribution-damaged', what, bytes, bytesOf(digest));
    return { position: Number(position), count: Number(count), aggregate: readAs('contribution-damaged', what, () => decodeMaskObject(bytes)) };
  }

  async setCheckpoint({ position, aggregate, count }: Checkpoint): Promise<void> {
    this.#acts.checkOpen();
    this.#acts.checkWhole();
    const bytes = encodeMaskObject(aggregate);
    const key = blobName(this.#acts.installation, this.#acts.epoch, 'checkpoint');
    const digest = await putDigested(this.#blobs, key, bytes);
    const args = [String(position), String(count), buffer(digest), key];
    const [before, ...sums] = await this.#act(scripts.SET_CHECKPOINT, (round) => [round.checkpoint, round.share, round.partials], args);
    const keys = [bytesOf(before).toString('latin1'), ...sums.map((entry) => partialIn(bytesOf(entry)).key)];
    await this.#letGo(keys.filter((name) => name !== ''));
  }

  async appendChunks(chunks: readonly SpooledChunk[]): Promise<void> {
    this.#acts.checkOpen();
    this.#acts.checkWhole();
    await this.#admissions.appendChunks(AS_HOLDER, chunks);
  }

  async *chunks(): AsyncIterable<SpooledChunk> {
    this.#acts.checkOpen();
    const round = this.#acts.names.round(this.#acts.epoch);
    const found: { readonly act: number; readonly place: number; readonly chunk: SpooledChunk }[] = [];
    for await (const message of scanSet(this.#commands(), round.messages)) {
      const list = (await this.#acts.command('LRANGE', round.chunks(message), '0', '-1')) as readonly Reply[];
      found.push(...list.map((entry) => readAs('storage-damaged', 'a chunk', () => chunkIn(message, bytesOf(entry)))));
    }
    found.sort((a, b) => a.act - b.act || a.place - b.place);
    for (const { chunk } of found) yield chunk;
  }

  async eraseChunks(): Promise<void> {
    // Others may append meanwhile.
    for (let left = 1; left > 0; ) {
      const round = this.#acts.names.round(this.#acts.epoch);
      const messages: Buffer[] = [];
      for await (const message of scanSet(this.#commands(), round.messages)) if (messages.length < MESSAGES_AT_ONCE) messages.push(message);
      const [rest] = await this.#act(scripts.ERASE_CHUNKS, (names) => [names.messages, ...messages.map((name) => names.chunks(name))], messages);
      left = Number(rest);
    }
  }

  async putRecord(record: RoundRecord): Promise<void> {
    const { records, recordRounds, reports, reportRounds } = this.#acts.names;
    const args = [String(record.round), JSON.stringify(record), String(this.#keepRounds)];
    await this.#act(PUT_RECORD, () => [records, recordRounds, reports, reportRounds], args);
  }

  async records(limit: number, before?: number): Promise<readonly RoundRecord[]> {
    const { records, recordRounds } = this.#acts.names;
    return await this.#newest([records, recordRounds], limit, before, 'record of a round');
  }

  async putReport(report: RoundReport): Promise<void> {
    const { reports, reportRounds } = this.#acts.names;
    const { meta } = this.#acts.names;
    await this.#acts.guarded(this.#anybody, PUT_REPORT, () => [meta, reports, reportRounds], [String(report.round), JSON.stringify(report)]);
  }

  async reports(limit: number, before?: number): Promise<readonly RoundReport[]> {
    const { reports, reportRounds } = this.#acts.names;
    return await this.#newest([reports, reportRounds], limit, before, 'report of a round');
  }

  async identity(): Promise<Uint8Array | undefined> {
    return await this.#secret('identity seed', this.#acts.names.identity);
  }

  async setIdentity(seed: Uint8Array): Promise<void> {
    const { identity, meta } = this.#acts.names;
    await this.#acts.guarded(this.#anybody, SET_ONCE, () => [meta, identity], [buffer(this.#secrets.seal('identity seed', seed))]);
  }

  /** See {@link SharedStore}. */
  async fleetSecret(): Promise<Uint8Array> {
    const { fleetSecret, meta } = this.#acts.names;
    const made = buffer(this.#secrets.seal('fleet secret', randomBytes(FLEET_SECRET_LENGTH)));
    await this.#acts.guarded(AS_ANYBODY, SET_ONCE, () => [meta, fleetSecret], [made]);
    return (await this.#secret('fleet secret', fleetSecret))!;
  }

  async putModel(id: string, model: Uint8Array): Promise<'ok' | 'already-exists'> {
    const { models, modelOrder } = this.#acts.names;
    const [known] = await this.#read(MODEL, () => [models], [id]);
    if (known !== null) return 'already-exists';
    const key = modelKey(id);
    // A blob that no index names is what an attempt left that died, perhaps with other bytes.
    if ((await this.#blobs.put(key, model, { ifAbsent: true })) === 'already-exists') await this.#blobs.put(key, model);
    const [added] = await this.#act(PUT_MODEL, () => [models, modelOrder], [id, modelEntry(model, key)]);
    return added === 1 ? 'ok' : 'already-exists';
  }

  async model(id: string): Promise<Uint8Array | undefined> {
    const { models } = this.#acts.names;
    const [entry] = await this.#read(MODEL, () => [models], [id]);
    const bytes = optional(entry);
    if (bytes === undefined) return undefined;
    const model = await this.#blobs.get(bytes.subarray(MODEL_KEY_AT).toString('latin1'));
    checkBlob('storage-model-missing', `model ${id}`, model, bytes.subarray(0, HASH_LENGTH));
    return model;
  }

  async models(): Promise<readonly ModelEntry[]> {
    const { models, modelOrder } = this.#acts.names;
    const reply = await this.#read(MODELS, () => [models, modelOrder]);
    return Array.from({ length: reply.length / 2 }, (_, i) => ({
      id: bytesOf(reply[2 * i]).toString(),
      bytes: readAs('storage-damaged', 'list of models', () => Number(bytesOf(reply[2 * i + 1]).readBigUInt64BE(HASH_LENGTH))),
    }));
  }

  async keep(models: number, rounds: number): Promise<void> {
    const { keepModels, keepRounds } = storeOptions({ keepModels: models, keepRounds: rounds });
    [this.#keepModels, this.#keepRounds] = [keepModels, keepRounds];
  }

  /** What Redis takes and may take, others in the same instance included; no limit is set for it: nothing is known. */
  async usage(): Promise<StoreUsage> {
    const info = String(await this.#acts.command('INFO', 'memory'));
    const [used, most] = ['used_memory', 'maxmemory'].map((name) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0));
    return most === 0 ? { bytes: 0, free: Number.POSITIVE_INFINITY } : { bytes: used!, free: Math.max(0, most! - used!) };
  }

  async ready(): Promise<void> {
    this.#acts.checkWhole();
    await this.#acts.guarded(this.#anybody, scripts.TOUCH, () => [this.#acts.names.meta], []);
    await this.#blobs.ready();
  }

  close(): Promise<void> {
    this.#closing ??= this.#acts.close().then(() => this.#blobs.close());
    return this.#closing;
  }

  #act(script: Script, keys: (round: RoundNames) => readonly Key[], args: readonly Arg[] = []): Promise<readonly Reply[]> {
    return this.#acts.act(script, (round) => [this.#acts.names.meta, ...keys(round)], args);
  }

  #read(script: Script, keys: (round: RoundNames) => readonly Key[], args: readonly Arg[] = []): Promise<readonly Reply[]> {
    return this.#acts.read(script, (round) => [this.#acts.names.meta, ...keys(round)], args);
  }

  #commands(): { command: (args: readonly Arg[] | (() => readonly Arg[])) => Promise<Reply> } {
    return { command: (args) => this.#acts.command(...(typeof args === 'function' ? args() : args)) };
  }

  /** The sum dictionary, and the names of the keys of its round. */
  async #sums(): Promise<{ readonly dict: SumDict; readonly round: RoundNames }> {
    const dict: SumDict = new KeyMap();
    await this.#read(scripts.SUM_COUNT, ({ sums }) => [sums]);
    const round = this.#acts.names.round(this.#acts.epoch);
    for await (const piece of scanHash(this.#commands(), round.sums)) {
      readAs('seed-dict-damaged', 'sum dictionary', () => {
        for (const [participant, key] of piece) dict.set(PublicSigningKey(plain(participant)), PublicEncryptKey(plain(key)));
      });
    }
    return { dict, round };
  }

  /** By the digests that stand before seeds. */
  async #rosters(round: RoundNames): Promise<ReadonlyMap<string, Roster>> {
    const rosters = new Map<string, Roster>();
    for await (const piece of scanHash(this.#commands(), round.roster)) {
      for (const [digest, sums] of piece) {
        if (digest.length !== HASH_LENGTH) continue;
        const places = Array.from({ length: sums.length / KEY_LENGTH }, (_, i) => [toHex(sums.subarray(i * KEY_LENGTH, (i + 1) * KEY_LENGTH)), i] as const);
        rosters.set(digest.toString('latin1'), new Map(places));
      }
    }
    return rosters;
  }

  /** After a checkpoint: what it has is deleted. What cannot be deleted now is swept when the round is erased. */
  async #letGo(keys: string[]): Promise<void> {
    for (;;) {
      const gone = await this.#act(scripts.LET_GO, ({ contributions, checkpoint }) => [contributions, checkpoint], [String(LET_GO_AT_ONCE)]);
      const entries = gone.map(bytesOf).filter((entry) => entry.length > 0);
      keys.push(...entries.map(contributionKey));
      await this.#blobs.delete(keys.splice(0)).catch(() => {});
      if (gone.length === 0) return;
    }
  }

  async #erased(epoch: number): Promise<void> {
    this.#acts.beginEpoch(epoch);
    this.#acts.forgetLoss();
    await this.#sweeper.sweep();
  }

  async #newest<T>([values, rounds]: readonly [string, string], limit: number, before: number | undefined, what: string): Promise<readonly T[]> {
    const from = before === undefined || !Number.isFinite(before) ? '+inf' : `(${before}`;
    const reply = await this.#read(NEWEST, () => [values, rounds], [from, String(Math.max(0, limit))]);
    return reply.map((text) => readAs('storage-damaged', what, (): T => JSON.parse(bytesOf(text).toString())));
  }

  async #secret(kind: SecretKind, name: string): Promise<Uint8Array | undefined> {
    const [reply] = await this.#read(GET, () => [name]);
    const box = optional(reply);
    if (box === undefined) return undefined;
    const secret = this.#secrets.open(kind, box);
    if (secret === undefined) throw new XaynetError('storage-damaged', `${kind}: it does not open`);
    return secret;
  }
}

const FLEET_SECRET_LENGTH = 32;

/** The contribution at a position whose entry in the index this is. Throws `contribution-damaged`. */
export async function readContribution(blobs: BlobStore, position: number, entry: Buffer): Promise<Contribution> {
  const what = `contribution ${position}`;
  const bytes = await blobs.get(contributionKey(entry));
  checkBlob('contribution-damaged', what, bytes, entry.subarray(KEY_LENGTH, KEY_LENGTH + HASH_LENGTH));
  return readAs('contribution-damaged', what, () => ({
    position,
    participant: PublicSigningKey(plain(entry.subarray(0, KEY_LENGTH))),
    maskedModel: decodeMaskObject(bytes),
  }));
}

/** The key of the blob of a contribution. */
export function contributionKey(entry: Buffer): string {
  return entry.subarray(KEY_LENGTH + HASH_LENGTH).toString('latin1');
}

/** Where the key of the blob begins in the entry of a model, after its SHA-256 and length. */
const MODEL_KEY_AT = HASH_LENGTH + 8;

function modelEntry(model: Uint8Array, key: string): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(model.length));
  return Buffer.concat([blobDigest(model), bytes, Buffer.from(key, 'latin1')]);
}

/** The name of a model's blob is its id, as operators know it; an id that cannot be a name is written in hexadecimal, or as its hash. */
function modelKey(id: string): string {
  if (PLAIN_ID.test(id)) return `${MODELS_FOLDER}/${id}`;
  const bytes = Buffer.from(id);
  return bytes.length <= 100 ? `${MODELS_FOLDER}/hex.${bytes.toString('hex')}` : `${MODELS_FOLDER}/sha256.${Buffer.from(sha256(bytes)).toString('hex')}`;
}

function progressArgs(progress: RoundProgress | undefined): Arg[] {
  return progress === undefined ? ['', '', ''] : [String(progress.round), progress.phase, JSON.stringify(progress)];
}

/** A verdict for the holder of the lease, who knows no end of a phase but its own. */
function held<Verdict extends { readonly verdict: string }>(verdict: Verdict): Exclude<Verdict, { readonly verdict: Closed }> {
  return verdict as Exclude<Verdict, { readonly verdict: Closed }>;
}

function keyIn(reply: Reply | undefined, code: 'contribution-damaged', what: string): string {
  const key = bytesOf(reply).toString('latin1');
  if (key === '') throw new XaynetError(code, `${what}: the key of its blob is gone`);
  return key;
}

/** Not a view of the reply, which would keep all of it. */
function plain(bytes: Buffer): Uint8Array {
  return Uint8Array.from(bytes);
}

const SPACE = 0x20;

/** `act place ` and the chunk: tag, payload. */
function chunkIn(message: Buffer, entry: Buffer): { act: number; place: number; chunk: SpooledChunk } {
  const first = entry.indexOf(SPACE);
  const second = entry.indexOf(SPACE, first + 1);
  const [act, place] = [entry.subarray(0, first), entry.subarray(first + 1, second)].map((part) => Number(part.toString('latin1')));
  const head = entry[second + 1]!;
  const chunk = {
    participant: PublicSigningKey(plain(message.subarray(0, KEY_LENGTH))),
    tag: tagOf(head & ~UNPROVEN),
    payload: plain(entry.subarray(second + 2)),
  };
  return { act: act!, place: place!, chunk: (head & UNPROVEN) === 0 ? chunk : { ...chunk, unproven: true } };
}
