// Serves a part of a body (RFC 9110, 14): one range of bytes, so that a download goes on where it broke off. Several ranges in one request
// are answered with the whole body, as the RFC allows; so is a range of another version of the body.

import type { Answer } from '../answer.ts';
import { Refusal } from './responses.ts';

/** The part of a body that was asked for, both ends included; undefined: all of it. `unsatisfiable`: no byte of it is there. */
export function requestedRange(range: string | undefined, length: number): { first: number; last: number } | 'unsatisfiable' | undefined {
  const found = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(range ?? '');
  const [from, to] = [found?.[1] ?? '', found?.[2] ?? ''];
  if (from === '' && to === '') return undefined;
  if (from === '') return Number(to) === 0 || length === 0 ? 'unsatisfiable' : { first: Math.max(0, length - Number(to)), last: length - 1 };
  if (to !== '' && Number(to) < Number(from)) return undefined; // no range at all, so it is ignored
  if (Number(from) >= length) return 'unsatisfiable';
  return { first: Number(from), last: to === '' ? length - 1 : Math.min(Number(to), length - 1) };
}

/** The part of a whole answer (200 with a strong etag) that `range` asks for; `ifRange` other than its etag: the whole. */
export function ranged(whole: Answer, range: string | undefined, ifRange: string | undefined): Answer {
  const { body } = whole;
  const headers: Readonly<Record<string, string>> = { ...whole.headers, 'accept-ranges': 'bytes' };
  if (body === undefined || (ifRange !== undefined && ifRange.trim() !== headers.etag)) return { ...whole, headers };
  const asked = requestedRange(range, body.length);
  if (asked === undefined) return { ...whole, headers };
  if (asked === 'unsatisfiable') {
    throw new Refusal('http-range-invalid', undefined, { 'content-range': `bytes */${body.length}`, 'accept-ranges': 'bytes' });
  }
  const { first, last } = asked;
  const part = body.subarray(first, last + 1);
  return {
    status: 206,
    headers: { ...headers, 'content-length': String(part.length), 'content-range': `bytes ${first}-${last}/${body.length}` },
    body: part,
  };
}
