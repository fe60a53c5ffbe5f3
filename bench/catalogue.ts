// All 240 configurations against the oracle: no configuration may be slow only because nobody looked at it. Small vectors, many
// samples, and a table of the worst of each kind.

import { MASK_CONFIGS, type MaskConfig, maskConfigCosts, rational } from '@xaynet/core/mask';
import { currentBackend } from './backends.ts';
import { type Case, measure } from './cases.ts';
import { digits } from './lines.ts';
import { aggregateCase, deriveCase, maskCase, type Subject, unmaskCase } from './masking-cases.ts';
import type { Patience } from './measure.ts';

/** How many times as fast as the oracle every configuration must be. */
export const VERB_BARS = { derive: 3, mask: 20, aggregate: 10, unmask: 10 } as const;

/** One of the four. */
export type Verb = keyof typeof VERB_BARS;

/** One configuration: million weights a second and times the oracle. */
export interface CatalogueRow {
  readonly config: string;
  readonly length: number;
  readonly speeds: Readonly<Record<Verb, { readonly rate: number; readonly oracle: number }>>;
}

/** What a run over the catalogue gave. */
export interface Catalogue {
  readonly backend: string;
  readonly rows: readonly CatalogueRow[];
}

const VERBS = Object.keys(VERB_BARS) as Verb[];
/** Keystream of a vector, at most: enough that starting it costs nothing. */
const MOST_KEYSTREAM = 6_000_000;
/** Keystream that the oracle draws: it needs about 100 ns a byte. */
const ORACLE_KEYSTREAM = 60_000;

/** Measures every configuration whose name contains one of `only`; `starts` is told which. */
export async function measureCatalogue(only: readonly string[], patience: Patience, most: number, starts: (what: string) => void): Promise<Catalogue> {
  const rows: CatalogueRow[] = [];
  const configs = MASK_CONFIGS.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
  for (const [i, config] of configs.entries()) {
    starts(`${i + 1} of ${configs.length}: ${config.name}`);
    const speeds: Partial<Record<Verb, { rate: number; oracle: number }>> = {};
    const length = clamp(MOST_KEYSTREAM / maskConfigCosts(config).keystreamBytesPerWeight, 64, most);
    for (const verb of VERBS) {
      const line = await measure(caseOf(verb, config, length), { where: '', source: '', chosen: false, patience, judged: false });
      speeds[verb] = { rate: line.best! / 1e6, oracle: line.oracle! };
    }
    rows.push({ config: config.name, length, speeds: speeds as CatalogueRow['speeds'] });
  }
  return { backend: currentBackend(), rows };
}

function caseOf(verb: Verb, config: MaskConfig, length: number): Case {
  const draws = clamp(ORACLE_KEYSTREAM / maskConfigCosts(config).keystreamBytesPerWeight, 1, 500);
  const subject: Subject = { config, length, slowly: Math.min(length, verb === 'derive' || verb === 'mask' ? draws : 100), bars: 'none' };
  const {
    limit: _,
    beside: __,
    ...bare
  } = { derive: deriveCase, mask: (each: Subject) => maskCase(each, rational(1, 3)), aggregate: aggregateCase, unmask: unmaskCase }[verb](subject);
  return bare;
}

function clamp(value: number, least: number, most: number): number {
  return Math.round(Math.min(most, Math.max(least, value)));
}

/** The worst of each verb, and every configuration below a bar. */
export function catalogueText({ backend, rows }: Catalogue): string {
  const lines = [`${rows.length} configurations, backend ${backend}; times as fast as the oracle, a weight`, ''];
  lines.push('| | bar | least | in | median | below the bar |', '| --- | ---: | ---: | --- | ---: | ---: |');
  for (const verb of VERBS) {
    const sorted = [...rows].sort((a, b) => a.speeds[verb].oracle - b.speeds[verb].oracle);
    const below = sorted.filter((row) => row.speeds[verb].oracle < VERB_BARS[verb]).length;
    const [least, median] = [sorted[0]!, sorted[sorted.length >> 1]!];
    lines.push(
      `| ${verb} | ≥ ${VERB_BARS[verb]} | ${digits(least.speeds[verb].oracle)} | ${least.config} | ${digits(median.speeds[verb].oracle)} | ${below === 0 ? 'none ✓' : `${below} ✗`} |`,
    );
  }
  const below = rows.flatMap((row) => VERBS.filter((verb) => row.speeds[verb].oracle < VERB_BARS[verb]).map((verb) => ({ row, verb })));
  if (below.length > 0) {
    lines.push('', '| below its bar | | M weights/s | × oracle | bar |', '| --- | --- | ---: | ---: | ---: |');
    for (const { row, verb } of below) {
      const { rate, oracle } = row.speeds[verb];
      lines.push(`| ${row.config} | ${verb} | ${digits(rate)} | ${digits(oracle)} | ${VERB_BARS[verb]} |`);
    }
  }
  return lines.join('\n');
}
