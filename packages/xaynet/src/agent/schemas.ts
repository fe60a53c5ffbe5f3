// The JSON that the agent speaks, as JSON Schema: the components of its OpenAPI document. Tests check real answers against them.

import type { Schema } from '@xaynet/coordinator/http';
import { ERRORS } from '@xaynet/core/errors';

const TEXT: Schema = { type: 'string' };
const COUNT: Schema = { type: 'integer', minimum: 0 };
const CODE: Schema = { type: 'string', enum: Object.keys(ERRORS) };
const DATA: Schema = { type: 'string', enum: ['F32', 'F64', 'I32', 'I64'], description: 'What the round computes in.' };
const ROUND: Schema = { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'Id of a round.' };

const optional = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
const object = (properties: Readonly<Record<string, Schema>>): Schema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

/** Every schema by name. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  Problem: {
    description: 'A refusal (RFC 9457). Switch on `code`, never on the texts.',
    ...object({ type: TEXT, title: TEXT, status: { type: 'integer', minimum: 400, maximum: 599 }, detail: TEXT, code: CODE }),
  },
  Task: object({
    id: TEXT,
    round: ROUND,
    length: { ...COUNT, description: 'Number of weights that the trained model must have.' },
    dataType: DATA,
    global: optional({ ...TEXT, description: 'Path of the model to start from; null: there is none yet.' }),
    model: { ...TEXT, description: 'Path to PUT the trained model to.' },
  }),
  Status: object({
    version: TEXT,
    coordinator: { ...TEXT, description: 'Its base URL.' },
    joined: { type: 'boolean', description: 'Whether the agent takes part.' },
    participant: optional({ ...TEXT, description: 'Public key in base64; null before the first round.' }),
    round: optional(ROUND),
    role: { type: 'string', enum: ['none', 'sum', 'update'], description: 'In this round.' },
    waitingFor: optional({ type: 'string', enum: ['round', 'sums', 'seeds', 'model', 'network', 'store'] }),
    task: optional({ $ref: '#/components/schemas/Task' }),
    rounds: { ...COUNT, description: 'Rounds seen since the agent began.' },
    updates: { ...COUNT, description: 'Updates delivered since then.' },
    errors: {
      description: 'The last ones.',
      type: 'array',
      items: object({ at: { type: 'integer', description: 'Milliseconds since 1970.' }, round: optional(ROUND), code: CODE, message: TEXT }),
    },
  }),
  Taken: object({ id: TEXT, round: ROUND, length: COUNT }),
  Ending: object({ ending: { type: 'boolean' } }),
  Weights: { type: 'array', items: { type: 'number' } },
  OpenApi: { type: 'object', required: ['openapi', 'info', 'paths', 'components'], properties: { openapi: { type: 'string', pattern: '^3\\.1\\.' } } },
};
