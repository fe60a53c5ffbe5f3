// The agent's routes: one table that routes, and that its OpenAPI document is written from.

import {
  type Answer,
  type ApiRoute,
  type Call,
  EVENT_STREAM,
  type EventStreams,
  json,
  one,
  openApiRoute,
  type Parameter,
  Refusal,
  tagged,
  wholeNumber,
} from '@xaynet/coordinator/http';
import { toBase64 } from '@xaynet/core/bytes';
import { fraction } from '../commands/numbers.ts';
import { decodeModelFile, encodeModelFile } from '../model-file.ts';
import type { TensorShapes } from '../tensor-shapes.ts';
import { agentDocument } from './document.ts';
import type { Globals } from './globals.ts';
import { formatOfRequest, formatOfResponse, MEDIA_TYPES, typeOf, type Uploads } from './model-bodies.ts';
import type { OpenTask, Tasks } from './tasks.ts';

/** What the routes work on. */
export interface RouteParts {
  readonly tasks: Tasks;
  readonly globals: Globals;
  readonly events: EventStreams;
  readonly uploads: Uploads;
  /** Names and shapes of tensors, for safetensors. */
  readonly shapes: TensorShapes;
  readonly version: string;
  readonly url: string;
  join(): void;
  /** Begins to end the process. */
  shutdown(): void;
}

const ID: Parameter = { name: 'id', in: 'path', required: true, description: 'Id of the task.', schema: { type: 'string' } };
const FORMAT: Parameter = {
  name: 'format',
  in: 'query',
  description: 'The format, instead of the media type in Accept or Content-Type.',
  schema: { type: 'string', enum: Object.keys(MEDIA_TYPES) },
};
const BINARY = Object.fromEntries(
  Object.values(MEDIA_TYPES).map((type) => [type, type === 'application/json' ? 'Weights' : { type: 'string', format: 'binary' }]),
);
const TASK_CODES = ['agent-task-unknown', 'model-round', 'model-not-wanted'] as const;
const NO_TASK: Answer = { status: 204, headers: {} };

/** The table of all routes. */
export function routesOf(parts: RouteParts): readonly ApiRoute[] {
  const { tasks, events } = parts;
  const status = (): Answer => json(statusOf(parts));
  const routes: ApiRoute[] = [
    {
      path: '/status',
      methods: ['GET'],
      summary: 'Where the participant stands',
      parameters: [],
      responses: { 200: { description: 'The standing.', content: { 'application/json': 'Status' } } },
      codes: [],
      answer: status,
    },
    {
      path: '/join',
      methods: ['POST'],
      summary: 'Takes part in rounds from now on',
      description: 'The agent does so when it starts, unless it was started with --no-join. Does nothing when it takes part already.',
      parameters: [],
      responses: { 200: { description: 'The standing.', content: { 'application/json': 'Status' } } },
      codes: [],
      answer: () => {
        parts.join();
        return status();
      },
    },
    {
      path: '/leave',
      methods: ['POST'],
      summary: 'Takes part no longer',
      description: 'The state is saved, and /join goes on from it. An open task is over.',
      parameters: [],
      responses: { 200: { description: 'The standing.', content: { 'application/json': 'Status' } } },
      codes: [],
      answer: async () => {
        await tasks.leave();
        return status();
      },
    },
    {
      path: '/task',
      methods: ['GET'],
      summary: 'The model that is wanted now',
      description: 'The same answer for everybody until the model is there, the task is skipped, or its round is over.',
      parameters: [
        {
          name: 'wait',
          in: 'query',
          description: 'Seconds to wait for a task.',
          schema: { type: 'integer', minimum: 0, maximum: 300, default: 0 },
          example: 30,
        },
      ],
      responses: { 200: { description: 'The task.', content: { 'application/json': 'Task' } }, 204: { description: 'No model is wanted.' } },
      codes: ['http-query-invalid'],
      answer: async (call) => {
        const seconds = wholeNumber(call.query, 'wait', 0, 300) ?? 0;
        const task = await tasks.next(1000 * seconds, untilGone(call));
        return task === undefined ? NO_TASK : json(taskJson(task));
      },
    },
    {
      path: '/model',
      methods: ['GET', 'HEAD'],
      summary: 'The global model',
      description:
        'While a task is open, the model that it starts from; otherwise the latest. Weights are rounded once from the exact mean. ' +
        'The format is that of `?format=`, else of Accept, else raw little-endian numbers of the round’s data type. Header x-xaynet-length has the number of weights.',
      parameters: [FORMAT, { name: 'If-None-Match', in: 'header', description: 'ETag of what the client has.', schema: { type: 'string' } }],
      responses: {
        200: { description: 'The model.', content: BINARY },
        204: { description: 'There is none yet: start from weights of your own.' },
        304: { description: 'The client has it.' },
      },
      codes: ['http-query-invalid', 'http-not-acceptable', 'http-format-unfit', 'transport-unreachable', 'transport-timeout', 'transport-busy'],
      answer: (call) => modelAnswer(call, parts),
    },
    {
      path: '/tasks/{id}/model',
      methods: ['PUT'],
      summary: 'Hands the trained model over',
      description:
        'It is checked, then masked and sent by the agent; the event `sent` tells when the coordinator has it. After an answer 202 the task is done; ' +
        'an agent that is killed in the moment after it gives the task out again.',
      parameters: [
        ID,
        FORMAT,
        {
          name: 'scalar',
          in: 'query',
          description: 'Share of this model in the mean, for example 0.25 or 57/1287, instead of that of the agent.',
          schema: { type: 'string' },
          example: '57/1287',
        },
      ],
      body: Object.values(MEDIA_TYPES),
      responses: { 202: { description: 'It was taken.', content: { 'application/json': 'Taken' } } },
      codes: [
        ...TASK_CODES,
        'model-length',
        'weight-not-finite',
        'model-file-invalid',
        'scalar-invalid',
        'agent-media-unknown',
        'http-query-invalid',
        'http-body-timeout',
        'http-busy',
      ],
      answer: (call) => takeModel(call, parts),
    },
    {
      path: '/tasks/{id}/skip',
      methods: ['POST'],
      summary: 'Leaves the task: this round goes on without an update from here',
      parameters: [ID],
      responses: { 200: { description: 'The standing.', content: { 'application/json': 'Status' } } },
      codes: TASK_CODES,
      answer: ({ path }) => {
        tasks.skip(path.id!);
        return status();
      },
    },
    {
      path: '/events',
      methods: ['GET'],
      summary: 'What happens, as Server-Sent Events',
      description:
        'Event types: those of the participant (round, selected, task, sent, error, …), `joined`, `left`, and `dropped` with the number of events that were missed. Data are JSON.',
      parameters: [{ name: 'Last-Event-ID', in: 'header', description: 'Go on after this event, as far as it is kept.', schema: { type: 'string' } }],
      responses: { 200: { description: 'The stream.', content: { [EVENT_STREAM]: { type: 'string' } } } },
      codes: ['http-overloaded'],
      answer: (call) => events.answer(call),
    },
    {
      path: '/shutdown',
      methods: ['POST'],
      summary: 'Ends the agent, as SIGTERM does',
      parameters: [],
      responses: { 202: { description: 'It ends.', content: { 'application/json': 'Ending' } } },
      codes: [],
      answer: () => {
        setImmediate(() => parts.shutdown()); // the answer first
        return { ...json({ ending: true }), status: 202 };
      },
    },
  ];
  routes.unshift(openApiRoute(() => agentDocument(routes, parts.version)));
  return routes;
}

function statusOf({ tasks, version, url }: RouteParts): object {
  const { joined, participant, round, role, waitingFor, rounds, updates, errors } = tasks.standing;
  const task = tasks.current;
  return {
    version,
    coordinator: url,
    joined,
    participant: participant === undefined ? null : toBase64(participant),
    round: round ?? null,
    role,
    waitingFor: waitingFor ?? null,
    task: task === undefined ? null : taskJson(task),
    rounds,
    updates,
    errors: errors.map((error) => ({ ...error, round: error.round ?? null })),
  };
}

function taskJson({ id, round, length, dataType, global }: OpenTask): object {
  return { id, round, length, dataType, global: global === undefined ? null : '/model', model: `/tasks/${id}/model` };
}

async function modelAnswer({ what, query }: Call, { globals, shapes }: RouteParts): Promise<Answer> {
  const model = await globals.latest(what.closing);
  if (model === undefined) return NO_TASK;
  const format = formatOfResponse(query, what.accept, model.dataType);
  const headers = { 'x-xaynet-length': String(model.length), ...(model.round === undefined ? {} : { 'x-xaynet-round': model.round }) };
  return tagged(MEDIA_TYPES[format], encodeModelFile(model.toWeights(typeOf(format, model.dataType)), format, shapes), what.ifNoneMatch, headers);
}

async function takeModel(call: Call, { tasks, uploads, shapes }: RouteParts): Promise<Answer> {
  const { path, query, request } = call;
  const task = tasks.task(path.id!);
  const format = formatOfRequest(query, request.headers, task.dataType);
  const share = one(query, 'scalar');
  const scalar = share === undefined ? undefined : scalarOf(share);
  const bytes = await uploads.read(request, task.length);
  tasks.give(task.id, decodeModelFile(bytes, 'the body', format, shapes, task.dataType), scalar);
  if (format === 'safetensors') shapes.remember(bytes);
  return { ...json({ id: task.id, round: task.round, length: task.length }), status: 202 };
}

function scalarOf(text: string): ReturnType<typeof fraction> {
  try {
    return fraction(text);
  } catch {
    throw new Refusal('scalar-invalid', `scalar: 0.25 or 57/1287, for example, expected, ${JSON.stringify(text.slice(0, 40))} given`);
  }
}

/** Aborts when the client is gone or the agent closes. */
function untilGone({ response, what }: Call): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  return AbortSignal.any([gone.signal, what.closing]);
}
