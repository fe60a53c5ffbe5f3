// A benchmark as a command: its options or its help, what is under way, cleaning up however it ends, and the exit code.

import { watchEnd } from './end.ts';

/** Runs `main` with what `read` makes of the arguments, and ends the process: 0, 2 when the command line is wrong, else 1. */
export async function runBenchmark<Options>(
  read: (args: string[]) => Options | 'help',
  help: string,
  main: (options: Options) => Promise<void>,
  explain: (error: unknown) => { readonly text: string; readonly isUsage: boolean } = explained,
): Promise<never> {
  watchEnd();
  process.stdout.on('error', () => process.exit(0)); // whoever read has seen enough
  try {
    const options = read(process.argv.slice(2));
    if (options === 'help') process.stdout.write(help);
    else await main(options);
    process.exit(0);
  } catch (error) {
    clearProgress();
    const { text, isUsage } = explain(error);
    process.stderr.write(`bench: ${text}\n`);
    process.exit(isUsage ? 2 : 1);
  }
}

/** What was typed, for what is written down. */
export function commandLine(name: string): string {
  const args = process.argv.slice(2);
  return [`npm run ${name}`, ...(args.length > 0 ? ['--', ...args] : [])].join(' ');
}

/** What is under way, on a terminal only. */
export function progress(what: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K… ${what}`);
}

export function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

/** A TypeError is about the options, unless it comes from a request. */
function explained(error: unknown): { readonly text: string; readonly isUsage: boolean } {
  const { message, stack = message } = error as Error;
  const isUsage = error instanceof TypeError && !stack.includes('fetch');
  return { text: isUsage ? message : stack, isUsage };
}
