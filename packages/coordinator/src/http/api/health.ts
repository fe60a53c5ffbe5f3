// Is the process alive, and should it get traffic: what orchestrators ask every few seconds. Alive asks nobody; ready asks the store, at most
// once a second however many ask.

import type { ApiPort, Readiness } from './port.ts';
import { json, Refusal } from './responses.ts';
import type { ApiRoute } from './route.ts';

const READ = ['GET', 'HEAD'] as const;
const MEMORY_MS = 1000;

/** `GET /healthz` and `GET /readyz`. */
export function healthRoutes(port: ApiPort, now: () => number = () => port.now()): readonly ApiRoute[] {
  let asked: { readonly at: number; readonly answer: Promise<Readiness> } | undefined;
  const readiness = (): Promise<Readiness> => {
    if (asked === undefined || now() - asked.at >= MEMORY_MS) asked = { at: now(), answer: port.ready() };
    return asked.answer;
  };
  return [
    {
      path: '/healthz',
      methods: READ,
      summary: 'Whether the process is alive',
      parameters: [],
      responses: { 200: { description: 'It is.', content: { 'application/json': 'Health' } } },
      codes: [],
      answer: () => json({ status: 'alive' }),
    },
    {
      path: '/readyz',
      methods: READ,
      summary: 'Whether it takes part in rounds: started, store usable, not paused, not stopping',
      parameters: [],
      responses: { 200: { description: 'It does.', content: { 'application/json': 'Ready' } } },
      codes: ['starting-up', 'round-resuming', 'storage-failed', 'storage-timeout', 'shutting-down'],
      answer: async () => {
        const answer = await readiness();
        if (answer.ready) return json({ status: 'ready' });
        throw new Refusal(answer.code, undefined, { 'retry-after': String(Math.ceil(answer.retryAfter)) });
      },
    },
  ];
}
