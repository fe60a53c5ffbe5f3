// What the OpenAPI document of the agent says beside its routes.

import { type ApiAbout, type ApiRoute, openApiOf } from '@xaynet/coordinator/http';
import type { ErrorCode } from '@xaynet/core/errors';
import { SCHEMAS } from './schemas.ts';

/** Why every route can refuse. */
export const EVERYWHERE: readonly ErrorCode[] = ['agent-unauthorized', 'agent-forbidden', 'http-method-not-allowed', 'http-failed'];

/** The agent's API as an OpenAPI document. */
export function agentDocument(routes: readonly ApiRoute[], version: string): object {
  const about: ApiAbout = {
    title: 'XayNet agent',
    version,
    description:
      'A participant of masked federated learning as a service of this machine: it takes part in rounds, and asks an app to train when a round wants a model. ' +
      'On a Unix socket no token is needed.',
    schemas: SCHEMAS,
    everywhere: EVERYWHERE,
    security: { token: { type: 'http', scheme: 'bearer', description: 'What is in the file `token` of the state folder.' } },
  };
  return openApiOf(routes, about);
}
