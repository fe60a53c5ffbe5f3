// What a running coordinator says, for people: tables of a status and of rounds, a line for an event. Pure functions from data to lines.

import type { RoundRecord } from '@xaynet/coordinator';
import { grouped, size, span } from '../figures.ts';
import type { StatusDocument } from './documents.ts';

/** A coordinator's status, line by line. */
export function statusLines(status: StatusDocument, url: string): string[] {
  const { now, round, phase, window, counts, paused, lastFailure, model, task, fleet, store } = status;
  const rows: (readonly [string, string] | undefined)[] = [
    ['coordinator', `${url}, version ${status.version}, up for ${span(status.uptime)}`],
    ['round', grouped(round)],
    ['phase', phase],
    window ? ['ends', `in ${span((window.earliestEnd - now) / 1000)} at the earliest, in ${span((window.latestEnd - now) / 1000)} at the latest`] : undefined,
    counts
      ? ['messages', `${grouped(counts.accepted)} accepted, ${grouped(counts.rejected)} rejected, ${grouped(counts.discarded)} discarded in this phase`]
      : undefined,
    ['this round', `${grouped(status.sums ?? 0)} sum participants, ${grouped(status.updates ?? 0)} updates in the aggregate`],
    ['waiting', `${grouped(status.queued ?? 0)} messages, ${size(status.chunkBytes ?? 0)} of incomplete ones`],
    paused ? ['PAUSED', `takes no messages since ${time(paused.since)}: ${paused.title ?? ''} [${paused.code}]`] : undefined,
    (status.failures ?? 0) > 0 ? ['failed', `${grouped(status.failures!)} ${status.failures === 1 ? 'round' : 'rounds'} in a row`] : undefined,
    lastFailure
      ? ['last failure', `round ${lastFailure.round} in ${lastFailure.phase}, ${time(lastFailure.at)}: ${lastFailure.title ?? ''} [${lastFailure.code}]`]
      : undefined,
    ['model', model ? `of round ${model.round ?? '–'} (${model.id.slice(0, 20)}${model.id.length > 20 ? '…' : ''})` : 'none yet'],
    task ? ['task', `${grouped(task.modelLength)} weights, masked by ${task.mask}`] : undefined,
    fleet ? ['fleet', fleetText(fleet)] : undefined,
    store && (fleet == null || store.bytes > 0)
      ? ['store', `${size(store.bytes)}${store.free === null ? '' : `, ${size(store.free)} free on its disk`}`]
      : undefined,
  ];
  const shown = rows.filter((row) => row !== undefined);
  const width = Math.max(...shown.map(([name]) => name.length));
  return shown.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

/** Who shares the round, and who leads. */
function fleetText({ self, leader, members }: StatusDocument['fleet'] & {}): string {
  const count = members.length === 1 ? 'one process' : `${grouped(members.length)} processes`;
  if (leader === self) return `${count}; this one, ${self}, leads`;
  return `${count}; ${typeof leader === 'string' ? `${leader} leads` : 'nobody leads'}, this one is ${self}`;
}

/** Records of rounds as a table, the newest first; `verified` tells of each whether its signature holds. */
export function roundLines(records: readonly RoundRecord[], verified: readonly boolean[]): string[] {
  if (records.length === 0) return ['no round has ended yet'];
  const head = ['round', 'outcome', 'ended', 'took', 'sum', 'update', 'sum2', 'signature', 'signer'];
  const rows = records.map((record, i) => [
    String(record.round),
    record.outcome === 'model' ? 'model' : `${record.code ?? 'failure'} in ${record.phase ?? '–'}`,
    time(record.ended),
    span((record.ended - record.began) / 1000),
    String(record.sums),
    String(record.updates),
    String(record.masks),
    verified[i] ? 'holds' : 'DOES NOT HOLD',
    record.signer.slice(0, 16),
  ]);
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

/** An event as a line: what happened, then what there is to say of it. */
export function eventLine(type: string, data: unknown, now: number): string {
  if (type === 'dropped' && (data as { count?: unknown } | null)?.count === null) {
    return `${time(now)}  dropped    some events, nobody knows how many: the coordinator was started again`;
  }
  const fields = Object.entries((data ?? {}) as Record<string, unknown>)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name}=${/^(earliest|latest)End$/.test(name) && typeof value === 'number' ? time(value) : printable(String(value))}`);
  return `${time(now)}  ${printable(type).padEnd(9)}  ${fields.join(' ')}`.trimEnd();
}

/** No text of another program moves the cursor of a terminal. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be printed
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?');
}

/** A time of day in the machine's zone, with the date. */
function time(milliseconds: number): string {
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return '–';
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}
