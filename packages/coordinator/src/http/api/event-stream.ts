// GET /events: what happens in the coordinator, as Server-Sent Events; whose message it was is never told.

import { EVENT_TYPES, publicEvent } from './event-json.ts';
import { EVENT_STREAM, EventStreams, type StreamLimits } from './event-streams.ts';
import type { ApiPort } from './port.ts';
import { someOf } from './query.ts';
import type { ApiRoute } from './route.ts';

/** `GET /events`; `onClients` is told how many read it, whenever that changes. */
export function eventRoute(port: ApiPort, given?: Partial<StreamLimits>, onClients?: (count: number) => void): ApiRoute {
  const streams = new EventStreams(Math.floor(port.began).toString(36), given, onClients);
  port.on((event) => {
    const data = event.type === 'dropped' ? undefined : publicEvent(event);
    if (data === undefined) return;
    streams.push(event.type, JSON.stringify(data));
    if (event.type === 'phase' && event.phase === 'shutdown') streams.end();
  });
  return {
    path: '/events',
    methods: ['GET', 'HEAD'],
    summary: 'What happens, as Server-Sent Events',
    description:
      `Event types: ${EVENT_TYPES.join(', ')}, and \`dropped\` with the number of events that were missed (null: unknown, the coordinator was restarted). ` +
      'Data are JSON; whose message it was is not told. Ends when the coordinator stops.',
    parameters: [
      {
        name: 'types',
        in: 'query',
        description: 'Only events of these types, separated by commas.',
        schema: { type: 'string' },
        example: 'round,phase,model',
      },
      { name: 'Last-Event-ID', in: 'header', description: 'Go on after this event, as far as it is kept.', schema: { type: 'string' } },
    ],
    responses: { 200: { description: 'The stream.', content: { [EVENT_STREAM]: { type: 'string' } } } },
    codes: ['http-query-invalid', 'http-overloaded'],
    answer: (call) => streams.answer(call, someOf(call.query, 'types', EVENT_TYPES)),
  };
}
