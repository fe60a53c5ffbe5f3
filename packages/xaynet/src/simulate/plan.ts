// With what probabilities, counts and windows the coordinator of a simulation runs its rounds. In virtual time windows are as long as an honest,
// prompt participant takes, and cost nothing; in real time a phase also waits for nearly everybody who can be expected, so that a slow machine
// loses nobody, and ends soon after they came.

import { parseSettings, type Settings } from '@xaynet/coordinator';
import type { MaskConfig } from '@xaynet/core/mask';

/** What a plan is made for. */
export interface PlanInput {
  readonly participants: number;
  readonly length: number;
  readonly mask: MaskConfig;
  /** Sum participants that are expected; undefined: ten, or a fifth of few. */
  readonly sums?: number | undefined;
  /** Probability of being selected for update, for those who are not sum. */
  readonly participation: number;
  readonly dropout: number;
  /** Share of the participants whose updates may not come in time or not be right: stragglers and adversaries. */
  readonly unreliable: number;
  readonly virtual: boolean;
  /** Seconds for which the update phase listens; the others half as long. Undefined: a minute of virtual time; in real time as the crowd is large. */
  readonly window?: number | undefined;
}

/** What was planned. */
export interface Plan {
  readonly sumProbability: number;
  readonly settings: Settings;
  /** Seconds. */
  readonly window: number;
  /** Longest milliseconds between two questions of a participant. */
  readonly poll: number;
  /** What a round is expected to bring, to be shown. */
  readonly expected: { readonly sum: number; readonly update: number };
}

const USUAL_SUMS = 10;
const LEAST_SUMS = 4;
/** The protocol's smallest sum (coordinator 5.2). */
const LEAST_UPDATES = 3;
/** A phase that does not get what it needs gives up after so many windows, or minutes of real time. */
const PATIENCE = 4;
const REAL_PATIENCE = 3600;

/** Weights in a round, all updates together, below which the coordinator starts no threads: that takes longer. */
const WORTH_A_THREAD = 200_000;

/** Plans the rounds. Throws `settings-invalid` for what the coordinator cannot do, such as more updates than the masks hold. */
export function planRounds(input: PlanInput): Plan {
  const { participants, length, mask, participation, dropout, unreliable, virtual } = input;
  const sums = Math.min(participants - LEAST_UPDATES, input.sums ?? Math.min(USUAL_SUMS, Math.max(LEAST_SUMS, participants / 5)));
  const sumProbability = Math.min(1, sums / participants);
  const updates = (participants - sums) * participation;
  const window = input.window ?? (virtual ? 60 : Math.max(0.5, participants / 2000));
  const sure = (expected: number): number => expected - 4 * Math.sqrt(expected) - 1;
  const leastUpdates = virtual ? LEAST_UPDATES : Math.max(LEAST_UPDATES, Math.floor(sure(updates * (1 - dropout) * (1 - unreliable))));
  const time = (share: number) => ({ min: share * window, max: virtual ? PATIENCE * window : REAL_PATIENCE });
  const settings = parseSettings({
    api: { bind_address: '127.0.0.1:0' },
    pet: {
      sum: {
        prob: sumProbability,
        count: { min: 1, max: Math.ceil(4 * sums) },
        time: { ...time(0.5), max: virtual ? PATIENCE * window : 60 + PATIENCE * window },
      },
      update: { prob: participation, count: { min: leastUpdates, max: Math.max(leastUpdates, participants) }, time: time(1) },
      sum2: { count: { min: 1, max: Math.ceil(4 * sums) }, time: virtual ? time(0.5) : { min: 0, max: REAL_PATIENCE } },
    },
    mask: { group_type: mask.group, data_type: mask.data, bound_type: mask.bound, model_type: mask.model },
    model: { length },
    store: { kind: 'memory', keep_models: 1 },
    ...(participants * length < WORTH_A_THREAD ? { intake: { workers: 0 } } : {}),
  });
  return { sumProbability, settings, window, poll: (1000 * window) / 12, expected: { sum: sums, update: updates * (1 - dropout) } };
}
