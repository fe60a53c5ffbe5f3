// Explanations for people: one configuration with a round, or a table of many. Pure functions from data to lines.

import { grouped, percent } from '../figures.ts';
import type { Paint } from '../screen.ts';
import type { ConfigSummary, Explanation } from './explanation.ts';

type Row = readonly [name: string, value: string, remark: string];

/** One configuration, line by line. */
export function explanationLines(explained: Explanation, paint: Paint): string[] {
  const { round, cheapest, warnings } = explained;
  const { seconds } = round;
  const numbers: Row[] = [
    ['weights', `±${amount(explained.largestWeight)}`, 'times its scalar; what lies beyond is clamped'],
    ['precision', explained.precision, 'the step between two weights, absolute'],
    ['maximum models', grouped(explained.maxModels), ''],
    ['bytes per weight', String(explained.bytesPerWeight), 'on the wire'],
    [
      'draws per weight',
      short(explained.drawsPerWeight),
      `expected; ${explained.bytesPerDraw} bytes each (${count(explained.wordsPerDraw, 'word')} of keystream), ${share(explained.acceptance)} are below the order, 2^${bits(explained)}`,
    ],
    ['keystream per weight', `${short(explained.keystreamBytesPerWeight)} B`, 'expected'],
  ];
  const work: Row[] = [
    ['an update participant', time(seconds.mask), `masks its model and sends ${size(round.updateMessage)}`],
    [
      'a sum participant',
      time(seconds.derive),
      `derives and adds ${count(round.updates, 'mask')} (${size(round.keystreamPerSumParticipant)} of keystream) and sends ${size(round.sum2Message)}`,
    ],
    ['the coordinator', time(seconds.add), `checks and adds ${count(round.updates, 'update')}; ${size(round.received)} reach it in all`],
    ['', time(seconds.unmask), 'unmasks the sum and writes the model'],
    ['everybody', '', `downloads the model, at most ${size(round.modelAtMost)}`],
  ];
  return [
    paint('bold', explained.config),
    ...warnings.map((warning) => paint('yellow', `  warning: ${warning}`)),
    '',
    ...aligned(numbers),
    '',
    `  a round of ${count(round.length, 'weight')}, ${count(round.updates, 'update')}, ${count(round.sums, 'sum participant')}; times are estimates for one thread`,
    `  of this machine, from ${count(seconds.measuredWeights, 'weight')} masked just now (${seconds.backend}); sealing, signing and the network come on top`,
    '',
    ...aligned(work),
    '',
    ...(cheapest.config === explained.config
      ? ['  No configuration of this data type with as much precision, bound and number of models is cheaper.']
      : [
          '  the cheapest of this data type with no less precision, bound and number of models:',
          `  ${paint('bold', cheapest.config)}  ${short(cheapest.keystreamBytesPerWeight)} B of keystream per weight (${comparison(cheapest.keystreamFactor)}), ${cheapest.bytesPerWeight} bytes on the wire (${comparison(cheapest.wireFactor)}),`,
          `  precision ${cheapest.precision}, ±${amount(cheapest.largestWeight)}, ${grouped(cheapest.maxModels)} models`,
        ]),
  ];
}

/** A table of configurations in the order given. */
export function tableLines(configs: readonly ConfigSummary[], paint: Paint): string[] {
  const head = ['configuration', 'wire B', 'keystream B', 'draws', 'accepted', 'precision', 'weights', 'models', ''];
  const rows = configs.map((each) => [
    each.config,
    String(each.bytesPerWeight),
    short(each.keystreamBytesPerWeight),
    short(each.drawsPerWeight),
    share(each.acceptance),
    each.precision,
    `±${amount(each.largestWeight)}`,
    amount(each.maxModels),
    each.isTrap ? 'trap' : '',
  ]);
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [
    paint('bold', line(head)),
    ...rows.map((row, i) => (configs[i]!.isTrap ? paint('yellow', line(row)) : line(row))),
    '',
    `${count(configs.length, 'configuration')}, the cheapest first; wire, keystream and draws per weight; a trap uses under 2 % of its draws`,
  ];
}

function aligned(rows: readonly Row[]): string[] {
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map(([name, value, remark]) => `  ${name.padEnd(widths[0]!)}  ${value.padStart(widths[1]!)}  ${remark}`.trimEnd());
}

function count(of: number, what: string): string {
  return `${grouped(of)} ${what}${of === 1 ? '' : 's'}`;
}

function bits({ orderBits, config }: ConfigSummary): string {
  return config.startsWith('Power2') ? String(Math.round(orderBits)) : orderBits.toFixed(1);
}

/** Three digits or so: `14.1`, `7.2`, `2 833`. */
function short(value: number): string {
  return value < 1000 ? value.toFixed(1).replace(/\.0$/, '') : grouped(value);
}

/** `1 000 000`, or `3.4e+38` where digits would say nothing. */
function amount(value: number): string {
  return value < 1e12 ? grouped(value) : value.toExponential(value === 1e12 ? 0 : 1);
}

/** A share as percent, with two decimals where one would be 0.4. */
function share(value: number): string {
  return value < 0.02 ? `${(100 * value).toFixed(2)} %` : percent(value);
}

function comparison(factor: number): string {
  if (Math.abs(factor - 1) < 0.001) return 'as much';
  const times = Math.max(factor, 1 / factor);
  const text = times < 1.1 ? times.toFixed(2) : times < 10 ? short(times) : grouped(times);
  return `${text} times ${factor > 1 ? 'less' : 'as much'}`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB'];

/** Bytes with a decimal unit and three digits: `582 B`, `7.0 MB`, `11.3 GB`. */
function size(bytes: number): string {
  const unit = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(bytes) / 3)));
  const value = bytes / 1000 ** unit;
  return `${unit === 0 ? value : value.toFixed(value < 99.95 ? 1 : 0)} ${UNITS[unit]}`;
}

/** Two digits of a time: an estimate has no more. */
function time(seconds: number): string {
  for (const [unit, name] of [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
    [0.001, 'ms'],
  ] as const) {
    if (seconds >= 2 * unit || (unit <= 1 && seconds >= unit))
      return `${seconds / unit < 9.95 ? (seconds / unit).toFixed(1) : grouped(seconds / unit)} ${name}`;
  }
  return 'below 1 ms';
}
