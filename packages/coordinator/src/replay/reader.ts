// Reads recordings, a line at a time, so that a large one takes no more memory than a small one. What others have sent is checked before it is
// used; a last line that is cut off is what a process leaves that was killed, and ends the file without an error.

import { createReadStream, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { XaynetError } from '@xaynet/core/errors';
import { z } from 'zod';
import { inOrder, partOf } from '../recording/folder.ts';
import { RECORDING_VERSION, type RecordedEvent, type RecordingHead } from '../recording/format.ts';

/** A piece of a recording: the head of a file, an event, or the sign that a file ends in the middle of a line. */
export type RecordingItem =
  | { readonly type: 'head'; readonly head: RecordingHead }
  | { readonly type: 'event'; readonly line: RecordedEvent }
  | { readonly type: 'torn' };

/** Characters of a line; the longest honest one is a few thousand. */
const LONGEST_LINE = 1 << 20;

const whole = z.number().int();
const state = z.looseObject({ phase: z.enum(['idle', 'sum', 'update', 'sum2', 'unmask', 'failure', 'shutdown']), round: whole, failures: whole });
const limits = z.looseObject({
  count: z.looseObject({ min: z.number(), max: z.number() }),
  time: z.looseObject({ min: z.number(), max: z.number(), grace: z.number().optional() }),
});
const settings = z.looseObject({
  pet: z.looseObject({ sum: limits, update: limits, sum2: limits }),
  compat: z.looseObject({ plurality: z.boolean(), arrivalOrder: z.boolean() }),
});
const durable = z.enum(['sum', 'update', 'sum2', 'unmask']);
const HEAD = z.looseObject({
  recording: z.literal(RECORDING_VERSION),
  // They come to stand in comments of code.
  software: z.string().regex(/^[\w.+-]{1,64}$/),
  run: z.string().regex(/^[\w-]{1,64}$/),
  part: whole,
  at: z.number(),
  begins: z
    .union([z.looseObject({ lastRound: whole }), z.looseObject({ resumes: z.looseObject({ round: whole, phase: durable, failures: whole }) })])
    .optional(),
  events: whole,
  settings,
  task: z.looseObject({ mask: z.string(), length: z.number() }),
  state,
});
const EVENT = z.looseObject({
  number: whole,
  at: z.number(),
  event: z.looseObject({ type: z.string() }),
  message: z.looseObject({ participant: z.string(), bytes: z.number(), digest: z.string().optional() }).optional(),
  settings: settings.optional(),
  refused: z.record(z.string(), z.number()).optional(),
  paused: z.array(z.string()).optional(),
  effects: z.array(z.string()),
  changes: z.record(z.string(), z.unknown()),
  threw: z.literal(true).optional(),
  digest: z.string(),
});

/** The files of a recording: `path` itself, or, when it is a folder, those of the last run in it. Throws `file-unreadable` and `recording-invalid`. */
export function recordingFiles(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = inOrder(readdirSync(path));
    const last = partOf(names.at(-1) ?? '')?.run;
    if (last === undefined) throw new XaynetError('recording-invalid', `${path}: no recording is in this folder`);
    return names.filter((name) => partOf(name)!.run === last).map((name) => join(path, name));
  } catch (error) {
    throw unreadable(path, error);
  }
}

/**
 * Names of the other runs in a folder of recordings than the one that is read, the newest first; none of a file.
 * @example
 * ```ts
 * import { otherRuns } from '@xaynet/coordinator/replay';
 * otherRuns('packages/coordinator/samples/three-rounds.jsonl'); // []
 * ```
 */
export function otherRuns(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [];
    const runs = new Set(inOrder(readdirSync(path)).map((name) => partOf(name)!.run));
    return [...runs].reverse().slice(1);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/**
 * What is in a recording: a file as a coordinator wrote it (packed by gzip if its name ends so), or a folder of them, of which the last run is
 * read. Throws `file-unreadable`; `recording-invalid` names the line that cannot be used, `recording-version` a form that is not read.
 * @example
 * ```ts
 * import { readRecording } from '@xaynet/coordinator/replay';
 * let events = 0;
 * for await (const item of readRecording('packages/coordinator/samples/three-rounds.jsonl')) if (item.type === 'event') events++;
 * events; // 110
 * ```
 */
export async function* readRecording(path: string): AsyncGenerator<RecordingItem, void> {
  for (const file of recordingFiles(path)) yield* readRecordingText(bytesOf(file), basename(file));
}

/**
 * The same of the text of one file, in pieces of any size; `name` is for messages. Throws `recording-invalid` and `recording-version`.
 * @example
 * ```ts
 * import { readRecordingText } from '@xaynet/coordinator/replay';
 * await readRecordingText(['{"recording":2}\n'], 'newer.jsonl').next(); // throws recording-version
 * ```
 */
export async function* readRecordingText(text: AsyncIterable<string> | Iterable<string>, name: string): AsyncGenerator<RecordingItem, void> {
  let rest = '';
  let number = 0;
  for await (const piece of text) {
    rest += piece;
    let from = 0;
    for (let end = rest.indexOf('\n', from); end >= 0; end = rest.indexOf('\n', from)) {
      yield itemOf(rest.slice(from, end), ++number, name);
      from = end + 1;
    }
    rest = rest.slice(from);
    if (rest.length > LONGEST_LINE) throw new XaynetError('recording-invalid', `${name}:${number + 1}: a line of more than ${LONGEST_LINE} characters`);
  }
  if (number === 0) throw new XaynetError('recording-invalid', `${name}: ${rest === '' ? 'it is empty' : 'its first line is cut off'}`);
  if (rest !== '') yield { type: 'torn' };
}

function itemOf(text: string, number: number, name: string): RecordingItem {
  const value = parsed(text);
  if (number === 1) {
    if (isOtherVersion(value)) throw new XaynetError('recording-version', `${name}: form ${value.recording}, ${RECORDING_VERSION} is read`);
    const head = HEAD.safeParse(value);
    if (head.success) return { type: 'head', head: value as RecordingHead };
    throw new XaynetError('recording-invalid', `${name}:1: no head of a recording`);
  }
  const line = EVENT.safeParse(value);
  if (line.success) return { type: 'event', line: value as RecordedEvent };
  const [issue] = line.error.issues;
  throw new XaynetError('recording-invalid', `${name}:${number}: ${value === undefined ? 'no JSON' : `no event (${issue!.path.join('.') || 'the line'})`}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isOtherVersion(value: unknown): value is { recording: number } {
  return typeof value === 'object' && value !== null && 'recording' in value && typeof value.recording === 'number' && value.recording !== RECORDING_VERSION;
}

async function* bytesOf(file: string): AsyncGenerator<string, void> {
  try {
    const stream: Readable = createReadStream(file);
    // An error of the file is not an error of what it is piped to.
    const unpacked = file.endsWith('.gz') ? stream.on('error', (error) => unpacked.destroy(error)).pipe(createGunzip()) : stream;
    unpacked.setEncoding('utf8');
    for await (const piece of unpacked) yield piece as string;
  } catch (error) {
    throw unreadable(file, error);
  }
}

function unreadable(path: string, error: unknown): unknown {
  if (error instanceof XaynetError) return error;
  return new XaynetError('file-unreadable', `${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`, { cause: error });
}
