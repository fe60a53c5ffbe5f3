// One command of commander's tree, with its manual, as a page: plain data in the order in which it is read. Help on a terminal, manual pages,
// docs/CLI.md and `help --json` are drawings of it.

import type { Argument, Command, Option } from 'commander';
import { type Block, ENVIRONMENT, EXITS, manualOf, type Row } from './manual.ts';

/** A part of a page under a title. */
export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** Everything there is to read about one command. */
export interface Page {
  /** With those above it: `xaynet coordinator status`. */
  readonly name: string;
  readonly summary: string;
  readonly usage: string;
  readonly description: string;
  readonly sections: readonly Section[];
}

/** `command` and all below it, each before its own; what is hidden is left out. */
export function walk(command: Command): Command[] {
  return [command, ...visible(command).flatMap(walk)];
}

/** Whether a command does something itself: groups only hold others. */
export function isLeaf(command: Command): boolean {
  return command.commands.length === 0;
}

/** The name with those above it. */
export function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

/** The page of `command`. */
export function pageOf(command: Command): Page {
  const { notes = [], json = [], environment = [], files = [], exits = [], examples = [], seeAlso = [] } = manualOf(command);
  const name = fullName(command);
  const acts = isLeaf(command) || command.parent === null;
  const args = command.registeredArguments.filter(({ description }) => description !== '');
  const codes = [...EXITS.filter(([code]) => !exits.some(([own]) => own === code)), ...exits];
  const rows = (list: readonly Row[]): Block[] => (list.length === 0 ? [] : [{ rows: list }]);
  const parts: readonly Section[] = [
    { title: 'Arguments', blocks: rows(args.map((argument) => [argumentTerm(argument), argumentMeaning(argument)])) },
    { title: 'Commands', blocks: rows(visible(command).map((each) => [commandTerm(each), each.summary() || each.description()])) },
    ...optionGroups(command),
    { title: 'Notes', blocks: notes },
    { title: 'With --json', blocks: json },
    { title: 'Environment', blocks: rows(acts ? [...environment, ...ENVIRONMENT] : environment) },
    { title: 'Files', blocks: rows(files) },
    { title: 'Exit codes', blocks: rows(acts ? codes.sort(([a], [b]) => Number.parseInt(a, 10) - Number.parseInt(b, 10)) : []) },
    { title: 'Examples', blocks: examples.map(([line, does]) => ({ code: [`# ${does}`, ...line.split('\n')] })) },
    { title: 'See also', blocks: seeAlso.length === 0 ? [] : [seeAlso.join(', ')] },
  ];
  return {
    name,
    summary: command.summary() || command.description(),
    usage: `${name} ${command.usage().replace('[options]', ['[options]', ...required(command)].join(' '))}`,
    description: command.description(),
    sections: parts.filter(({ blocks }) => blocks.length > 0),
  };
}

/** Options that must be given, as the synopsis shows them. */
function required(command: Command): string[] {
  return command.options.filter(({ mandatory }) => mandatory).map(({ flags }) => flags.replace(/^-\w, /, ''));
}

function visible(command: Command): Command[] {
  return command.commands.filter((each) => !isHidden(each));
}

/** commander keeps it in a field that its types do not name. */
function isHidden(command: Command): boolean {
  return (command as unknown as { readonly _hidden?: boolean })._hidden === true;
}

/** The title of options that no group claims. */
const OPTIONS = 'Options';

function optionGroups(command: Command): Section[] {
  const groups = new Map<string, Row[]>();
  for (const option of command.createHelp().visibleOptions(command)) {
    const title = option.helpGroupHeading?.replace(/:$/, '') ?? OPTIONS;
    const rows = groups.get(title) ?? [];
    groups.set(title, [...rows, [option.flags, optionMeaning(option)]]);
  }
  // What every command has comes last.
  const general = groups.get(GENERAL);
  groups.delete(GENERAL);
  if (general !== undefined) groups.set(GENERAL, general);
  return [...groups].map(([title, list]) => ({ title, blocks: [{ rows: list }] }));
}

/** The title of the options that all commands have. */
export const GENERAL = 'General';

function optionMeaning({ description, argChoices, defaultValue, defaultValueDescription, required, optional }: Option): string {
  const choices = argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`];
  const standard = defaultValueDescription ?? (defaultValue === undefined || !(required || optional) ? undefined : String(defaultValue));
  return withMore(description, [...choices, ...(standard === undefined ? [] : [`default: ${standard}`])]);
}

function argumentMeaning({ description, argChoices, defaultValue, defaultValueDescription }: Argument): string {
  const standard = defaultValueDescription ?? (defaultValue === undefined ? undefined : String(defaultValue));
  return withMore(description, [
    ...(argChoices === undefined ? [] : [`one of ${argChoices.join(', ')}`]),
    ...(standard === undefined ? [] : [`default: ${standard}`]),
  ]);
}

function withMore(description: string, more: readonly string[]): string {
  return more.length === 0 ? description : `${description} (${more.join('; ')})`;
}

function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function commandTerm(command: Command): string {
  return [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' ');
}
