// What the tests of the API share: a coordinator of fixed data behind a real HTTP server, a reader of event streams, and a JSON Schema checker
// that knows the few keywords that schemas.ts uses. It is a test file because it must not be shipped.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMaskConfig, rational } from '@xaynet/core/mask';
import { encodeModel } from '@xaynet/core/round';
import { type CoordinatorEvent, EventBus } from '../../events.ts';
import type { MaskedSample } from '../../masked-sample.ts';
import { parseSettings } from '../../settings/settings.ts';
import { settingsDocument } from '../../settings-document.ts';
import type { ModelEntry, RoundRecord, RoundReport, StoreUsage } from '../../stores/contract.ts';
import { FakePort } from '../raw-client.test.ts';
import { type HttpServer, startHttp } from '../server.ts';
import { type ApiOptions, createApi } from './api.ts';
import type { SettingsJson } from './documents.ts';
import type { ApiHealth, ApiPort, ApiStatus, Readiness } from './port.ts';
import { SCHEMAS } from './schemas.ts';

export const CONFIG = parseMaskConfig('Prime/F32/B0/M3');
export const ID = `3_${'ab'.repeat(32)}`;
export const OLD_ID = `1_${'cd'.repeat(32)}`;

/** 1/3, -1/2, 0, 2^-60 and 100000 further weights: some blocks and slices long. */
export const FRACTIONS = [
  rational(1, 3),
  rational(-1, 2),
  rational(0),
  rational(1n, 2n ** 60n),
  ...Array.from({ length: 100_000 }, (_, i) => rational(i - 50_000, 7)),
];
export const MODEL: Uint8Array = encodeModel(FRACTIONS);
export const OLD_MODEL: Uint8Array = encodeModel([rational(10n ** 300n), rational(1, 2)]);

export function record(round: number): RoundRecord {
  const hash = 'ef'.repeat(32);
  const counts = { sums: 1, updates: 3, masks: 1 };
  const signed = { hashes: { params: hash, model: hash }, signer: hash, signature: hash.repeat(2) };
  if (round % 2 === 1) return { round, outcome: 'model', began: 1000, ended: 2000, ...counts, model: `${round}_${hash}`, ...signed };
  return { round, outcome: 'failure', began: 1000, ended: 2000, ...counts, phase: 'sum', code: 'phase-timeout', ...signed };
}

/** A look at a masked vector of three numbers. */
export const SAMPLE: MaskedSample = { elements: 3, bytesPerElement: 7, hex: 'ab'.repeat(21), levels: Uint8Array.of(0, 128, 255), histogram: [1, 2] };

/** The model of round 3. */
export const MODEL_EVENT: CoordinatorEvent = {
  type: 'model',
  round: 3,
  model: { bytes: MODEL } as never,
  weights: FRACTIONS.length,
  updates: 3,
  scalarSum: rational(1),
  masked: SAMPLE,
};

const SETTINGS = settingsDocument(parseSettings({ model: { length: 4 } }));

/** A coordinator with fixed data. */
export class FakeApiPort implements ApiPort {
  readonly version = '1.2.3';
  readonly began = 1_700_000_000_000;
  readonly task = { modelLength: FRACTIONS.length, mask: CONFIG, dataType: CONFIG.data };
  readonly masking = { kernel: 'wasm', keystream: 'openssl' };
  readonly bus = new EventBus();
  readonly metrics = { contentType: 'text/plain; version=0.0.4; charset=utf-8', render: async () => 'xaynet_up 1\n' };
  readonly stored = new Map<string, Uint8Array>([
    [ID, MODEL],
    [OLD_ID, OLD_MODEL],
  ]);
  state: ApiStatus = { round: 3, phase: 'sum', sums: 0, updates: 0, queued: 0, chunkBytes: 0, failures: 0 };
  readiness: Readiness = { ready: true };
  reported: RoundReport[] = [{ round: 3, values: { accuracy: 0.5 } }];
  maskedUpdate: (() => MaskedSample | undefined) | undefined;
  looks = 0;
  kept: RoundRecord[] = [5, 4, 3, 2, 1].map(record);
  latest: string | undefined = ID;
  /** What every question to the store throws. */
  broken: Error | undefined;
  modelsRead = 0;
  probes = 0;

  #check(): void {
    if (this.broken !== undefined) throw this.broken;
  }
  now(): number {
    return this.began + performance.now();
  }
  status(): ApiStatus {
    return this.state;
  }
  health(): ApiHealth {
    this.looks++;
    return { rss: 1000, heapUsed: 500, cpu: 0.25, delay: undefined, connections: 2, workers: { busy: 1, total: 3, waiting: 0 } };
  }
  settings(): SettingsJson {
    return SETTINGS;
  }
  async reports(limit: number, before = Number.POSITIVE_INFINITY): Promise<readonly RoundReport[]> {
    this.#check();
    return this.reported.filter(({ round }) => round < before).slice(0, limit);
  }
  async ready(): Promise<Readiness> {
    this.probes++;
    return this.readiness;
  }
  on(listener: (event: CoordinatorEvent) => void): () => void {
    return this.bus.on(listener);
  }
  async records(limit: number, before = Number.POSITIVE_INFINITY): Promise<readonly RoundRecord[]> {
    this.#check();
    return this.kept.filter(({ round }) => round < before).slice(0, limit);
  }
  async models(): Promise<readonly ModelEntry[]> {
    this.#check();
    return [...this.stored].map(([id, bytes]) => ({ id, bytes: bytes.length }));
  }
  async model(id: string): Promise<Uint8Array | undefined> {
    this.#check();
    this.modelsRead++;
    return this.stored.get(id);
  }
  async latestModelId(): Promise<string | undefined> {
    this.#check();
    return this.latest;
  }
  async usage(): Promise<StoreUsage> {
    this.#check();
    return { bytes: 12, free: Number.POSITIVE_INFINITY };
  }
}

/** Serves the API of `port` while `use` runs. */
export async function serving<T>(
  use: (url: string, port: FakeApiPort, server: HttpServer) => Promise<T>,
  { port = new FakeApiPort(), api, cors = [] }: { port?: FakeApiPort; api?: ApiOptions; cors?: string[] } = {},
): Promise<T> {
  const routes = createApi(port, api);
  const server = await startHttp({ host: '127.0.0.1', portNumber: 0, corsOrigins: cors, statusCodes: false, port: new FakePort(), api: routes });
  try {
    return await use(server.url, port, server);
  } finally {
    await server.close();
  }
}

/** The problem document of a refusal. */
export async function problemOf(response: Response): Promise<{ code: string; status: number; detail: string; title: string; type: string }> {
  assert.equal(response.headers.get('content-type'), 'application/problem+json');
  const problem = (await response.json()) as { code: string; status: number; detail: string; title: string; type: string };
  assert.deepEqual(mistakesOf(problem, SCHEMAS.Problem), []);
  assert.equal(problem.status, response.status);
  assert.equal(problem.type, `urn:xaynet:error:${problem.code}`);
  return problem;
}

/** What a value has that its schema does not allow. */
export function mistakesOf(value: unknown, schema: unknown, at = '$'): string[] {
  const { $ref, anyOf, type, enum: allowed, pattern, minimum, properties, required, additionalProperties, items } = schema as Record<string, never>;
  if ($ref !== undefined) return mistakesOf(value, SCHEMAS[String($ref).split('/').at(-1)!], at);
  if (anyOf !== undefined) {
    const tried = (anyOf as unknown[]).map((one) => mistakesOf(value, one, at));
    return tried.some((mistakes) => mistakes.length === 0) ? [] : (tried.sort((a, b) => a.length - b.length)[0] ?? []);
  }
  const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  if (type !== undefined && kind !== type && !(type === 'integer' && Number.isInteger(value))) return [`${at}: ${type} expected, ${kind} found`];
  const mistakes: string[] = [];
  if (allowed !== undefined && !(allowed as unknown[]).includes(value)) mistakes.push(`${at}: ${String(value)} is not allowed`);
  if (pattern !== undefined && !new RegExp(pattern).test(String(value))) mistakes.push(`${at}: ${String(value)} does not match`);
  if (minimum !== undefined && Number(value) < minimum) mistakes.push(`${at}: ${String(value)} is too small`);
  if (kind === 'array' && items !== undefined) for (const [i, item] of (value as unknown[]).entries()) mistakes.push(...mistakesOf(item, items, `${at}[${i}]`));
  if (kind === 'object') {
    const known = (properties ?? {}) as Record<string, unknown>;
    for (const name of (required ?? []) as string[]) if (!Object.hasOwn(value as object, name)) mistakes.push(`${at}.${name}: missing`);
    for (const [name, member] of Object.entries(value as object)) {
      if (Object.hasOwn(known, name)) mistakes.push(...mistakesOf(member, known[name], `${at}.${name}`));
      else if (additionalProperties === false) mistakes.push(`${at}.${name}: not in the schema`);
    }
  }
  return mistakes;
}

/** One event of a stream. */
export interface SentEvent {
  readonly id?: string;
  readonly event?: string;
  readonly data: Record<string, unknown>;
}

/** Reads an event stream; comments and `retry` are told apart. */
export class EventReader {
  readonly comments: string[] = [];
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #abort: AbortController;
  #text = '';

  private constructor(response: Response, abort: AbortController) {
    this.#reader = response.body!.getReader();
    this.#abort = abort;
  }

  static async open(url: string, lastId?: string, headers: Record<string, string> = {}): Promise<EventReader> {
    const abort = new AbortController();
    const response = await fetch(url, { headers: lastId === undefined ? headers : { ...headers, 'last-event-id': lastId }, signal: abort.signal });
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'text/event-stream');
    return new EventReader(response, abort);
  }

  /** The next event; undefined at the end of the stream. */
  async next(): Promise<SentEvent | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end < 0) {
        const { done, value } = await this.#reader.read();
        if (done) return undefined;
        this.#text += Buffer.from(value).toString();
        continue;
      }
      const fields = this.#text.slice(0, end).split('\n');
      this.#text = this.#text.slice(end + 2);
      const event: Record<string, string> = {};
      for (const field of fields) {
        const mark = field.indexOf(':');
        if (mark === 0) this.comments.push(field.slice(1).trim());
        else event[field.slice(0, mark)] = field.slice(mark + 1).trim();
      }
      if (event.data !== undefined) return { ...event, data: JSON.parse(event.data) as Record<string, unknown> };
    }
  }

  async take(count: number): Promise<SentEvent[]> {
    const events: SentEvent[] = [];
    while (events.length < count) events.push((await this.next())!);
    return events;
  }

  close(): void {
    this.#abort.abort();
  }
}

test('the schema checker finds what is wrong', () => {
  const schema = {
    type: 'object',
    properties: { a: { type: 'integer', minimum: 1 }, b: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
    required: ['a'],
    additionalProperties: false,
  };
  assert.deepEqual(mistakesOf({ a: 1, b: null }, schema), []);
  for (const wrong of [{}, { a: 0 }, { a: 1.5 }, { a: '1' }, { a: 1, b: 2 }, { a: 1, c: 1 }, [], null])
    assert.equal(mistakesOf(wrong, schema).length, 1, JSON.stringify(wrong));
});
