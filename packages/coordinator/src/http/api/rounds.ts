// What became of past rounds, as the records that the coordinator signed: whoever keeps them can hold it to them. A record is sent exactly as
// it is stored, because its signature covers its JSON.

import type { ApiPort } from './port.ts';
import { wholeNumber } from './query.ts';
import { Refusal, tagged } from './responses.ts';
import type { ApiRoute } from './route.ts';

const READ = ['GET', 'HEAD'] as const;
const MOST = 1000;
const USUAL = 50;
const IF_NONE_MATCH = { name: 'If-None-Match', in: 'header', description: 'ETags of what the client has.', schema: { type: 'string' } } as const;

/** `GET /rounds` and `GET /rounds/{round}`. */
export function roundRoutes(port: ApiPort): readonly ApiRoute[] {
  return [
    {
      path: '/rounds',
      methods: READ,
      summary: 'Signed records of past rounds, the newest first, and what the application reported of them',
      parameters: [
        { name: 'limit', in: 'query', description: 'The most to list.', schema: { type: 'integer', minimum: 1, maximum: MOST, default: USUAL }, example: 10 },
        { name: 'before', in: 'query', description: 'Only rounds before this one.', schema: { type: 'integer', minimum: 1 } },
        IF_NONE_MATCH,
      ],
      responses: { 200: { description: 'The list.', content: { 'application/json': 'RoundList' } }, 304: { description: 'The client has it.' } },
      codes: ['http-query-invalid', 'storage-failed', 'starting-up'],
      answer: async ({ what, query }) => {
        const limit = wholeNumber(query, 'limit', 1, MOST) ?? USUAL;
        const before = wholeNumber(query, 'before', 1, Number.MAX_SAFE_INTEGER);
        // One more than is shown tells whether there are more.
        const found = await port.records(limit + 1, before);
        const rounds = found.slice(0, limit);
        const next = found.length > limit ? `/rounds?limit=${limit}&before=${rounds.at(-1)!.round}` : null;
        const oldest = rounds.at(-1)?.round ?? 0;
        const reports = (await port.reports(limit, before)).filter(({ round }) => round >= oldest);
        return tagged('application/json', Buffer.from(JSON.stringify({ rounds, next, reports })), what.ifNoneMatch);
      },
    },
    {
      path: '/rounds/{round}',
      methods: READ,
      summary: 'The signed record of one round',
      parameters: [
        { name: 'round', in: 'path', required: true, description: 'Number of the round.', schema: { type: 'integer', minimum: 1 }, example: 1 },
        IF_NONE_MATCH,
      ],
      responses: { 200: { description: 'The record.', content: { 'application/json': 'RoundRecord' } }, 304: { description: 'The client has it.' } },
      codes: ['http-round-unknown', 'storage-failed', 'starting-up'],
      answer: async ({ what, path }) => {
        const round = /^\d{1,15}$/.test(path.round!) ? Number(path.round) : undefined;
        const [record] = round === undefined ? [] : await port.records(1, round + 1);
        if (record === undefined || record.round !== round) throw new Refusal('http-round-unknown');
        return tagged('application/json', Buffer.from(JSON.stringify(record)), what.ifNoneMatch);
      },
    },
  ];
}
