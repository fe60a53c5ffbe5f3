// What a command has to say beside its options: notes, what --json prints, variables, files, exit codes, examples, further reading. It is data
// beside commander's tree, from which help, manual pages, docs/CLI.md and `help --json` are all made.

import type { Command } from 'commander';

/** A term and what it means. */
export type Row = readonly [term: string, meaning: string];

/** Running text, lines as they stand, or a list of terms. */
export type Block = string | { readonly code: readonly string[] } | { readonly rows: readonly Row[] };

/** A command line that does something useful, and what. */
export type Example = readonly [line: string, does: string];

/** What there is to say of one command. */
export interface Manual {
  readonly notes?: readonly Block[];
  /** What `--json` prints; every command that does something has it. */
  readonly json?: readonly Block[];
  /** Variables beside those of all commands. */
  readonly environment?: readonly Row[];
  readonly files?: readonly Row[];
  /** Exit codes that mean more here than in {@link EXITS}. */
  readonly exits?: readonly Row[];
  readonly examples?: readonly Example[];
  /** Documents, as paths from the root of the project, and other commands. */
  readonly seeAlso?: readonly string[];
}

/** Exit codes of all commands. */
export const EXITS: readonly Row[] = [
  ['0', 'done'],
  ['1', 'failed; the reason is on standard error'],
  ['2', 'the command line is wrong'],
  ['130, 143', 'stopped by Ctrl-C, by SIGTERM'],
];

/** Variables that all commands know. */
export const ENVIRONMENT: readonly Row[] = [
  ['NO_COLOR', 'no colours, when it is not empty; without it they are on terminals only'],
  ['FORCE_COLOR', 'colours also where there is no terminal; 0: none'],
  ['XAYNET_DEBUG', 'when it is not empty, errors say where in the program they come from, as with --debug'],
];

const MANUALS: WeakMap<Command, Manual> = new WeakMap();

/** Says `manual` of `command`; returns the command. */
export function explain(command: Command, manual: Manual): Command {
  MANUALS.set(command, manual);
  return command;
}

/** What is said of `command`. */
export function manualOf(command: Command): Manual {
  return MANUALS.get(command) ?? {};
}
