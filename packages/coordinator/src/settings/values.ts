// The settings between reading and use: one value a key with where it came from, and a list of what is wrong. Checks read values here and
// report here, so each message can name the place, whether that is a line, a variable or a default.

import { type EnvironmentSettings, shownValue, unknownAdvice } from './environment.ts';
import { type SettingsProblem, suggest } from './problems.ts';
import { SETTINGS_BY_KEY, SETTINGS_REFERENCE, type SettingRow, settingsSchema } from './reference.ts';

type Tree = Record<string, unknown>;

const isTable = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Values by key, where each came from, and the problems and notices so far. */
export class Values {
  readonly problems: SettingsProblem[];
  readonly notices: string[];
  readonly #given: Map<string, unknown> = new Map();
  readonly #filled: Map<string, unknown> = new Map();
  readonly #bad: Set<string> = new Set();
  readonly #where: (key: string) => string;
  readonly #environment: EnvironmentSettings;

  /** Values of a parsed file under those of the environment; `place` names where a key stands in the file. */
  constructor(file: unknown, environment: EnvironmentSettings, place: (key: string) => string) {
    this.#environment = environment;
    this.#where = place;
    this.problems = [...environment.problems];
    this.notices = [...environment.notices];
    const tree = overlay(shallow(file), environment);
    for (const { key } of SETTINGS_REFERENCE) {
      const value = key.split('.').reduce<unknown>((table, part) => (isTable(table) ? table[part] : undefined), tree);
      if (value !== undefined) this.#given.set(key, value);
    }
    this.#validate(tree);
  }

  #validate(tree: unknown): void {
    const result = settingsSchema().safeParse(withoutBigInts(tree));
    for (const issue of result.success ? [] : result.error.issues) {
      const key = issue.path.filter((part) => typeof part === 'string').join('.');
      const found = SETTINGS_BY_KEY.get(key);
      if (found !== undefined) this.#wrongValue(found);
      else if (issue.code === 'unrecognized_keys') {
        for (const name of issue.keys) {
          const unknown = key === '' ? name : `${key}.${name}`;
          this.problems.push({ where: this.where(unknown), key: unknown, advice: unknownAdvice(unknown) });
        }
      } else {
        for (const { key: below } of SETTINGS_REFERENCE) if (below.startsWith(`${key}.`) || key === '') this.#bad.add(below);
        this.problems.push({ where: this.where(key), key: key === '' ? 'the settings' : key, advice: `must be a table${key === '' ? '' : `, [${key}]`}` });
      }
    }
  }

  #wrongValue(found: SettingRow): void {
    if (this.#bad.has(found.key)) return;
    const value = this.#given.get(found.key);
    this.report(found.key, found.use === 'refused' ? `must be left out. ${found.meaning}` : `must be ${found.range}${hint(found, value)}`);
  }

  /** Where the value of `key` comes from, as messages name it. */
  where(key: string): string {
    const variable = this.#environment.values.get(key)?.variable;
    if (variable !== undefined) return `environment ${variable}`;
    return this.#given.has(key) || this.get(key) === undefined ? this.#where(key) : 'default';
  }

  /** `key = value (where)`, for messages about two settings. */
  describe(key: string): string {
    return `${key} = ${shownValue(key, this.get(key))} (${this.where(key)})`;
  }

  /** Notes a problem with `key`; it is not usable from then on. */
  report(key: string, advice: string): void {
    const value = this.get(key);
    this.#bad.add(key);
    this.problems.push({ where: this.where(key), key, advice, ...(value === undefined ? {} : { given: shownValue(key, value) }) });
  }

  /** True when a file or the environment sets `key`. */
  given(key: string): boolean {
    return this.#given.has(key);
  }

  /** True when all `keys` have values with which nothing is wrong so far. */
  usable(...keys: string[]): boolean {
    return keys.every((key) => !this.#bad.has(key) && this.get(key) !== undefined);
  }

  /** Gives `key` a default, unless it is set. */
  fill(key: string, value: unknown): void {
    if (!this.#given.has(key)) this.#filled.set(key, value);
  }

  /** The value of `key`: given, filled in, or its fixed default. */
  get(key: string): unknown {
    return this.#given.get(key) ?? this.#filled.get(key) ?? SETTINGS_BY_KEY.get(key)?.fallback;
  }

  /** The value of a number setting; what does not fit exactly is so large that it is capped later. */
  number(key: string): number {
    return Number(this.get(key));
  }

  /** The value of a text or choice. */
  text(key: string): string {
    return String(this.get(key));
  }

  /** The value of a flag. */
  flag(key: string): boolean {
    return this.get(key) === true;
  }
}

function hint(found: SettingRow, value: unknown): string {
  if (value === '') return '; an empty variable or text does not unset a setting: give it a value or remove it';
  if ((found.type === 'integer' || found.type === 'number') && typeof value === 'string') return '; write a number, without quotes in a file';
  if (found.type === 'choice' && typeof value === 'string') {
    const meant = suggest(value, found.choices ?? []);
    return meant === undefined ? '' : `; did you mean "${meant}"? Upper and lower case matter`;
  }
  if (found.key === 'api.bind_address' && typeof value === 'string' && /^[a-z]/i.test(value)) return '; host names are not resolved, localhost is 127.0.0.1';
  return '';
}

/** Tables and lists deeper than any setting has. */
const DEEPEST = 8;

/** A copy whose tables and lists end at {@link DEEPEST} levels: thousands of them are as wrong as one too many, and no reason to run out of stack. */
function shallow(value: unknown, depth = 0): unknown {
  if (Array.isArray(value)) return depth === DEEPEST ? '[…]' : value.map((item) => shallow(item, depth + 1));
  if (!isTable(value)) return value;
  return depth === DEEPEST ? '{…}' : Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shallow(item, depth + 1)]));
}

/** `file`, which is changed, with the values of the environment. */
function overlay(file: unknown, environment: EnvironmentSettings): unknown {
  if (!isTable(file)) return file;
  for (const [key, { value }] of environment.values) {
    const path = key.split('.');
    const last = path.pop()!;
    let table: unknown = file;
    for (const part of path) {
      if (!isTable(table)) break;
      table[part] ??= {};
      table = table[part];
    }
    if (isTable(table)) table[last] = value;
  }
  return file;
}

function withoutBigInts(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(withoutBigInts);
  return isTable(value) ? Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withoutBigInts(item)])) : value;
}
