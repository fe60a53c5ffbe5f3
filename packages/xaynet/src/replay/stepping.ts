// A replay at the pace of whoever watches it: a key a step. The keys come by argument, so that a test can press them.

import type { Replayed } from '@xaynet/coordinator/replay';
import { COLUMNS, eventLines, headLines, type Outcome, stateText } from './rows.ts';

/** What the keys do. */
export const KEYS = 'Enter: next event; n: next phase; s: show the state; q: quit';

/** How a session ended: all was seen, it was left, or left by Ctrl-C. */
export type Ended = 'done' | 'quit' | 'interrupted';

/** Shows one event after another; `outcome` is told all of them. Events outside of `round` pass by. */
export async function stepThrough(
  items: AsyncIterable<Replayed>,
  keys: AsyncIterator<string>,
  print: (line: string) => void,
  { outcome, round }: { outcome: Outcome; round?: number | undefined },
): Promise<Ended> {
  let began: number | undefined;
  let runsTo: 'event' | 'phase' = 'event';
  for await (const item of items) {
    outcome.add(item);
    if (item.type === 'head') {
      if (began === undefined) for (const line of [...headLines(item), '', KEYS, '', COLUMNS]) print(line);
      began ??= item.head.at;
    }
    if (item.type !== 'event' || (round !== undefined && item.before.round !== round)) continue;
    for (const line of eventLines(item, began ?? item.line.at)) print(line);
    if (runsTo === 'phase' && item.next.state.phase === item.before.phase && item.divergence === undefined) continue;
    const key = await keyOf(keys, () => print(stateText(item.next.state)), print);
    if (key === 'quit' || key === 'interrupted') return key;
    runsTo = key;
  }
  return 'done';
}

/** The key that leads on; others are dealt with meanwhile. */
async function keyOf(keys: AsyncIterator<string>, show: () => void, print: (line: string) => void): Promise<'event' | 'phase' | 'quit' | 'interrupted'> {
  for (;;) {
    const { value, done } = await keys.next();
    if (done === true || value === 'q' || value === '\x04') return 'quit';
    if (value === '\x03') return 'interrupted';
    if (value === '\r' || value === '\n' || value === ' ') return 'event';
    if (value === 'n') return 'phase';
    if (value === 's') show();
    else print(KEYS);
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const KEY = /\u001b(?:[[O][\d;?]*[A-Za-z~])?|./gsu;

/** The keys that are pressed on a terminal, which gives them one by one until this is closed. */
export async function* keysOf(terminal: NodeJS.ReadStream): AsyncGenerator<string, void> {
  terminal.setRawMode(true);
  terminal.setEncoding('utf8');
  try {
    // An arrow or function key is one key, whatever it sends.
    for await (const piece of terminal) yield* (piece as string).match(KEY) ?? [];
  } finally {
    terminal.setRawMode(false);
  }
}
