// The command `xaynet`: reads the command line, runs one of the commands in commands/, and turns whatever goes wrong into one
// message and an exit code. Nobody's typing mistake prints a stack trace; --debug or XAYNET_DEBUG=1 does, for a bug report.

import { readFileSync } from 'node:fs';
import { ERRORS, isXaynetError } from '@xaynet/core/errors';
import { Command, CommanderError } from 'commander';
import { addChaos } from './commands/chaos.ts';
import { addConfig } from './commands/config.ts';
import { addCoordinator } from './commands/coordinator.ts';
import { addDemo } from './commands/demo.ts';
import { addKeygen } from './commands/keygen.ts';
import { addParticipant } from './commands/participant.ts';

const EXIT_CODES = `
Exit codes: 0 done; 1 failed (for the demo also: a promise was not kept); 2 the command line is wrong;
130 stopped by Ctrl-C; 143 by SIGTERM (coordinator and participant stop cleanly at both and exit with 0).
Set XAYNET_DEBUG=1 or pass --debug to see where an error comes from.`;

/** Where help, versions and messages about errors go. */
export interface CommandOutput {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

const PROCESS: CommandOutput = { out: (text) => void process.stdout.write(text), err: (text) => void process.stderr.write(text) };

// A reader that goes away, such as `head`, must not end a coordinator: what cannot be printed is dropped.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

/** The whole command line, ready to parse; errors are thrown, not exited on, and commands report their exit code to `exit`. */
function makeProgram(exit: (code: number) => void, output: CommandOutput): Command {
  const program = new Command('xaynet')
    .configureOutput({ writeOut: output.out, writeErr: output.err })
    .description('Masked cross-device federated learning: the coordinator learns the mean of the models, never a single one.')
    .version(version(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .option('--debug', 'show stack traces of errors')
    .showSuggestionAfterError()
    .showHelpAfterError('Run it with --help to see what is possible.')
    .exitOverride()
    .addHelpText('after', `${EXIT_CODES}\n\nStart with: xaynet demo`);
  addDemo(program, exit);
  addCoordinator(program, output.out);
  addParticipant(program);
  addKeygen(program);
  addConfig(program, output.out);
  addChaos(program, exit);
  program.commands.forEach((command) => {
    command.version(version(), '-V, --version', 'print the version').helpOption('-h, --help', 'print this help');
  });
  return program;
}

/**
 * Runs the command line `args` (without node and script) and resolves to the exit code; never rejects.
 * @example
 * ```ts
 * import { main } from 'xaynet/cli';
 * await main(['--version']); // 0
 * ```
 */
export async function main(args: readonly string[], output: CommandOutput = PROCESS): Promise<number> {
  let exitCode = 0;
  const program = makeProgram((code) => {
    exitCode = code;
  }, output);
  try {
    if (args.length === 0) {
      program.outputHelp();
      return 2;
    }
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // commander has printed its message
    report(error, program.opts().debug === true || (process.env.XAYNET_DEBUG ?? '') !== '', output);
    return 1;
  }
}

/** Prints `error` for people: what happened and what to do; where in the code only on demand. */
function report(error: unknown, debug: boolean, { err }: CommandOutput): void {
  const text = error instanceof Error ? error.message : String(error);
  const todo = isXaynetError(error) ? `\n  ${ERRORS[error.code].todo} [${error.code}]` : '';
  err(`xaynet: ${text}${todo}\n`);
  if (debug && error instanceof Error) {
    for (let at: unknown = error; at instanceof Error; at = at.cause) err(`${at === error ? '' : 'caused by '}${at.stack}\n`);
  } else if (!isXaynetError(error)) {
    err('  This looks like a defect of the program. Run it again with XAYNET_DEBUG=1 and report what it prints.\n');
  }
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}
