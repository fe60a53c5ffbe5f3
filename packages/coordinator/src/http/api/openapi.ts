// The OpenAPI 3.1 document of a table of routes. It says nothing that the table does not say: each code stands under the status that the table of
// errors gives it, each route refuses methods that it does not know.

import { ERRORS, type ErrorCode } from '@xaynet/core/errors';
import type { ApiRoute, ResponseDoc, Schema } from './route.ts';
import { SCHEMAS } from './schemas.ts';

/** What every route can answer and no row says: another method, too many requests of one address, a mistake in this program. */
export const EVERYWHERE: readonly ErrorCode[] = ['http-method-not-allowed', 'http-rate-limited', 'http-failed'];

/** The statuses with which a route refuses, with their codes. */
export function refusalsOf({ codes }: Pick<ApiRoute, 'codes'>): ReadonlyMap<number, readonly ErrorCode[]> {
  const found = new Map<number, ErrorCode[]>();
  for (const code of [...codes, ...EVERYWHERE]) {
    const { status } = ERRORS[code];
    found.set(status, [...(found.get(status) ?? []), code]);
  }
  return new Map([...found].sort(([a], [b]) => a - b));
}

/** The document, as plain data. */
export function openApiOf(routes: readonly ApiRoute[], version: string): object {
  return {
    openapi: '3.1.1',
    info: {
      title: 'XayNet coordinator',
      version,
      description: 'The five routes of the PET protocol, frozen, and beside them health, status, events, records of rounds and models.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths: Object.fromEntries(routes.map((route) => [route.path, pathOf(route)])),
    components: { schemas: SCHEMAS },
  };
}

function pathOf(route: ApiRoute): object {
  return Object.fromEntries(route.methods.map((method) => [method.toLowerCase(), operationOf(route, method)]));
}

function operationOf(route: ApiRoute, method: string): object {
  const { summary, description, parameters, body } = route;
  return {
    operationId: operationId(route.path, method),
    summary,
    ...(description === undefined ? {} : { description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: { [body]: { schema: { type: 'string', format: 'binary' } } } } }),
    responses: responsesOf(route, method),
  };
}

/** `get /models/{id}` is `getModelsId`. */
function operationId(path: string, method: string): string {
  const words = path.split(/\W+/).filter((word) => word !== '');
  return [method.toLowerCase(), ...(words.length === 0 ? ['index'] : words).map((word) => word[0]!.toUpperCase() + word.slice(1))].join('');
}

function responsesOf(route: ApiRoute, method: string): object {
  const good = Object.entries(route.responses).map(([status, response]) => [status, responseOf(response, method)]);
  const refused = [...refusalsOf(route)].map(([status, codes]) => [
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
