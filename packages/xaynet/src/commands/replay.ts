// `xaynet replay`: takes a recording that a coordinator has made of its rounds (settings, [record]) and runs the rounds again, event by event,
// with the code of this version. Here: its options. What it does is in replay/run.ts.

import { type Command, InvalidArgumentError } from 'commander';
import { suggest } from '../completion/offers.ts';
import { explain } from '../help/manual.ts';
import type { Until } from '../replay/run.ts';
import type { Terminal } from '../screen.ts';
import { Progress } from '../terminal/progress.ts';
import { wholeNumber } from './numbers.ts';

interface Options {
  readonly round?: number;
  readonly until?: Until;
  readonly json?: true;
  readonly step?: true;
  readonly diff?: string;
  readonly toTest?: string;
  readonly force?: true;
}

const PHASES = ['idle', 'sum', 'update', 'sum2', 'unmask', 'failure', 'shutdown'] as const;

/** Adds `replay` to `program`; `exit` takes the exit code. */
export function addReplay(program: Command, exit: (code: number) => void, { out, err, env }: Terminal): void {
  const command = program
    .command('replay')
    .summary('run recorded rounds again, step by step')
    .description(
      'Runs the rounds of a recording again with the code of this version, and compares what comes of each event with what was recorded. A coordinator records with record.path in its settings.',
    )
    .argument('<recording>', 'a file, also packed by gzip (.gz), or a folder, of which the last run is taken')
    .option('--round <n>', 'only this round', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--until <place>', `stop after an event, "#57", or on entering a phase (${PHASES.join(', ')}), and print the state`, place)
    .option('--step', 'wait for a key at every event: Enter next event, n next phase, s state, q quit')
    .option('--diff <other>', 'compare with another recording: every difference, the first on top')
    .option('--to-test <file>', 'make a test (.ts or .mjs) of the round that failed, or of what comes to --until')
    .option('--force', 'replace the file of --to-test when there is one')
    .option('--json', 'one JSON object a line; with --until and --to-test one document')
    .action(async (recording: string, options: Options) => {
      const wrong = (text: string): never => command.error(`error: ${text}`, { code: 'xaynet.options' });
      const modes = (['step', 'diff', 'toTest'] as const).filter((mode) => options[mode] !== undefined);
      if (modes.length > 1) wrong('--step, --diff and --to-test exclude one another');
      if (options.step && (options.until ?? options.json) !== undefined) wrong('--step goes with neither --until nor --json');
      if (options.diff !== undefined && (options.round ?? options.until) !== undefined) wrong('--diff compares whole recordings, without --round and --until');
      const { showDifferences, showReplay, stepReplay, writeTest } = await import('../replay/run.ts');
      // A recording can be a stranger's: what it says must not steer the terminal.
      const print = (text: string): void => void out.write(text.replaceAll(/[^\P{Cc}\n]/gu, '\ufffd'));
      const progress = new Progress(err, { env });
      const { round, until, json, diff, toTest } = options;
      const given = { round, until, json, print, progress };
      try {
        if (options.step) exit(await stepReplay(recording, given));
        else if (diff !== undefined) exit((await showDifferences(recording, diff, given)) ? 0 : 1);
        else if (toTest !== undefined) await writeTest(recording, toTest, options.force === true, given);
        else exit((await showReplay(recording, given)) ? 0 : 1);
      } finally {
        progress.end();
      }
    });
  suggest(command, 'recording', 'file');
  suggest(command, '--diff', 'file');
  suggest(command, '--until', PHASES);
  explain(command, {
    notes: [
      'Columns: number of the event, seconds since the recording began, what happened, the answer to the message that it is about, phase and window after it, messages accepted, rejected and discarded in the phase, and what the step asks the coordinator to do. Above a row stands what never reached the round before it.',
      'No key, seed, model or address is in a recording, and names of participants mean nothing elsewhere (docs/REPLAY.md).',
    ],
    json: [
      'A line each: {"head"}, then for every event {"number", "at", "round", "event", "message", "verdict", "state", "effects", "divergence"}, then {"end": {"events", "models", "failures", "torn", "divergence"}}. With --until the last of the events alone. With --diff, for every difference {"round", "first", "second", "kind", "what", "says"}. With --to-test {"file", "title", "events"}.',
    ],
    files: [['a folder named by record.path', 'recordings as JSON Lines: one run of a coordinator in files that follow one another']],
    exits: [
      ['0', 'it went as recorded; with --diff: no difference'],
      ['1', 'it went another way; with --diff: there are differences; or a recording cannot be read'],
    ],
    examples: [
      ['xaynet replay recordings', 'the last run in a folder, as a table'],
      ['xaynet replay recordings --until failure', 'up to the first round that failed, and why'],
      ['xaynet replay 20261129T203000Z-3fa2c1d0-0001.jsonl --round 7 --step', 'one round, a key an event'],
      ['xaynet replay yesterday.jsonl.gz --diff today.jsonl', 'what was different'],
      ['xaynet replay recordings --to-test packages/coordinator/src/round/lost-update.test.ts', 'a test of the failure'],
    ],
    seeAlso: ['docs/REPLAY.md', 'docs/OPERATING.md', 'docs/SETTINGS.md'],
  });
}

function place(text: string): Until {
  if (/^#?[1-9]\d{0,14}$/.test(text)) return { event: Number(text.replace('#', '')) };
  const phase = PHASES.find((name) => name === text);
  if (phase === undefined) throw new InvalidArgumentError(`An event like "#57" or a phase is expected: ${PHASES.join(', ')}.`);
  return { phase };
}
