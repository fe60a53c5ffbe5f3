// A fleet over real HTTP for the tests: coordinators at one Redis, and participants that meet another one with each request.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Coordinator, type CoordinatorEvent, type Logger, parseSettings } from '@xaynet/coordinator';
import { SigningKeySeed, toHex } from '@xaynet/core/bytes';
import { type RandomBytes, signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { readModel } from '@xaynet/core/round';
import { type Fetch, type ParticipantRun, runParticipant } from '@xaynet/participant';
import type { RoundRecord } from '../../packages/coordinator/src/stores/contract.ts';
import { SharedRedisStore } from '../../packages/coordinator/src/stores/redis/shared-store.ts';
import { freshPrefix, KEY, type RedisServer } from './server.ts';

const LENGTH = 5;
const random: RandomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));
/** Weights that no other participant has: dyadic fractions, so that the expected mean is exact. */
const weightsOf = (who: number): Float32Array => Float32Array.from({ length: LENGTH }, (_, i) => ((who * 7 + i * 3) % 31) / 32 - 0.5);

/** With sixteen participants a round without one that is drawn for sum, or with fewer than three for update, comes once in some thousands. */
export const SETTINGS: object = {
  api: { bind_address: '127.0.0.1:0' },
  pet: {
    sum: { prob: 0.4, count: { min: 1, max: 100 }, time: { min: 0.5, max: 60 } },
    update: { prob: 1, count: { min: 3, max: 100 }, time: { min: 0.6, max: 60 } },
    sum2: { count: { min: 1, max: 100 }, time: { min: 0.2, max: 60 } },
  },
  mask: { group_type: 'Power2', data_type: 'F32', bound_type: 'B0', model_type: 'M6' },
  model: { length: LENGTH },
  store: { kind: 'memory' }, // not used: the store is given
  log: { filter: 'off' },
};

/** Waits until something holds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20);
}

/** See the head of the file. */
export class FleetCrowd {
  /** Those that are asked, by turns. */
  readonly alive: Coordinator[] = [];
  /** By round: who was told that the update counts. */
  readonly accepted = new Map<number, Set<string>>();
  readonly events: CoordinatorEvent[] = [];
  /** Updates that were acknowledged to their participants, by the id of their round. */
  readonly acknowledged = new Map<string, number>();
  /** Where requests go, by turns. */
  urls = (): readonly string[] => this.alive.map(({ url }) => url);
  readonly #server: RedisServer;
  readonly #prefix = freshPrefix();
  readonly #stop = new AbortController();
  readonly #whoIs = new Map<string, number>();
  #runs: readonly Promise<void>[] = [];
  #turn = 0;

  constructor(server: RedisServer) {
    this.#server = server;
  }

  /** One more coordinator. */
  async add(logger?: Logger): Promise<Coordinator> {
    const store = await SharedRedisStore.open({ url: this.#server.url, key: KEY, prefix: this.#prefix, lease: 1, ...(logger && { logger }) });
    const coordinator = await Coordinator.start(parseSettings(SETTINGS), { store, ...(logger && { logger }) });
    coordinator.on((event) => {
      this.events.push(event);
      if (event.type !== 'accepted' || event.tag !== 'update') return;
      this.accepted.set(event.round, (this.accepted.get(event.round) ?? new Set()).add(toHex(event.participant)));
    });
    this.alive.push(coordinator);
    return coordinator;
  }

  /** The one that leads, when one does. */
  get leader(): Coordinator | undefined {
    return this.alive.find((one) => one.status().fleet!.self === one.status().fleet!.leader);
  }

  /** Lets so many take part, until {@link FleetCrowd.end}. */
  join(count: number): void {
    const balanced: Fetch = (target, request) => {
      const { pathname, search } = new URL(target);
      const urls = this.urls();
      return fetch(`${urls[this.#turn++ % urls.length]!}${pathname}${search}`, request as RequestInit) as ReturnType<Fetch>;
    };
    this.#runs = Array.from({ length: count }, (_, who) => {
      const keys = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32).fill(who + 1)));
      this.#whoIs.set(toHex(keys.publicKey), who);
      const signal = this.#stop.signal;
      const poll = { min: 20, max: 100 };
      const run = runParticipant({ url: 'http://127.0.0.1:1', fetch: balanced, keys, random, signal, poll, train: async () => weightsOf(who) });
      return this.#count(run).then(() => run.done);
    });
  }

  async #count(run: ParticipantRun): Promise<void> {
    for await (const event of run.events()) {
      if (event.type !== 'sent' || event.tag !== 'update' || event.accepted !== true) continue;
      this.acknowledged.set(event.round, (this.acknowledged.get(event.round) ?? 0) + 1);
    }
  }

  /** Records of rounds, newest first, as a coordinator serves them; none while it cannot. */
  async records(): Promise<readonly RoundRecord[]> {
    const response = await fetch(`${this.urls()[0]!}/rounds`);
    return response.ok ? ((await response.json()) as { rounds: readonly RoundRecord[] }).rounds : [];
  }

  /** Every coordinator serves the model of this round, and it is the mean of exactly those who were told that their update counts. */
  async check({ round, updates, model: id }: RoundRecord): Promise<void> {
    const people = [...this.accepted.get(round)!].map((key) => this.#whoIs.get(key)!);
    assert.equal(people.length, updates, `round ${round}`);
    const bodies = await Promise.all(this.alive.map(async ({ url }) => Buffer.from(await (await fetch(`${url}/models/${id}.fractions`)).arrayBuffer())));
    assert.equal(new Set(bodies.map((body) => body.toString('hex'))).size, 1);
    for (const [i, { numerator, denominator }] of readModel(new Uint8Array(bodies[0]!)).toModel().entries()) {
      const expected = people.reduce((total, who) => total + weightsOf(who)[i]!, 0) / people.length;
      assert.ok(Math.abs(Number(numerator) / Number(denominator) - expected) < 1e-5, `round ${round}, weight ${i}`);
    }
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#runs);
    await Promise.all(this.alive.map((one) => one.stop()));
  }
}
