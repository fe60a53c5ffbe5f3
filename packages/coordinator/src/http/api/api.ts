// The API beside the five routes of the protocol, put together: one table of routes drives the router, the OpenAPI document and the index. The
// HTTP server asks it for paths that it does not know itself, and does limits, 405, CORS and the log for them too.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from '../answer.ts';
import type { ApiRequest, ApiRoutes } from '../api-port.ts';
import { eventRoute } from './event-stream.ts';
import type { StreamLimits } from './event-streams.ts';
import { FROZEN_ROUTES } from './frozen.ts';
import { healthRoutes } from './health.ts';
import { LatestModel } from './latest-model.ts';
import { liveRoute } from './live.ts';
import { maskedRoute } from './masked.ts';
import { metricsRoute } from './metrics.ts';
import type { CacheLimits } from './model-cache.ts';
import { ModelMeasures } from './model-measures.ts';
import { modelRoutes } from './models.ts';
import { EVERYWHERE, openApiOf, openApiRoute } from './openapi.ts';
import { indexRoute, pageFileRoute } from './page.ts';
import type { ApiPort } from './port.ts';
import { refusalOf } from './responses.ts';
import { roundRoutes } from './rounds.ts';
import { type ApiRoute, matchRoute } from './route.ts';
import { SCHEMAS } from './schemas.ts';
import { settingsRoute } from './settings.ts';
import { StatusDocument, statusRoute } from './status.ts';

/** Limits of the API; see the parts that they belong to. */
export interface ApiOptions {
  readonly events?: Partial<StreamLimits> | undefined;
  readonly models?: CacheLimits | undefined;
  /** Told how many clients read the events, whenever that changes. */
  readonly onEventClients?: ((count: number) => void) | undefined;
}

/** The table of all routes that a coordinator answers, the frozen five included. */
export function apiRoutes(port: ApiPort, options: ApiOptions = {}): readonly ApiRoute[] {
  const latest = new LatestModel(port);
  return tableOf(port, options, latest, new StatusDocument(port, latest));
}

/** Tells how many clients read one of several streams. */
class Clients {
  readonly #counts: number[] = [0, 0];
  readonly #told: ((count: number) => void) | undefined;

  constructor(told: ((count: number) => void) | undefined) {
    this.#told = told;
  }

  of(stream: number): number {
    return this.#counts[stream]!;
  }

  readonly set =
    (stream: number) =>
    (count: number): void => {
      this.#counts[stream] = count;
      this.#told?.(this.#counts[0]! + this.#counts[1]!);
    };
}

function tableOf(port: ApiPort, options: ApiOptions, latest: LatestModel, status: StatusDocument): readonly ApiRoute[] {
  const clients = new Clients(options.onEventClients);
  const measures = new ModelMeasures(port);
  const routes: ApiRoute[] = [
    ...FROZEN_ROUTES,
    ...healthRoutes(port),
    statusRoute(status),
    liveRoute(port, { status, limits: options.events, others: () => clients.of(0), onClients: clients.set(1) }),
    eventRoute(port, options.events, clients.set(0)),
    ...roundRoutes(port),
    ...modelRoutes(port, latest, measures, options.models),
    maskedRoute(port, measures),
    settingsRoute(port),
    ...(port.metrics === undefined ? [] : [metricsRoute(port.metrics)]),
    pageFileRoute(),
  ];
  routes.push(openApiRoute(() => openApiOf(routes, { ...ABOUT, version: port.version })));
  routes.unshift(indexRoute(port.version, routes));
  return routes;
}

/** The routes of the API as the server asks them, and what `GET /status` says, for others who tell the same. */
export interface Api extends ApiRoutes {
  status(): Promise<object>;
}

/** Answers the routes of the table that are not of the protocol. */
export function createApi(port: ApiPort, options: ApiOptions = {}): Api {
  const latest = new LatestModel(port);
  const status = new StatusDocument(port, latest);
  const routes = tableOf(port, options, latest, status).filter((route) => route.answer !== undefined);
  return {
    status: () => status.read(),
    methods: (path) => matchRoute(routes, path)?.route.methods,
    answer: (what, request, response) => answerOf(routes, what, request, response),
  };
}

const ABOUT = {
  title: 'XayNet coordinator',
  description: 'The five routes of the PET protocol, frozen, and beside them health, status, events, records of rounds, models, and what the page at / shows.',
  schemas: SCHEMAS,
  everywhere: EVERYWHERE,
};

async function answerOf(routes: readonly ApiRoute[], what: ApiRequest, request: IncomingMessage, response: ServerResponse): Promise<Answer | 'handled'> {
  try {
    const { route, path } = matchRoute(routes, what.path)!;
    const answer = await route.answer!({ what, path, query: new URLSearchParams(what.query), request, response });
    return answer === 'handled' ? answer : exposed(answer, what);
  } catch (error) {
    return exposed(refusalOf(error), what);
  }
}

const EXPOSED = 'etag, accept-ranges, content-disposition, content-range, retry-after';

/** Lets pages that may read the answer read the headers too that the API sends. */
function exposed(answer: Answer, { cors }: ApiRequest): Answer {
  if (cors['access-control-expose-headers'] === undefined) return answer;
  return { ...answer, headers: { 'access-control-expose-headers': EXPOSED, ...answer.headers } };
}
