// Reads the parameters of a query. What a parameter cannot be is refused with its name, what was expected and what was given; parameters that
// no route knows are left alone, as caches and proxies add some.

import { Refusal } from './responses.ts';

/** The one value of a parameter; undefined when it is not there. Throws `http-query-invalid` when there are several. */
export function one(query: URLSearchParams, name: string): string | undefined {
  const given = query.getAll(name);
  if (given.length > 1) throw new Refusal('http-query-invalid', `${name}: given ${given.length} times`);
  return given[0];
}

/** A whole number from `low` to `high`; undefined when it is not there. */
export function wholeNumber(query: URLSearchParams, name: string, low: number, high: number): number | undefined {
  const text = one(query, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= low && value <= high))
    throw new Refusal('http-query-invalid', `${name}: a whole number from ${low} to ${high} expected, ${shown(text)} given`);
  return value;
}

/** One of `names`; undefined when it is not there. */
export function oneOf<T extends string>(query: URLSearchParams, name: string, names: readonly T[]): T | undefined {
  const text = one(query, name);
  if (text === undefined) return undefined;
  const found = names.find((entry) => entry === text);
  if (found === undefined) throw new Refusal('http-query-invalid', `${name}: one of ${names.join(', ')} expected, ${shown(text)} given`);
  return found;
}

/** Some of `names`, separated by commas; undefined when it is not there. */
export function someOf<T extends string>(query: URLSearchParams, name: string, names: readonly T[]): ReadonlySet<T> | undefined {
  const text = one(query, name);
  if (text === undefined) return undefined;
  return new Set(
    text.split(',').map((part) => {
      const found = names.find((entry) => entry === part.trim());
      if (found === undefined) throw new Refusal('http-query-invalid', `${name}: some of ${names.join(', ')} expected, ${shown(part)} given`);
      return found;
    }),
  );
}

/** A text of a client's, quoted and cut short. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
