// The results for people: a table against the bars, and where the processor time went.

import { digits } from '../lines.ts';
import type { IdleResult, LoadResult } from './scenarios.ts';

/** What the project asks of a coordinator on two cores, with a million weights of seven bytes. */
export const BARS = { updatesPerSecond: 20, statusP99: 0.05, chunkedRatio: 0.8, idleCores: 0.5 } as const;

/** One bar and whether it was met. */
export interface Bar {
  readonly what: string;
  readonly bar: string;
  readonly found: string;
  /** What was found in units of the bar; 1 or more meets it. */
  readonly ratio: number;
  readonly met: boolean;
}

/** The bars that these results can be held against. */
export function barsOf(loads: readonly LoadResult[], idle: IdleResult | undefined): Bar[] {
  const bars: Bar[] = [];
  const add = (what: string, bar: string, found: string, ratio: number): void => void bars.push({ what, bar, found, ratio, met: ratio >= 1 });
  const whole = loads.find(({ chunk }) => chunk === 0);
  for (const load of loads) {
    const name = nameOf(load);
    if (load === whole) add(`${name}: accepted updates`, `≥ ${BARS.updatesPerSecond}/s`, `${digits(load.perSecond)}/s`, load.perSecond / BARS.updatesPerSecond);
    else if (whole !== undefined && load.length === whole.length) {
      const ratio = load.perSecond / whole.perSecond;
      add(`${name}: updates, of whole ones`, `≥ ${BARS.chunkedRatio}`, digits(ratio), ratio / BARS.chunkedRatio);
    }
    add(`${name}: p99 of ${load.probe.path}`, `≤ ${1000 * BARS.statusP99} ms`, ms(load.probe.p99), BARS.statusP99 / load.probe.p99);
    if (load.memory !== undefined) {
      const { growth, bar } = load.memory;
      add(`${name}: peak memory`, `≤ ${mb(bar)} more`, `${mb(growth)} more`, bar / growth);
    }
  }
  if (idle?.cores !== undefined) {
    add(`${idle.participants} idle participants`, `< ${BARS.idleCores} core`, `${digits(idle.cores)} core`, BARS.idleCores / idle.cores);
  }
  return bars;
}

/** The rounds under load, as a table. */
export function loadText(loads: readonly LoadResult[]): string {
  const rows = loads.map((load) => {
    const { coordinator, generator } = load.cpu;
    const cells = [
      load.chunk === 0 ? 'whole' : `${load.chunk / 1024} KiB`,
      load.length,
      load.updates,
      load.messages,
      load.connections,
      digits(load.perSecond),
      digits(load.bytes / load.seconds / 1e6),
      `${ms(load.update.p50)} / ${ms(load.update.p99)}`,
      `${ms(load.probe.p50)} / ${ms(load.probe.p99)} / ${ms(load.probe.max)}`,
      load.memory === undefined ? '–' : `${mb(load.memory.growth)} (${mb(load.memory.bar)})`,
      coordinator === undefined ? '–' : `${digits(coordinator.total / load.seconds)} + ${digits(generator / load.seconds)}`,
      `${digits(load.disk / 1e6)}`,
      `${digits(load.unmasking)} s`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  return [
    '| messages | weights | updates | POSTs | connections | updates/s | MB/s | an update, p50 / p99 | GET meanwhile, p50 / p99 / max | memory, more at the peak (bar) | cores: coordinator + generator | disk MB/s | masks to model |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- | --- | --- | ---: | ---: |',
    ...rows,
  ].join('\n');
}

/** Where the time went in one round. */
export function shareText(load: LoadResult): string {
  const lines: string[] = [];
  const { coordinator } = load.cpu;
  const share = (seconds: number, of: number): string => `${digits((100 * seconds) / of)} %`;
  if (coordinator !== undefined && coordinator.total > 0) {
    const threads = Object.entries(coordinator.threads)
      .sort(([, a], [, b]) => b - a)
      .filter(([, seconds]) => seconds > 0);
    const shown = threads.map(([name, seconds]) => `${name} ${share(seconds, coordinator.total)}`).join(', ');
    lines.push(`${nameOf(load)}: ${digits((1000 * coordinator.total) / load.updates)} ms of processor an update; by thread: ${shown}`);
  }
  if (load.stages !== undefined) {
    const stages = Object.entries(load.stages)
      .sort(([, a], [, b]) => b - a)
      .filter(([, seconds]) => seconds > 0);
    const shown = stages.map(([name, seconds]) => `${name} ${digits((1000 * seconds) / load.updates)}`).join(', ');
    lines.push(`${nameOf(load)}: milliseconds by the clock an update, by stage (waiting included): ${shown}`);
  }
  if (lines.length === 0) lines.push(`${nameOf(load)}: processor times are not known on this system`);
  return lines.map((line) => `* ${line}`).join('\n');
}

/** The idle participants, in a sentence. */
export function idleText(idle: IdleResult): string {
  const { participants, connections, every, seconds, requestsPerSecond, notModified, answer, cores, generatorCores } = idle;
  return `${participants} idle participants on ${connections} connections, each polling /params and /model every ${every} s, for ${seconds} s: ${Math.round(requestsPerSecond)} requests/s, ${digits(100 * notModified)} % answered 304, p50 ${ms(answer.p50)}, p99 ${ms(answer.p99)}; the coordinator took ${cores === undefined ? 'an unknown part' : digits(cores)} of a core, the pollers ${digits(generatorCores)}`;
}

/** What models of several lengths ask of a machine, as a table. */
export function sizingText(loads: readonly LoadResult[]): string {
  const rows = loads.map((load) => {
    const { coordinator } = load.cpu;
    const cells = [
      load.length,
      mb(load.largest),
      digits(load.perSecond),
      digits(load.bytes / load.seconds / 1e6),
      coordinator === undefined ? '–' : digits((1000 * coordinator.total) / load.updates),
      load.memory === undefined ? '–' : `${mb(load.memory.before)} + ${mb(load.memory.growth)}`,
      `${digits(load.unmasking)} s`,
    ];
    return `| ${cells.join(' | ')} |`;
  });
  const { connections } = loads[0]!;
  return [
    `| weights | an update | updates/s | MB/s | ms of processor an update | memory before + at the peak, at most ${connections} uploads at once | masks to model |`,
    '| ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
  ].join('\n');
}

/** The bars, as a table. */
export function barsText(bars: readonly Bar[]): string {
  const rows = bars.map(({ what, bar, found, ratio, met }) => `| ${what} | ${bar} | ${found} | ${digits(ratio)} ${met ? '✓' : '✗'} |`);
  return ['| bar | asked | found | ratio, 1 or more meets it |', '| --- | --- | --- | ---: |', ...rows].join('\n');
}

function nameOf({ chunk, length }: LoadResult): string {
  return `${chunk === 0 ? 'whole updates' : `chunks of ${chunk / 1024} KiB`} of ${length} weights`;
}

function ms(seconds: number): string {
  return `${digits(1000 * seconds)} ms`;
}

function mb(bytes: number): string {
  return `${digits(bytes / 1e6)} MB`;
}
