// With what probabilities, counts and windows the demo's coordinator runs its rounds, so that a round hardly ever fails and
// none takes longer than it must. Roles are drawn, so a round without a sum participant, or with fewer than three updates
// (the protocol's smallest sum), can always happen; the exact probability of that is computed here, not guessed.

/** Smallest count of updates that a coordinator may add up: with fewer, the sum says too much about one (coordinator 5.2). */
export const LEAST_UPDATES = 3;

/** How likely each role is, and how likely a round has enough of both. */
export interface RoleOdds {
  /** Probability of being a sum participant: the `pet.sum.prob` of the settings. */
  readonly sum: number;
  /** Probability of being an update participant for those who are not sum: `pet.update.prob`. */
  readonly update: number;
  /** Probability that a round draws at least one sum and `leastUpdates` update participants. */
  readonly success: number;
  /** What the update phase waits for: exceeded by all but one round in five thousand, and at least {@link LEAST_UPDATES}. */
  readonly leastUpdates: number;
}

/** Probabilities of 0 … n successes in n trials. */
function binomial(n: number, p: number): number[] {
  const row = [1];
  for (let trial = 0; trial < n; trial++) {
    row.push(0);
    for (let k = row.length - 1; k >= 0; k--) row[k] = row[k]! * (1 - p) + (k > 0 ? row[k - 1]! * p : 0);
  }
  return row;
}

/** Probability that `participants` draw at least one sum and at least `least` update participants. */
export function roundSucceeds(participants: number, sum: number, update: number, least: number = LEAST_UPDATES): number {
  return binomial(participants, sum).reduce((total, chance, sums) => {
    if (sums === 0) return total;
    const enough = binomial(participants - sums, update).reduce((tail, p, updates) => (updates >= least ? tail + p : tail), 0);
    return total + chance * enough;
  }, 0);
}

/**
 * Odds for `participants` (≥ 4): few sum participants, everyone else mostly update. From about twenty participants on, one
 * round in two thousand fails; with four, where exactly one must be sum and three update, more than every second one does.
 */
export function roleOdds(participants: number): RoleOdds {
  const odds = (sum: number, update: number): RoleOdds => {
    let leastUpdates = LEAST_UPDATES;
    const success = roundSucceeds(participants, sum, update);
    while (roundSucceeds(participants, sum, update, leastUpdates + 1) > success - 0.0002) leastUpdates++;
    return { sum, update, success, leastUpdates };
  };
  const steps = Array.from({ length: 60 }, (_, i) => (i + 1) / 100);
  const relaxed = steps.find((sum) => roundSucceeds(participants, sum, 0.9) > 0.9995);
  if (relaxed !== undefined) return odds(relaxed, 0.9);
  const tight = steps.find((sum) => roundSucceeds(participants, sum, 1) > 0.99);
  if (tight !== undefined) return odds(tight, 1);
  return odds(
    steps.reduce((best, sum) => (roundSucceeds(participants, sum, 1) > roundSucceeds(participants, best, 1) ? sum : best)),
    1,
  );
}

/** Seconds for which a phase listens at least, and at most. */
export interface Window {
  readonly min: number;
  readonly max: number;
}

/** What one participant's work costs on this machine, in seconds, measured on the model of the round. */
export interface WorkCosts {
  /** Find out the role of a round: two signatures. */
  readonly role: number;
  /** Sign, seal, open and verify a message, whatever is in it. */
  readonly message: number;
  /** Fetch the global model as exact fractions; comparing it with the plain mean costs about as much. */
  readonly download: number;
  /** Train, mask, seal and add up an update. */
  readonly update: number;
  /** Seal a mask seed to one sum participant and open it there, half of it each. */
  readonly seal: number;
  /** Derive and add one mask. */
  readonly mask: number;
}

/** Seconds of HTTP for each participant and phase. */
const REQUESTS = 0.002;

/**
 * Windows of the three phases. Sum and update end at their minimum when they have enough by then, so the minimum should let
 * everyone in: one and a half times the measured work of all (they share one process and its one thread) and two turns of
 * polling every `poll` seconds; on a machine that is busier than when it was measured, update goes on until `leastUpdates`
 * are there. The maximum is what a round costs in which too few have the role. Sum2 ends when a majority agrees on a mask.
 */
export function phaseWindows(participants: number, odds: RoleOdds, costs: WorkCosts, poll: number): { sum: Window; update: Window; sum2: Window } {
  const updates = participants * odds.update * (1 - odds.sum);
  const sums = participants * odds.sum;
  const window = (work: number): Window => {
    const min = hundredths(0.05 + 2 * poll + 1.5 * (participants * REQUESTS + work));
    return { min, max: Math.max(1, hundredths(5 * min)) };
  };
  const sum2 = sums * (updates * (costs.mask + costs.seal / 2) + costs.update + costs.message);
  return {
    // Sum2 ends at a majority; the rest still compute their masks when the next round begins.
    sum: window(participants * costs.role + sums * costs.message + costs.download + sum2 / 2),
    update: window(updates * (costs.download + costs.update + costs.message + (sums * costs.seal) / 2)),
    sum2: { min: 0.1, max: Math.round(10 + 10 * sum2) },
  };
}

function hundredths(seconds: number): number {
  return Math.round(100 * seconds) / 100;
}
