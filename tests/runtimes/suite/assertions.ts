// What stands for `node:assert/strict` inside an engine, as far as the portable suites use it. That it fails where Node's fails is tested in
// Node (assertions.test.ts).

type Expected = RegExp | (new (...args: never[]) => unknown) | ((error: unknown) => boolean) | Readonly<Record<string, unknown>> | Error;

/** Thrown by every assertion that does not hold. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

const tag = (value: unknown): string => Object.prototype.toString.call(value);

function show(value: unknown, depth = 0): string {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return JSON.stringify(value.length > 500 ? `${value.slice(0, 500)}…` : value);
  if (Object.is(value, -0)) return '-0';
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (depth > 3) return '…';
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    const items = Array.from(value as unknown as ArrayLike<unknown>);
    const shown = items.slice(0, 40).map((item) => show(item, depth + 1));
    return `[${shown.join(', ')}${items.length > 40 ? `, … ${items.length} in all` : ''}]`;
  }
  if (value instanceof Map) return `Map ${show([...value], depth)}`;
  if (value instanceof Set) return `Set ${show([...value], depth)}`;
  return `{ ${Object.keys(value)
    .slice(0, 20)
    .map((key) => `${key}: ${show((value as Record<string, unknown>)[key], depth + 1)}`)
    .join(', ')} }`;
}

function fail(message: unknown, fallback: string): never {
  if (message instanceof Error) throw message;
  throw new AssertionError(message === undefined ? fallback : `${String(message)}: ${fallback}`);
}

/** Equality of `deepStrictEqual`: same values, same prototypes, -0 is not 0, NaN is NaN. */
export function deepEquals(a: unknown, b: unknown, seen: [unknown, unknown][] = []): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b) || tag(a) !== tag(b)) return false;
  if (seen.some(([x, y]) => x === a && y === b)) return true;
  const path: [unknown, unknown][] = [...seen, [a, b]];
  if (ArrayBuffer.isView(a) && !(a instanceof DataView)) {
    const [x, y] = [a as unknown as ArrayLike<unknown>, b as unknown as ArrayLike<unknown>];
    if (x.length !== y.length) return false;
    for (let i = 0; i < x.length; i++) if (!Object.is(x[i], y[i])) return false;
    return true;
  }
  if (a instanceof Error && (a.message !== (b as Error).message || a.name !== (b as Error).name)) return false;
  if (a instanceof RegExp) return String(a) === String(b);
  if (a instanceof Date) return a.getTime() === (b as Date).getTime();
  if (a instanceof Map) {
    const other = b as Map<unknown, unknown>;
    if (a.size !== other.size) return false;
    for (const [key, value] of a) {
      if (other.has(key) ? !deepEquals(value, other.get(key), path) : ![...other].some((entry) => deepEquals([key, value], entry, path))) return false;
    }
    return true;
  }
  if (a instanceof Set) {
    const other = b as Set<unknown>;
    if (a.size !== other.size) return false;
    for (const value of a) if (!other.has(value) && ![...other].some((entry) => deepEquals(value, entry, path))) return false;
    return true;
  }
  if (Array.isArray(a) && a.length !== (b as unknown[]).length) return false;
  const keys = (value: object): PropertyKey[] => [
    ...Object.keys(value),
    ...Object.getOwnPropertySymbols(value).filter((symbol) => Object.prototype.propertyIsEnumerable.call(value, symbol)),
  ];
  const own = keys(a);
  const others = new Set(keys(b));
  return (
    own.length === others.size &&
    own.every((key) => others.has(key) && deepEquals((a as Record<PropertyKey, unknown>)[key], (b as Record<PropertyKey, unknown>)[key], path))
  );
}

const isClass = (expected: unknown): expected is new (...args: never[]) => unknown =>
  typeof expected === 'function' && typeof expected.prototype === 'object' && (expected === Error || expected.prototype instanceof Error);

function checkError(error: unknown, expected: Expected | undefined, message: unknown): void {
  if (expected === undefined || typeof expected === 'string') return;
  if (expected instanceof RegExp) {
    if (!expected.test(String(error))) fail(message, `${show(error)} does not match ${expected}`);
  } else if (isClass(expected)) {
    if (!(error instanceof expected)) fail(message, `${show(error)} is no ${expected.name}`);
  } else if (typeof expected === 'function') {
    if ((expected as (error: unknown) => unknown)(error) !== true) fail(message, `the check of ${show(error)} did not return true`);
  } else {
    const fields = expected instanceof Error ? [...Object.keys(expected), 'message', 'name'] : Object.keys(expected);
    for (const key of fields) {
      const wanted = (expected as Record<string, unknown>)[key];
      const given = (error as Record<string, unknown> | undefined)?.[key];
      const holds = wanted instanceof RegExp && typeof given === 'string' ? wanted.test(given) : deepEquals(given, wanted);
      if (!holds) fail(message, `${key}: ${show(given)} instead of ${show(wanted)} in ${show(error)}`);
    }
  }
}

function ok(value: unknown, message?: unknown): void {
  if (!value) fail(message, `${show(value)} is not truthy`);
}

const assert = Object.assign((value: unknown, message?: unknown) => ok(value, message), {
  AssertionError,
  ok,
  fail: (message?: unknown) => fail(message, 'failed'),
  equal(actual: unknown, expected: unknown, message?: unknown): void {
    if (!Object.is(actual, expected)) fail(message, `${show(actual)} instead of ${show(expected)}`);
  },
  notEqual(actual: unknown, expected: unknown, message?: unknown): void {
    if (Object.is(actual, expected)) fail(message, `${show(actual)} is what it should not be`);
  },
  deepEqual(actual: unknown, expected: unknown, message?: unknown): void {
    if (!deepEquals(actual, expected)) fail(message, `${show(actual)} instead of ${show(expected)}`);
  },
  notDeepEqual(actual: unknown, expected: unknown, message?: unknown): void {
    if (deepEquals(actual, expected)) fail(message, `${show(actual)} is what it should not be`);
  },
  match(text: string, pattern: RegExp, message?: unknown): void {
    if (typeof text !== 'string' || !pattern.test(text)) fail(message, `${show(text)} does not match ${pattern}`);
  },
  doesNotMatch(text: string, pattern: RegExp, message?: unknown): void {
    if (typeof text !== 'string' || pattern.test(text)) fail(message, `${show(text)} matches ${pattern}`);
  },
  throws(run: () => unknown, expected?: Expected, message?: unknown): void {
    let error: unknown;
    try {
      run();
    } catch (caught) {
      error = caught;
      checkError(error, expected, message);
      return;
    }
    fail(message ?? (typeof expected === 'string' ? expected : undefined), 'nothing was thrown');
  },
  doesNotThrow(run: () => unknown, message?: unknown): void {
    try {
      run();
    } catch (error) {
      fail(message, `${show(error)} was thrown`);
    }
  },
  async rejects(work: Promise<unknown> | (() => Promise<unknown>), expected?: Expected, message?: unknown): Promise<void> {
    try {
      await (typeof work === 'function' ? work() : work);
    } catch (error) {
      checkError(error, expected, message);
      return;
    }
    fail(message ?? (typeof expected === 'string' ? expected : undefined), 'nothing was rejected');
  },
  async doesNotReject(work: Promise<unknown> | (() => Promise<unknown>), message?: unknown): Promise<void> {
    try {
      await (typeof work === 'function' ? work() : work);
    } catch (error) {
      fail(message, `${show(error)} was rejected`);
    }
  },
});

export const { ok: isOk, equal, notEqual, deepEqual, notDeepEqual, match, doesNotMatch, throws, rejects, doesNotReject, doesNotThrow } = assert;
export default assert;
