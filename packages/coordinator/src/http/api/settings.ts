// GET /settings: what holds for every round, with what it costs: the settings that participants have to do with, none that name files, addresses or
// secrets.

import type { ApiPort } from './port.ts';
import { tagged } from './responses.ts';
import type { ApiRoute } from './route.ts';

/** `GET /settings`. */
export function settingsRoute(port: Pick<ApiPort, 'settings'>): ApiRoute {
  return {
    path: '/settings',
    methods: ['GET', 'HEAD'],
    summary: 'The settings of the rounds that are in force, and what they cost',
    parameters: [{ name: 'If-None-Match', in: 'header', description: 'ETags of what the client has.', schema: { type: 'string' } }],
    responses: { 200: { description: 'The settings.', content: { 'application/json': 'Settings' } }, 304: { description: 'The client has it.' } },
    codes: [],
    answer: ({ what }) => tagged('application/json', Buffer.from(JSON.stringify(port.settings())), what.ifNoneMatch),
  };
}
