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
const HASH: Schema = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const CODE: Schema = { type: 'string', enum: Object.keys(ERRORS) };

const optional = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
const list = (items: Schema): Schema => ({ type: 'array', items });
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** An object with these members and no others; all are there but those of `mayLack`. */
function object(properties: Readonly<Record<string, Schema>>, mayLack: readonly string[] = []): Schema {
  return { type: 'object', properties, required: Object.keys(properties).filter((name) => !mayLack.includes(name)), additionalProperties: false };
}

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
  RoundList: object({ rounds: list(ref('RoundRecord')), next: optional({ ...TEXT, description: 'Where the list goes on.' }) }),
  ModelList: object({
    models: list(
      object({
        id: TEXT,
        round: optional(COUNT),
        bytes: { ...COUNT, description: 'Of the fractions.' },
        weights: optional({ ...COUNT, description: 'Null as long as nobody has asked for the model since the coordinator was started.' }),
        latest: { type: 'boolean' },
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
