// What goes wrong in a chaos run, drawn under its seed: the fate of every request, and when which process is killed, stopped or frozen.
// Pure: the same seed gives the same choices. When they take effect depends on the machine, so two runs are alike, not equal.

import { type SeededRandom, seededRandom } from '../learning/seeded-random.ts';

/** The phases at which a coordinator's end is aimed, in the order of a round; idle is where it turns into the next. */
export const AIMED_PHASES = ['sum', 'update', 'sum2', 'unmask', 'idle'] as const;
export type AimedPhase = (typeof AIMED_PHASES)[number];

/**
 * What becomes of a request. `pass`; `drop`: cut before the coordinator saw it; `cut`: cut in the middle of its body; `lose`: handled, its
 * reply lost; `twice`: sent twice at the same time; `again`: sent again later; `delay`: held back, so that others overtake it; `slow`: sent in pieces.
 */
export type Fate = 'pass' | 'drop' | 'cut' | 'lose' | 'twice' | 'again' | 'delay' | 'slow';

/** Fate of one request; `wait`: milliseconds that it is held back, takes, or comes again after. */
export interface RequestPlan {
  readonly fate: Fate;
  readonly wait: number;
}

/**
 * The moment at which something happens to the coordinator: some `after` milliseconds from now, or around a message: when it has been passed on
 * (`forwarded`), when its reply came back and before the participant has it (`replied`), and after that (`answered`).
 */
export interface Aim {
  readonly at: 'time' | 'forwarded' | 'replied' | 'answered';
  readonly after: number;
}

/** One thing that happens to the coordinator. */
export interface Blow {
  /** SIGKILL, SIGTERM, or SIGSTOP and later SIGCONT. */
  readonly act: 'kill' | 'terminate' | 'freeze';
  /** Not before the round is in this phase. */
  readonly phase: AimedPhase;
  readonly aim: Aim;
  /** Milliseconds until the next start, or until SIGCONT. */
  readonly pause: number;
  /** Kill the next process too, so many milliseconds after it was started; undefined: let it live. */
  readonly again: number | undefined;
  /** How wrong the clock of the next process is, in milliseconds. */
  readonly skew: number;
}

/** A group of participants is killed: so many milliseconds into the round, started again after `pause`. */
export interface ParticipantKill {
  readonly group: number;
  readonly after: number;
  readonly pause: number;
}

/** How wrong a clock may be, in milliseconds; a phase must last much longer at most. */
export const MOST_SKEW = 1500;

type Weighted<T> = readonly (readonly [T, number])[];

const MESSAGE_FATES: Weighted<Fate> = [
  ['pass', 46],
  ['drop', 8],
  ['cut', 4],
  ['lose', 12],
  ['twice', 8],
  ['again', 8],
  ['delay', 10],
  ['slow', 4],
];
const QUESTION_FATES: Weighted<Fate> = [
  ['pass', 96],
  ['drop', 1],
  ['lose', 1],
  ['delay', 2],
];
const PHASES: Weighted<AimedPhase> = [
  ['sum', 5],
  ['update', 8],
  ['sum2', 5],
  ['unmask', 3],
  ['idle', 2],
];
const AIMS: Weighted<Aim['at']> = [
  ['time', 4],
  ['forwarded', 3],
  ['replied', 2],
  ['answered', 2],
];

/** The choices of one run. */
export class ChaosPlan {
  readonly #seed: number;
  readonly #requests = new Map<string, SeededRandom>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** The fate of the next request of this kind that participant `participant` makes. */
  request(participant: number, kind: 'message' | 'question'): RequestPlan {
    const purpose = `chaos ${kind} ${participant}`;
    let random = this.#requests.get(purpose);
    if (random === undefined) {
      random = seededRandom(this.#seed, purpose);
      this.#requests.set(purpose, random);
    }
    const fate = pick(random, kind === 'message' ? MESSAGE_FATES : QUESTION_FATES);
    return { fate, wait: Math.round(20 + 380 * random.next() ** 2) };
  }

  /**
   * What happens to the coordinator in round `round` of the run, in the order of the phases: `kills` times SIGKILL (those of a process
   * that has just been started included), and now and then a SIGTERM or a pause besides. Without kills it is left in peace.
   */
  blows(round: number, kills: number): readonly Blow[] {
    if (kills === 0) return [];
    const random = seededRandom(this.#seed, `chaos blows ${round}`);
    const blows: Blow[] = [];
    for (let left = kills; left > 0; ) {
      const again = left > 1 && random.next() < 0.25 ? Math.round(600 * random.next()) : undefined;
      left -= again === undefined ? 1 : 2;
      blows.push(blow(random, 'kill', again));
    }
    if (random.next() < 0.35) blows.push(blow(random, 'terminate', undefined));
    if (random.next() < 0.5) blows.push(blow(random, 'freeze', undefined));
    const order = (phase: AimedPhase): number => AIMED_PHASES.indexOf(phase);
    return blows.sort((a, b) => order(a.phase) - order(b.phase)); // stable: equal phases stay in the order they were drawn
  }

  /** Which group of participants dies in round `round`, and when; none in some rounds. */
  participantKill(round: number, groups: number): ParticipantKill | undefined {
    const random = seededRandom(this.#seed, `chaos participants ${round}`);
    if (groups === 0 || random.next() < 0.15) return undefined;
    return { group: random.below(groups), after: Math.round(2000 * random.next()), pause: Math.round(300 * random.next()) };
  }
}

function blow(random: SeededRandom, act: Blow['act'], again: number | undefined): Blow {
  const phase = pick(random, PHASES);
  const quick = phase === 'unmask' || phase === 'idle'; // over in a few milliseconds, and no messages in them
  return {
    act,
    phase,
    aim: quick ? { at: 'time', after: Math.round(8 * random.next()) } : { at: pick(random, AIMS), after: Math.round(400 * random.next()) },
    pause: random.next() < 0.6 ? 0 : Math.round((act === 'freeze' ? 1200 : 500) * random.next()),
    again,
    skew: random.next() < 0.5 ? 0 : Math.round(MOST_SKEW * (2 * random.next() - 1)),
  };
}

function pick<T>(random: SeededRandom, choices: Weighted<T>): T {
  let at = random.next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [choice, weight] of choices) {
    at -= weight;
    if (at < 0) return choice;
  }
  return choices.at(-1)![0];
}
