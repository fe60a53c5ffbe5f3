// `xaynet coordinator -c FILE`: one coordinator process from a settings file, until a signal stops it. An original configuration file works
// unchanged; what it asks for and this version does differently is printed as a notice. SIGHUP reads the file again.

import type { Coordinator, Settings } from '@xaynet/coordinator';
import { isXaynetError } from '@xaynet/core/errors';
import type { Command } from 'commander';
import { explain } from '../help/manual.ts';
import { hasColours, type Output, type Terminal } from '../screen.ts';
import { watchSignals } from '../stop-signal.ts';
import { Progress } from '../terminal/progress.ts';
import { unknownCommand } from './unknown-command.ts';

/** Adds `run`, which is what `coordinator` does without a command. */
export function addRun(group: Command, terminal: Terminal): void {
  const command = group
    .command('run', { isDefault: true })
    .summary('run a coordinator (what "coordinator -c file" does)')
    .description(
      'Runs a coordinator until Ctrl-C or SIGTERM, then stops cleanly and exits with 0; a second signal ends it at once, with 130 or 143, and loses nothing that was acknowledged. SIGHUP reads the settings again.',
    )
    .option('-c, --config <file>', 'settings in TOML; XAYNET__… environment variables override them')
    .option('--json', 'a line of JSON on standard output when it listens, and the log in JSON also on a terminal')
    .allowExcessArguments()
    .action(async ({ config, json }: { config?: string; json?: true }, command: Command) => {
      if (command.args.length > 0) unknownCommand(group, command.args[0]!, command);
      if (config === undefined) command.error("error: required option '-c, --config <file>' not specified");
      await run(config!, json === true, terminal);
    });
  explain(command, {
    notes: [
      'With api.bind_address = "127.0.0.1:0" any free port is taken; it is printed when it listens. The log goes to standard error: readable lines on a terminal, JSON lines elsewhere, unless log.format says otherwise.',
    ],
    json: [
      '{"type": "listening", "url"} on standard output once it listens; the log on standard error, one object a line: {"level": 20 debug, 30 info, 40 warn, 50 error, "time", "msg", …}.',
    ],
    environment: [['XAYNET__…', 'settings over those of the file: XAYNET__PET__SUM__PROB=0.5 stands for prob in [pet.sum]']],
    files: [
      ['coordinator.toml', 'the settings; xaynet coordinator init writes one'],
      ['xaynet-data', 'rounds, contributions and models, unless store.path says otherwise; mode 0700'],
    ],
    exits: [
      ['0', 'stopped by a signal, cleanly'],
      ['130, 143', 'ended at once by a second signal'],
    ],
    examples: [
      ['xaynet coordinator -c coordinator.toml', 'run one; "run" need not be named'],
      ['XAYNET__API__BIND_ADDRESS=0.0.0.0:8081 xaynet coordinator run -c coordinator.toml', 'reachable from other machines'],
      ['xaynet coordinator run -c coordinator.toml --json 2> coordinator.log', 'the log into a file, the address for another program'],
    ],
    seeAlso: ['docs/OPERATING.md', 'docs/SETTINGS.md', 'xaynet coordinator check', 'xaynet doctor'],
  });
}

async function run(file: string, json: boolean, { out, err, env }: Terminal): Promise<void> {
  const stop = watchSignals();
  const hangups = new Hangups();
  const progress = new Progress(err, { env });
  try {
    const { Coordinator, createLogger, loadSettings } = await import('@xaynet/coordinator'); // 100 ms that --help need not wait for
    const settings = loadSettings(file, env);
    const readable = json || settings.log.format === 'json' ? false : settings.log.format === 'text' ? true : undefined;
    const log = above(progress, err);
    const logger = createLogger({ level: settings.log.level, output: log, readable, colours: hasColours(err, env) });
    const load = (): Settings => loadSettings(file, env);
    const start = (): Promise<Coordinator> => Coordinator.start(settings, { logger, load, onStop: () => process.emit('SIGTERM', 'SIGTERM') });
    const coordinator = await progress.during('starting: reading what is stored', afterTheOther(start, stop.signal, log));
    hangups.serve(() => coordinator.reload());
    try {
      out.write(json ? `${JSON.stringify({ type: 'listening', url: coordinator.url })}\n` : `listening on ${coordinator.url}\n`);
      if (!json) out.write(`watch the rounds in a browser: ${coordinator.url}/\n`);
      await aborted(stop.signal);
      err.write(`stopping (${stop.cause}); what was acknowledged is kept, and a second signal ends this at once\n`);
    } finally {
      const last = standing(coordinator, settings);
      await coordinator.stop();
      if (stop.signal.aborted) err.write(`stopped; ${last}\n`);
    }
  } finally {
    hangups.close();
    stop.close();
  }
  // A reader of the log that hangs would keep the process alive until it has read everything.
  if (process.stderr.writableLength > 0) setTimeout(() => process.exit(), LAST_WORDS).unref();
}

/** `output` as a logger takes it, whose lines stand above what `progress` draws. */
function above(progress: Progress, output: Output): Output & { readonly writableLength: number } {
  return {
    write: (text) => progress.above(() => output.write(text)),
    isTTY: output.isTTY,
    get writableLength() {
      return (output as Partial<NodeJS.WriteStream>).writableLength ?? 0;
    },
  };
}

const LAST_WORDS = 1000;

const PATIENCE = 5000;
const PAUSE = 200;

/**
 * Starts, if need be when the process before this one has let go of port and folder: whoever was killed together with its starter, or is being
 * stopped by a supervisor, may need a moment. Rejects as `start` does when it needs longer.
 */
async function afterTheOther(start: () => Promise<Coordinator>, signal: AbortSignal, err: Output): Promise<Coordinator> {
  const until = performance.now() + PATIENCE;
  for (let told = false; ; told = true) {
    try {
      return await start();
    } catch (error) {
      const other = isXaynetError(error, 'api-port-in-use') || isXaynetError(error, 'storage-locked');
      if (!other || signal.aborted || performance.now() > until) throw error;
      if (!told) err.write(`${error.message}; waiting up to ${PATIENCE / 1000} s for it to stop\n`);
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
  const where = store.kind === 'redis' ? 'Redis' : store.path;
  if (store.kind === 'memory') return `store.kind is "memory": round ${round} and all models are gone`;
  const goesOn = phase === 'sum' || phase === 'update' || phase === 'sum2' || phase === 'unmask';
  const messages = counts === undefined ? '' : ` with ${counts.accepted} ${counts.accepted === 1 ? 'message' : 'messages'}`;
  return goesOn
    ? `round ${round} is stored in ${where}, in phase ${phase}${messages}, and goes on at the next start; its deadlines run on meanwhile`
    : `all is stored in ${where}; the next start begins a new round`;
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
