// `xaynet coordinator init`: a settings file to begin with, every setting in it with its meaning and default.

import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { writePrivateFile } from '../files.ts';
import { explain } from '../help/manual.ts';
import type { Terminal } from '../screen.ts';
import { wholeNumber } from './numbers.ts';

const MOST = 2 ** 32;

/** Adds `init` to `group`. */
export function addInit(group: Command, { out }: Terminal): void {
  const command = group
    .command('init')
    .summary('write a settings file with every setting explained')
    .description(
      'Writes a settings file in which every setting stands with its meaning, what it can be and its default, commented out. Only the length of the model must be given; on a terminal it is asked for.',
    )
    .argument('[file]', 'where to write it', 'coordinator.toml')
    .option('--length <n>', 'number of weights of the model', wholeNumber(1, MOST))
    .option('--force', 'replace the file when there is one')
    .option('--json', 'one JSON document on standard output; nothing is asked')
    .action(async (file: string, { length: given, force, json }: { length?: number; force?: true; json?: true }) => {
      const { commentedSettings } = await import('@xaynet/coordinator');
      const length = given ?? (process.stdin.isTTY && process.stdout.isTTY && !json ? await askLength() : undefined);
      writePrivateFile(file, commentedSettings({ length }), { replace: force === true });
      if (json) out.write(`${JSON.stringify({ file, length: length ?? null }, undefined, 2)}\n`);
      else out.write(`${afterwards(file, length).join('\n')}\n`);
    });
  explain(command, {
    json: ['{"file": what was written, "length": number of weights in it, null: it must be set}'],
    files: [['coordinator.toml', 'the settings, mode 0600: they may come to hold secrets']],
    examples: [
      ['xaynet coordinator init', 'coordinator.toml in this folder; the length of the model is asked for'],
      ['xaynet coordinator init /etc/xaynet/coordinator.toml --length 2410', 'without a question'],
    ],
    seeAlso: ['docs/SETTINGS.md', 'xaynet coordinator check'],
  });
}

/** What to do with the file. */
function afterwards(file: string, length: number | undefined): string[] {
  return [
    `${file} written (mode 0600: it may come to hold secrets)`,
    ...(length === undefined ? ['next: set length in [model] in it, to the number of weights of the model'] : []),
    `next: xaynet coordinator check -c ${file}   # what it costs; then the same without check`,
    'Its defaults want about forty participants; for a handful on one machine see packages/coordinator/samples/handful.toml.',
  ];
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
