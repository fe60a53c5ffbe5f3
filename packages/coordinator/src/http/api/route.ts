// One route of the API as data: what OpenAPI says of it and what the router does with it are the same row, so that neither can promise what
// the other does not keep. A path has at most one `{name}` a segment, and a name stands for anything without a slash.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode } from '@xaynet/core/errors';
import type { Answer } from '../answer.ts';
import type { ApiRequest } from '../api-port.ts';

/** A JSON Schema (2020-12), as far as this API needs it. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

/** A parameter in path, query or header. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly description: string;
  readonly schema: Schema;
  readonly required?: boolean;
  readonly example?: string | number;
}

/** A response with this status: what it means, and the media types of its body. */
export interface ResponseDoc {
  readonly description: string;
  /** Media type → name of a schema in schemas.ts, or a schema; left out: no body. */
  readonly content?: Readonly<Record<string, string | Schema>>;
}

/** A call of a route: the request, and what its path and query say. */
export interface Call {
  readonly what: ApiRequest;
  /** Values of the path's `{name}`s, percent-decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** A route: its documentation, and how it answers. */
export interface ApiRoute {
  readonly path: string;
  readonly methods: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly parameters: readonly Parameter[];
  /** Success and the like, by status; refusals follow from `codes`. */
  readonly responses: Readonly<Record<number, ResponseDoc>>;
  /** Why it can refuse, besides what holds everywhere. */
  readonly codes: readonly ErrorCode[];
  /** Media type of the request's body, or several to choose from. */
  readonly body?: string | readonly string[];
  /** Left out for the routes of the protocol, which answer before these are asked. */
  readonly answer?: (call: Call) => Answer | 'handled' | Promise<Answer | 'handled'>;
}

/** The route of a path (undecoded) with the values of its names; undefined: there is none. */
export function matchRoute(routes: readonly ApiRoute[], path: string): { route: ApiRoute; path: Record<string, string> } | undefined {
  const given = path.split('/');
  for (const route of routes) {
    const values = matchSegments(route.path.split('/'), given);
    if (values !== undefined) return { route, path: values };
  }
  return undefined;
}

function matchSegments(wanted: readonly string[], given: readonly string[]): Record<string, string> | undefined {
  if (wanted.length !== given.length) return undefined;
  const values: Record<string, string> = {};
  for (const [i, segment] of wanted.entries()) {
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    const value = decoded(given[i]!);
    if (value === undefined || (name === undefined ? value !== segment : value === '')) return undefined;
    if (name !== undefined) values[name] = value;
  }
  return values;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
