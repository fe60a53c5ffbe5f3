// What the command says when something went wrong: a sentence and what to do for people, one line of JSON for programs that asked for --json.

import { ERRORS, type ErrorCode, isXaynetError } from '@xaynet/core/errors';
import type { CommanderError } from 'commander';

/** An error as `--json` prints it: the last line on standard error. */
export interface ErrorDocument {
  readonly error: {
    /** A code of docs/ERRORS.md. */
    readonly code: ErrorCode;
    /** What happened. */
    readonly message: string;
    /** What to do about it. */
    readonly todo: string;
  };
}

/** Whether the command line asks for JSON. */
export function asksForJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).includes('--json');
}

/** What went wrong while a command ran. */
export function documentOf(error: unknown): ErrorDocument {
  const code = isXaynetError(error) ? error.code : 'program-defect';
  return { error: { code, message: error instanceof Error ? error.message : String(error), todo: ERRORS[code].todo } };
}

/** What is wrong with the command line. */
export function documentOfUsage({ code, message }: CommanderError): ErrorDocument {
  const what = code === 'commander.help' ? 'a command is expected' : message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
  return { error: { code: 'command-line', message: what, todo: ERRORS['command-line'].todo } };
}

/** The same for people; where in the program it comes from only when `debug`. */
export function errorText(error: unknown, debug: boolean): string {
  const { code, message, todo } = documentOf(error).error;
  const traces: string[] = [];
  if (debug) for (let at: unknown = error; at instanceof Error; at = at.cause) traces.push(`${at === error ? '' : 'caused by '}${at.stack}\n`);
  const advice = debug && code === 'program-defect' ? '' : `  ${todo} [${code}]\n`;
  return `xaynet: ${message}\n${advice}${traces.join('')}`;
}
