// What goes wrong in a fleet, drawn under the seed of a run: which process is hit, or the line to its store, and for how long. Pure.

import { type SeededRandom, seededRandom } from '../../learning/seeded-random.ts';

/** Who is hit: whoever leads at that moment, or one of the others. */
export type Role = 'leader' | 'follower';

/** Where a line leads. */
export type Line = 'redis' | 's3';

/** One trouble; times in milliseconds. */
export type Trouble =
  /** SIGKILL, at once or when a message has been passed on to that process or answered by it; another process follows after `pause`. */
  | { readonly kind: 'kill'; readonly role: Role; readonly at: 'time' | 'forwarded' | 'replied'; readonly pause: number }
  /** SIGTERM: it is to hand over and end cleanly. */
  | { readonly kind: 'terminate'; readonly role: Role; readonly pause: number }
  /** SIGSTOP for longer than a lease, or for less. */
  | { readonly kind: 'pause'; readonly role: Role; readonly for: number }
  /** The line between a process and Redis, or S3 where that is used. */
  | { readonly kind: 'line'; readonly role: Role; readonly to: Line; readonly state: 'slow' | 'hole' | 'cut'; readonly delay: number; readonly for: number }
  | { readonly kind: 'lose'; readonly role: Role; readonly to: Line; readonly what: 'request' | 'reply' }
  /** Redis is killed and comes back with what it had synced; or hangs. */
  | { readonly kind: 'redis'; readonly act: 'kill' | 'pause'; readonly for: number };

/** A trouble, and how long to wait before it. */
export interface Planned {
  readonly after: number;
  readonly trouble: Trouble;
}

type Weighted<T> = readonly (readonly [T, number])[];

const KINDS: Weighted<Trouble['kind']> = [
  ['pause', 6],
  ['terminate', 2],
  ['line', 4],
  ['lose', 4],
  ['redis', 3],
];

/** The troubles of round `round` of a run: `kills` times SIGKILL, and about as many others, in the order in which they come. `lease` in milliseconds. */
export function troubles(seed: number, round: number, kills: number, lease: number): readonly Planned[] {
  if (kills === 0) return [];
  const random = seededRandom(seed, `chaos fleet ${round}`);
  const drawn: Trouble[] = [];
  for (let i = 0; i < kills; i++) drawn.push(kill(random));
  for (let i = 0; i < Math.max(1, Math.round(kills * 0.8)); i++) drawn.push(other(random, lease));
  const order = random.shuffle(drawn.map((_, i) => i));
  return order.map((i) => ({ after: Math.round(700 * random.next()), trouble: drawn[i]! }));
}

function kill(random: SeededRandom): Trouble {
  const at = pick(random, [
    ['time', 3],
    ['forwarded', 3],
    ['replied', 2],
  ] as const);
  return { kind: 'kill', role: role(random, 0.6), at, pause: random.next() < 0.5 ? 0 : Math.round(800 * random.next()) };
}

function other(random: SeededRandom, lease: number): Trouble {
  const kind = pick(random, KINDS);
  switch (kind) {
    case 'pause':
      return { kind, role: role(random, 0.75), for: Math.round(lease * (0.3 + 2 * random.next())) };
    case 'terminate':
      return { kind, role: role(random, 0.6), pause: Math.round(500 * random.next()) };
    case 'line': {
      const state = pick(random, [
        ['slow', 3],
        ['hole', 2],
        ['cut', 2],
      ] as const);
      return {
        kind,
        role: role(random, 0.6),
        to: line(random),
        state,
        delay: Math.round(20 + 150 * random.next()),
        for: Math.round(lease * (0.3 + 1.7 * random.next())),
      };
    }
    case 'lose':
      return { kind, role: role(random, 0.5), to: line(random), what: random.next() < 0.4 ? 'request' : 'reply' };
    default:
      return { kind: 'redis', act: random.next() < 0.6 ? 'kill' : 'pause', for: Math.round(900 * random.next()) };
  }
}

function role(random: SeededRandom, leader: number): Role {
  return random.next() < leader ? 'leader' : 'follower';
}

function line(random: SeededRandom): Line {
  return random.next() < 0.5 ? 'redis' : 's3';
}

function pick<T>(random: SeededRandom, choices: readonly (readonly [T, number])[]): T {
  let at = random.next() * choices.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [choice, weight] of choices) {
    at -= weight;
    if (at < 0) return choice;
  }
  return choices.at(-1)![0];
}
