// The process of a coordinator in a chaos run: a coordinator as `xaynet coordinator` runs it, with a clock that may be wrong, which tells its
// starter how far it is. What it tells serves to aim at it and to name failures; what it promised is judged from its answers alone.

import { childInput, keepCompiled, tell } from './child.ts';

/** What the process is started with. */
export interface CoordinatorInput {
  /** Settings file. */
  readonly config: string;
  /** How wrong its clock is, in milliseconds. */
  readonly skew: number;
}

/** What the process tells. */
export type CoordinatorNews =
  | { readonly type: 'listening' }
  | { readonly type: 'round'; readonly round: number; readonly id: string }
  | { readonly type: 'phase'; readonly phase: string }
  | { readonly type: 'model'; readonly round: number; readonly updates: number }
  | { readonly type: 'failure'; readonly round: number; readonly code: string }
  /** In a fleet: whether it leads, whenever that changes. */
  | { readonly type: 'leads'; readonly leads: boolean }
  | { readonly type: 'no-start'; readonly text: string };

/** Milliseconds between two looks at whether it leads. */
const LEADS_EVERY = 25;

const news = (message: CoordinatorNews): void => tell(message);

const { config, skew } = await childInput<CoordinatorInput>();
const { Coordinator, createLogger, loadSettings } = await import('@xaynet/coordinator');
const { roundIdOf } = await import('@xaynet/core/round');
const { skewedClock } = await import('./skewed-clock.ts');
try {
  const settings = loadSettings(config, {});
  const logger = createLogger({ level: settings.log.level, output: process.stderr });
  logger.info({ pid: process.pid, skew }, 'a process begins');
  const coordinator = await Coordinator.start(settings, { logger, clock: skewedClock(skew) });
  const { phase } = coordinator.status();
  if (phase !== 'idle') news({ type: 'phase', phase }); // the round goes on in it; idle is where each start passes through
  coordinator.on((event) => {
    if (event.type === 'round') news({ type: 'round', round: event.round, id: roundIdOf(event.params) });
    else if (event.type === 'phase') news({ type: 'phase', phase: event.phase });
    else if (event.type === 'model') news({ type: 'model', round: event.round, updates: event.updates });
    else if (event.type === 'failure') news({ type: 'failure', round: event.round, code: event.code });
  });
  let leads = false;
  const tellLeads = (): void => {
    const { fleet } = coordinator.status();
    const now = fleet !== undefined && fleet.self === fleet.leader;
    if (now !== leads) news({ type: 'leads', leads: now });
    leads = now;
  };
  tellLeads();
  setInterval(tellLeads, LEADS_EVERY).unref();
  news({ type: 'listening' });
  keepCompiled();
  process.once('SIGTERM', async () => {
    await coordinator.stop();
    process.exit(0);
  });
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  news({ type: 'no-start', text: error instanceof Error ? error.message : String(error) });
  process.removeAllListeners('disconnect');
  process.exitCode = 1;
  process.disconnect();
}
