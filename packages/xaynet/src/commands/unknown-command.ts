// A word where a command is expected that is none, where commander cannot tell by itself: said as commander says it, with the commands spelt alike.

import type { Command } from 'commander';

/** Wrong letters that a suggestion may have, as many as commander allows; and not more than every second one. */
const MOST_WRONG = 3;

/** Ends `command`, which took `name`, with the error that `group` has no such command; `called`: what was typed, if more than the name. */
export function unknownCommand(group: Command, name: string, command: Command, called: string = name): never {
  const alike = spelledAlike(
    name,
    group.commands.map((each) => each.name()),
  );
  const suggestion = alike.length === 0 ? '' : `\n(Did you mean ${alike.length > 1 ? 'one of ' : ''}${alike.join(', ')}?)`;
  return command.error(`error: unknown command '${called}'${suggestion}`, { code: 'commander.unknownCommand' });
}

/** Those of `candidates` that are nearest to `word`; none when nothing is near. */
export function spelledAlike(word: string, candidates: readonly string[]): string[] {
  const near = candidates.map((candidate) => ({ candidate, wrong: lettersWrong(word, candidate) }));
  const least = Math.min(...near.map(({ candidate, wrong }) => (wrong <= Math.min(MOST_WRONG, candidate.length / 2) ? wrong : Number.POSITIVE_INFINITY)));
  return near.flatMap(({ candidate, wrong }) => (wrong === least ? [candidate] : []));
}

/** Letters to add, leave out, replace or swap with the next one (optimal string alignment). */
function lettersWrong(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const [row, above] = [[i], rows[i - 1]!];
    for (let j = 1; j <= b.length; j++) {
      row[j] = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j]!, rows[i - 2]![j - 2]! + 1);
    }
    rows.push(row);
  }
  return rows.at(-1)![b.length]!;
}
