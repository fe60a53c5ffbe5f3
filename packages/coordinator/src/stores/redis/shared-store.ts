// The store on Redis as one of several processes holds it (stores/shared.ts). Nothing here waits for a lease: whoever looks may get it, and what
// only its holder may do is refused by the scripts for everybody else.

import type { PublicSigningKey } from '@xaynet/core/bytes';
import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import { decodeMaskObject, encodeMaskObject } from '@xaynet/core/mask';
import type { MessageTag } from '@xaynet/core/message';
import { SILENT_LOGGER } from '../../log.ts';
import { type BlobStore, checkBlob, putDigested } from '../blobs.ts';
import type { RoundProgress } from '../contract.ts';
import { readAs } from '../damage.ts';
import { storeOptions } from '../options.ts';
import type { Member, PartialSum, SharedAdmissions, SharedStore, SharedSums, Sight, StoredChunks } from '../shared.ts';
import { AS_ANYBODY, type Guard, type RedisActs } from './acts.ts';
import { Admissions, blobName } from './admissions.ts';
import { RedisChunks } from './fleet-chunks.ts';
import { CLAIM, CONTRIBUTION, FOLD, LEAVE, LOOK, OUTSTANDING, PARTIALS, PEEK, PENDING } from './fleet-scripts.ts';
import type { Reply } from './library.ts';
import type { RedisLink } from './link.ts';
import { openShared, type RedisStoreOptions } from './open.ts';
import { partialEntry, partialIn } from './partial-entry.ts';
import { checkPlace } from './place.ts';
import { CLOSE_ADMISSIONS } from './round-scripts.ts';
import { contributionKey, RedisStore, type RedisStoreParts, readContribution } from './store.ts';
import { Sweeper } from './sweeper.ts';
import { buffer, bytesOf, optional } from './values.ts';
import { WatchedBlobs } from './watched-blobs.ts';

/** Positions that are read, or contributions that are taken over, by one script. */
const AT_ONCE = 1000;
/** Where the members begin in the answer of a look. */
const MEMBERS_AT = 13;

interface Parts extends RedisStoreParts {
  readonly link: RedisLink;
  readonly leaseMs: number;
  /** See {@link checkPlace}. */
  readonly checkPlace: () => Promise<void>;
}

/**
 * See {@link SharedStore}, and {@link RedisStore} for what is kept and how.
 * @example
 * ```ts
 * import { type RedisStoreOptions, SharedRedisStore } from '@xaynet/coordinator/stores/redis';
 * async function leadsAt(server: Pick<RedisStoreOptions, 'url' | 'key' | 'wait'>): Promise<boolean> {
 *   const store = await SharedRedisStore.open({ ...server, prefix: 'fleet-1' });
 *   const self = { id: crypto.randomUUID(), url: '', version: '1.0.0', began: Date.now(), accepted: 0, refused: 0 };
 *   const { leads } = await store.look(self, true); // true for one of all processes
 *   await store.leave(self.id);
 *   await store.close();
 *   return leads;
 * }
 * ```
 */
export class SharedRedisStore extends RedisStore implements SharedStore {
  readonly leaseMs: number;
  readonly admissions: SharedAdmissions;
  readonly sums: SharedSums;
  readonly #acts: RedisActs;
  readonly #link: RedisLink;
  readonly #chunks: RedisChunks;
  #self = '';
  /** Losses that were told of, and those after which the place of large bytes was compared. */
  #losses = 0;
  #placed = 0;
  readonly #checkPlace: () => Promise<void>;
  readonly #sweeper: Sweeper;
  #installation: string;

  private constructor(parts: Parts, options: ReturnType<typeof storeOptions>) {
    super({ ...parts, shared: true }, options);
    const { acts, blobs, link, leaseMs, checkPlace } = parts;
    this.#acts = acts;
    this.#checkPlace = checkPlace;
    this.#sweeper = new Sweeper(acts, blobs);
    this.#installation = acts.installation;
    this.#link = link;
    this.leaseMs = leaseMs;
    const admissions = new Admissions(acts, blobs, true);
    const guard = (round: number, phase: RoundProgress['phase']): Guard => ({ kind: 'phase', epoch: acts.epoch, round, phase });
    this.admissions = {
      sum: async (round, participant, key) => (await admissions.admitSum(guard(round, 'sum'), participant, key)).verdict,
      update: (round, update) => admissions.admitUpdate(guard(round, 'update'), update, this.#self),
      sum2: (round, participant, mask) => admissions.admitSum2(guard(round, 'sum2'), participant, mask),
      chunks: (round, chunks) => this.#chunks.store(round, chunks),
    };
    this.#chunks = new RedisChunks(acts);
    this.sums = new RedisSums(acts, blobs);
  }

  /** Connects; the lease is nobody's concern yet. Throws what {@link RedisStore.open} throws, but `storage-locked`. */
  static override async open(options: RedisStoreOptions): Promise<SharedRedisStore> {
    const checked = storeOptions({ ...options, keepsContributions: true });
    const opened = await openShared(options);
    const { link, acts } = opened;
    const blobs = new WatchedBlobs(opened.blobs, options.logger ?? SILENT_LOGGER);
    return new SharedRedisStore({ ...opened, blobs, checkPlace: () => checkPlace(link, acts.names, options.blobs) }, checked);
  }

  chunksOf(round: number, tag: MessageTag, participant: PublicSigningKey, after: number): Promise<StoredChunks> {
    return this.#chunks.of(round, tag, participant, after);
  }

  async closeAdmissions(): Promise<void> {
    await this.#acts.act(CLOSE_ADMISSIONS, () => [this.#acts.names.meta]);
  }

  async look(self: Member, mayLead: boolean): Promise<Sight> {
    this.#self = self.id;
    const { meta, lease, alive, members } = this.#acts.names;
    const args = [self.id, JSON.stringify(self), String(this.leaseMs), mayLead ? 'lead' : 'follow', JSON.stringify({ member: self.id, url: self.url })];
    const holderOf = (reply: readonly Reply[]): string => {
      const held = String(reply[2]);
      return held.slice(held.indexOf(':') + 1) === self.id ? held : '';
    };
    await this.#checkAfterLoss();
    const reply = await this.#noticing(() =>
      this.#acts.look(
        LOOK,
        (round) => [meta, lease, alive, members, round.sums, round.updates, round.voters, round.votes, round.share],
        args,
        (answer) => ({ holder: holderOf(answer), life: String(answer[12]) }),
      ),
    );
    const [epoch, now, held, version, progress, open, latest, sums, updates, masks, leading, unfolded] = reply;
    this.#acts.beginEpoch(Number(epoch));
    const text = optional(progress);
    const holder = String(held);
    return {
      version: Number(version),
      progress: text && readAs('storage-damaged', 'progress', (): RoundProgress => JSON.parse(text.toString())),
      open: open === 1,
      counts: { sums: Number(sums), updates: Number(updates), masks: Number(masks), leading: Number(leading) },
      unfolded: Number(unfolded),
      modelId: optional(latest)?.toString(),
      leads: holderOf(reply) !== '',
      leader: holder === '' ? undefined : holder.slice(holder.indexOf(':') + 1),
      members: reply
        .slice(MEMBERS_AT)
        .flatMap((member) => memberIn(bytesOf(member)) ?? [])
        .sort((a, b) => (a.id < b.id ? -1 : 1)),
      now: Number(now),
    };
  }

  /** Where large bytes are was forgotten with the rest, or others have another place by now. Those of an installation that is gone are nobody's. */
  async #checkAfterLoss(): Promise<void> {
    const { losses, installation } = this.#acts;
    if (this.#placed === losses) return;
    await this.#checkPlace();
    this.#placed = losses;
    const lost = this.#installation;
    this.#installation = installation;
    if (lost !== installation) void this.#sweeper.sweepLost(lost).catch(() => {});
  }

  async peek(): Promise<{ readonly version: number; readonly isLed: boolean }> {
    const { meta, lease } = this.#acts.names;
    const reply = await this.#noticing(() => this.#acts.read(PEEK, () => [meta, lease]));
    return { version: Number(reply[0]), isLed: reply[1] === 1 };
  }

  /** A loss that this call notices, or that another one has, is told with it. */
  async #noticing(call: () => Promise<readonly Reply[]>): Promise<readonly Reply[]> {
    let reply: readonly Reply[];
    try {
      reply = await call();
    } catch (error) {
      throw isXaynetError(error, 'storage-lost') ? this.#loss() : error;
    }
    if (this.#acts.losses !== this.#losses) throw this.#loss();
    return reply;
  }

  /** Told once. */
  #loss(): XaynetError {
    this.#losses = this.#acts.losses;
    return new XaynetError('storage-lost', 'Redis has less than it had acknowledged');
  }

  async leave(id: string): Promise<void> {
    const { lease, alive, members } = this.#acts.names;
    await this.#link.run(LEAVE, [lease, alive, members], () => [id]);
    this.#acts.dropLease();
  }
}

/** A member by what it said of itself; what somebody else wrote there, whom we cannot read, is nobody's concern. */
function memberIn(bytes: Buffer): Member | undefined {
  try {
    const { id, url, version, began, accepted, refused, settings } = JSON.parse(bytes.toString()) as Partial<Record<keyof Member, unknown>>;
    if (typeof id !== 'string' || typeof url !== 'string' || typeof version !== 'string') return undefined;
    if (typeof began !== 'number' || typeof accepted !== 'number' || typeof refused !== 'number') return undefined;
    return { id, url, version, began, accepted, refused, ...(isNumbers(settings) ? { settings } : {}) };
  } catch {
    return undefined;
  }
}

function isNumbers(value: unknown): value is Readonly<Record<string, number>> {
  return typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'number');
}

/** See {@link SharedSums}. */
class RedisSums implements SharedSums {
  readonly #acts: RedisActs;
  readonly #blobs: BlobStore;

  constructor(acts: RedisActs, blobs: BlobStore) {
    this.#acts = acts;
    this.#blobs = blobs;
  }

  async pending(round: number, member: string): Promise<readonly number[]> {
    const { meta } = this.#acts.names;
    const reply = await this.#acts.read(PENDING, ({ share }) => [meta, share], [String(round), member, String(AT_ONCE)]);
    return reply.map(Number);
  }

  async outstanding(): Promise<ReadonlyMap<string, number>> {
    const { meta } = this.#acts.names;
    const reply = await this.#acts.read(OUTSTANDING, ({ share }) => [meta, share]);
    const found = new Map<string, number>();
    for (let at = 0; at < reply.length; at += 2) found.set(String(reply[at]), Number(reply[at + 1]));
    return found;
  }

  async contribution(position: number): ReturnType<SharedSums['contribution']> {
    const { meta } = this.#acts.names;
    const [entry] = await this.#acts.read(CONTRIBUTION, ({ contributions }) => [meta, contributions], [String(position)]);
    const bytes = optional(entry);
    if (bytes === undefined) throw new XaynetError('contribution-damaged', `contribution ${position} is not there`);
    return await readContribution(this.#blobs, position, bytes);
  }

  async fold(round: number, member: string, { name, aggregate, count }: PartialSum, positions: readonly number[]): Promise<'ok' | 'lost'> {
    const { meta } = this.#acts.names;
    const bytes = encodeMaskObject(aggregate);
    const key = blobName(this.#acts.installation, this.#acts.epoch, 'sum');
    const digest = await putDigested(this.#blobs, key, bytes);
    const args = [String(round), member, name, partialEntry(count, digest, key), ...positions.map(String)];
    const answer = await this.#acts.guarded(AS_ANYBODY, FOLD, ({ share, contributions, partials }) => [meta, share, contributions, partials], args);
    const [outcome, before, ...entries] = answer.kind === 'done' ? answer.reply : [];
    const isFolded = String(outcome) === 'ok';
    const old = isFolded ? bytesOf(before) : undefined;
    const gone = isFolded ? entries.map(bytesOf).flatMap((entry) => (entry.length > 0 ? [contributionKey(entry)] : [])) : [key];
    if (old !== undefined && old.length > 0) gone.push(partialIn(old).key);
    await this.#blobs.delete(gone).catch(() => {}); // what cannot be deleted now is swept when the round is erased
    return isFolded ? 'ok' : 'lost';
  }

  async claim(member: string, from: string): Promise<number> {
    const { meta } = this.#acts.names;
    for (let claimed = 0; ; ) {
      const answer = await this.#acts.guarded(AS_ANYBODY, CLAIM, ({ share }) => [meta, share], [member, from, String(AT_ONCE)]);
      const found = answer.kind === 'done' ? Number(answer.reply[0]) : 0;
      claimed += found;
      if (found < AT_ONCE || member === from) return claimed;
    }
  }

  async *partials(): AsyncIterable<PartialSum> {
    const { meta } = this.#acts.names;
    const reply = await this.#acts.read(PARTIALS, ({ partials }) => [meta, partials]);
    for (let at = 0; at < reply.length; at += 2) {
      const name = String(reply[at]);
      const { count, digest, key } = partialIn(bytesOf(reply[at + 1]));
      const what = `sum ${name}`;
      const bytes = await this.#blobs.get(key);
      checkBlob('contribution-damaged', what, bytes, digest);
      yield { name, count, aggregate: readAs('contribution-damaged', what, () => decodeMaskObject(buffer(bytes))) };
    }
  }
}
