// The shared store in this process's memory: what several coordinators of one process share, in tests above all, and the readable statement of
// the contract in shared.ts.

import { randomBytes } from 'node:crypto';
import { copyBytes, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { XaynetError } from '@xaynet/core/errors';
import type { MessageTag } from '@xaynet/core/message';
import type { Clock } from '../clock.ts';
import { OVER_LENGTH, type RoundProgress, type SpooledChunk } from './contract.ts';
import { MemoryStore } from './memory.ts';
import type { Closed, Member, PartialSum, SharedAdmissions, SharedStore, SharedSums, Sight, StoredChunks } from './shared.ts';

/** What the members of one fleet share. */
export class SharedMemory {
  readonly store: MemoryStore = new MemoryStore({ keepsContributions: true });
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly members: Map<string, { readonly member: Member; readonly until: number }> = new Map();
  /** The last token that was given, and who holds it for how long. */
  token = 0;
  lease: { readonly id: string; readonly until: number } | undefined;
  version = 0;
  open = false;
  /** Whose contribution each position is. */
  readonly owners: Map<number, string> = new Map();
  readonly partials: Map<string, PartialSum> = new Map();
  readonly chunks: PhaseChunks = new PhaseChunks();
  secret: Uint8Array = randomBytes(32);

  constructor(clock: Clock, leaseMs = 3000) {
    this.clock = clock;
    this.leaseMs = leaseMs;
  }

  #last: Promise<unknown> = Promise.resolve();

  /** One after another, as a server does it: what an act sees holds until it is over. */
  act<T>(what: () => Promise<T>): Promise<T> {
    const next = this.#last.then(what);
    this.#last = next.catch(() => {});
    return next;
  }

  /** The store as one more process holds it. */
  connect(): SharedStore {
    return fenced(this);
  }
}

/** The chunks of one phase. */
class PhaseChunks {
  #phase = '';
  readonly #of = new Map<string, { stored: number; kept: { readonly number: number; readonly chunk: SpooledChunk }[] }>();

  /** Another phase begins with none. */
  enter(progress: RoundProgress | undefined): void {
    const phase = progress === undefined ? '' : `${progress.round} ${progress.phase}`;
    if (phase !== this.#phase) this.#of.clear();
    this.#phase = phase;
  }

  add({ participant, tag, payload, unproven }: SpooledChunk): number {
    const name = toHex(participant);
    const own = this.#of.get(name) ?? { stored: 0, kept: [] };
    this.#of.set(name, own);
    own.stored++;
    if (payload.length === OVER_LENGTH) own.kept = own.kept.filter(({ chunk }) => chunk.payload[2] !== payload[2] || chunk.payload[3] !== payload[3]);
    else {
      const chunk = { participant: copyBytes(participant) as PublicSigningKey, tag, payload: copyBytes(payload), ...(unproven ? { unproven } : {}) };
      own.kept.push({ number: own.stored, chunk });
    }
    return own.stored;
  }

  of(participant: PublicSigningKey, after: number): StoredChunks {
    const { stored, kept } = this.#of.get(toHex(participant)) ?? { stored: 0, kept: [] };
    return { chunks: kept.filter(({ number }) => number > after).map(({ chunk }) => chunk), stored };
  }
}

/** What only the leader may do, and what of it changes what is published. */
const LEADER = [
  'setCoordinatorState',
  'setProgress',
  'closeSum',
  'eraseRound',
  'eraseAll',
  'setLatestModelId',
  'setCheckpoint',
  'putModel',
  'putRecord',
  'admitSum',
  'admitUpdate',
  'admitSum2',
  'eraseChunks',
] as const;
const PUBLISHING: ReadonlySet<string> = new Set(['setCoordinatorState', 'setProgress', 'closeSum', 'eraseRound', 'eraseAll', 'setLatestModelId']);
const FORGETTING: ReadonlySet<string> = new Set(['eraseRound', 'eraseAll', 'setCheckpoint']);
const OPENING: ReadonlySet<string> = new Set(['setCoordinatorState', 'setProgress', 'closeSum', 'eraseRound', 'eraseAll']);

function fenced(shared: SharedMemory): SharedStore {
  const { store, clock } = shared;
  let own = 0;
  let id = '';
  let isClosed = false;
  const check = (): void => {
    if (isClosed) throw new XaynetError('storage-failed', 'shared memory: closed');
  };
  const act = <T>(what: () => Promise<T>): Promise<T> =>
    shared.act(() => {
      check();
      return what();
    });
  const guard = (): void => {
    if (own === 0 || own !== shared.token) throw new XaynetError('storage-fenced');
  };
  const verdictOf = async (round: number, phase: RoundProgress['phase'], stored: 'sums' | 'updates' | 'masks'): Promise<Closed | undefined> => {
    const progress = await store.progress();
    if (!shared.open || progress?.round !== round || progress.phase !== phase) return 'phase-over';
    return (await store.counts())[stored] >= (progress.gate?.most ?? Number.POSITIVE_INFINITY) ? 'phase-full' : undefined;
  };
  const admissions: SharedAdmissions = {
    sum: (round, participant, ephemeralKey) => act(async () => (await verdictOf(round, 'sum', 'sums')) ?? store.admitSum(participant, ephemeralKey)),
    update: (round, update) =>
      act(async () => {
        const closed = await verdictOf(round, 'update', 'updates');
        if (closed !== undefined) return { verdict: closed };
        const verdict = await store.admitUpdate(update);
        if (verdict.verdict === 'ok') shared.owners.set(verdict.position, id);
        return verdict;
      }),
    sum2: (round, participant, mask) =>
      act(async () => {
        const verdict = await verdictOf(round, 'sum2', 'masks');
        return verdict === undefined ? store.admitSum2(participant, mask) : { verdict };
      }),
    chunks: (round, chunks) =>
      act(async () => {
        for (const { tag } of chunks) if (!(await isOn(round, tag))) return { verdict: 'phase-over' };
        return { verdict: 'ok', stored: chunks.map((chunk) => shared.chunks.add(chunk)) };
      }),
  };
  const sums: SharedSums = {
    pending: (round, member) =>
      act(async () =>
        (await store.progress())?.round !== round
          ? []
          : [...shared.owners].flatMap(([position, owner]) => (owner === member ? [position] : [])).sort((a, b) => a - b),
      ),
    outstanding: () =>
      act(async () => {
        const found = new Map<string, number>();
        for (const owner of shared.owners.values()) found.set(owner, (found.get(owner) ?? 0) + 1);
        return found;
      }),
    contribution: (position) =>
      act(async () => {
        if (shared.owners.has(position)) for await (const found of store.contributions(position - 1)) return found;
        throw new XaynetError('contribution-damaged', `${position}: not there`);
      }),
    fold: (round, member, sum, positions) =>
      act(async () => {
        if ((await store.progress())?.round !== round || positions.some((position) => shared.owners.get(position) !== member)) return 'lost';
        const { aggregate } = sum; // a copy: its memory is used again
        shared.partials.set(sum.name, { ...sum, aggregate: { ...aggregate, vect: aggregate.vect.slice(), unit: aggregate.unit.slice() } });
        for (const position of positions) shared.owners.delete(position);
        return 'ok';
      }),
    claim: (member, from) =>
      act(async () => {
        const claimed = [...shared.owners].filter(([, owner]) => owner === from);
        for (const [position] of claimed) shared.owners.set(position, member);
        return claimed.length;
      }),
    async *partials() {
      yield* await act(async () => [...shared.partials.values()]);
    },
  };
  const isOn = async (round: number, tag: MessageTag): Promise<boolean> => {
    const progress = await store.progress();
    shared.chunks.enter(progress);
    return shared.open && progress?.round === round && progress.phase === tag;
  };
  const added: Pick<SharedStore, 'leaseMs' | 'admissions' | 'sums' | 'closeAdmissions' | 'look' | 'peek' | 'leave' | 'chunksOf' | 'fleetSecret' | 'close'> = {
    leaseMs: shared.leaseMs,
    admissions,
    sums,
    closeAdmissions: () =>
      act(async () => {
        guard();
        shared.open = false;
      }),
    look: (self, mayLead) => act(() => look(self, mayLead)),
    peek: () => act(async () => ({ version: shared.version, isLed: shared.lease !== undefined && shared.lease.until > clock.now() })),
    leave: (id) =>
      act(async () => {
        shared.members.delete(id);
        if (shared.lease?.id !== id) return;
        shared.lease = undefined;
        own = 0;
      }),
    chunksOf: (round, tag, participant, after) =>
      act(async () => ((await isOn(round, tag)) ? shared.chunks.of(participant, after) : { chunks: [], stored: 0 })),
    fleetSecret: () => act(async () => copyBytes(shared.secret)),
    async close() {
      isClosed = true;
    },
  };
  const look = async (self: Member, mayLead: boolean): Promise<Sight> => {
    id = self.id;
    const now = clock.now();
    const until = now + shared.leaseMs;
    for (const [id, member] of shared.members) if (member.until <= now) shared.members.delete(id);
    shared.members.set(self.id, { member: self, until });
    if (shared.lease !== undefined && shared.lease.until <= now) shared.lease = undefined;
    if (shared.lease?.id === self.id) shared.lease = { id: self.id, until };
    if (shared.lease === undefined && mayLead) {
      shared.lease = { id: self.id, until };
      own = ++shared.token;
    }
    return {
      version: shared.version,
      progress: await store.progress(),
      open: shared.open,
      counts: await store.counts(),
      unfolded: shared.owners.size,
      modelId: await store.latestModelId(),
      leads: shared.lease?.id === self.id && own === shared.token,
      leader: shared.lease?.id,
      members: [...shared.members.values()].map(({ member }) => member).sort((a, b) => (a.id < b.id ? -1 : 1)),
      now,
    };
  };
  return new Proxy(store as unknown as SharedStore, {
    get(_, name) {
      if (Object.hasOwn(added, name)) return added[name as keyof typeof added];
      const value: unknown = Reflect.get(store, name, store);
      if (typeof value !== 'function') return value;
      const isLeaders = LEADER.some((one) => one === name);
      return (...args: unknown[]): unknown => {
        if (name === 'contributions' || name === 'chunks') return value.apply(store, args);
        return act(async () => {
          if (isLeaders) guard();
          const result = await value.apply(store, args);
          if (FORGETTING.has(String(name))) {
            shared.owners.clear();
            shared.partials.clear();
          }
          if (PUBLISHING.has(String(name))) shared.version++;
          if (OPENING.has(String(name))) {
            const progress = await store.progress();
            shared.open = progress !== undefined;
            shared.chunks.enter(progress);
          }
          return result;
        });
      };
    },
  });
}
