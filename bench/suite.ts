// The suite: which cases run on which source, one line after the other. The same in Node and in a page; what only one of them has
// (OpenSSL, threads) comes in by argument.

import { detectCryptoProviders } from '@xaynet/core/crypto';
import { deriveMask, parseMaskConfig } from '@xaynet/core/mask';
import { BACKENDS, currentBackend, useBackend, useProvider, workerOf } from './backends.ts';
import { type Case, measure, Unequal } from './cases.ts';
import { asyncCryptoCases, cryptoCases } from './crypto-cases.ts';
import { type Keystream, nobleKeystream, wasmKeystream } from './keystreams.ts';
import type { Line } from './lines.ts';
import { MASKING_CASES, type Subject, seed } from './masking-cases.ts';
import type { Patience } from './measure.ts';
import { sum2Case, type Threads } from './sum2-case.ts';

/** What to measure; plain data, so that it can be sent to a page. */
export interface Order {
  readonly length: number;
  readonly configs: readonly string[];
  /** Masking backend, or 'auto': the one that core chooses, and deriving on the others too. */
  readonly kernel: string;
  /** Parts of case names; empty for all. */
  readonly only: readonly string[];
  /** Weights given to the oracle. */
  readonly slowly: number;
  readonly patience: Patience;
  readonly judged: boolean;
  /** Bytes of a long message. */
  readonly message: number;
  /** Threads of a whole sum2. */
  readonly threads: number;
  /** Seeds of a whole sum2, at most. */
  readonly seeds: number;
}

/** What the place has to offer. */
export interface Place {
  readonly where: string;
  readonly isPage: boolean;
  readonly openssl?: () => Keystream;
  /** Starts threads. */
  readonly threads?: (count: number) => Promise<Threads & { close(): void }>;
}

/** The name of every case, for --only and for RESULTS.md. */
export const CASE_NAMES: readonly string[] = [...MASKING_CASES.map(({ name }) => name), 'sum2, 1 thread', 'sum2, 2 threads', 'seal', 'open', 'sign', 'verify'];

/** A whole sum2 is measured with fewer seeds where one of all would take longer, seconds. */
const SUM2_LONG = 3;

/** Every line of the order; `starts` is told what runs next. */
export async function* runSuite(order: Order, place: Place, starts: (what: string) => void): AsyncGenerator<Line> {
  for (const backend of backendsOf(order.kernel)) {
    const { name: source, main } = backend;
    const isChosen = main && order.kernel === 'auto';
    try {
      backend.use();
    } catch (error) {
      yield* missing(order, place, source, main ? order.configs : [], String((error as Error).message));
      continue;
    }
    for (const name of order.configs) {
      const subject = subjectOf(name, place, order, source, isChosen);
      for (const { name: each, make } of MASKING_CASES) {
        if (!isWanted(each, order) || (!main && each !== 'derive')) continue;
        starts(`${each} ${name} ${source}`);
        yield await line(make(subject), order, place, source, isChosen);
      }
      if (main) yield* sum2Lines(subject, order, place, source, isChosen, starts);
    }
  }
  backendsOf('auto')[0]!.use();
  yield* cryptoLines(order, place, starts);
}

function isWanted(name: string, { only }: Order): boolean {
  return only.length === 0 || only.some((part) => name.includes(part));
}

async function line(subject: Case, order: Order, { where }: Place, source: string, chosen: boolean): Promise<Line> {
  try {
    return await measure(subject, { where, source, chosen, patience: order.patience, judged: order.judged });
  } catch (error) {
    if (error instanceof Unequal) throw new Unequal(`${subject.name} ${subject.config} (${source}, ${where}): ${error.message}`);
    throw error;
  }
}

interface Backend {
  readonly name: string;
  /** Whether all cases run on it, or deriving only. */
  readonly main: boolean;
  use(): void;
}

function backendsOf(kernel: string): Backend[] {
  if (kernel !== 'auto') return [{ name: kernel, main: true, use: () => useBackend(kernel) }];
  useBackend('auto');
  const chosen = currentBackend();
  const others = BACKENDS.filter((name) => name !== chosen);
  return [{ name: chosen, main: true, use: () => useBackend('auto') }, ...others.map((name) => ({ name, main: false, use: () => useBackend(name) }))];
}

function subjectOf(name: string, place: Place, order: Order, source: string, isChosen: boolean): Subject {
  const keystream = keystreamOf(source, place);
  return {
    config: parseMaskConfig(name),
    length: order.length,
    slowly: Math.min(order.slowly, order.length),
    ...(keystream === undefined ? {} : { keystream }),
    bars: place.isPage ? (source === 'wasm' ? 'page' : 'none') : isChosen ? 'chosen' : 'none',
  };
}

function keystreamOf(source: string, place: Place): Subject['keystream'] {
  if (source === 'plain') return { name: 'noble', run: nobleKeystream() };
  if (source === 'wasm') return { name: 'WASM', run: wasmKeystream() };
  return place.openssl === undefined ? undefined : { name: 'OpenSSL', run: place.openssl() };
}

async function* sum2Lines(
  subject: Subject,
  order: Order,
  place: Place,
  source: string,
  isChosen: boolean,
  starts: (what: string) => void,
): AsyncGenerator<Line> {
  const names = ['sum2, 1 thread', `sum2, ${order.threads} threads`];
  if (!names.some((name) => isWanted(name, order))) return;
  starts(`sum2 ${subject.config.name} ${source}`);
  const start = performance.now();
  deriveMask({ config: { vect: subject.config, unit: subject.config }, seed: seed(1), length: subject.length });
  const one = (performance.now() - start) / 1000;
  const seeds = Math.max(2, Math.min(order.seeds, Math.floor(SUM2_LONG / one)));
  const told = (each: Case): Case => ({ ...each, config: `${each.config} × ${seeds}` });
  if (isWanted(names[0]!, order)) yield await line(told(sum2Case(subject, seeds)), order, place, source, isChosen);
  if (!isWanted(names[1]!, order)) return;
  if (order.kernel !== 'auto' || place.threads === undefined) {
    const reason =
      place.threads === undefined ? 'threads are measured in Node only; tests/browser runs them' : 'threads choose their own backend; leave --kernel out';
    yield { case: names[1]!, config: subject.config.name, source, where: place.where, missing: reason };
    return;
  }
  const threads = await place.threads(order.threads);
  try {
    yield await line(told(sum2Case(subject, seeds, threads)), order, place, source, isChosen);
  } finally {
    threads.close();
  }
}

async function* cryptoLines(order: Order, place: Place, starts: (what: string) => void): AsyncGenerator<Line> {
  if (!['seal', 'open', 'sign', 'verify'].some((name) => isWanted(name, order))) return;
  const done = new Set<string>();
  for (const provider of ['best', 'node:crypto', 'sodium-native', 'noble'] as const) {
    if (place.isPage && provider !== 'noble') continue; // there is no other without waiting
    try {
      useProvider(provider);
    } catch {
      yield { case: 'seal, open, sign, verify', config: '', source: provider, where: place.where, missing: 'this provider is not installed' };
      continue;
    }
    const trusted = <T>(run: () => T): T => {
      useProvider('noble');
      try {
        return run();
      } finally {
        useProvider(provider);
      }
    };
    for (const each of cryptoCases(trusted, order.message)) {
      const does = workerOf(each.name, each.unit === 'bytes');
      if (!isWanted(each.name, order)) continue;
      // What the chosen provider does was measured first, as chosen.
      const key = `${each.name} ${each.config} ${does}`;
      if (done.has(key) || (provider !== 'best' && does !== provider)) continue;
      done.add(key);
      starts(key);
      yield await line(each, order, place, does, provider === 'best');
    }
  }
  useProvider('best');
  yield* webCryptoLines(order, place, starts);
}

async function* webCryptoLines(order: Order, place: Place, starts: (what: string) => void): AsyncGenerator<Line> {
  const source = 'webcrypto';
  const absent = { case: 'sign, verify', config: `${order.message / 1e6} MB`, source, where: place.where };
  const trusted = <T>(run: () => T): T => {
    useProvider('noble');
    try {
      return run();
    } finally {
      useProvider(source);
    }
  };
  try {
    useProvider(source);
    if ((await detectCryptoProviders()).asyncSigning !== source) throw new Error('its WebCrypto has no Ed25519');
  } catch (error) {
    yield { ...absent, missing: (error as Error).message };
    useProvider('best');
    return;
  }
  for (const each of asyncCryptoCases(trusted, order.message)) {
    if (!isWanted(each.name, order)) continue;
    starts(`${each.name} ${each.config} ${source}`);
    yield await line(each, order, place, source, false);
  }
  useProvider('best');
}

/** Every wanted case of a backend that is not there. */
function* missing(order: Order, { where }: Place, source: string, configs: readonly string[], reason: string): Generator<Line> {
  const names = configs.length > 0 ? MASKING_CASES.map(({ name }) => name) : ['derive'];
  for (const config of configs.length > 0 ? configs : ['all']) {
    for (const name of names) if (isWanted(name, order)) yield { case: name, config, source, where, missing: reason };
  }
}
