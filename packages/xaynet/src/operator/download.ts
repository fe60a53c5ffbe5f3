// Downloads a global model to a file: into a file beside it that is renamed when it is complete, so that nobody reads half a model; a download
// that broke off goes on where it stopped, if the coordinator still has the same model. The part's name holds the model's entity tag.

import { createHash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import type { Client } from './client.ts';

/** The formats that a coordinator serves models in. */
export const FORMATS = ['f32', 'f64', 'safetensors', 'json', 'fractions', 'i32', 'i64'] as const;

/** One of them. */
export type Format = (typeof FORMATS)[number];

/** What was downloaded. */
export interface Download {
  /** Id of the model, as far as the coordinator says it. */
  readonly id: string | undefined;
  readonly bytes: number;
  /** Bytes that an earlier download had left. */
  readonly resumed: number;
  /** SHA-256 of the file in hexadecimal. */
  readonly sha256: string;
}

type Progress = (done: number, total: number | undefined) => void;

/** Downloads model `id` (or `latest`) to `path`. Throws as the client, and `file-unwritable`. */
export async function downloadModel(
  client: Client,
  options: { id: string; format: Format; path: string; progress: Progress; signal?: AbortSignal | undefined },
): Promise<Download> {
  const { format, path, progress, signal } = options;
  const route = (id: string): string => `/models/${encodeURIComponent(id)}?format=${format}`;
  const about = await client.open(route(options.id), { method: 'HEAD', headers: ACCEPT, signal });
  about.resume();
  const tag = about.headers.etag;
  const id = tag === undefined ? undefined : modelIdOf(tag);
  const total = Number(about.headers['content-length'] ?? Number.NaN);
  const part = `${path}.${createHash('sha256')
    .update(tag ?? '')
    .digest('hex')
    .slice(0, 8)}.part`;
  const file = opened(part);
  try {
    const had = tag === undefined ? 0 : fstatSync(file).size;
    // "latest" may be another model a moment later; its id may not.
    const source = { client, path: route(id ?? options.id), tag, total, progress, signal };
    const got = had === total ? { bytes: had, resumed: had } : await receive(source, file, had);
    const sha256 = hashOf(file, got.bytes);
    fsyncSync(file);
    renameSync(part, path);
    return { id, ...got, sha256 };
  } catch (error) {
    if (isFileError(error)) throw new XaynetError('file-unwritable', `${path}: ${error.code}`, { cause: error });
    throw error;
  } finally {
    closeSync(file);
  }
}

const ACCEPT = { accept: '*/*' };

interface Source {
  readonly client: Client;
  readonly path: string;
  readonly tag: string | undefined;
  readonly total: number;
  readonly progress: Progress;
  readonly signal: AbortSignal | undefined;
}

/** Writes what is missing after `from` bytes to `file`, or everything when the coordinator has no such rest. */
async function receive(source: Source, file: number, from: number): Promise<{ bytes: number; resumed: number }> {
  const { client, path, tag, total, progress, signal } = source;
  const range = from > 0 ? { range: `bytes=${from}-`, 'if-range': tag! } : {};
  const response = await client.open(path, { headers: { ...ACCEPT, ...range }, signal, expected: from > 0 ? [200, 206, 416] : [200] });
  if (response.statusCode === 416) {
    response.resume();
    return receive(source, file, 0);
  }
  const resumed = response.statusCode === 206 ? from : 0;
  ftruncateSync(file, resumed);
  let bytes = resumed;
  try {
    for await (const piece of response as AsyncIterable<Buffer>) {
      for (let done = 0; done < piece.length; ) done += writeSync(file, piece, done, piece.length - done, bytes + done);
      bytes += piece.length;
      progress(bytes, Number.isNaN(total) ? undefined : total);
    }
  } catch (error) {
    if (isFileError(error) || signal?.aborted) throw error;
  }
  if (response.complete && (Number.isNaN(total) || bytes === total)) return { bytes, resumed };
  throw new XaynetError('transport-unreachable', `${client.urlOf(path)}: it broke off after ${bytes} of ${total} bytes; run the command again to go on`);
}

function opened(part: string): number {
  try {
    return openSync(part, existsSync(part) ? 'r+' : 'wx+', 0o644);
  } catch (error) {
    throw new XaynetError('file-unwritable', `${part}: ${(error as NodeJS.ErrnoException).code ?? error}`, { cause: error });
  }
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  // A lost connection can name a system call too, but none of files.
  return error instanceof Error && /^(open|write|ftruncate|fsync|rename|fstat)$/.test((error as NodeJS.ErrnoException).syscall ?? '') && !isXaynetError(error);
}

/** `"12_ab….f32"` names the model `12_ab…`. */
function modelIdOf(tag: string): string | undefined {
  return /^"([0-9A-Za-z_-]+)\.[a-z0-9.]+"$/.exec(tag)?.[1];
}

function hashOf(file: number, length: number): string {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(1 << 20);
  for (let at = 0; at < length; ) {
    const read = readSync(file, buffer, 0, buffer.length, at);
    if (read === 0) break;
    hash.update(buffer.subarray(0, read));
    at += read;
  }
  return hash.digest('hex');
}
