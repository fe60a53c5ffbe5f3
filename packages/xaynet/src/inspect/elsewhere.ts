// Files that people have beside documents of the protocol, and that another command looks into: each is recognised, and a sentence says which.
// Nothing of them is shown, as some hold secrets. Raw models, which have no beginning of their own, are known by the names of their files.

import { grouped } from '../figures.ts';
import { Cursor, type Look } from './cursor.ts';
import type { Check, Report } from './report.ts';
import { bytesText } from './show.ts';

interface Elsewhere {
  readonly title: string;
  readonly because: string;
  /** What looks into it. */
  readonly todo: string;
}

/** The report of a file that is not taken apart here; undefined for any other. `name` is that of the file. */
export function inspectElsewhere(name: string, bytes: Uint8Array, look: Look): Report | undefined {
  const found = elsewhereOf(name, bytes);
  if (found !== undefined) {
    const { title, because, todo } = found;
    return report(name, bytes, look, {
      kind: 'elsewhere',
      title,
      because,
      checks: [{ outcome: 'wrong', says: `it is not taken apart here: ${todo}`, section: '' }],
    });
  }
  return inspectRaw(name, bytes, look);
}

function report(source: string, bytes: Uint8Array, look: Look, about: Pick<Report, 'kind' | 'title' | 'because'> & { checks: Check[] }): Report {
  const cursor = new Cursor(bytes, look);
  if (bytes.length > 0) cursor.secret('bytes', bytes.length);
  if (cursor.last !== undefined && !look.secrets) cursor.last.value = `${bytesText(bytes.length)}, not shown (show with --secrets)`;
  return { source, size: bytes.length, fields: cursor.fields, signed: undefined, verdict: undefined, inside: [], bytes, ...about };
}

function elsewhereOf(name: string, bytes: Uint8Array): Elsewhere | undefined {
  const start = Buffer.from(bytes.subarray(0, 4096)).toString('latin1'); // a TextDecoder would take it for Windows-1252
  const file = name.startsWith('http') || name === 'standard input' ? 'FILE' : name;
  if (start.startsWith('SQLite format 3\0'))
    return {
      title: 'database of SQLite, as in the data folder of a coordinator',
      because: 'it begins as SQLite’s do',
      todo: 'give the folder to --coordinator-key for the key of its round; sqlite3 reads the rest',
    };
  if (start.startsWith('7\x7f\x06\x82') || start.startsWith('7\x7f\x06\x83'))
    return {
      title: 'write-ahead log of SQLite, as in the data folder of a coordinator',
      because: 'it begins as SQLite’s do',
      todo: 'it belongs to the database beside it and is nothing without it',
    };
  if (/^\{"recording":\d/.test(start))
    return { title: 'recording of rounds', because: 'its first line is the head of one', todo: `xaynet replay ${file} runs it again` };
  if (start.startsWith('\x1f\x8b'))
    return {
      title: 'something packed by gzip',
      because: 'it begins so',
      todo: `unpack it with gunzip; a packed recording of rounds is for xaynet replay ${file}`,
    };
  if (start.startsWith('PK\x03\x04'))
    return { title: 'ZIP archive, as of numpy.savez and torch.save', because: 'it begins so', todo: 'unpack it, or save the arrays as .npy or .safetensors' };
  const label = /^-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(start)?.[1];
  if (label !== undefined)
    return {
      title: `PEM file: ${label.toLowerCase()}`,
      because: 'it begins so',
      todo: 'openssl reads it; xaynet coordinator check -c FILE looks at certificates that settings name',
    };
  if (/^([0-9a-f]{64})\s*$/i.test(start) && bytes.length <= 66)
    return {
      title: '32 bytes in hexadecimal: a key or a seed, such as store.key',
      because: 'it is 64 digits',
      todo: 'options such as --coordinator-key take it; a store.key opens the database beside it, for --coordinator-key FOLDER',
    };
  if (/^[\w+/-]{43}=?\s*$/.test(start) && bytes.length <= 46)
    return {
      title: '32 bytes in base64: a token of an agent, or a key',
      because: 'it is 43 letters',
      todo: 'an agent expects its token after "Authorization: Bearer"',
    };
  if (/^\s*\{/.test(start)) return jsonOf(bytes);
  if (/^# (HELP|TYPE) \w/m.test(start.slice(0, 200)))
    return { title: 'metrics in the text form of Prometheus', because: 'it begins with HELP or TYPE', todo: 'docs/METRICS.md explains them' };
  if (/^\s*<(!doctype html|html)/i.test(start))
    return { title: 'page of HTML', because: 'it begins so', todo: 'was it fetched from a coordinator? see its URL, and what a proxy answers' };
  if (/^\[(model|pet\.\w+|api|mask|store)\]\s*$/m.test(start) && /^\s*\w+ *=/m.test(start))
    return { title: 'settings of a coordinator', because: 'it is text with sections of settings', todo: `xaynet coordinator check -c ${file} checks them` };
  return undefined;
}

/** Longest JSON that is looked at. */
const MOST_JSON = 64 * 1024 * 1024;

function jsonOf(bytes: Uint8Array): Elsewhere | undefined {
  if (bytes.length > MOST_JSON) return undefined;
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
  const has = (...names: string[]): boolean => names.every((name) => Object.hasOwn(Object(content), name));
  const because = 'it is JSON with such names in it';
  if (has('rounds', 'next') || has('record', 'signature'))
    return { title: 'records of rounds, GET /rounds', because, todo: 'xaynet coordinator rounds --url URL shows them, signatures verified' };
  if (has('version', 'uptime', 'phase')) return { title: 'state of a coordinator, GET /status', because, todo: 'xaynet coordinator status --url URL shows it' };
  if (has('openapi', 'paths')) return { title: 'description of an API, /openapi.json', because, todo: 'docs/API.md says the same in words' };
  if (has('simulation', 'rounds')) return { title: 'summary of xaynet simulate', because, todo: 'report.html beside it shows it' };
  return undefined;
}

/** Bytes of a number by how a file of them is called. */
const WIDTHS: Readonly<Record<string, number>> = { f32: 4, f64: 8, i32: 4, i64: 8 };
const NUMBERS: Readonly<Record<string, string>> = { f32: 'binary32', f64: 'binary64', i32: '32 bit integers', i64: '64 bit integers' };

/** A raw model: how many numbers, and whether they are numbers. */
function inspectRaw(name: string, bytes: Uint8Array, look: Look): Report | undefined {
  const type = /\.(f32|f64|i32|i64)$/i.exec(name)?.[1]?.toLowerCase();
  if (type === undefined) return undefined;
  const [width, numbers] = [WIDTHS[type]!, NUMBERS[type]!];
  const checks: Check[] = [];
  const add = (outcome: Check['outcome'], says: string): void => void checks.push({ outcome, says, section: '' });
  const count = Math.floor(bytes.length / width);
  if (bytes.length % width !== 0) add('wrong', `${grouped(bytes.length)} bytes are no multiple of ${width}`);
  else add('ok', `${grouped(count)} numbers of ${width} bytes`);
  if (type.startsWith('f')) {
    const first = firstNotFinite(bytes, width);
    if (first === undefined) add('ok', 'all are finite');
    else add('wrong', `number ${grouped(first)}, counted from 0, is not finite`);
  }
  return report(name, bytes, look, { kind: 'raw', title: `raw model, ${numbers}`, because: `the name of the file ends in .${type}`, checks });
}

function firstNotFinite(bytes: Uint8Array, width: number): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; (i + 1) * width <= bytes.length; i++) {
    if (!Number.isFinite(width === 4 ? view.getFloat32(i * width, true) : view.getFloat64(i * width, true))) return i;
  }
  return undefined;
}
