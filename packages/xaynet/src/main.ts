// The command `xaynet`: reads the command line, runs one of the commands in commands/, and turns whatever goes wrong into one
// message and an exit code. Nobody's typing mistake prints a stack trace; --debug or XAYNET_DEBUG=1 does, for a bug report.

import { readFileSync } from 'node:fs';
import type { XaynetError } from '@xaynet/core/errors';
import { Command, CommanderError, Option } from 'commander';
import { addAgent } from './commands/agent.ts';
import { addChaos } from './commands/chaos.ts';
import { addCompletion } from './commands/completion.ts';
import { addConfig } from './commands/config.ts';
import { addCoordinator } from './commands/coordinator.ts';
import { addDemo } from './commands/demo.ts';
import { addDoctor } from './commands/doctor.ts';
import { addHelp } from './commands/help.ts';
import { addInspect } from './commands/inspect.ts';
import { addKeygen } from './commands/keygen.ts';
import { addParticipant } from './commands/participant.ts';
import { addReplay } from './commands/replay.ts';
import { addSimulate } from './commands/simulate.ts';
import { fileError } from './files.ts';
import { explain } from './help/manual.ts';
import { GENERAL, isLeaf, pageOf, walk } from './help/page.ts';
import { helpText } from './help/text.ts';
import { columnsOf, hasColours, paintFor, type Terminal } from './screen.ts';
import { asksForJson, documentOf, documentOfUsage, errorText } from './terminal/report.ts';

/** Where results, help and versions go, and where messages and errors go. */
export interface CommandOutput {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** What commands work with beside their options. */
interface Surroundings {
  readonly terminal: Terminal;
  /** Takes an exit code other than 0. */
  readonly exit: (code: number) => void;
  /** Whether help and errors are to be JSON. */
  readonly json: boolean;
}

// A reader that goes away, such as `head`, must not end a coordinator: what it would have read is dropped. Results that are lost for another reason,
// such as a full disk behind a redirection, are a failure, which is told when all is over: a script must not take half a file for a whole one.
process.stderr.on('error', () => {});
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE' || lostResults !== undefined) return;
  lostResults = fileError('file-unwritable', 'standard output', error);
  process.on('exit', () => {
    if ((process.exitCode ?? 0) !== 0) return;
    process.exitCode = 1;
    process.stderr.write(asksForJson(process.argv.slice(2)) ? `${JSON.stringify(documentOf(lostResults))}\n` : errorText(lostResults, false));
  });
});
let lostResults: XaynetError | undefined;

/** The whole command line, ready to parse; errors are thrown, not exited on. */
function makeProgram({ terminal, exit, json }: Surroundings): Command {
  const { out, err, env } = terminal;
  const print = (text: string): void => void out.write(text);
  const program = new Command('xaynet')
    .configureOutput({
      writeOut: print,
      writeErr: (text) => json || err.write(text),
      getOutHelpWidth: () => columnsOf(out),
      getErrHelpWidth: () => columnsOf(err),
      getOutHasColors: () => hasColours(out, env),
      getErrHasColors: () => hasColours(err, env),
    })
    .configureHelp({
      formatHelp: (command, { helpWidth }) =>
        json ? `${JSON.stringify(pageOf(command), undefined, 2)}\n` : helpText(pageOf(command), helpWidth ?? 80, paintFor(true)),
    })
    .description('Masked cross-device federated learning: the coordinator learns the mean of the models, never a single one.')
    .usage('[options] <command>')
    .addOption(new Option('--debug', 'show where in the program an error comes from').helpGroup(GENERAL))
    .showSuggestionAfterError()
    .showHelpAfterError('Run it with --help to see what is possible.')
    .exitOverride();
  explain(program, {
    notes: [
      'Start with: xaynet demo',
      'Results go to standard output, everything else to standard error. With --json results are JSON, and the last line on standard error is {"error": {"code", "message", "todo"}} when something went wrong; the codes stand in docs/ERRORS.md. What takes longer than two seconds says how far it is.',
    ],
    seeAlso: ['xaynet completion', 'xaynet doctor', 'docs/CLI.md', 'docs/OPERATING.md', 'docs/PARTICIPANT.md', 'docs/ERRORS.md'],
  });
  addDemo(program, exit, terminal);
  addCoordinator(program, terminal);
  addParticipant(program, exit, terminal);
  addAgent(program, version(), terminal);
  addInspect(program, exit, terminal);
  addKeygen(program, print);
  addConfig(program, terminal);
  addSimulate(program, exit, terminal);
  addDoctor(program, exit, terminal);
  addReplay(program, exit, terminal);
  addChaos(program, exit, terminal);
  addCompletion(program, print);
  addHelp(program, print, version());
  for (const command of walk(program)) {
    command.version(version(), '-V, --version', 'print the version').addHelpOption(new Option('-h, --help', 'print this help').helpGroup(GENERAL));
    for (const option of command.options) if (option.long === '--version' || (option.long === '--json' && isLeaf(command))) option.helpGroup(GENERAL);
  }
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
export async function main(args: readonly string[], output?: CommandOutput): Promise<number> {
  const { env } = process;
  const terminal = output === undefined ? { out: process.stdout, err: process.stderr, env } : { out: { write: output.out }, err: { write: output.err }, env };
  const json = asksForJson(args);
  let exitCode = 0;
  const program = makeProgram({
    terminal,
    json,
    exit: (code) => {
      exitCode = code;
    },
  });
  const failed = (document: object): void => void terminal.err.write(`${JSON.stringify(document)}\n`);
  try {
    if (args.length === 0) {
      program.outputHelp();
      return 2;
    }
    await program.parseAsync(args, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      if (json) failed(documentOfUsage(error)); // without, commander has printed its message
      return 2;
    }
    if (json) failed(documentOf(error));
    else terminal.err.write(errorText(error, program.opts().debug === true || (env.XAYNET_DEBUG ?? '') !== ''));
    return 1;
  }
}

/** The command line as a tree, for documents that are made of it. */
export function commandTree(): Command {
  const nowhere = { write: () => true };
  return makeProgram({ terminal: { out: nowhere, err: nowhere, env: {} }, exit: () => undefined, json: false });
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}
