// A chaos run from beginning to end: a folder, a proxy, a coordinator that is tormented, a crowd that takes part, an observer and the books.
// Whatever happens, all processes are ended before it returns; the folder stays only when there is something to look at in it.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@xaynet/core/bytes';
import { roleOdds } from '../demo/round-plan.ts';
import { CoordinatorProcess } from './coordinator-process.ts';
import { Crowd } from './crowd.ts';
import { FaultProxy } from './fault-proxy.ts';
import { freePort } from './free-port.ts';
import { actorKeys } from './keys.ts';
import { Ledger } from './ledger.ts';
import { observe } from './observer.ts';
import { MARGIN } from './one-hot.ts';
import { ChaosPlan, type Fate } from './plan.ts';
import { type ChaosReport, median } from './report.ts';
import { LONGEST_PHASE, settingsText } from './settings-text.ts';
import { Tormentor } from './tormentor.ts';

/** What a chaos run is asked to do. */
export interface ChaosInput {
  readonly rounds: number;
  readonly seed: number;
  readonly participants: number;
  /** Weights of a model; at least {@link leastWeights}. */
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

/** Fewest weights of a model of so many participants. */
export function leastWeights(participants: number): number {
  return participants + MARGIN;
}

/** Milliseconds between two questions of a participant, times the number of participants: some 150 requests a second in all. */
const POLL = 6.5;
/** Sealed bytes of a chunk: an update of 24 participants makes three or four. */
const CHUNK = 420;
/** Milliseconds without an end of a round after which there will be none. */
const STUCK = 3000 * LONGEST_PHASE;
/** Times the program looks after the books. */
const TURN = 100;

/** Runs until the wanted rounds are completed, a promise that cannot be mended is broken, or the signal aborts. */
export async function runChaos(input: ChaosInput): Promise<ChaosReport> {
  const { rounds, seed, participants, weights, killsPerRound, chunked } = input;
  const begun = performance.now();
  const odds = roleOdds(participants);
  const ledger = new Ledger(participants, odds.leastUpdates);
  const plan = new ChaosPlan(seed);
  const folder = mkdtempSync(join(tmpdir(), 'xaynet-chaos-'));
  const port = await freePort();
  const config = join(folder, 'coordinator.toml');
  writeFileSync(config, settingsText(folder, port, weights, odds));
  const stop = new AbortController();
  const signal = AbortSignal.any([input.signal, stop.signal]);
  let phase = 'starting';
  let requests = 0;
  const fates: Partial<Record<Fate, number>> = {};
  const verdicts: Record<string, number> = {};
  let shown = '';

  const coordinator = new CoordinatorProcess({
    folder,
    config,
    port,
    news: (news) => {
      if (news.type === 'phase') {
        phase = news.phase;
        tormentor.phase(news.phase);
      } else if (news.type === 'round') ledger.number(news.id, news.round);
      else if (news.type === 'model') ledger.updates(news.round, news.updates);
      else if (news.type === 'failure') ledger.failed(news.round, news.code);
      else if (news.type === 'no-start' && !signal.aborted) ledger.broke('no-start', `the coordinator does not go on: ${news.text}`);
    },
  });
  const tormentor = new Tormentor({
    coordinator,
    plan,
    killsPerRound,
    signal,
    killed: () => ledger.killed(),
    recovered: () => ledger.recovered(shown),
    broken: (text) => ledger.broke('no-start', text),
  });
  const proxy = await FaultProxy.start({
    target: () => coordinator.port,
    fate: (participant, kind) => plan.request(participant, kind),
    sending: (message) => ledger.sent(message),
    forwarded: () => tormentor.moment('forwarded'),
    replied: (message, status, code) => {
      const verdict = code === undefined ? String(status) : `${status} ${code}`;
      verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
      if (status === 200) ledger.acknowledged(message);
      tormentor.moment('replied');
    },
    answered: () => tormentor.moment('answered'),
    happened: (fate, kind) => {
      if (kind !== 'message') return;
      requests++;
      fates[fate] = (fates[fate] ?? 0) + 1;
    },
  });
  const crowd = new Crowd({
    seed,
    settings: { url: proxy.url, participants, length: weights, poll: POLL * participants, maxMessageSize: chunked ? CHUNK : 0 },
    folder,
    signal,
    tell: (news) => {
      if (news.type === 'drawn') ledger.drawn(news.round, news.participant, news.role);
      else ledger.gaveUp(news.round, news.participant, news.code);
    },
    broken: (text) => ledger.broke('participant', text),
  });
  const keys = new Map(Array.from({ length: participants }, (_, index) => [toHex(actorKeys(seed, index).publicKey), index]));
  const seeing = observe({
    port: () => coordinator.port,
    ledger,
    participants: keys,
    saw: (round) => {
      shown = round;
      tormentor.answers();
    },
    signal,
  });
  const tormenting = tormentor.run().catch((error: unknown) => {
    ledger.broke('no-start', error instanceof Error ? (error.stack ?? error.message) : String(error));
    return false;
  });
  let dead = false;
  void tormenting.then((going) => {
    dead = !going;
  });
  crowd.start();

  let over = 0;
  let since = performance.now();
  const mournings: Promise<void>[] = [];
  try {
    while (!signal.aborted && !dead) {
      ledger.settle();
      const totals = ledger.totals();
      const failed = Object.values(totals.failed).reduce((a, b) => a + b, 0);
      input.tell({ ...totals, phase, failed, kills: tormentor.deeds.kills, broken: ledger.breaches.length });
      const ended = totals.completed + failed + totals.abandoned;
      for (; over < ended; over++) {
        since = performance.now();
        tormentor.roundEnded();
        const kill = plan.participantKill(over, crowd.groups);
        if (kill !== undefined && killsPerRound > 0) mournings.push(crowd.kill(kill));
      }
      if (totals.completed >= rounds || ended >= 3 * rounds + 10) break;
      if (performance.now() - since > STUCK) {
        ledger.broke('stuck', `no round has ended for ${Math.round(STUCK / 1000)} s`);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, TURN));
    }
  } finally {
    stop.abort();
    coordinator.freeze(false);
    coordinator.kill();
    await Promise.all([crowd.gone(), coordinator.gone(), seeing, tormenting, ...mournings]);
    coordinator.kill();
    await coordinator.gone();
    await crowd.gone();
    await proxy.close();
  }
  ledger.settle();
  const { deeds } = tormentor;
  const totals = ledger.totals();
  const worth = input.keep || ledger.breaches.length > 0 || (totals.completed < rounds && !input.signal.aborted);
  if (!worth) rmSync(folder, { recursive: true, force: true });
  return {
    chaos: 'coordinator',
    seed,
    participants,
    weights,
    chunked,
    seconds: (performance.now() - begun) / 1000,
    stopped: input.signal.aborted,
    kills: { coordinator: deeds.kills, participants: crowd.kills, aimed: deeds.aimed },
    stops: deeds.terminations,
    freezes: deeds.freezes,
    starts: deeds.starts,
    recovery: { median: Math.round(median(deeds.recoveries)), longest: Math.round(Math.max(0, ...deeds.recoveries)) },
    messages: { requests, fates, verdicts, sent: totals.sent, acknowledged: totals.acknowledged },
    updates: { acknowledged: totals.acknowledgedUpdates, counted: totals.counted, lost: totals.lost, doubled: totals.doubled, corrupt: totals.corrupt },
    rounds: {
      wanted: rounds,
      completed: totals.completed,
      recorded: totals.recorded,
      failed: totals.failed,
      resumed: totals.resumed,
      abandoned: totals.abandoned,
    },
    breaches: ledger.breaches,
    folder: worth ? folder : undefined,
  };
}
