// What the command does: opens every input, inspects it, puts chunks together, and prints all of it as text or as one JSON document.

import type { Paint } from '../screen.ts';
import type { Progress } from '../terminal/progress.ts';
import { joinedReports } from './chunks.ts';
import { inspectCollection } from './collection.ts';
import type { Look } from './cursor.ts';
import { differenceLines, differences, differencesJson } from './diff.ts';
import { inspectElsewhere } from './elsewhere.ts';
import { hexdumpLines } from './hexdump.ts';
import { type InputOptions, openInput, readInput } from './input.ts';
import { type InspectOptions, inspectBytes } from './inspect.ts';
import { reportJson } from './json.ts';
import type { KindName } from './kind-names.ts';
import { type KnownOptions, readKnown } from './known.ts';
import { inspectRecords, isRecordFile } from './records.ts';
import { isWrong, type Report } from './report.ts';
import { bytesText } from './show.ts';
import { reportLines, summaryLine } from './text.ts';

/** Everything that the command line says. */
export interface RunOptions extends InputOptions, KnownOptions {
  readonly as?: string | undefined;
  readonly look: Look;
  readonly columns: number;
  readonly paint: Paint;
  readonly hexdump?: boolean | undefined;
  readonly json?: boolean | undefined;
  /** Says which fields of two inputs differ, and nothing else. */
  readonly diff?: boolean | undefined;
  readonly print: (text: string) => void;
  /** Told how far long work is. */
  readonly progress: Pick<Progress, 'tell'>;
}

/** More bytes are not compared item for item, unless items are asked for. */
const MOST_COMPARED = 4 * 1024 * 1024;

/** Whether nothing is wrong with any of `what`; with `diff`, whether they are the same. Throws what cannot be read, and `inspect-ambiguous`. */
export async function inspectAll(what: readonly string[], options: RunOptions): Promise<boolean> {
  const inspection: InspectOptions = { as: options.as as KindName | undefined, known: readKnown(options), look: options.look };
  const reports: Report[] = [];
  for (const argument of what) reports.push(await reportOf(argument, inspection, options));
  if (options.diff) return compared(reports as [Report, Report], options);
  reports.push(
    ...joinedReports(
      reports.filter(({ kind }) => kind !== 'collection'),
      inspection,
    ),
  );
  printReports(reports, options);
  return !reports.some(isWrong);
}

async function reportOf(argument: string, inspection: InspectOptions, options: RunOptions): Promise<Report> {
  const input = await openInput(argument, options);
  try {
    const items = inspection.look.items ?? (options.diff && input.size <= MOST_COMPARED ? 'all' : undefined);
    const look = { ...inspection.look, items };
    if (inspection.as === undefined && isRecordFile(input)) return inspectRecords(input, look, progressOf(input.name, options));
    const bytes = readInput(input, progressOf(input.name, options));
    const isNamed = (inspection.as ?? input.as ?? options.encoding) !== undefined;
    const found = !isNamed ? inspectElsewhere(input.name, bytes, look) : undefined;
    if (found !== undefined) return found;
    const collection = input.as === undefined ? inspectCollection(input.name, bytes, { ...inspection, look }) : undefined;
    const because = inspection.as === undefined ? input.because : undefined;
    return collection ?? inspectBytes(input.name, bytes, { ...inspection, look, as: inspection.as ?? input.as, because });
  } finally {
    input.close();
  }
}

function printReports(reports: readonly Report[], { look, columns, paint, hexdump, json, print }: RunOptions): void {
  if (json) {
    print(`${JSON.stringify({ documents: reports.map(reportJson) }, undefined, 2)}\n`);
    return;
  }
  const between = hexdump ? (report: Report) => hexdumpLines(report, { all: look.items === 'all', columns }) : undefined;
  for (const report of reports) {
    const lines = reportLines(report, { columns, paint, unfold: look.items === 'all', between });
    print(`${lines.join('\n')}\n\n`);
  }
  print(`${summaryLine(reports, paint)}\n`);
}

function compared([a, b]: readonly [Report, Report], { columns, paint, json, print }: RunOptions): boolean {
  const found = differences(a, b);
  if (json) print(`${JSON.stringify(differencesJson(a, b, found), undefined, 2)}\n`);
  else print(`${differenceLines(a, b, found, { columns, paint }).join('\n')}\n`);
  return found.length === 0 && a.kind === b.kind;
}

/** Says how much is read. */
function progressOf(name: string, { progress }: RunOptions): (done: number, total: number | undefined) => void {
  return (done, total) => progress.tell(`${name}: ${bytesText(done)}${total === undefined ? '' : ` of ${bytesText(total)}`}`);
}
