// `xaynet coordinator`: one coordinator process from a settings file, until a signal stops it. An original configuration file
// works unchanged; what it asks for and this version does differently is printed as a notice.

import type { Command } from 'commander';
import { watchSignals } from '../stop-signal.ts';

/** Adds `coordinator` to `program`. */
export function addCoordinator(program: Command): void {
  program
    .command('coordinator')
    .summary('run a coordinator')
    .description('Runs a coordinator until Ctrl-C or SIGTERM, then stops cleanly and exits with 0.')
    .requiredOption('-c, --config <file>', 'settings in TOML; XAYNET__… environment variables override them')
    .addHelpText(
      'after',
      `
The smallest settings file is two lines, everything else has a default (docs/SETTINGS.md):

  [model]
  length = 2410

A variable overrides a setting: XAYNET__PET__SUM__PROB=0.5 stands for prob in [pet.sum].
With api.bind_address = "127.0.0.1:0" any free port is taken; it is printed when listening.

Examples:
  xaynet coordinator -c coordinator.toml
  XAYNET__API__BIND_ADDRESS=0.0.0.0:8081 xaynet coordinator -c coordinator.toml`,
    )
    .action(async (options: { config: string }) => {
      const stop = watchSignals();
      try {
        const { Coordinator, createLogger, loadSettings } = await import('@xaynet/coordinator'); // 100 ms that --help need not wait for
        const settings = loadSettings(options.config, process.env);
        const logger = createLogger({ level: settings.log.level, output: process.stderr });
        const coordinator = await Coordinator.start(settings, { logger });
        try {
          process.stdout.write(`listening on ${coordinator.url}\n`);
          await aborted(stop.signal);
          process.stderr.write('stopping\n');
        } finally {
          await coordinator.stop();
        }
      } finally {
        stop.close();
      }
    });
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
