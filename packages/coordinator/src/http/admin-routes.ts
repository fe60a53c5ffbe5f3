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
}

/** `GET /admin/status`, `POST /admin/reload`, `POST /admin/stop`; 503 while `running` gives nothing. */
export function adminRoutes(running: () => Administered | undefined): readonly AdminRoute[] {
  const whileRunning = (use: (administered: Administered) => Answer | Promise<Answer>): (() => Answer | Promise<Answer>) => {
    return () => {
      const administered = running();
      return administered === undefined ? problem('starting-up', { 'retry-after': '1' }) : use(administered);
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
  ];
}
