// A simulation from beginning to end: a coordinator on a store that forgets, a crowd of participants on the same thread, the coordinator's threads
// beside it. Whatever happens, everything is stopped before it returns; a run that is interrupted reports what it has.

import { availableParallelism } from 'node:os';
import { Coordinator, MemoryStore } from '@xaynet/coordinator';
import { SigningKeySeed } from '@xaynet/core/bytes';
import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import type { MaskConfig } from '@xaynet/core/mask';
import { Optimiser, type OptimiserOptions, optimiserParameters } from '../learning/optimiser.ts';
import type { PartitionName } from '../learning/partition.ts';
import { seededBytes } from '../learning/seeded-bytes.ts';
import { seededRandom } from '../learning/seeded-random.ts';
import type { LabelCounts, LearningTask, LocalTraining, TaskInput } from '../learning/task.ts';
import { conductOf } from './adversaries/kinds.ts';
import { DirectTransport, directPort, httpWay } from './direct-transport.ts';
import { LINKS } from './links.ts';
import { defaultMask } from './mask.ts';
import { type Plan, planRounds } from './plan.ts';
import type { SimulationReport } from './result.ts';
import { RoundBook } from './round-book.ts';
import { newTally, type Tally } from './tally.ts';
import { TASKS } from './tasks.ts';
import { Crew } from './threads/crew.ts';
import { Timeline } from './timeline.ts';
import { judge } from './verdict.ts';
import { type Seat, takePart } from './virtual-participant.ts';
import { breather, type Conditions, type World } from './world.ts';

/** What a simulation is asked to do. */
export interface SimulationInput {
  readonly participants: number;
  readonly rounds: number;
  readonly seed: number;
  readonly data: 'digits' | 'cancer' | 'synthetic';
  readonly length?: number | undefined;
  readonly partition: PartitionName;
  readonly skew: number;
  readonly training: LocalTraining;
  readonly optimiser: OptimiserOptions;
  /** Shares in proportion to examples, or equal. */
  readonly weighting: 'examples' | 'equal';
  readonly mask?: MaskConfig | undefined;
  readonly sums?: number | undefined;
  readonly participation: number;
  readonly dropout: number;
  readonly stragglers: number;
  readonly slowdown: number;
  /** Median seconds of training in the time of the simulation; undefined: eight of virtual, none of real time. */
  readonly trainTime?: number | undefined;
  /** A name of {@link LINKS}. */
  readonly network: string;
  /** Shares of the participants by kind of adversary. */
  readonly adversaries: ReadonlyMap<string, number>;
  readonly clock: 'virtual' | 'real';
  readonly transport: 'direct' | 'http';
  readonly window?: number | undefined;
  /** Largest message in bytes; 0: whole. */
  readonly chunk: number;
  /** Threads for the participants; 0: they share the one of everything else. Undefined: one a core, where there is enough to do. */
  readonly threads?: number | undefined;
  readonly signal: AbortSignal;
  /** Told how many participants have their keys, often, before anything begins. */
  readonly prepared?: ((participants: number) => void) | undefined;
  /** Told how far it is, often. */
  readonly tell: (progress: SimulationProgress) => void;
}

/** How far a simulation is. */
export interface SimulationProgress {
  readonly plan: Plan;
  readonly book: RoundBook;
  readonly timeline: Timeline;
}

/** What came of it, and the rows of participants.csv. */
export interface SimulationOutcome {
  readonly report: Omit<SimulationReport, 'options'>;
  readonly tallies: readonly Tally[];
  /** Who holds what; undefined where examples have no labels. */
  readonly crowd: LabelCounts | undefined;
  /** What was taken for options that need not be given, by their names on the command line; only those that have an effect. */
  readonly settings: Readonly<Record<string, number>>;
}

/**
 * Participants that work at the same time: enough to keep all threads busy, few enough to hold little. Where they have threads of their own, which
 * are not to wait for each other, more of them, as long as what they hold (some bytes a weight each) stays small.
 */
const AT_ONCE = { least: 4, ofThread: 32, bytes: 4e8, weight: 40 };
/** Most threads that are taken without being asked for: each has its own copy of the data and of all code. */
const MOST_THREADS = 8;
/** Seconds that a participant takes for a round besides what its weights take, for each of those, and in all from which threads pay. */
const TAKES = { round: 0.003, weight: 1e-7, worth: 5 };
/** Whole numbers that shares are made of: products with binary32 weights are exact (see RunningMean). */
const MOST_SHARES = 2 ** 24;

/** Runs the rounds; rejects with a coded error, having stopped everything. An abort is no error. */
export async function runSimulation(input: SimulationInput): Promise<SimulationOutcome> {
  const { participants, seed, rounds } = input;
  const begun = performance.now();
  const cpuBegun = process.cpuUsage();
  const task = makeTask(input);
  const mask = input.mask ?? defaultMask(task.bound, participants);
  const unreliable = Math.min(1, input.stragglers + [...input.adversaries.values()].reduce((sum, share) => sum + share, 0));
  const virtual = input.clock === 'virtual';
  const plan = planRounds({ ...input, length: task.length, mask, unreliable, virtual });
  const threads = input.threads ?? usualThreads(participants * rounds * (TAKES.round + TAKES.weight * task.length));
  const stop = new AbortController();
  const signal = AbortSignal.any([input.signal, stop.signal]);
  let fail: (error: unknown) => void = () => {};
  const timeline = new Timeline({
    virtual,
    atOnce: atOnce(threads, task.length),
    onStuck: () => fail(new Error('nothing is planned and nobody works: the simulation would never go on')),
  });
  const seats = await makeSeats(input, task);
  const shareUnit = input.weighting === 'equal' ? 1 : task.examples.reduce((most, examples) => Math.max(most, examples), 1);
  const shown: { progress?: SimulationProgress } = {};
  const book = new RoundBook({
    task,
    mask,
    optimiser: new Optimiser(input.optimiser),
    timeline,
    keys: seats.map(({ keys }) => keys.publicKey),
    tallies: seats.map(({ tally }) => tally),
    shares: seats.map(({ share }) => share),
    shareUnit,
    rounds,
    changed: () => shown.progress && input.tell(shown.progress),
  });
  for (const { tally } of seats) if (tally.adversary !== undefined) book.adversaries.join(tally.adversary);
  shown.progress = { plan, book, timeline };
  let coordinator: Coordinator | undefined;
  let crew: Crew | undefined;
  try {
    const finished = new Promise<void>((resolve, reject) => {
      fail = reject;
      signal.addEventListener('abort', () => resolve());
      if (signal.aborted) resolve();
    });
    finished.catch(() => {}); // it may be over before anybody waits for it
    const conditions = conditionsOf(input, plan, shareUnit);
    const setup = { data: input.data, task: taskInput(input), conditions, network: input.network };
    if (threads > 0 && !signal.aborted) crew = await Crew.start({ threads, seats, setup, fail });
    const store = new MemoryStore({ keepModels: 1, keepRounds: 1 });
    coordinator = await Coordinator.start(plan.settings, { random: seededBytes(seed, 'coordinator'), clock: timeline.coordinatorClock, store });
    const unsubscribe = coordinator.on((event) => {
      try {
        if (!book.take(event)) return;
        unsubscribe(); // another round begins at once, which is of no interest
        stop.abort();
      } catch (error) {
        fail(error);
      }
    });
    const running = coordinator;
    if (crew !== undefined) crew.join({ timeline, book, port: running.direct, url: input.transport === 'http' ? running.url : undefined });
    else {
      const shared = { task, timeline, book, signal, link: LINKS[input.network], way: wayTo(running, input.transport), breathe: breather() };
      const world: World = { ...conditions, ...shared };
      for (const seat of seats) timeline.add(() => takePart(seat, world).catch((error: unknown) => (signal.aborted ? undefined : fail(error))));
    }
    timeline.begin(() => running.isWaiting);
    await finished;
  } finally {
    stop.abort();
    await Promise.all([timeline.end(), crew?.end()]);
    await coordinator?.stop();
  }
  const tallies = seats.map(({ tally }) => tally);
  const { user, system } = process.cpuUsage(cpuBegun);
  const up = tallies.reduce((sum, tally) => sum + tally.up, 0);
  const updateBytes = tallies.reduce((sum, tally) => sum + (tally.updateAccepted > 0 && tally.sum === 0 && tally.refused === 0 ? tally.up : 0), 0);
  const updateCount = tallies.reduce((sum, tally) => sum + (tally.sum === 0 && tally.refused === 0 ? tally.updateAccepted : 0), 0);
  return {
    tallies,
    crowd: task.labels,
    settings: settingsOf(input, task, plan, threads),
    report: {
      simulation: task.name,
      seed,
      about: task.about,
      participants,
      weights: task.length,
      mask: mask.name,
      untrained: task.evaluate(task.initial),
      rounds: book.results,
      adversaries: book.adversaries.results(),
      bytes: { up, down: tallies.reduce((sum, tally) => sum + tally.down, 0), update: updateCount === 0 ? 0 : updateBytes / updateCount },
      seconds: { total: (performance.now() - begun) / 1000, simulated: timeline.now / 1000, cpu: (user + system) / 1e6 },
      memory: process.resourceUsage().maxRSS * 1024,
      stopped: input.signal.aborted,
      verdict: judge(book.results, { wanted: rounds, stopped: input.signal.aborted }),
    },
  };
}

function settingsOf(input: SimulationInput, task: LearningTask, { window, expected }: Plan, threads: number): Record<string, number> {
  const { name, rate, momentum, beta2, tau } = optimiserParameters(input.optimiser);
  return {
    ...task.training,
    serverRate: rate,
    ...(name === 'fedavg' ? {} : { momentum }),
    ...(name === 'fedadam' || name === 'fedyogi' ? { beta2, tau } : {}),
    sums: expected.sum,
    window,
    trainTime: trainSeconds(input),
    threads,
  };
}

function trainSeconds({ trainTime, clock }: SimulationInput): number {
  return trainTime ?? (clock === 'virtual' ? 8 : 0);
}

/** The way to the coordinator that all participants share. */
function wayTo(coordinator: Coordinator, transport: 'direct' | 'http'): World['way'] {
  return transport === 'direct' ? new DirectTransport(directPort(coordinator.direct)) : httpWay(coordinator.url);
}

function atOnce(threads: number, length: number): number {
  const { least, ofThread, bytes, weight } = AT_ONCE;
  return Math.max(least, Math.min(threads * ofThread, Math.floor(bytes / (weight * length))));
}

/** One a core where there is enough to do, several cores at least. */
function usualThreads(seconds: number): number {
  const cores = availableParallelism();
  return seconds < TAKES.worth || cores < 2 ? 0 : Math.min(MOST_THREADS, cores);
}

function taskInput({ participants, seed, length, partition, skew, training }: SimulationInput): TaskInput {
  return { participants, seed, length, partition, skew, training };
}

function makeTask(input: SimulationInput): LearningTask {
  try {
    return TASKS[input.data](taskInput(input));
  } catch (error) {
    throw new XaynetError('option-invalid', error instanceof Error ? error.message : String(error));
  }
}

/** Who takes part: adversaries and stragglers are chosen by the seed. Keys of many take a while: others get a turn, and an abort ends it. */
async function makeSeats(input: SimulationInput, task: LearningTask): Promise<Seat[]> {
  const { participants, seed, adversaries, stragglers, weighting, signal, prepared } = input;
  const order = seededRandom(seed, 'adversaries').shuffle(Uint32Array.from({ length: participants }, (_, index) => index));
  const kinds = new Map<number, string>();
  let from = 0;
  for (const [kind, share] of adversaries) {
    const count = Math.min(participants - from, share === 0 ? 0 : Math.max(1, Math.round(share * participants)));
    for (const index of order.subarray(from, from + count)) kinds.set(index, kind);
    from += count;
  }
  const slow = seededRandom(seed, 'stragglers');
  const seats: Seat[] = [];
  const breathe = breather();
  for (const [index, examples] of task.examples.entries()) {
    const adversary = kinds.get(index);
    seats.push({
      keys: signingKeyPairFromSeed(SigningKeySeed(seededBytes(seed, `keys ${index}`)(32))),
      tally: newTally({ index, examples, straggler: slow.next() < stragglers, adversary }),
      share: weighting === 'equal' ? 1 : Math.min(MOST_SHARES, examples),
      conduct: adversary === undefined ? undefined : conductOf(adversary),
    });
    if (index % 64 !== 0) continue;
    prepared?.(seats.length);
    await breathe();
    if (signal.aborted) break;
  }
  return seats;
}

function conditionsOf(input: SimulationInput, { poll }: Plan, shareUnit: number): Conditions {
  const { seed, slowdown, dropout, chunk } = input;
  return { seed, slowdown, dropout, training: 1000 * trainSeconds(input), poll, maxMessageSize: chunk, shareUnit };
}
