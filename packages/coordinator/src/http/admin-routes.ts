// What an administrator can ask a running coordinator: how it stands, to read its settings again, to stop.

import { type AdminRoute, json } from './admin.ts';
import { type Answer, problem } from './answer.ts';

/** What the routes do; results are sent as JSON. */
export interface Administered {
  /** May take a moment. */
  status(): unknown;
  /** Throws coded errors for settings that cannot be used; they are the answer then. */
  reload(): unknown;
  /** Begins to stop; not waited for. */
  stop(): void;
  /** What the application tells of a round; throws coded errors. */
  report(round: number, values: Readonly<Record<string, number>>): Promise<void>;
  /** A look at the update taken last, as plain JSON; undefined before the first. */
  maskedUpdate(): unknown;
}

/** `GET /admin/status`, `GET /admin/masked-update`, `POST /admin/reload`, `POST /admin/stop`, `POST /admin/report`; 503 while `running` gives nothing. */
export function adminRoutes(running: () => Administered | undefined): readonly AdminRoute[] {
  const whileRunning = (use: (administered: Administered, query: URLSearchParams) => Answer | Promise<Answer>): AdminRoute['handle'] => {
    return (query) => {
      const administered = running();
      return administered === undefined ? problem('starting-up', { 'retry-after': '1' }) : use(administered, query);
    };
  };
  return [
    { method: 'GET', path: '/admin/status', handle: whileRunning(async (administered) => json(await administered.status())) },
    { method: 'POST', path: '/admin/reload', handle: whileRunning((administered) => json(administered.reload() ?? {})) },
    {
      method: 'POST',
      path: '/admin/stop',
      handle: whileRunning((administered) => {
        // The answer first: a stop waits for answers under way, and this is one of them.
        setImmediate(() => administered.stop());
        return json({ stopping: true }, 202);
      }),
    },
    { method: 'GET', path: '/admin/masked-update', handle: whileRunning((administered) => json({ update: administered.maskedUpdate() ?? null })) },
    {
      method: 'POST',
      path: '/admin/report',
      handle: whileRunning(async (administered, query) => {
        const { round, ...values } = Object.fromEntries(query);
        await administered.report(numberOf(round ?? ''), Object.fromEntries(Object.entries(values).map(([name, text]) => [name, numberOf(text)])));
        return json({ round: Number(round) });
      }),
    },
  ];
}

/** A decimal number; not a number for any other text, the empty one and hexadecimal included. */
function numberOf(text: string): number {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
}
