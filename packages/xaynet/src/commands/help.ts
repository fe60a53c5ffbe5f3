// `xaynet help`: the help of a command by its name, also as a manual page.

import type { Command } from 'commander';
import { suggest } from '../completion/offers.ts';
import { explain } from '../help/manual.ts';
import { pageOf, walk } from '../help/page.ts';
import { roffOf } from '../help/roff.ts';
import { unknownCommand } from './unknown-command.ts';

/** Adds `help` to `program`, in place of commander's; `print` takes what goes to standard output, `version` is the command's. */
export function addHelp(program: Command, print: (text: string) => void, version: string): void {
  const command = program
    .helpCommand(false)
    .command('help')
    .summary('print the help of a command')
    .description('Prints the help of a command, as its option --help does, or its manual page.')
    .argument('[command...]', 'the command, for example coordinator status (default: xaynet itself)')
    .option('--man', 'the manual page, in the language of man')
    .option('--json', 'the help as one JSON document')
    .action((names: string[], { man }: { man?: true }, action: Command) => {
      let found = program;
      for (const name of names) {
        const next = found.commands.find((each) => each.name() === name);
        if (next === undefined) unknownCommand(found, name, action, names.join(' '));
        else found = next;
      }
      if (man) print(roffOf(pageOf(found), version, new Date().toISOString().slice(0, 10)));
      else found.outputHelp();
    });
  suggest(command, 'command', names(program));
  explain(command, {
    json: [
      'The page: {"name", "summary", "usage", "description", "sections": [{"title", "blocks": [a text, {"code": lines} or {"rows": [[term, meaning], …]}, …]}, …]}.',
    ],
    examples: [
      ['xaynet help coordinator status', 'the help of a command'],
      ['xaynet help coordinator status --man | man -l -', 'as a manual page'],
      ['xaynet help participant --json | jq .usage', 'for another program'],
    ],
    seeAlso: ['docs/CLI.md', 'xaynet completion'],
  });
}

/** All names that can follow, of whatever command. */
function names(program: Command): string[] {
  return [
    ...new Set(
      walk(program)
        .slice(1)
        .map((each) => each.name()),
    ),
  ];
}
