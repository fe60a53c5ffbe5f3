// Where bytes come from: files, standard input, or a route of a running coordinator; as they are or as text. Large files are read in pieces and
// told of. Nothing is written anywhere.

import { closeSync, createReadStream, existsSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { fromBase64, fromHex } from '@xaynet/core/bytes';
import { isXaynetError, XaynetError } from '@xaynet/core/errors';
import { fileError } from '../files.ts';
import { Client, readAll } from '../operator/client.ts';
import type { TlsFiles } from '../operator/tls.ts';
import type { KindName } from './kind-names.ts';

/** Something to inspect. */
export interface Input {
  readonly name: string;
  readonly size: number;
  /** Bytes from `offset` on; fewer than `length` where it ends. */
  read(offset: number, length: number): Uint8Array;
  /** What it is, where the way it came by says so. */
  readonly as?: KindName | undefined;
  readonly because?: string | undefined;
  close(): void;
}

/** How input is taken. */
export interface InputOptions extends TlsFiles {
  /** The bytes are text. */
  readonly encoding: 'hex' | 'base64' | undefined;
  /** Document of a coordinator, where only its address is given. */
  readonly get: Route | undefined;
  /** Key whose seeds are asked for, in hexadecimal or base64. */
  readonly pk: string | undefined;
}

/** Documents of a coordinator, by the name of their route. */
export const ROUTES: Readonly<Record<Route, KindName>> = { params: 'params', sums: 'sum-dict', seeds: 'update-seed-dict', model: 'model' };

/** Routes of a coordinator with documents of another kind, and what shows them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  status: 'xaynet coordinator status shows it',
  rounds: 'xaynet coordinator rounds shows it, signatures verified',
  events: 'xaynet coordinator events shows them',
  live: 'the page of the coordinator shows it',
  metrics: 'it is text for Prometheus',
};

type Route = 'params' | 'sums' | 'seeds' | 'model';

/** One call reads at most so many bytes; and after each it can be said how far it is. */
const PIECE = 64 * 1024 * 1024;
/** More is read of files of records only, which are read record by record. */
const MOST = 0x1_0200_0000;
/** More is not held of what comes through a pipe. */
const MOST_PIPED = 2 ** 31;
/** More text is not taken for bytes: what is longer is not in one string. */
const MOST_TEXT = 256 * 1024 * 1024;

type Progress = (done: number, total: number | undefined) => void;

/** Opens what an argument names. Throws `file-unreadable`, `decode-hex`, `decode-base64`, `transport-…`. */
export async function openInput(argument: string, options: InputOptions): Promise<Input> {
  if (/^https?:\/\//i.test(argument)) return download(argument, options);
  const raw = argument === '-' ? ofBytes('standard input', await readStream('standard input', process.stdin)) : await openFile(argument);
  if (options.encoding === undefined) return raw;
  try {
    if (raw.size > MOST_TEXT) throw new XaynetError('file-unreadable', `${raw.name}: ${raw.size} bytes; of text no more than ${MOST_TEXT} are taken`);
    return ofBytes(raw.name, decoded(new TextDecoder('latin1').decode(raw.read(0, raw.size)), options.encoding));
  } finally {
    raw.close();
  }
}

/** All bytes of an input. Throws `transport-too-large` above 4 GiB, what no document of the protocol has. */
export function readInput(input: Input, progress: Progress): Uint8Array {
  if (input.size > MOST) throw new XaynetError('file-unreadable', `${input.name}: ${input.size} bytes; no document of the protocol has more than 4 GiB`);
  if (input.size <= PIECE) return input.read(0, input.size);
  const bytes = new Uint8Array(input.size);
  let at = 0;
  while (at < bytes.length) {
    const piece = input.read(at, PIECE);
    if (piece.length === 0) break;
    bytes.set(piece, at);
    at += piece.length;
    progress(at, input.size);
  }
  return bytes.subarray(0, at);
}

async function openFile(path: string): Promise<Input> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new XaynetError('file-unreadable', `${path}: no such file`);
    throw fileError('file-unreadable', path, error);
  }
  let isKept = false;
  try {
    const stat = fstatSync(file);
    if (stat.isDirectory()) throw folderError(path);
    // Pipes, as of <(command), devices and files of the system have a size of 0, whatever is in them.
    if (!stat.isFile() || stat.size === 0) return ofBytes(path, await readStream(path, createReadStream(path, { fd: file, autoClose: false })));
    isKept = true;
    return {
      name: path,
      size: stat.size,
      read(offset, length) {
        const bytes = new Uint8Array(Math.max(0, Math.min(length, stat.size - offset)));
        let at = 0;
        for (let got = 1; got > 0 && at < bytes.length; at += got) got = readSync(file, bytes, at, Math.min(PIECE, bytes.length - at), offset + at);
        return bytes.subarray(0, at);
      },
      close: () => closeSync(file),
    };
  } catch (error) {
    if (isXaynetError(error)) throw error;
    throw fileError('file-unreadable', path, error);
  } finally {
    if (!isKept) closeSync(file);
  }
}

/** That a folder is no document, and what can be done with one that is known. */
function folderError(path: string): XaynetError {
  const advice = existsSync(join(path, 'coordinator.sqlite'))
    ? ', the data of a coordinator: its files in contributions/ can be inspected, and --coordinator-key takes the folder for the key of the round'
    : readdirSync(path).some((name) => /\.jsonl(\.gz)?$/.test(name))
      ? `, with recordings of rounds: "xaynet replay ${path}" runs them again`
      : '';
  return new XaynetError('file-unreadable', `${path}: it is a folder${advice}`);
}

/** Bytes in memory as an input. */
export function ofBytes(name: string, bytes: Uint8Array, as?: KindName, because?: string): Input {
  return { name, size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length), as, because, close: () => undefined };
}

/** All that comes. Throws `file-unreadable` for what has no end, and for what cannot be read. */
async function readStream(name: string, stream: AsyncIterable<unknown>): Promise<Uint8Array> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MOST_PIPED) throw new XaynetError('file-unreadable', `${name}: more than ${MOST_PIPED} bytes; put them in a file`);
    pieces.push(piece);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

/** Text as bytes; white space, and `0x` before hexadecimal, do not matter. */
function decoded(text: string, encoding: 'hex' | 'base64'): Uint8Array {
  const bare = text.replaceAll(/\s/g, '');
  return encoding === 'hex' ? fromHex(bare.replace(/^0x/i, '')) : fromBase64(bare);
}

async function download(argument: string, { get, pk, ...tls }: InputOptions): Promise<Input> {
  const url = new URL(argument);
  const last = url.pathname.split('/').at(-1) ?? '';
  const elsewhere = Object.hasOwn(ELSEWHERE, last) ? ELSEWHERE[last] : undefined;
  if (elsewhere !== undefined && get === undefined) throw new XaynetError('option-invalid', `${argument} is no document of a round: ${elsewhere}`);
  const named = Object.hasOwn(ROUTES, last) ? (last as Route) : undefined;
  const isDocument = named !== undefined || /\/models\/[^/]+$/.test(url.pathname);
  const route = named ?? get ?? 'params';
  const client = new Client({ ...tls, url: isDocument ? new URL(url.pathname.includes('/models/') ? '..' : '.', url).href : url.href });
  const path = isDocument ? url.pathname.slice(new URL(client.urlOf('')).pathname.length) + url.search : route + queryOf(route, pk);
  const response = await client.open(path, { headers: { accept: '*/*' }, expected: [200, 204] });
  const bytes = await readAll(response, MOST);
  const name = client.urlOf(path);
  if (response.statusCode === 204) throw new XaynetError('transport-busy', `${name}: 204, there is none at the moment (wire 7.1)`);
  return isDocument && named === undefined ? ofBytes(name, bytes) : ofBytes(name, bytes, ROUTES[route], `the answer to GET /${route}`);
}

function queryOf(route: Route, pk: string | undefined): string {
  if (route !== 'seeds') return '';
  if (pk === undefined) throw new XaynetError('option-invalid', '--get seeds: whose seeds? give --pk KEY, of a sum participant');
  const base64 = /^[0-9a-f]{64}$/i.test(pk) ? Buffer.from(pk, 'hex').toString('base64') : pk;
  return `?pk=${encodeURIComponent(base64)}`;
}
