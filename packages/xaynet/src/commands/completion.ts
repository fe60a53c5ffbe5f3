// `xaynet completion`: a script that completes commands, options and their values in a shell. Scripts are made in completion/, of the commands themselves.

import { Argument, type Command } from 'commander';
import { bashScript } from '../completion/bash.ts';
import { fishScript } from '../completion/fish.ts';
import { placesOf } from '../completion/offers.ts';
import { zshScript } from '../completion/zsh.ts';
import { explain } from '../help/manual.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

type Shell = keyof typeof SCRIPTS;

/** Where a script goes, for this user alone. */
const PLACES: Readonly<Record<Shell, string>> = {
  bash: '~/.local/share/bash-completion/completions/xaynet',
  zsh: '~/.zfunc/_xaynet',
  fish: '~/.config/fish/completions/xaynet.fish',
};

/** Adds `completion` to `program`; `print` takes what goes to standard output. */
export function addCompletion(program: Command, print: (text: string) => void): void {
  const command = program
    .command('completion')
    .summary('print a script that completes commands in a shell')
    .description(
      'Prints a script with which bash, zsh or fish completes commands, options, files and the words that options take, without starting anything at a key press.',
    )
    .addArgument(new Argument('<shell>', 'the shell it is for').choices(Object.keys(SCRIPTS)))
    .option('--json', 'one JSON document on standard output')
    .action((shell: Shell, { json }: { json?: true }) => {
      const script = SCRIPTS[shell](placesOf(program));
      print(json ? `${JSON.stringify({ shell, place: PLACES[shell], script }, undefined, 2)}\n` : script);
    });
  explain(command, {
    notes: [
      'For the running shell alone it is enough to read the script; in a file of the right name every new shell has it. Make the script again after an update of xaynet.',
      'zsh needs its folder in fpath before compinit runs: fpath+=~/.zfunc; autoload -Uz compinit; compinit. bash reads its folder when the package bash-completion is installed; without it, read the file in ~/.bashrc.',
    ],
    json: ['{"shell", "place": where the script goes for one user, "script"}'],
    files: Object.entries(PLACES).map(([shell, place]) => [place, `the script for ${shell}`] as const),
    examples: [
      ['source <(xaynet completion bash)', 'in this bash alone'],
      [`mkdir -p ~/.local/share/bash-completion/completions && xaynet completion bash > ${PLACES.bash}`, 'in every bash from now on'],
      [`mkdir -p ~/.zfunc && xaynet completion zsh > ${PLACES.zsh}`, 'in every zsh'],
      [`mkdir -p ~/.config/fish/completions && xaynet completion fish > ${PLACES.fish}`, 'in every fish'],
    ],
    seeAlso: ['docs/CLI.md', 'xaynet help'],
  });
}
