// Many documents in one file of JSON: recorded rounds, where every message is opened with the key of its round and checked against it, and known
// answers (vectors/), where each has to come out as it says. All are inspected; the report counts them by kind and shows some.

import { fromHex, toHex } from '@xaynet/core/bytes';
import { isXaynetError } from '@xaynet/core/errors';
import { type CoordinatorState, decodeCoordinatorState, decodeRoundParams } from '@xaynet/core/round';
import { joinedReports } from './chunks.ts';
import { Cursor } from './cursor.ts';
import { type InspectOptions, inspectBytes } from './inspect.ts';
import type { KindName } from './kind-names.ts';
import { type Check, isWrong, type Report } from './report.ts';
import { countText } from './show.ts';

/** Kinds of known answers, as vectors/ names them. */
export const VECTOR_KINDS: Readonly<Record<string, KindName>> = {
  maskConfig: 'mask-config',
  maskUnit: 'mask-unit',
  maskVect: 'mask-vect',
  maskObject: 'mask-object',
  derivedMask: 'mask-object',
  localSeedDict: 'local-seed-dict',
  roundParams: 'params',
  sumDict: 'sum-dict',
  updateSeedDict: 'update-seed-dict',
  seedDict: 'seed-dict',
  coordinatorState: 'coordinator-state',
  model: 'model',
  chunk: 'chunk',
};

/** Documents that are named where they are wrong, at most. */
const MOST_NAMED = 5;

interface Item {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly options: InspectOptions;
  /** The error that it must give: a code, or null for none; undefined: none is expected. */
  readonly error?: string | null | undefined;
}

/** What was said once; of a damaged file anything may be missing. */
interface Exchange {
  readonly n?: unknown;
  readonly method?: unknown;
  readonly path?: unknown;
  readonly request_hex?: unknown;
  readonly response_hex?: unknown;
}

/** The report of a collection; undefined when the bytes are none. */
export function inspectCollection(source: string, bytes: Uint8Array, options: InspectOptions): Report | undefined {
  const items = itemsOf(bytes, options);
  if (items === undefined) return undefined;
  const reports = items.map(inspectItem);
  const shown = new Cursor(new Uint8Array(0), options.look);
  // Chunks of one round at a time: what is known of it goes with them.
  const rounds = new Map(items.map((item) => [item.options.known, [] as Report[]]));
  for (const [i, report] of reports.entries()) rounds.get(items[i]!.options.known)!.push(report);
  const all = [...reports, ...[...rounds].flatMap(([known, some]) => joinedReports(some, { ...options, as: undefined, known }))];
  return {
    source,
    kind: 'collection',
    title: `JSON with ${countText(items.length, 'document', 'documents')} in it`,
    size: bytes.length,
    because: 'it is JSON with documents in hexadecimal; --elements FROM..TO and --all show others than these',
    fields: [],
    signed: undefined,
    checks: summary(all),
    verdict: undefined,
    inside: reports.filter((_, i) => shown.isShown(i, reports.length)),
    isRight: !all.some(isWrong),
    bytes: undefined,
  };
}

function itemsOf(bytes: Uint8Array, options: InspectOptions): Item[] | undefined {
  if (!/^\s*[[{]/.test(new TextDecoder('latin1').decode(bytes.subarray(0, 64)))) return undefined;
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  const { coordinator_states: states, exchanges } = Object(content) as { coordinator_states?: { hex?: unknown }[]; exchanges?: Exchange[] };
  const items = Array.isArray(states) && Array.isArray(exchanges) ? recorded(states, exchanges, options) : vectorsIn(content, options);
  return items.length === 0 ? undefined : items;
}

/** Every object with bytes in hexadecimal, wherever it is. */
function vectorsIn(content: unknown, options: InspectOptions, path = ''): Item[] {
  if (typeof content !== 'object' || content === null) return [];
  const { bytes, name, kind, tag, error } = content as { bytes?: unknown; name?: unknown; kind?: unknown; tag?: unknown; error?: string | null };
  const label = typeof name === 'string' ? name : path;
  if (typeof bytes !== 'string' || !/^([0-9a-f]{2})+$/i.test(bytes)) {
    return Object.entries(content).flatMap(([key, value]) => vectorsIn(value, options, typeof name === 'string' ? `${name}, ${key}` : key));
  }
  const named =
    typeof kind === 'string' && Object.hasOwn(VECTOR_KINDS, kind) && 'fields' in content && !('coordinatorSecretKey' in content)
      ? VECTOR_KINDS[kind]
      : undefined;
  const as = options.as ?? named ?? (typeof tag === 'string' && /^(sum|update|sum2)$/.test(tag) ? (`payload-${tag}` as KindName) : undefined);
  return [
    { name: label, bytes: fromHex(bytes), options: { ...options, as, because: named === undefined ? undefined : `the file says ${String(kind)}` }, error },
  ];
}

/** What was said in a recorded round, each with what is known of that round. */
function recorded(states: readonly { hex?: unknown }[], exchanges: readonly Exchange[], options: InspectOptions): Item[] {
  const rounds = new Map<string, CoordinatorState>();
  const damaged: Item[] = [];
  for (const [i, each] of states.entries()) {
    const bytes = bytesOf(Object(each).hex);
    const state = ifDecodes(decodeCoordinatorState, bytes);
    if (state === undefined)
      damaged.push(itemOf(`coordinator_states ${i}`, bytes, { ...options, as: 'coordinator-state', because: 'it is where one has to be' }));
    else rounds.set(toHex(state.params.publicKey), state);
  }
  let known = options.known;
  const said = exchanges.flatMap((each): Item[] => {
    const { n, method, path, request_hex, response_hex } = Object(each) as Exchange;
    const route = String(path).replace(/\?.*/s, '');
    const name = `#${String(n)} ${String(method)} ${route}`;
    if (method === 'POST') return [itemOf(name, bytesOf(request_hex), { ...options, known, as: 'sealed', because: 'what is posted is sealed' })];
    if (response_hex === '') return [];
    const bytes = bytesOf(response_hex);
    const as = DOCUMENTS.get(route.replace(/^\//, ''));
    const params = as === 'params' ? ifDecodes(decodeRoundParams, bytes) : undefined;
    if (params !== undefined) {
      const state = rounds.get(toHex(params.publicKey));
      known = { ...options.known, params, roundSeed: params.seed, coordinatorKeys: state === undefined ? [] : [state.keys] };
    }
    return [itemOf(name, bytes, { ...options, known, as, because: `the answer to ${name.split(' ').slice(1).join(' ')}` })];
  });
  return [...damaged, ...said];
}

const DOCUMENTS: ReadonlyMap<string, KindName> = new Map([
  ['params', 'params'],
  ['sums', 'sum-dict'],
  ['seeds', 'update-seed-dict'],
  ['model', 'model'],
] as const);

/** A document of a recorded round; no bytes where there should be some are nothing that is known. */
function itemOf(name: string, bytes: Uint8Array | undefined, options: InspectOptions): Item {
  if (bytes !== undefined) return { name, bytes, options };
  return { name: `${name}, no hexadecimal`, bytes: new Uint8Array(0), options: { ...options, as: undefined } };
}

function bytesOf(hex: unknown): Uint8Array | undefined {
  return typeof hex === 'string' && /^([0-9a-f]{2})*$/i.test(hex) ? fromHex(hex) : undefined;
}

function ifDecodes<T>(decode: (bytes: Uint8Array) => T, bytes: Uint8Array | undefined): T | undefined {
  try {
    return bytes && decode(bytes);
  } catch (error) {
    if (!isXaynetError(error)) throw error;
    return undefined;
  }
}

function inspectItem({ name, bytes, options, error }: Item): Report {
  let report: Report;
  try {
    report = inspectBytes(name, bytes, options);
  } catch (thrown) {
    if (!isXaynetError(thrown, 'inspect-ambiguous')) throw thrown;
    report = inspectBytes(name, bytes, { ...options, as: 'model' }); // an empty one, whatever it is of
  }
  if (error === undefined) return report;
  const code = report.verdict?.code ?? null;
  const isRight = code === error;
  const says = isRight ? `it gives ${error ?? 'no error'}, as it must` : `it gives ${code ?? 'no error'}, and must give ${error ?? 'none'}`;
  return { ...report, checks: [...report.checks, { outcome: isRight ? 'ok' : 'wrong', says, section: '' }], isRight };
}

/** How many of each kind there are, and which are wrong. */
function summary(reports: readonly Report[]): Check[] {
  const kinds = new Map<string, Report[]>();
  for (const report of reports) {
    const kind = report.inside[0] === undefined ? report.kind : `${report.kind}: ${report.inside[0].kind}`;
    kinds.set(kind, [...(kinds.get(kind) ?? []), report]);
  }
  return [...kinds].map(([kind, some]) => {
    const bad = some.filter(isWrong).map(({ source }) => source);
    const named = `${bad.slice(0, MOST_NAMED).join(', ')}${bad.length > MOST_NAMED ? ', …' : ''}`;
    return { outcome: bad.length === 0 ? 'ok' : 'wrong', says: `${some.length} × ${kind}${bad.length === 0 ? '' : `; wrong: ${named}`}`, section: '' };
  });
}
