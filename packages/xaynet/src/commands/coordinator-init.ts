// `xaynet coordinator init`: a settings file to begin with, every setting in it with its meaning and default.

import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { writePrivateFile } from '../files.ts';
import { wholeNumber } from './numbers.ts';

const MOST = 2 ** 32;

/** Adds `init` to `group`. */
export function addInit(group: Command, print: (text: string) => void): void {
  group
    .command('init')
    .summary('write a settings file with every setting explained')
    .description(
      'Writes a settings file in which every setting stands with its meaning, what it can be and its default, commented out. Only the length of the model must be given; on a terminal it is asked for.',
    )
    .argument('[file]', 'where to write it', 'coordinator.toml')
    .option('--length <n>', 'number of weights of the model', wholeNumber(1, MOST))
    .option('--force', 'replace the file when there is one')
    .addHelpText('after', '\nExamples:\n  xaynet coordinator init\n  xaynet coordinator init /etc/xaynet/coordinator.toml --length 2410')
    .action(async (file: string, options: { length?: number; force?: true }) => {
      const { commentedSettings } = await import('@xaynet/coordinator');
      const length = options.length ?? (process.stdin.isTTY && process.stdout.isTTY ? await askLength() : undefined);
      writePrivateFile(file, commentedSettings({ length }), { replace: options.force === true });
      const next = length === undefined ? `set length in [model] in it, then run\n  ` : '';
      print(`${file} written (mode 0600: it may come to hold secrets); ${next}xaynet coordinator check -c ${file}\n`);
    });
}

async function askLength(): Promise<number | undefined> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    for (;;) {
      const text = (await terminal.question('Number of weights of the model (empty: set it later in the file): ')).replaceAll(/[\s_]/g, '');
      if (text === '') return undefined;
      if (/^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= MOST) return Number(text);
    }
  } finally {
    terminal.close();
  }
}
