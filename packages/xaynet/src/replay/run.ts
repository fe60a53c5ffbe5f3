// What `xaynet replay` does once its command line is understood: prints a replay, steps through it, compares two, or makes a test of one.
// Everything is read and printed as it comes, so that a recording of a week needs no more memory than one of a minute.

import { resolve } from 'node:path';
import {
  differences,
  otherRuns,
  type Replayed,
  type ReplayedEvent,
  readRecording,
  replay,
  type TestEnd,
  testCaseOf,
  testText,
} from '@xaynet/coordinator/replay';
import { XaynetError } from '@xaynet/core/errors';
import { grouped } from '../figures.ts';
import { writePrivateFile } from '../files.ts';
import type { Progress } from '../terminal/progress.ts';
import { COLUMNS, DifferenceText, divergenceLines, eventLines, headLines, Outcome, stateText, verdict } from './rows.ts';
import { keysOf, stepThrough } from './stepping.ts';

/** Where to stop. */
export type Until = { readonly event: number } | { readonly phase: ReplayedEvent['before']['phase'] };

export interface ReplayOptions {
  readonly round?: number | undefined;
  readonly until?: Until | undefined;
  readonly json?: boolean | undefined;
  readonly print: (text: string) => void;
  /** Told how far a long reading is. */
  readonly progress: Pick<Progress, 'tell' | 'above'>;
}

/** Prints a replay; resolves to whether it went as recorded. */
export async function showReplay(path: string, { round, until, json = false, print: printed, progress }: ReplayOptions): Promise<boolean> {
  const print = (text: string): void => progress.above(() => printed(text));
  const outcome = new Outcome();
  let began: number | undefined;
  let last: ReplayedEvent | undefined;
  let stopped = false;
  for await (const item of watched(replay(readRecording(path)), progress)) {
    outcome.add(item);
    if (item.type === 'head') {
      if (began === undefined && !json) print(`${[...headLines(item), '', COLUMNS].join('\n')}\n`);
      if (json && until === undefined) print(`${JSON.stringify({ head: item.head })}\n`);
      began ??= item.head.at;
    }
    if (item.type !== 'event') continue;
    if (round !== undefined && item.before.round > round) break;
    if (round !== undefined && item.before.round !== round) continue;
    last = item;
    if (json) {
      if (until === undefined) print(`${JSON.stringify(eventJson(item))}\n`);
    } else print(`${eventLines(item, began ?? item.line.at).join('\n')}\n`);
    if (until !== undefined && isReached(item, until)) {
      stopped = true;
      break;
    }
  }
  if (round !== undefined && last === undefined) throw noSuchRound(round);
  if (until !== undefined && !stopped && outcome.divergence === undefined) {
    const what = 'event' in until ? `event #${until.event}` : `phase ${until.phase}`;
    throw new XaynetError('option-invalid', `--until: ${what} is not reached in the recording`);
  }
  if (until !== undefined && last !== undefined) {
    print(json ? `${JSON.stringify(eventJson(last), undefined, 2)}\n` : `\nafter event #${last.line.number}:\n${stateText(last.next.state)}\n`);
  }
  if (!json) print(`\n${[...outcome.lines(), ...otherRunsLine(path)].join('\n')}\n`);
  else if (until === undefined) print(`${JSON.stringify({ end: { ...outcome } })}\n`);
  return outcome.divergence === undefined;
}

function noSuchRound(round: number): XaynetError {
  return new XaynetError('option-invalid', `--round: no event of round ${round} is in the recording`);
}

/** Runs that are named, the newest of them. */
const NAMED_RUNS = 3;

/** What else is in a folder of which one run is shown: each start of a coordinator is a run of its own. */
function otherRunsLine(path: string): string[] {
  const runs = otherRuns(path);
  if (runs.length === 0) return [];
  const named = `${runs.slice(0, NAMED_RUNS).join(', ')}${runs.length > NAMED_RUNS ? ', …' : ''}`;
  return [`${grouped(runs.length)} earlier ${runs.length === 1 ? 'run is' : 'runs are'} in this folder: ${named}; replay the files of one by their names`];
}

/** The command that runs a test, on this Node and from any folder: the one that a shell finds may not read TypeScript. */
function testCommand(file: string): string {
  const quoted = (text: string): string => (/^[\w@%+=:,./\\-]+$/.test(text) ? text : `"${text}"`);
  const fromSources = import.meta.filename.endsWith('.ts') ? ['--conditions=source'] : [];
  return [quoted(process.execPath), ...fromSources, '--test', quoted(resolve(file))].join(' ');
}

function eventJson(item: ReplayedEvent): object {
  const { line, next, divergence } = item;
  const { number, at, event, message, refused, paused } = line;
  return {
    number,
    at,
    round: item.before.round,
    event,
    message,
    refused,
    paused,
    verdict: verdict(item),
    state: next.state,
    effects: next.effects,
    divergence,
  };
}

function isReached({ line, before, next }: ReplayedEvent, until: Until): boolean {
  return 'event' in until ? line.number >= until.event : next.state.phase === until.phase && before.phase !== until.phase;
}

/** Steps through a replay on this terminal; resolves to the exit code. */
export async function stepReplay(path: string, { round, print }: ReplayOptions): Promise<number> {
  if (!process.stdin.isTTY) throw new XaynetError('option-invalid', '--step needs a terminal to read keys from');
  const outcome = new Outcome();
  const keys = keysOf(process.stdin);
  try {
    const ended = await stepThrough(replay(readRecording(path)), keys, (line) => print(`${line}\n`), { outcome, round });
    if (ended === 'done' && round !== undefined && !outcome.hasRound(round)) throw noSuchRound(round);
    if (ended === 'done' || outcome.divergence !== undefined) print(`\n${outcome.lines().join('\n')}\n`);
    return outcome.divergence !== undefined ? 1 : ended === 'interrupted' ? 130 : 0;
  } finally {
    await keys.return();
    process.stdin.pause();
  }
}

/** Prints in what two recordings differ; resolves to whether they do not. */
export async function showDifferences(first: string, second: string, { json = false, print: printed, progress }: ReplayOptions): Promise<boolean> {
  const print = (text: string): void => progress.above(() => printed(text));
  const outcomes = [new Outcome(), new Outcome()] as const;
  const text = new DifferenceText();
  let count = 0;
  for await (const difference of differences(
    told(watched(replay(readRecording(first)), progress), outcomes[0]),
    told(replay(readRecording(second)), outcomes[1]),
  )) {
    if (++count === 1 && !json) print(`left   ${first}\nright  ${second}\n`);
    if (json) print(`${JSON.stringify(difference)}\n`);
    else for (const line of text.add(difference)) print(`${line}\n`);
  }
  for (const line of text.end()) print(`${line}\n`);
  const parted = outcomes.filter(({ divergence }) => divergence !== undefined);
  for (const { divergence } of parted) if (!json) print(`${divergenceLines(divergence!).join('\n')}\n`);
  if (!json)
    print(`${grouped(count)} ${count === 1 ? 'difference' : 'differences'}; ${grouped(outcomes[0].events)} and ${grouped(outcomes[1].events)} events\n`);
  return count === 0 && parted.length === 0;
}

async function* told(items: AsyncIterable<Replayed>, outcome: Outcome): AsyncGenerator<Replayed, void> {
  for await (const item of items) {
    outcome.add(item);
    yield item;
  }
}

/** Writes a test of the failure in a recording, or of what comes to `until`, and says which. */
export async function writeTest(path: string, file: string, force: boolean, { round, until, json, print, progress }: ReplayOptions): Promise<void> {
  const end: TestEnd = until ?? 'failure';
  const found = await testCaseOf(watched(replay(readRecording(path)), progress), end, round);
  if (found === undefined)
    throw new XaynetError('option-invalid', `${path}: ${round === undefined ? 'no event' : `no event of round ${round}`} to make a test of`);
  writePrivateFile(file, testText(found, /\.[cm]?js$/.test(file) ? 'javascript' : 'typescript'), { replace: force });
  const { title, events } = found;
  if (json) print(`${JSON.stringify({ file, title, events: events.length })}\n`);
  else print(`${file}: ${title} (${grouped(events.length)} events)\n${testCommand(file)}\n`);
}

/** Events after which it is told how far it is. */
const STRIDE = 1000;

/** Tells how far a reading is. */
async function* watched(items: AsyncIterable<Replayed>, progress: ReplayOptions['progress']): AsyncGenerator<Replayed, void> {
  for await (const item of items) {
    if (item.type === 'event' && item.line.number % STRIDE === 0) progress.tell(`event #${grouped(item.line.number)}, round ${grouped(item.before.round)}`);
    yield item;
  }
}
