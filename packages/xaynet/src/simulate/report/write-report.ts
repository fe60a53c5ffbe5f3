// Writes a report into a folder: the page, its charts as files of their own, the tables and the summary.

import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { XaynetError } from '@xaynet/core/errors';
import { fileError, makeFolder } from '../../files.ts';
import type { LabelCounts } from '../../learning/task.ts';
import type { SimulationReport } from '../result.ts';
import type { Tally } from '../tally.ts';
import { chartSvg } from './chart.ts';
import { chartsOf } from './charts.ts';
import { labelMap } from './label-map.ts';
import { reportPage } from './page.ts';
import { participantsCsv, roundsCsv } from './tables.ts';

/** What the name of a file ends in that is not whole yet. */
const PART = '.part';

/**
 * Makes the folder when there is none, and sees that files can be written in it; leaves what is in it alone. Throws `option-invalid` where it
 * cannot be. To be called before hours of work.
 */
export function prepareReport(folder: string): void {
  const probe = join(folder, `report.html${PART}`);
  try {
    makeFolder(folder);
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (error) {
    throw new XaynetError('option-invalid', `--report: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/**
 * Writes all files over what is there; returns their names. Each is written beside its name first: an earlier report is whole until the new one is,
 * and none is half there. Throws `file-unwritable`.
 */
export function writeReport(folder: string, report: SimulationReport, tallies: readonly Tally[], crowd?: LabelCounts): string[] {
  const charts = chartsOf(report, tallies);
  const files: Record<string, string> = {
    'report.html': reportPage(report, [...Object.values(charts).map((chart) => chartSvg(chart)), ...(crowd === undefined ? [] : [labelMap(crowd)])]),
    'summary.json': `${JSON.stringify(report, undefined, 2)}\n`,
    'rounds.csv': roundsCsv(report.rounds),
    'participants.csv': participantsCsv(tallies, crowd),
    ...Object.fromEntries(Object.entries(charts).map(([name, chart]) => [`${name}.svg`, `${chartSvg(chart, true)}\n`])),
    ...(crowd === undefined ? {} : { 'labels.svg': `${labelMap(crowd, true)}\n` }),
  };
  const names = Object.keys(files);
  try {
    for (const name of names) writeFileSync(join(folder, `${name}${PART}`), files[name]!);
    for (const name of names) renameSync(join(folder, `${name}${PART}`), join(folder, name));
  } catch (error) {
    for (const name of names) rmSync(join(folder, `${name}${PART}`), { recursive: true, force: true });
    throw fileError('file-unwritable', folder, error);
  }
  return names;
}
