// What every chaos run has, whoever is tormented in it: a folder, a network that misbehaves, a crowd that takes part, an observer, and the books.
// Whatever happens, all processes are ended before it returns; the folder stays only when there is something to look at in it.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@xaynet/core/bytes';
import { type RoleOdds, roleOdds } from '../demo/round-plan.ts';
import type { CoordinatorNews } from './coordinator-child.ts';
import { Crowd } from './crowd.ts';
import { FaultProxy } from './fault-proxy.ts';
import { actorKeys } from './keys.ts';
import { Ledger } from './ledger.ts';
import { observe } from './observer.ts';
import { ChaosPlan, type Fate } from './plan.ts';
import type { CommonReport } from './report.ts';
import { LONGEST_PHASE } from './settings-text.ts';
import type { Moment } from './tormentor.ts';

/** What a chaos run is asked to do. */
export interface SceneInput {
  readonly rounds: number;
  readonly seed: number;
  readonly participants: number;
  /** Weights of a model; at least as many as participants and the margin of one-hot.ts. */
  readonly weights: number;
  readonly killsPerRound: number;
  /** Participants send messages in chunks. */
  readonly chunked: boolean;
  /** The folder stays in any case. */
  readonly keep: boolean;
  readonly signal: AbortSignal;
  /** Told how far it is, often. */
  readonly tell: (progress: ChaosProgress) => void;
}

/** How far a run is. */
export interface ChaosProgress {
  readonly phase: string;
  readonly kills: number;
  readonly acknowledged: number;
  readonly counted: number;
  readonly lost: number;
  readonly doubled: number;
  readonly completed: number;
  readonly failed: number;
  readonly resumed: number;
  readonly broken: number;
}

/** Who is tormented, and by whom. */
export interface Victim {
  /** Where the next request goes; undefined: nowhere now. */
  port(): number | undefined;
  /** A message is at this moment, at the coordinator on this port; undefined: its answer has arrived. */
  moment(moment: Moment, port: number | undefined): void;
  /** It was seen to answer. */
  answers(): void;
  /** Another round has ended. */
  roundEnded(): void;
  /** Kills so far. */
  kills(): number;
  /** Starts and torments it until the signal aborts; false: it does not start any more. */
  run(): Promise<boolean>;
  /** Kills all that is left of it; the signal was aborted. Can be called again. */
  end(): Promise<void>;
}

/** Sealed bytes of a chunk: an update of 24 participants makes three or four. */
const CHUNK = 420;
/** Milliseconds without an end of a round after which there will be none. */
const STUCK = 3000 * LONGEST_PHASE;
/** Milliseconds between two looks at the books. */
const TURN = 100;

/** See the head of the file. */
export class Scene {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'xaynet-chaos-'));
  readonly ledger: Ledger;
  readonly plan: ChaosPlan;
  readonly odds: RoleOdds;
  /** Aborts when the run is to end, for whatever reason. */
  readonly signal: AbortSignal;
  readonly #stop = new AbortController();
  readonly #input: SceneInput;
  readonly #poll: number;
  readonly #begun = performance.now();
  #phase = 'starting';
  #shown = '';

  /** `poll`: milliseconds between two questions of a participant, times the number of participants. */
  constructor(input: SceneInput, poll: number) {
    const { participants, seed, signal } = input;
    this.#input = input;
    this.#poll = poll;
    this.odds = roleOdds(participants);
    this.ledger = new Ledger(participants, this.odds.leastUpdates);
    this.plan = new ChaosPlan(seed);
    this.signal = AbortSignal.any([signal, this.#stop.signal]);
  }

  /** Id of the round that was seen last. */
  get shown(): string {
    return this.#shown;
  }

  /** Enters into the books what a coordinator says of itself. */
  news(news: CoordinatorNews, name: string): void {
    const { ledger } = this;
    if (news.type === 'phase') this.#phase = news.phase;
    else if (news.type === 'round') ledger.number(news.id, news.round);
    else if (news.type === 'model') ledger.updates(news.round, news.updates);
    else if (news.type === 'failure') ledger.failed(news.round, news.code);
    else if (news.type === 'no-start' && !this.signal.aborted) ledger.broke('no-start', `${name} does not go on: ${news.text}`);
  }

  /** Runs until the wanted rounds are completed, a promise that cannot be mended is broken, or the signal aborts. */
  async play(victim: Victim): Promise<CommonReport> {
    const { ledger, plan, signal, folder } = this;
    const { seed, participants, weights, chunked } = this.#input;
    const fates: Partial<Record<Fate, number>> = {};
    const verdicts: Record<string, number> = {};
    let requests = 0;
    const proxy = await FaultProxy.start({
      target: () => victim.port(),
      fate: (participant, kind) => plan.request(participant, kind),
      sending: (message) => ledger.sent(message),
      forwarded: (_, port) => victim.moment('forwarded', port),
      replied: (message, status, code, port) => {
        const verdict = code === undefined ? String(status) : `${status} ${code}`;
        verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
        if (status === 200) ledger.acknowledged(message);
        victim.moment('replied', port);
      },
      answered: () => victim.moment('answered', undefined),
      happened: (fate, kind) => {
        if (kind !== 'message') return;
        requests++;
        fates[fate] = (fates[fate] ?? 0) + 1;
      },
    });
    const crowd = new Crowd({
      seed,
      settings: { url: proxy.url, participants, length: weights, poll: this.#poll * participants, maxMessageSize: chunked ? CHUNK : 0 },
      folder,
      signal,
      tell: (news) => {
        if (news.type === 'drawn') ledger.drawn(news.round, news.participant, news.role);
        else ledger.gaveUp(news.round, news.participant, news.code);
      },
      broken: (text) => ledger.broke('participant', text),
    });
    const seeing = observe({
      port: () => victim.port(),
      ledger,
      participants: new Map(Array.from({ length: participants }, (_, index) => [toHex(actorKeys(seed, index).publicKey), index])),
      saw: (round) => {
        this.#shown = round;
        victim.answers();
      },
      signal,
    });
    let dead = false;
    const tormenting = victim.run().then(
      (going) => {
        dead = !going;
      },
      (error: unknown) => {
        ledger.broke('no-start', error instanceof Error ? (error.stack ?? error.message) : String(error));
        dead = true;
      },
    );
    crowd.start();
    const mournings: Promise<void>[] = [];
    try {
      await this.#watch(victim, crowd, mournings, () => dead);
    } finally {
      this.#stop.abort();
      await Promise.all([crowd.gone(), victim.end(), seeing, tormenting, ...mournings]);
      await victim.end();
      await crowd.gone();
      await proxy.close();
    }
    return this.#report(crowd.kills, { requests, fates, verdicts });
  }

  async #watch(victim: Victim, crowd: Crowd, mournings: Promise<void>[], isDead: () => boolean): Promise<void> {
    const { ledger, plan, signal } = this;
    const { rounds, killsPerRound, tell } = this.#input;
    let over = 0;
    for (let since = performance.now(); !signal.aborted && !isDead(); ) {
      ledger.settle();
      const totals = ledger.totals();
      const failed = Object.values(totals.failed).reduce((a, b) => a + b, 0);
      tell({ ...totals, phase: this.#phase, failed, kills: victim.kills(), broken: ledger.breaches.length });
      const ended = totals.completed + failed + totals.abandoned;
      for (; over < ended; over++) {
        since = performance.now();
        victim.roundEnded();
        const kill = plan.participantKill(over, crowd.groups);
        if (kill !== undefined && killsPerRound > 0) mournings.push(crowd.kill(kill));
      }
      if (totals.completed >= rounds || ended >= 3 * rounds + 10) return;
      if (performance.now() - since > STUCK) {
        ledger.broke('stuck', `no round has ended for ${Math.round(STUCK / 1000)} s`);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, TURN));
    }
  }

  #report(participantKills: number, seen: Pick<CommonReport['messages'], 'requests' | 'fates' | 'verdicts'>): CommonReport {
    const { ledger, folder } = this;
    const { rounds, seed, participants, weights, chunked, keep, signal } = this.#input;
    ledger.settle();
    const totals = ledger.totals();
    const { completed, recorded, failed, resumed, abandoned, counted, lost, doubled, corrupt } = totals;
    const worth = keep || ledger.breaches.length > 0 || (completed < rounds && !signal.aborted);
    if (!worth) rmSync(folder, { recursive: true, force: true });
    return {
      seed,
      participants,
      weights,
      chunked,
      seconds: (performance.now() - this.#begun) / 1000,
      stopped: signal.aborted,
      participantKills,
      messages: { ...seen, sent: totals.sent, acknowledged: totals.acknowledged },
      updates: { acknowledged: totals.acknowledgedUpdates, counted, lost, doubled, corrupt },
      rounds: { wanted: rounds, completed, recorded, failed, resumed, abandoned },
      breaches: ledger.breaches,
      folder: worth ? folder : undefined,
    };
  }
}
