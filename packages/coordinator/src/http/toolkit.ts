// What another HTTP API of this project stands on (`@xaynet/coordinator/http`): the table of routes that routes and describes, answers and
// refusals, bodies within limits, event streams. Made for the command's agent; nothing of the protocol is in it.

export { type Answer, hasNoBody, problem, type SendOptions, send } from './answer.ts';
export { chooseType } from './api/accept.ts';
export { EVENT_STREAM, EventStreams, type StreamLimits } from './api/event-streams.ts';
export { type ApiAbout, openApiOf, openApiRoute, refusalsOf } from './api/openapi.ts';
export { one, oneOf, shown, wholeNumber } from './api/query.ts';
export { body, json, NO_STORE, Refusal, refusalOf, tagged } from './api/responses.ts';
export { type ApiRoute, type Call, matchRoute, type Parameter, type ResponseDoc, type Schema } from './api/route.ts';
export type { ApiRequest } from './api-port.ts';
export { type BodyLimits, type BodyOutcome, readBody } from './body.ts';
export { type Bound, listen } from './listen.ts';
export { type RouteRequest, splitTarget } from './routes.ts';
