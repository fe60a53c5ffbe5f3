// Who is left out of the next round after one that somebody garbled (threats T9, T10). One update with seeds that cannot be opened, or that
// do not belong to its mask, spoils a round, and nothing in it tells whose it was. So random parts of the suspects sit rounds out, half at
// first, more while rounds stay garbled. Once a round gives a model, its participants are cleared and the others come back a group at a
// time: a group that garbles is halved until one is left, who is convicted. Pure; chance comes in by argument. Keys are free, so this
// stops the broken, not the determined.

/** What became of a round: a model; garbled by an update; too few updates; or nothing that says anything about them. */
export type RoundVerdict = 'model' | 'garbled' | 'starved' | 'other';

/** Participants are named by their key in hexadecimal. */
export interface Quarantine {
  /** Whoever garbled a round is among these, as far as is known. */
  readonly suspects: readonly string[];
  /** Found by elimination. */
  readonly convicted: readonly string[];
  /** Whose updates the current round refuses. */
  readonly excluded: readonly string[];
  /** The suspects let in again beside those cleared; undefined until a round has given a model. */
  readonly trial: readonly string[] | undefined;
  /** Rounds garbled in a row without a model before them. */
  readonly garbled: number;
  /** Rounds since the quarantine began. */
  readonly age: number;
}

export const NO_QUARANTINE: Quarantine = { suspects: [], convicted: [], excluded: [], trial: undefined, garbled: 0, age: 0 };

/** Rounds after which everybody is let in again. */
export const QUARANTINE_ROUNDS = 64;

/** The codes of failures that speak of garbled updates or masks. */
const GARBLED: ReadonlySet<string> = new Set(['mask-none', 'mask-ambiguous', 'mask-no-majority', 'model-out-of-range', 'unmask-scalar-sum']);

/** What a failure with this code, in this phase, says; sum2 runs out of time without a mask when no sum participant can open its seeds. */
export function verdictOfFailure(phase: string, code: string, masks: number): RoundVerdict {
  if (GARBLED.has(code) || (phase === 'sum2' && code === 'phase-timeout' && masks === 0)) return 'garbled';
  return phase === 'update' && code === 'phase-timeout' ? 'starved' : 'other';
}

/**
 * The quarantine of the next round. `updates`: whose updates were in the round; `least`: updates that a round needs (`pet.update.count.min`):
 * never are so many left out that those who came this time would be too few without them. `draw(n)`: a uniform integer from 0 to n - 1.
 */
export function afterRound(
  before: Quarantine,
  round: { verdict: RoundVerdict; updates: readonly string[] },
  least: number,
  draw: (n: number) => number,
): Quarantine {
  const age = before.age + 1;
  // A round that too few took part in may have been starved by the quarantine itself: it ends with it.
  if (round.verdict === 'starved') return NO_QUARANTINE;
  if (round.verdict === 'other') return before.suspects.length + before.convicted.length === 0 ? NO_QUARANTINE : { ...before, age };
  const came = new Set(round.updates);
  // Those who sat out can come again, so they count as available, too.
  const spare = Math.max(0, new Set([...came, ...before.excluded]).size - least);
  const next = round.verdict === 'model' ? cleared(before, came) : accused(before, came);
  if (next.suspects.length + next.convicted.length === 0 || age >= QUARANTINE_ROUNDS) return NO_QUARANTINE;
  const order = shuffled(next.suspects, draw);
  const back = next.group === undefined ? order.length - Math.ceil(order.length * (1 - 0.5 ** next.garbled)) : Math.ceil(next.group.length / 2);
  const trial = next.group === undefined ? [] : shuffled(next.group, draw).slice(0, back);
  const out = next.group === undefined ? order.slice(back) : order.filter((name) => !trial.includes(name));
  const excluded = [...next.convicted, ...out].slice(0, spare);
  return {
    suspects: next.suspects,
    convicted: next.convicted,
    excluded,
    trial: next.group === undefined ? undefined : next.suspects.filter((name) => !excluded.includes(name)),
    garbled: next.garbled,
    age,
  };
}

/** What is known after a round; `group`: of whom half comes back next, undefined while there is nobody known to be clean. */
interface Known {
  readonly suspects: readonly string[];
  readonly convicted: readonly string[];
  readonly group: readonly string[] | undefined;
  readonly garbled: number;
}

/** After a model: whoever came is clean. */
function cleared({ suspects, convicted }: Quarantine, came: ReadonlySet<string>): Known {
  const left = suspects.filter((name) => !came.has(name));
  return { suspects: left, convicted, group: left, garbled: 0 };
}

/** After a garbled round: one of the group that was let in, or, where there was none, of everybody. */
function accused({ suspects, convicted, trial, garbled }: Quarantine, came: ReadonlySet<string>): Known {
  const there = trial?.filter((name) => came.has(name)) ?? [];
  if (there.length === 1) {
    const left = suspects.filter((name) => name !== there[0]);
    return { suspects: left, convicted: [...convicted, ...there], group: left, garbled: 0 };
  }
  if (there.length > 1) return { suspects, convicted, group: there, garbled: 0 };
  const all = trial === undefined && suspects.length > 0 ? suspects : [...new Set([...suspects, ...came])];
  return { suspects: all.filter((name) => !convicted.includes(name)), convicted, group: undefined, garbled: garbled + 1 };
}

function shuffled(names: readonly string[], draw: (n: number) => number): string[] {
  const all = [...names];
  for (let last = all.length - 1; last > 0; last--) {
    const other = draw(last + 1);
    [all[last], all[other]] = [all[other]!, all[last]!];
  }
  return all;
}
