// The JSON that the API speaks, as JSON Schema: the components of the OpenAPI document. Tests check real answers against them, so every member
// is named, and nothing that is not named is sent.

import { ERRORS } from '@xaynet/core/errors';
import type { PhaseName } from '../../round/state.ts';
import { FORMAT_NAMES } from './model-formats.ts';
import type { Schema } from './route.ts';

/** The phases of a round, in their order, then failure and shutdown. */
const PHASES: readonly PhaseName[] = ['idle', 'sum', 'update', 'sum2', 'unmask', 'failure', 'shutdown'];

const COUNT: Schema = { type: 'integer', minimum: 0 };
const TIME: Schema = { type: 'integer', description: 'Milliseconds since 1970.' };
const TEXT: Schema = { type: 'string' };
const NUMBER: Schema = { type: 'number' };
const HASH: Schema = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const CODE: Schema = { type: 'string', enum: Object.keys(ERRORS) };

const optional = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
const list = (items: Schema): Schema => ({ type: 'array', items });
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** An object with these members and no others; all are there but those of `mayLack`. */
function object(properties: Readonly<Record<string, Schema>>, mayLack: readonly string[] = []): Schema {
  return { type: 'object', properties, required: Object.keys(properties).filter((name) => !mayLack.includes(name)), additionalProperties: false };
}

const VERDICTS = ['rejected', 'discarded', 'refused'];
const LEVELS: Schema = { type: 'string', description: 'Base64: where each of the first 1024 numbers lies, 0 to 255.' };
const COUNTS: Schema = list(COUNT);

/** A look at numbers under a mask. */
const MASKED: Schema = object({
  elements: COUNT,
  bytesPerElement: COUNT,
  hex: { ...TEXT, description: 'The first bytes.' },
  levels: LEVELS,
  histogram: { ...COUNTS, description: 'Of the first 4096 numbers, over 32 equal parts of the group.' },
});

/** A look at the weights of a model. */
const MEAN: Schema = object({
  id: TEXT,
  weights: COUNT,
  min: NUMBER,
  max: NUMBER,
  l2: { ...NUMBER, description: 'Length of the weights as a vector.' },
  first: list(NUMBER),
  levels: LEVELS,
  histogram: { ...COUNTS, description: 'Of all weights, over 32 equal parts from min to max.' },
});

const TALLY: Schema = {
  description: 'What this process has seen of the round.',
  ...object({
    round: COUNT,
    since: { ...TIME, description: 'Beginning of the round, or of the process where that was restarted; milliseconds since 1970.' },
    until: optional(TIME),
    probability: object({ sum: NUMBER, update: NUMBER }),
    phases: list(object({ phase: { type: 'string', enum: PHASES }, began: TIME, ended: optional(TIME) })),
    step: { ...COUNT, description: 'Milliseconds of a step of the arrivals.' },
    arrivals: {
      description: 'Messages a step, from `since` on; refused ones of all phases together.',
      ...object({ sum: COUNTS, update: COUNTS, sum2: COUNTS, refused: COUNTS }),
    },
    bytes: object({ accepted: COUNT, refused: COUNT }),
    refusals: list(object({ verdict: { type: 'string', enum: VERDICTS }, code: CODE, title: TEXT, count: COUNT })),
  }),
};

const HEALTH: Schema = object({
  rss: { ...COUNT, description: 'Memory of the process.' },
  heapUsed: COUNT,
  cpu: { ...NUMBER, description: 'Processors at work on average.' },
  delay: optional({ description: 'How late the main thread is, in milliseconds.', ...object({ p50: NUMBER, p99: NUMBER, max: NUMBER }) }),
  connections: COUNT,
  workers: object({ busy: COUNT, total: COUNT, waiting: COUNT }),
  streams: { ...COUNT, description: 'Clients of /events and /live.' },
});

/** Every schema by name. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  Problem: {
    description: 'A refusal (RFC 9457). Switch on `code`, never on the texts.',
    ...object({ type: TEXT, title: TEXT, status: { type: 'integer', minimum: 400, maximum: 599 }, detail: TEXT, code: CODE }),
  },
  Index: object({ name: TEXT, version: TEXT, routes: list(object({ path: TEXT, methods: list(TEXT), summary: TEXT })) }),
  Health: object({ status: { type: 'string', enum: ['alive'] } }),
  Ready: object({ status: { type: 'string', enum: ['ready'] } }),
  Status: object({
    version: TEXT,
    now: TIME,
    began: { ...TIME, description: 'When the process began, in milliseconds since 1970.' },
    uptime: { ...COUNT, description: 'Whole seconds since the process began; all other times are milliseconds.' },
    round: COUNT,
    phase: { type: 'string', enum: PHASES },
    window: optional({ description: 'When the phase ends at the earliest and at the latest.', ...object({ earliestEnd: TIME, latestEnd: TIME }) }),
    counts: optional({
      description: 'Messages of the phase so far; in sum the accepted ones are the candidates.',
      ...object({ accepted: COUNT, rejected: COUNT, discarded: COUNT }),
    }),
    sums: { ...COUNT, description: 'Entries of the published sum dictionary; 0 in sum, which has none yet.' },
    updates: { ...COUNT, description: 'Updates in the aggregate.' },
    queued: { ...COUNT, description: 'Messages that wait for the round.' },
    chunkBytes: { ...COUNT, description: 'Bytes kept of messages that are not complete.' },
    paused: optional({ description: 'Since when and why no message is taken.', ...object({ since: TIME, code: CODE, title: TEXT }) }),
    failures: { ...COUNT, description: 'Rounds that failed in a row.' },
    lastFailure: optional(object({ round: COUNT, phase: { type: 'string', enum: PHASES }, code: CODE, title: TEXT, at: TIME })),
    model: optional(object({ id: TEXT, round: optional(COUNT) })),
    fleet: optional({
      description: 'The processes that share the round; null: this one has it to itself. Counts of the phase are those of all of them.',
      ...object({
        self: { ...TEXT, description: 'The one that answers.' },
        leader: optional({ ...TEXT, description: 'The one that moves the phases.' }),
        members: list(object({ id: TEXT, version: TEXT, began: TIME, accepted: COUNT, refused: COUNT })),
      }),
    }),
    task: object({ modelLength: COUNT, mask: TEXT }),
    masking: object({ kernel: TEXT, keystream: TEXT }),
    store: optional({
      description: 'Bytes that the store takes, and that its disk has left (null: no disk).',
      ...object({ bytes: COUNT, free: optional(COUNT) }),
    }),
  }),
  RoundRecord: {
    description:
      'What became of a round. `signature`: Ed25519 by `signer` over the UTF-8 JSON of this object without `signature`, its members in the order in which they are sent.',
    ...object(
      {
        round: COUNT,
        outcome: { type: 'string', enum: ['model', 'failure'] },
        began: TIME,
        ended: TIME,
        sums: COUNT,
        updates: COUNT,
        masks: COUNT,
        phase: { type: 'string', enum: PHASES },
        code: CODE,
        model: TEXT,
        hashes: object({ params: HASH, sums: HASH, seeds: HASH, aggregate: HASH, model: HASH }, ['params', 'sums', 'seeds', 'aggregate', 'model']),
        signer: { type: 'string', pattern: '^[0-9a-f]{64}$' },
        signature: { type: 'string', pattern: '^[0-9a-f]{128}$' },
      },
      ['phase', 'code', 'model'],
    ),
  },
  RoundList: object({
    rounds: list(ref('RoundRecord')),
    next: optional({ ...TEXT, description: 'Where the list goes on.' }),
    reports: {
      description: 'What the application told of these rounds, by name; not signed by the coordinator.',
      ...list(object({ round: COUNT, values: { type: 'object', additionalProperties: NUMBER } })),
    },
  }),
  Live: object({
    status: ref('Status'),
    round: optional(TALLY),
    health: HEALTH,
    news: { description: 'Grow when there is something new at /models, /rounds and /masked.', ...object({ models: COUNT, rounds: COUNT, masked: COUNT }) },
  }),
  Settings: object({
    settings: list(object({ key: TEXT, value: { description: 'Text, number, or true and false.' }, meaning: TEXT })),
    costs: object({
      mask: TEXT,
      bytesPerWeight: COUNT,
      drawsPerWeight: NUMBER,
      keystreamBytesPerWeight: NUMBER,
      decimals: COUNT,
      maxModels: COUNT,
      isTrap: { type: 'boolean' },
      cheaper: optional(TEXT),
      updateBytes: COUNT,
      maskBytes: COUNT,
      modelBytes: COUNT,
      roundBytes: COUNT,
      participants: COUNT,
    }),
  }),
  Masked: object({
    sum: optional(object({ round: COUNT, updates: COUNT, masked: MASKED, mean: optional(MEAN) })),
    shown: { type: 'boolean', description: 'Whether a single update is shown (page.masked_update).' },
    update: optional(MASKED),
  }),
  ModelList: object({
    models: list(
      object({
        id: TEXT,
        round: optional(COUNT),
        bytes: { ...COUNT, description: 'Of the fractions.' },
        weights: optional({ ...COUNT, description: 'Null as long as nobody has asked for the model since the coordinator was started.' }),
        latest: { type: 'boolean' },
        measures: optional({ description: 'Null until they are worked out.', ...object({ min: NUMBER, max: NUMBER, l2: NUMBER }) }),
        difference: optional({
          description: 'To the model before it; null for the first, and until it is worked out.',
          ...object({ from: TEXT, l2: NUMBER, max: NUMBER }),
        }),
        links: {
          description: 'One of each format that the model can be given in.',
          ...object(Object.fromEntries(FORMAT_NAMES.map((format) => [format, TEXT])), ['i32', 'i64']),
        },
      }),
    ),
    total: COUNT,
  }),
  ModelWeights: object({ id: TEXT, round: optional(COUNT), length: COUNT, weights: list({ type: 'number' }) }),
  OpenApi: { type: 'object', required: ['openapi', 'info', 'paths', 'components'], properties: { openapi: { type: 'string', pattern: '^3\\.1\\.' } } },
};
