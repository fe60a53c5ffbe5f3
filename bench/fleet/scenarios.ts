// What is measured: rounds of one coordinator with the embedded store and of fleets at one Redis, message by message the same; and what a
// member's two acts, the look and the verdict, cost by themselves.

import { CoordinatorProcess, type Setup } from '../coordinator/coordinator.ts';
import type { Generator } from '../coordinator/generator.ts';
import { Helper } from '../coordinator/helper.ts';
import type { Pollers } from '../coordinator/pollers.ts';
import type { MemberProcess } from './member.ts';
import type { ObjectStorage, StorageWork } from './object-storage.ts';
import type { ParticipantProcess, ParticipantResult } from './participant.ts';
import { BenchRedis, type RedisWork, workBetween } from './redis.ts';

/** Where the large bytes of a round are. */
export type Where = 'embedded' | 'redis' | 's3';

/** A round to be measured. */
export interface Plan {
  readonly length: number;
  /** Updates that are counted, all processes together, and those before them for each process, which are not. One more ends the phase. */
  readonly counted: number;
  readonly warm: number;
  /** Processes; 0: one with the embedded store. */
  readonly coordinators: number;
  readonly blobs: Where;
  readonly connections: number;
  readonly data: string | undefined;
  readonly program: string;
}

/** What it came to. CPU in seconds. */
export interface RoundResult extends Omit<Plan, 'data' | 'program' | 'connections'> {
  /** Bytes of a message with an update. */
  readonly message: number;
  readonly seconds: number;
  /** Of all coordinators together, and of each. */
  readonly cpu: number;
  readonly each: readonly number[];
  readonly redis: RedisWork | undefined;
  readonly storage: StorageWork | undefined;
  /** From the last update until the seeds could be read everywhere, by the clock; CPU of coordinators and Redis meanwhile. */
  readonly closing: { readonly seconds: number; readonly cpu: number; readonly redis: number };
  /** Seconds by the clock from the mask of the sum participant to the global model. */
  readonly unmasking: number;
  /** Bytes of the global model as /model serves it. */
  readonly model: number;
}

/** What a request for a document costs that has not changed; see {@link Cost}, the member's being all that the process takes. */
export interface PollingResult {
  readonly leader: Cost;
  readonly follower: Cost;
}

/** CPU seconds of a member and of Redis, and scripts that it took. */
export interface Cost {
  readonly member: number;
  readonly redis: number;
  readonly scripts: number;
}

/** What one member's acts cost in a fleet of so many. */
export interface CoordinationResult {
  readonly members: number;
  readonly sums: number;
  /** A verdict where several are asked for at a time, so that they go together, and where one is. */
  readonly verdict: Cost;
  readonly single: Cost;
  /** What of both is not coordination: digest and place for the bytes of an update. */
  readonly blob: Cost;
  readonly look: Cost;
  readonly peek: Cost;
  /** Bytes of Redis' memory that an update takes, beside its blob. */
  readonly memory: number;
}

const KEY = 'b1'.repeat(32);

/** One round; the global model is checked to be the mean of the updates. */
export async function runRound(plan: Plan, progress: (what: string) => void): Promise<RoundResult> {
  const { length, counted, warm, coordinators, blobs, connections } = plan;
  const updates = warm * Math.max(1, coordinators) + counted + 1;
  const redis = coordinators === 0 ? undefined : await BenchRedis.start(plan.data);
  const storage = blobs === 's3' ? new Helper<ObjectStorage>(new URL('object-storage.ts', import.meta.url)) : undefined;
  const generator = new Helper<Generator>('generator.ts');
  const processes: CoordinatorProcess[] = [];
  try {
    const setup = setupOf(plan, updates, redis?.url, storage === undefined ? undefined : await storage.ask('listen', undefined));
    for (let i = 0; i < Math.max(1, coordinators); i++) processes.push(await CoordinatorProcess.start(setup));
    progress('making the messages');
    const prepared = await generator.ask('prepare', { urls: processes.map(({ url }) => url), sums: 1, updates, connections, chunk: 0 });
    progress('sending the updates');
    const cpus = (): number[] => processes.map((process) => process.cpu()?.total ?? Number.NaN);
    await generator.ask('send', counted + 1);
    await storage?.ask('count', undefined);
    const before = { cpu: cpus(), redis: await redis?.work() };
    const sent = await generator.ask('send', 1);
    const after = { cpu: cpus(), redis: await redis?.work() };
    const stored = await storage?.ask('count', undefined);
    progress('closing the phase');
    await generator.ask('send', 0);
    const seconds = await generator.ask('close', undefined);
    const closed = { cpu: cpus(), redis: await redis?.work() };
    progress('ending the round');
    const { seconds: unmasking, model } = await generator.ask('finish', undefined);
    for (const process of processes) await process.stop();
    const each = after.cpu.map((cpu, i) => cpu - before.cpu[i]!);
    return {
      length,
      counted,
      warm,
      coordinators,
      blobs,
      message: prepared.largest,
      seconds: sent.seconds,
      cpu: sum(each),
      each,
      redis: before.redis && after.redis && workBetween(before.redis, after.redis),
      storage: stored,
      closing: { seconds, cpu: sum(closed.cpu) - sum(after.cpu), redis: (closed.redis?.cpu ?? 0) - (after.redis?.cpu ?? 0) },
      unmasking,
      model,
    };
  } catch (error) {
    throw processes[0]?.explain(error) ?? error;
  } finally {
    generator.end();
    storage?.end();
    for (const process of processes) process.kill();
    await redis?.stop();
  }
}

function setupOf({ length, coordinators, data, program }: Plan, updates: number, redis: string | undefined, storage: number | undefined): Setup {
  const shared = { length, sums: 1, updates, data, program, profile: undefined };
  if (coordinators === 0 || redis === undefined) return { ...shared, store: 'embedded', lines: '' };
  const s3 = `[s3]\naccess_key = "bench"\nsecret_access_key = "bench"\nregion = ["bench", "http://127.0.0.1:${storage}"]\n`;
  return {
    ...shared,
    store: 'redis',
    storeLines: `key = "${KEY}"\n${storage === undefined ? '' : 'blobs = "s3"\n'}`,
    lines: `[redis]\nurl = "${redis}"\n${storage === undefined ? '' : s3}`,
  };
}

/** What looks and verdicts cost, `times` of each for every member. */
export async function runCoordination(members: number, sums: number, times: number, data: string | undefined): Promise<CoordinationResult> {
  const redis = await BenchRedis.start(data);
  const helpers = Array.from({ length: members }, () => new Helper<MemberProcess>(new URL('member.ts', import.meta.url)));
  try {
    for (const [i, helper] of helpers.entries()) await helper.ask('join', { url: redis.url, key: KEY, prefix: 'bench', name: `member-${i}` });
    const keys = await helpers[0]!.ask('begin', sums);
    for (const helper of helpers.slice(1)) await helper.ask('follow', { number: 1, keys });
    const measure = async (what: 'verdicts' | 'singles' | 'blobs' | 'looks' | 'peeks', times: number): Promise<Cost> => {
      await Promise.all(helpers.map((helper) => helper.ask(what, Math.ceil(times / 4)))); // warms up
      const before = await redis.work();
      const spent = await Promise.all(helpers.map((helper) => helper.ask(what, times)));
      const after = await redis.work();
      const each = (total: number): number => total / (members * times);
      return { member: each(sum(spent)), redis: each(after.cpu - before.cpu), scripts: each(after.scripts - before.scripts) };
    };
    const [look, peek, blob] = [await measure('looks', times), await measure('peeks', times), await measure('blobs', times)];
    const single = await measure('singles', Math.ceil(times / 4));
    const empty = await redis.memory();
    const verdict = await measure('verdicts', times);
    const admitted = members * (times + Math.ceil(times / 4));
    const memory = ((await redis.memory()) - empty) / admitted;
    for (const helper of helpers) await helper.ask('leave', undefined);
    return { members, sums, verdict, single, blob, look, peek, memory };
  } finally {
    for (const helper of helpers) helper.end();
    await redis.stop();
  }
}

/** What polls cost the leader of a fleet of two, and the other one. */
export async function runPolling(seconds: number, data: string | undefined, program: string): Promise<PollingResult> {
  const redis = await BenchRedis.start(data);
  const plan: Plan = { length: 1000, counted: 3, warm: 0, coordinators: 2, blobs: 'redis', connections: 1, data, program };
  const processes: CoordinatorProcess[] = [];
  const pollers = new Helper<Pollers>('pollers.ts');
  try {
    for (let i = 0; i < 2; i++) processes.push(await CoordinatorProcess.start(setupOf(plan, 3, redis.url, undefined)));
    const measure = async (process: CoordinatorProcess): Promise<PollingResult['leader']> => {
      const polling = { url: process.url, participants: 1000, connections: 50, every: 1, seconds };
      await pollers.ask('poll', { ...polling, seconds: seconds / 3 }); // warms up
      const before = { cpu: process.cpu()?.total ?? Number.NaN, redis: await redis.work() };
      const { requests } = await pollers.ask('poll', polling);
      const work = workBetween(before.redis, await redis.work());
      return { member: ((process.cpu()?.total ?? Number.NaN) - before.cpu) / requests, redis: work.cpu / requests, scripts: work.scripts / requests };
    };
    const [leader, follower] = [await measure(processes[0]!), await measure(processes[1]!)];
    for (const process of processes) await process.stop();
    return { leader, follower };
  } finally {
    pollers.end();
    for (const process of processes) process.kill();
    await redis.stop();
  }
}

/** What participants compute with models of this length. */
export async function runParticipant(length: number, times: number): Promise<ParticipantResult> {
  const helper = new Helper<ParticipantProcess>(new URL('participant.ts', import.meta.url));
  try {
    return await helper.ask('measure', { length, times });
  } finally {
    helper.end();
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
