// Environment variables over the file: `XAYNET__PET__SUM__COUNT__MIN=10` sets pet.sum.count.min (coordinator 5.1). Variables are texts, turned
// into the type of their setting; a text that does not turn stays one and fails the check of its setting like any other wrong value.

import { type SettingsProblem, showValue, suggest } from './problems.ts';
import { SETTINGS_BY_KEY, SETTINGS_REFERENCE, type SettingType } from './reference.ts';

/** Environment as `process.env` has it. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment adds: values by key with the variable each came from, and what is wrong or worth a notice. */
export interface EnvironmentSettings {
  readonly values: ReadonlyMap<string, { readonly value: unknown; readonly variable: string }>;
  readonly problems: readonly SettingsProblem[];
  readonly notices: readonly string[];
}

/** Reads the variables of `env` that are settings. */
export function readEnvironment(env: Environment): EnvironmentSettings {
  const values = new Map<string, { value: unknown; variable: string }>();
  const problems: SettingsProblem[] = [];
  const notices: string[] = [];
  for (const [variable, text] of Object.entries(env)) {
    if (text === undefined) continue;
    if (/^XAYNET_[A-Z0-9]+__/i.test(variable)) {
      notices.push(`${variable} is ignored: variables begin with XAYNET__, with two underscores.`);
      continue;
    }
    if (!/^XAYNET__/i.test(variable)) continue;
    const key = variable.slice('XAYNET__'.length).toLowerCase().replaceAll('__', '.');
    const where = `environment ${variable}`;
    const found = SETTINGS_BY_KEY.get(key);
    if (found === undefined || found.type === 'table') {
      problems.push({ where, key, advice: sectionAdvice(key) ?? unknownAdvice(key) });
      continue;
    }
    const before = values.get(key);
    if (before !== undefined) problems.push({ where, key, advice: `is set by ${before.variable} too; remove one of the variables` });
    values.set(key, { value: fromText(text, found.type), variable });
  }
  return { values, problems, notices };
}

/** What to say of a variable that names a section, as if a table could be a text; undefined when `key` is none. */
function sectionAdvice(key: string): string | undefined {
  const variables = SETTINGS_REFERENCE.filter((row) => row.key.startsWith(`${key}.`)).map((row) => `XAYNET__${row.key.toUpperCase().replaceAll('.', '__')}`);
  const what = 'is a section, and a variable sets one setting';
  if (SETTINGS_BY_KEY.get(key)?.type === 'table') return `${what}; this one has none: remove the variable`;
  if (variables.length === 0) return undefined;
  const shown = variables.length > 4 ? [...variables.slice(0, 3), `${variables.length - 3} more`] : variables;
  return `${what}: set ${shown.length === 1 ? shown[0] : `${shown.slice(0, -1).join(', ')} or ${shown.at(-1)}`} instead`;
}

/** Settings of the same name in other sections that are suggested; more of them would be a list. */
const MOST_SUGGESTED = 3;

/** What to say of a key that is no setting: the setting it may have meant. */
export function unknownAdvice(key: string): string {
  const sections = SETTINGS_REFERENCE.flatMap(({ key: known }) => known.split('.').map((_, i, parts) => parts.slice(0, i + 1).join('.')));
  const name = key.split('.').at(-1)!;
  const moved = SETTINGS_REFERENCE.map(({ key: known }) => known).filter((known) => known.endsWith(`.${name}`));
  const meant = suggest(key, [...new Set(sections)]) ?? (moved.length > 0 && moved.length <= MOST_SUGGESTED ? moved.join(' or ') : undefined);
  return `is no setting${meant === undefined ? '' : `; did you mean ${meant}?`} docs/SETTINGS.md lists all of them`;
}

function fromText(text: string, type: SettingType): unknown {
  if (type === 'integer' || type === 'number') {
    if (/^[+-]?nan$/i.test(text)) return Number.NaN;
    if (/^[+-]?inf(inity)?$/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
  }
  if (type === 'flag') return /^(true|on|yes|1)$/i.test(text) ? true : /^(false|off|no|0)$/i.test(text) ? false : text;
  if (type === 'list') return text.split(/[\s,]+/).filter((item) => item !== '');
  return text;
}

/** How the value of a setting is shown in messages; secrets are not. */
export function shownValue(key: string, value: unknown): string {
  return SETTINGS_BY_KEY.get(key)?.secret === true ? '(hidden)' : showValue(value);
}
