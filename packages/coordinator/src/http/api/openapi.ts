// The OpenAPI 3.1 document of a table of routes. It says nothing that the table does not say: each code stands under the status that the table of
// errors gives it, each route refuses methods that it does not know.

import { ERRORS, type ErrorCode } from '@xaynet/core/errors';
import { tagged } from './responses.ts';
import type { ApiRoute, ResponseDoc, Schema } from './route.ts';

/** What every route of a coordinator can answer and no row says: another method, too many requests of one address, a mistake in this program. */
export const EVERYWHERE: readonly ErrorCode[] = ['http-method-not-allowed', 'http-rate-limited', 'http-failed'];

/** What a document says beside its routes. */
export interface ApiAbout {
  readonly title: string;
  readonly version: string;
  readonly description: string;
  /** The schemas that routes name. */
  readonly schemas: Readonly<Record<string, Schema>>;
  /** Codes with which every route can refuse. */
  readonly everywhere: readonly ErrorCode[];
  /** Security schemes by name, each needed by every route unless it says otherwise; left out: none. */
  readonly security?: Readonly<Record<string, object>>;
}

/** The statuses with which a route refuses, with their codes. */
export function refusalsOf({ codes }: Pick<ApiRoute, 'codes'>, everywhere: readonly ErrorCode[] = EVERYWHERE): ReadonlyMap<number, readonly ErrorCode[]> {
  const found = new Map<number, ErrorCode[]>();
  for (const code of [...codes, ...everywhere]) {
    const { status } = ERRORS[code];
    found.set(status, [...(found.get(status) ?? []), code]);
  }
  return new Map([...found].sort(([a], [b]) => a - b));
}

/** The document, as plain data. */
export function openApiOf(routes: readonly ApiRoute[], about: ApiAbout): object {
  const { title, version, description, schemas, security } = about;
  return {
    openapi: '3.1.1',
    info: { title, version, description, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    ...(security === undefined ? {} : { security: Object.keys(security).map((name) => ({ [name]: [] })) }),
    paths: Object.fromEntries(routes.map((route) => [route.path, pathOf(route, about)])),
    components: { schemas, ...(security === undefined ? {} : { securitySchemes: security }) },
  };
}

/** `GET /openapi.json` with this document, which is made when the first request comes: the table is complete then. */
export function openApiRoute(make: () => object): ApiRoute {
  let document: Uint8Array | undefined;
  return {
    path: '/openapi.json',
    methods: ['GET', 'HEAD'],
    summary: 'This API as an OpenAPI 3.1 document',
    parameters: [],
    responses: { 200: { description: 'The document.', content: { 'application/json': 'OpenApi' } }, 304: { description: 'The client has it.' } },
    codes: [],
    answer: ({ what }) => {
      document ??= Buffer.from(JSON.stringify(make()));
      return tagged('application/json', document, what.ifNoneMatch);
    },
  };
}

function pathOf(route: ApiRoute, about: ApiAbout): object {
  return Object.fromEntries(route.methods.map((method) => [method.toLowerCase(), operationOf(route, method, about)]));
}

function operationOf(route: ApiRoute, method: string, about: ApiAbout): object {
  const { summary, description, parameters, body } = route;
  const types = typeof body === 'string' ? [body] : (body ?? []);
  const content = Object.fromEntries(types.map((type) => [type, { schema: { type: 'string', format: 'binary' } }]));
  return {
    operationId: operationId(route.path, method),
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(types.length === 0 ? {} : { requestBody: { required: true, content } }),
    responses: responsesOf(route, method, about),
  };
}

/** `get /models/{id}` is `getModelsId`. */
function operationId(path: string, method: string): string {
  const words = path.split(/\W+/).filter((word) => word !== '');
  return [method.toLowerCase(), ...(words.length === 0 ? ['index'] : words).map((word) => word[0]!.toUpperCase() + word.slice(1))].join('');
}

function responsesOf(route: ApiRoute, method: string, { everywhere }: ApiAbout): object {
  const good = Object.entries(route.responses).map(([status, response]) => [status, responseOf(response, method)]);
  const refused = [...refusalsOf(route, everywhere)].map(([status, codes]) => [
    status,
    responseOf(
      { description: codes.map((code) => `\`${code}\`: ${ERRORS[code].sentence}`).join('\n'), content: { 'application/problem+json': 'Problem' } },
      method,
    ),
  ]);
  return Object.fromEntries([...good, ...refused]);
}

function responseOf({ description, content }: ResponseDoc, method: string): object {
  if (content === undefined || method === 'HEAD') return { description };
  const schemaOf = (schema: string | Schema): Schema => (typeof schema === 'string' ? { $ref: `#/components/schemas/${schema}` } : schema);
  return { description, content: Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema: schemaOf(schema) }])) };
}
