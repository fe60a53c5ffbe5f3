// `xaynet coordinator -c FILE`: one coordinator process from a settings file, until a signal stops it. An original configuration file works
// unchanged; what it asks for and this version does differently is printed as a notice. SIGHUP reads the file again.

import type { Coordinator, Settings } from '@xaynet/coordinator';
import { isXaynetError } from '@xaynet/core/errors';
import type { Command } from 'commander';
import { watchSignals } from '../stop-signal.ts';

/** Adds `run`, which is what `coordinator` does without a command. */
export function addRun(group: Command, print: (text: string) => void): void {
  group
    .command('run', { isDefault: true })
    .summary('run a coordinator (what "coordinator -c file" does)')
    .description(
      'Runs a coordinator until Ctrl-C or SIGTERM, then stops cleanly and exits with 0; a second signal ends it at once, with 130 or 143, and loses nothing that was acknowledged. SIGHUP reads the settings again.',
    )
    .option('-c, --config <file>', 'settings in TOML; XAYNET__… environment variables override them')
    .allowExcessArguments()
    .action(async ({ config }: { config?: string }, command: Command) => {
      if (command.args.length > 0) command.error(`error: unknown command '${command.args[0]}'`, { code: 'commander.unknownCommand' });
      if (config === undefined) command.error("error: required option '-c, --config <file>' not specified");
      await run(config!, print);
    });
}

async function run(file: string, print: (text: string) => void): Promise<void> {
  const stop = watchSignals();
  const hangups = new Hangups();
  try {
    const { Coordinator, createLogger, loadSettings } = await import('@xaynet/coordinator'); // 100 ms that --help need not wait for
    const settings = loadSettings(file, process.env);
    const logger = createLogger({ level: settings.log.level, output: process.stderr });
    const load = (): Settings => loadSettings(file, process.env);
    const start = (): Promise<Coordinator> => Coordinator.start(settings, { logger, load, onStop: () => process.emit('SIGTERM', 'SIGTERM') });
    const coordinator = await afterTheOther(start, stop.signal);
    hangups.serve(() => coordinator.reload());
    try {
      print(`listening on ${coordinator.url}\n`);
      await aborted(stop.signal);
      process.stderr.write(`stopping (${stop.cause}); what was acknowledged is kept, and a second signal ends this at once\n`);
    } finally {
      const last = standing(coordinator, settings);
      await coordinator.stop();
      if (stop.signal.aborted) process.stderr.write(`stopped; ${last}\n`);
    }
  } finally {
    hangups.close();
    stop.close();
  }
  // A reader of the log that hangs would keep the process alive until it has read everything.
  if (process.stderr.writableLength > 0) setTimeout(() => process.exit(), LAST_WORDS).unref();
}

const LAST_WORDS = 1000;

const PATIENCE = 5000;
const PAUSE = 200;

/**
 * Starts, if need be when the process before this one has let go of port and folder: whoever was killed together with its starter, or is being
 * stopped by a supervisor, may need a moment. Rejects as `start` does when it needs longer.
 */
async function afterTheOther(start: () => Promise<Coordinator>, signal: AbortSignal): Promise<Coordinator> {
  const until = performance.now() + PATIENCE;
  for (let told = false; ; told = true) {
    try {
      return await start();
    } catch (error) {
      const other = isXaynetError(error, 'api-port-in-use') || isXaynetError(error, 'storage-locked');
      if (!other || signal.aborted || performance.now() > until) throw error;
      if (!told) process.stderr.write(`${error.message}; waiting up to ${PATIENCE / 1000} s for it to stop\n`);
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

/** SIGHUP from the first moment on, when it would end the process: what comes before there is somebody to serve it waits. */
class Hangups {
  #reload: (() => unknown) | undefined;
  #waits = false;
  readonly #take = (): void => {
    if (this.#reload === undefined) this.#waits = true;
    else this.#try(this.#reload);
  };

  constructor() {
    process.on('SIGHUP', this.#take);
  }

  serve(reload: () => unknown): void {
    this.#reload = reload;
    if (this.#waits) this.#try(reload);
  }

  close(): void {
    process.off('SIGHUP', this.#take);
  }

  #try(reload: () => unknown): void {
    try {
      reload();
    } catch {
      // It has been logged, and the old settings stay.
    }
  }
}

/** What the next start will find. */
function standing(coordinator: Coordinator, { store }: Settings): string {
  const { round, phase, counts } = coordinator.status();
  if (store.kind === 'memory') return `store.kind is "memory": round ${round} and all models are gone`;
  const goesOn = phase === 'sum' || phase === 'update' || phase === 'sum2' || phase === 'unmask';
  const messages = counts === undefined ? '' : ` with ${counts.accepted} ${counts.accepted === 1 ? 'message' : 'messages'}`;
  return goesOn
    ? `round ${round} is stored in ${store.path}, in phase ${phase}${messages}, and goes on at the next start; its deadlines run on meanwhile`
    : `all is stored in ${store.path}; the next start begins a new round`;
}

/** Resolves when `signal` aborts; keeps the process alive until then. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const alive = setInterval(() => undefined, 2 ** 30);
    signal.addEventListener('abort', () => {
      clearInterval(alive);
      resolve();
    });
  });
}
