// What is wrong with settings, said once for every setting at fault: where it stands, its key, what was given, what is allowed, what to do.
// All problems are reported together, so that an operator corrects a file in one go.

import { XaynetError } from '@xaynet/core/errors';

/** One thing that is wrong with the settings. */
export interface SettingsProblem {
  /** Where the value comes from: `coordinator.toml:12`, `environment XAYNET__…`, or `default`. */
  readonly where: string;
  /** Key of the setting, for example `pet.update.count.min`. */
  readonly key: string;
  /** The value as it was given; undefined when the setting is missing. */
  readonly given?: string | undefined;
  /** What is allowed, and what to do. */
  readonly advice: string;
}

/** Settings that cannot be used: code `settings-invalid`, every problem in {@link SettingsError.problems} and in the message. */
export class SettingsError extends XaynetError {
  readonly problems: readonly SettingsProblem[];

  constructor(problems: readonly SettingsProblem[]) {
    super('settings-invalid');
    this.problems = problems;
    const lines = problems.map(
      ({ where, key, given, advice }) =>
        `  ${where}: ${key.length > 200 ? `${key.slice(0, 197)}…` : key}${given === undefined ? '' : ` = ${given}`}: ${advice}`,
    );
    this.message = `${this.message} ${problems.length === 1 ? '1 problem' : `${problems.length} problems`}:\n${lines.join('\n')}`;
  }
}

/** A value as it may be shown in a problem: short, on one line. */
export function showValue(value: unknown): string {
  if (typeof value === 'number')
    return Number.isNaN(value) ? 'nan' : Math.abs(value) === Number.POSITIVE_INFINITY ? (value > 0 ? 'inf' : '-inf') : String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'a date' : value.toISOString();
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return '{…}';
  const text =
    typeof value === 'bigint' ? String(value) : (JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item)) ?? typeof value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/** The candidate most like `given`, when one is like enough to be what was meant. */
export function suggest(given: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.ceil(given.length / 4)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(given.length - candidate.length) >= least) continue; // cannot be close, and a key of megabytes would take minutes
    const distance = candidate.toLowerCase() === given.toLowerCase() ? 0 : editDistance(given.toLowerCase(), candidate.toLowerCase());
    if (distance < least && distance < Math.max(given.length, candidate.length)) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

/** How many characters must be put in, left out or changed to make one text of the other (Levenshtein). */
export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      row.push(Math.min(row[j - 1]! + 1, previous[j]! + 1, previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    previous = row;
  }
  return previous[b.length]!;
}
