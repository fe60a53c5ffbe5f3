// One of thousands: a real participant with its own keys, its share of the examples, its network and its habits. It does what an application on a
// phone would do: tick, fetch the global model, train, hand over, and ask again some time later while there is nothing to do.

import type { SigningKeyPair } from '@xaynet/core/crypto';
import { type ModelRequest, Participant, type Tick, type Transport, TransportError } from '@xaynet/participant';
import { seededBytes } from '../learning/seeded-bytes.ts';
import { seededRandom } from '../learning/seeded-random.ts';
import { CountingWay } from './adversaries/counting-way.ts';
import type { Conduct } from './conduct.ts';
import { type Fate, fateOf } from './fate.ts';
import { SeatTransport } from './seat-transport.ts';
import { scalarOf } from './share.ts';
import type { Tally } from './tally.ts';
import type { Topic } from './timeline.ts';
import type { World } from './world.ts';

/** Who takes part, and how. */
export interface Seat {
  readonly keys: SigningKeyPair;
  readonly tally: Tally;
  /** Share in the mean, in units of 1 / {@link World.shareUnit}. */
  readonly share: number;
  /** What an adversary does otherwise; undefined: honest. */
  readonly conduct: Conduct | undefined;
}

/** Verdicts on messages that were right once: their phase is over, or took all it needs. */
const TOO_LATE: ReadonlySet<string> = new Set(['message-unexpected', 'message-discarded', 'round-over', 'sealed-box-open-failed']);
const TOPICS: Readonly<Record<string, Topic>> = { round: 'round', sums: 'sums', seeds: 'seeds' };

/** Takes part until the signal aborts; rejects with what its participant cannot get over. */
export async function takePart(seat: Seat, world: World): Promise<void> {
  const { timeline, signal, seed, link, poll } = world;
  const { tally, conduct, keys } = seat;
  const { index, straggler } = tally;
  const chance = seededRandom(seed, `habits ${index}`);
  const nextPoll = (): number => poll * chance.next();
  const slowdown = straggler ? world.slowdown : 1;
  const plain: Transport = new SeatTransport({ way: world.way, tally, timeline, link, slowdown, random: seededRandom(seed, `network ${index}`) });
  const way = conduct === undefined ? plain : wayOf(conduct, plain, seat, world);
  await timeline.sleep(nextPoll());
  const participant = await Participant.create({
    transport: way,
    keys,
    scalar: scalarOf(seat, world),
    maxMessageSize: world.maxMessageSize,
    random: seededBytes(seed, `participant ${index}`),
    clock: timeline.participantClock,
    threads: 1,
    progress: ({ done, total }) => world.book.computed(tally, done, total),
  });
  let fate: Fate | undefined;
  while (!signal.aborted) {
    const known = timeline.latest;
    const tick = await participant.tick({ signal });
    await world.breathe();
    if (tick.notifications.includes('new-round')) fate = undefined;
    if (tick.notifications.includes('sum') || tick.notifications.includes('update')) {
      fate = fateOf(world, index, tick.round!, slowdown);
      world.book.selected(tally, tick.task === 'sum' ? 'sum' : 'update');
    }
    note(tick, seat, world);
    if (tick.state === 'sum2' && (fate?.drops === true || conduct?.withholds === true)) leave(participant, seat);
    const wanted = participant.modelNeeded;
    if (wanted !== undefined && fate !== undefined) {
      await timeline.sleep(fate.training);
      if (signal.aborted) return;
      if (fate.drops) leave(participant, seat);
      else await handOver(participant, wanted, seat, world, way);
    } else if (tick.outcome === 'pending') {
      const topic = TOPICS[tick.waitingFor!];
      if (topic === undefined || tick.wait !== undefined) await timeline.sleep((tick.wait ?? 0) + nextPoll());
      else await timeline.untilNews(topic, known, nextPoll());
    }
  }
}

/** Trains on top of the global model and gives the result to the participant, unless the round is over by now. */
async function handOver(participant: Participant, wanted: ModelRequest, seat: Seat, world: World, way: Transport): Promise<void> {
  const { book, task, seed } = world;
  const { tally, conduct } = seat;
  const { index } = tally;
  if (!book.isOpen(participant.params!.seed)) {
    tally.late++;
    participant.skipRound();
    return;
  }
  if (book.hasModel && !(await fetched(participant, world))) return; // the next tick asks for a model again
  const trained = task.train(index, book.start, seededRandom(seed, `round ${book.round} participant ${index}`));
  const weights = conduct?.train?.(trained, book.start) ?? trained;
  if (conduct?.forge !== undefined) {
    await conduct.forge({ participant, wanted, seat, world, weights, way });
    participant.skipRound();
    return;
  }
  book.keep(tally, weights);
  const given = weights.length === wanted.length ? weights : Float32Array.from({ length: wanted.length }, (_, i) => weights[i] ?? 0);
  participant.setModel(given, { round: wanted.round });
}

/** Fetches the global model; what everybody makes of the same bytes is computed once, in the book. False: it was lost on the way. */
async function fetched(participant: Participant, { signal }: World): Promise<boolean> {
  try {
    await participant.globalModel({ signal });
    return true;
  } catch (error) {
    if (error instanceof TransportError) return false;
    throw error;
  }
}

function leave(participant: Participant, { tally }: Seat): void {
  tally[participant.task === 'sum' ? 'sumLeft' : 'updateLeft']++;
  participant.skipRound();
}

/** Counts what a tick tells. */
function note({ verdict, failure, sent, clamped }: Tick, { tally }: Seat, { book }: World): void {
  if (clamped !== undefined) book.clamped(tally);
  if (verdict?.accepted === false) {
    tally.refused++;
    if (tally.adversary === undefined && sent?.tag === 'update' && TOO_LATE.has(verdict.code)) tally.late++;
    book.refused(tally, verdict.code);
    if (sent?.tag === 'update') book.drop(tally);
  } else if (failure !== undefined) book.gaveUp(tally, failure.code);
}

/** The way of an adversary: what goes over it is counted. */
function wayOf(conduct: Conduct, plain: Transport, seat: Seat, world: World): Transport {
  const { adversary } = seat.tally;
  const counted = new CountingWay(plain, (verdict) => world.book.adversaries.sent(adversary!, verdict));
  return conduct.way?.(counted, seat, world) ?? counted;
}
