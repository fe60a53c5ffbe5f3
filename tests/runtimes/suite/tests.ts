// What stands for `node:test` inside an engine: collects the tests of every file, runs them one after another and prints a line of
// JSON for each. It needs nothing of the engine but `print` and promises, and nothing of Node.

import { say } from './say.ts';

/** What the host tells the bundle, as a global set before it is run. */
export interface Orders {
  /** Tests left out here: a pattern of `file: name`, and the reason. */
  readonly leaveOut: readonly (readonly [pattern: string, why: string])[];
  /** Share of the property runs that are made. */
  readonly share: number;
  /** Seed of the properties. */
  readonly seed: number;
}

/** The orders of the host, or none. */
export const orders: Orders = (globalThis as { xaynetOrders?: Orders }).xaynetOrders ?? { leaveOut: [], share: 1, seed: 1 };

/** A line of output. */
export type Line =
  | { readonly at: string }
  | { readonly test: string; readonly result: 'passed' | 'failed' | 'left out'; readonly ms: number; readonly why?: string }
  | { readonly done: number };

const leaveOut = orders.leaveOut.map(([pattern, why]) => [new RegExp(pattern), why] as const);

type Body = () => unknown;
type Options = { readonly skip?: unknown; readonly timeout?: number };
interface Hooks {
  readonly before: Body[];
  readonly after: Body[];
  readonly beforeEach: Body[];
  readonly afterEach: Body[];
}
interface Group extends Hooks {
  readonly name: string;
  readonly skip: unknown;
  readonly items: (Group | Test)[];
}
interface Test {
  readonly name: string;
  readonly skip: unknown;
  readonly body: Body;
}

const groupOf = (name: string, skip: unknown): Group => ({ name, skip, items: [], before: [], after: [], beforeEach: [], afterEach: [] });
const files: Group[] = [];
let current: Group | undefined;
let needsNode: string | undefined;

/** Called by what stands for modules of Node: the test that is running needs the real ones, so it is left out, not failed. */
export function onlyInNode(what: string): never {
  needsNode ??= `needs ${what} of Node`;
  throw new Error(needsNode);
}

/** `node:test` for one file. */
export function testsOf(file: string): Record<string, unknown> {
  const root = groupOf(file, undefined);
  files.push(root);
  const here = (): Group => current ?? root;
  const split = (options: Options | Body, body?: Body): [Options, Body] => (typeof options === 'function' ? [{}, options] : [options, body!]);
  const test = (name: string, options: Options | Body, body?: Body): void => {
    const [{ skip }, run] = split(options, body);
    here().items.push({ name, skip, body: run });
  };
  const describe = (name: string, options: Options | Body, body?: Body): void => {
    const [{ skip }, run] = split(options, body);
    const outer = here();
    const group = groupOf(name, skip || outer.skip);
    outer.items.push(group);
    current = group;
    run();
    current = outer === root ? undefined : outer;
  };
  const hook = (kind: keyof Hooks) => (body: Body) => void here()[kind].push(body);
  return { test, it: test, describe, before: hook('before'), after: hook('after'), beforeEach: hook('beforeEach'), afterEach: hook('afterEach') };
}

const tell = (line: Line): void => say(JSON.stringify(line));

function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = String(error.stack ?? '');
  const own = stack.includes(error.message) ? stack : `${error.name}: ${error.message}\n${stack}`;
  const text = error.cause === undefined ? own : `${own}\ncaused by ${whyOf(error.cause)}`;
  return text.length > 4000 ? `${text.slice(0, 2500)}\n…\n${text.slice(-1500)}` : text;
}

async function runTest(test: Test, path: string, hooks: readonly Group[], skip: unknown): Promise<void> {
  const reason = leaveOut.find(([pattern]) => pattern.test(path))?.[1] ?? (skip ? String(skip) : undefined);
  if (reason !== undefined) return tell({ test: path, result: 'left out', ms: 0, why: reason });
  tell({ at: path });
  const begun = Date.now();
  needsNode = undefined;
  let failure: unknown;
  let failed = false;
  try {
    for (const { beforeEach } of hooks) for (const body of beforeEach) await body();
    await test.body();
  } catch (error) {
    failed = true;
    failure = error;
  }
  try {
    for (const { afterEach } of hooks) for (const body of afterEach) await body();
  } catch (error) {
    failed = true;
    failure ??= error;
  }
  const ms = Date.now() - begun;
  if (needsNode !== undefined) tell({ test: path, result: 'left out', ms, why: needsNode });
  else if (failed) tell({ test: path, result: 'failed', ms, why: whyOf(failure) });
  else tell({ test: path, result: 'passed', ms });
}

async function runGroup(group: Group, path: string, outer: readonly Group[], skip: unknown): Promise<void> {
  const hooks = [...outer, group];
  const wanted = group.skip || skip;
  if (!wanted) for (const body of group.before) await body();
  for (const item of group.items) {
    if ('items' in item) await runGroup(item, `${path} ${item.name}:`, hooks, wanted);
    else await runTest(item, `${path} ${item.name}`, hooks, wanted || item.skip);
  }
  if (!wanted) for (const body of group.after) await body();
}

/** Runs all that was collected; the last line says how many files there were. */
export async function runAll(): Promise<void> {
  for (const file of files) await runGroup(file, `${file.name}:`, [], undefined);
  tell({ done: files.length });
}
