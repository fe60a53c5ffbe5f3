// What can be typed where, as plain data from commander's tree: commands, options, and what their values can be. The scripts for shells are made
// of it, so none of them can offer something else than another, or than what is taken.

import type { Argument, Command, Option } from 'commander';
import { isLeaf, walk } from '../help/page.ts';

/** What a value can be: one of some words, a file, a folder, or something that nobody can guess. */
export type Offer = readonly string[] | 'file' | 'folder' | 'anything';

/** An option as it is offered. */
export interface OfferedOption {
  /** `-c` and `--config`. */
  readonly flags: readonly string[];
  readonly about: string;
  /** Undefined: it takes no value. */
  readonly value: Offer | undefined;
  /** Whether the value can be left out. */
  readonly optional: boolean;
}

/** What can follow the words of one command. */
export interface Place {
  /** Names below `xaynet`: empty for itself. */
  readonly path: readonly string[];
  readonly commands: readonly (readonly [name: string, about: string])[];
  readonly options: readonly OfferedOption[];
  /** Of the positional arguments, in order; the last one goes on when `variadic`. */
  readonly values: readonly Offer[];
  readonly isVariadic: boolean;
}

const SUGGESTED: WeakMap<Option | Argument, Offer> = new WeakMap();

/** Offers words, or files, for the value of an option or an argument of `command` that takes others, too. Returns the command. */
export function suggest(command: Command, name: string, offer: Offer): Command {
  const found = command.options.find(({ long }) => long === name) ?? command.registeredArguments.find((argument) => argument.name() === name);
  if (found === undefined) throw new Error(`${command.name()} has no ${name}`);
  SUGGESTED.set(found, offer);
  return command;
}

/** Everything that can be typed after `xaynet`. */
export function placesOf(program: Command): Place[] {
  return walk(program).map((command) => ({
    path: pathOf(command),
    commands: isLeaf(command) ? [] : command.commands.map((each): [string, string] => [each.name(), each.summary() || each.description()]),
    options: [...optionsOf(command), ...optionsOf(standard(command))].filter(
      ({ flags }, i, all) => all.findIndex((other) => other.flags[0] === flags[0]) === i,
    ),
    values: command.registeredArguments.map((argument) => offerOf(argument, argument.name())),
    isVariadic: command.registeredArguments.at(-1)?.variadic === true,
  }));
}

function pathOf(command: Command): string[] {
  return command.parent === null ? [] : [...pathOf(command.parent), command.name()];
}

/** The command that a group runs when none is named; commander keeps it in a field that its types do not name. */
function standard(command: Command): Command | undefined {
  const name = (command as unknown as { readonly _defaultCommandName?: string | null })._defaultCommandName;
  return command.commands.find((each) => each.name() === name);
}

function optionsOf(command: Command | undefined): OfferedOption[] {
  if (command === undefined) return [];
  return command
    .createHelp()
    .visibleOptions(command)
    .map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
      about: short(option.description),
      value: option.required || option.optional ? offerOf(option, /[<[]([^>\]]*)/.exec(option.flags)?.[1] ?? '') : undefined,
      optional: option.optional,
    }));
}

function offerOf(of: Option | Argument, name: string): Offer {
  return SUGGESTED.get(of) ?? of.argChoices ?? (name === 'file' || name === 'folder' ? name : 'anything');
}

const LONGEST = 70;

/** The first thought of a description, which fits beside an option. */
function short(description: string): string {
  const [first = ''] = description.split(/; | \(|: /);
  return first.length <= LONGEST ? first : `${first.slice(0, LONGEST - 1)}…`;
}
