// Models in requests and answers: which format it is, and bodies within limits, one at a time.

import type { IncomingMessage } from 'node:http';
import { chooseType, oneOf, Refusal, readBody, shown } from '@xaynet/coordinator/http';
import type { DataType } from '@xaynet/core/mask';
import { MODEL_FORMATS, type ModelFormat, mostBytes } from '../model-file.ts';

/** The formats of models with their media types. */
export const MEDIA_TYPES: Readonly<Record<ModelFormat, string>> = {
  f32: 'application/vnd.xaynet.f32',
  f64: 'application/vnd.xaynet.f64',
  i32: 'application/vnd.xaynet.i32',
  i64: 'application/vnd.xaynet.i64',
  npy: 'application/x-npy',
  safetensors: 'application/vnd.safetensors',
  json: 'application/json',
};

const raw = (data: DataType): ModelFormat => data.toLowerCase() as ModelFormat;

/** The data type that a model is written in. */
export function typeOf(format: ModelFormat, data: DataType): DataType {
  if (/^[fi]\d\d$/.test(format)) return format.toUpperCase() as DataType;
  return format === 'json' && data === 'F32' ? 'F64' : data;
}

/** The format to answer in. Throws `http-query-invalid`, `http-not-acceptable`, and `http-format-unfit` for floats as integers. */
export function formatOfResponse(query: URLSearchParams, accept: string | undefined, data: DataType): ModelFormat {
  const asked = oneOf(query, 'format', MODEL_FORMATS);
  const formats = [raw(data), ...MODEL_FORMATS.filter((format) => format !== raw(data))];
  const type = chooseType(
    accept,
    formats.map((format) => MEDIA_TYPES[format]),
  );
  const format = asked ?? formats.find((each) => MEDIA_TYPES[each] === type);
  if (format === undefined) throw new Refusal('http-not-acceptable');
  if (/^i\d/.test(format) && data.startsWith('F')) throw new Refusal('http-format-unfit', `${format}: the weights are floats`);
  return format;
}

/** The format of a body. `application/octet-stream` is the raw format of the round. Throws `http-query-invalid`, `agent-media-unknown`, also for a compressed one. */
export function formatOfRequest(query: URLSearchParams, headers: IncomingMessage['headers'], data: DataType): ModelFormat {
  const { 'content-type': contentType, 'content-encoding': encoding = 'identity' } = headers;
  if (encoding.trim().toLowerCase() !== 'identity') throw new Refusal('agent-media-unknown', `Content-Encoding: ${shown(encoding)}`);
  const asked = oneOf(query, 'format', MODEL_FORMATS);
  if (asked !== undefined) return asked;
  const type = contentType?.split(';', 1).join().trim().toLowerCase();
  if (type === 'application/octet-stream') return raw(data);
  const format = MODEL_FORMATS.find((each) => MEDIA_TYPES[each] === type);
  if (format === undefined) throw new Refusal('agent-media-unknown', `Content-Type: ${type === undefined ? 'none' : shown(type)}`);
  return format;
}

/** Reads one model at a time: all of a body is in memory. */
export class Uploads {
  #busy = false;

  /** Throws `http-busy`, `http-body-timeout`, and `model-file-invalid` for more than so many weights can take. */
  async read(request: IncomingMessage, length: number): Promise<Uint8Array> {
    const limit = mostBytes(length);
    const tooMany = (bytes: number): Refusal => new Refusal('model-file-invalid', `${bytes} bytes are too many for ${length} weights`);
    const announced = Number(request.headers['content-length'] ?? 0);
    if (announced > limit) throw tooMany(announced);
    if (this.#busy) throw new Refusal('http-busy', 'another model is under way', { 'retry-after': '1' });
    this.#busy = true;
    try {
      const body = await readBody(request, { limit, take: () => undefined, give: () => {}, stallMs: 30_000, slowest: 16_000 });
      if ('bytes' in body) return body.bytes;
      if (body.failed === 'too-large') throw tooMany(body.length);
      throw new Refusal('http-body-timeout', `${body.length} bytes came`);
    } finally {
      this.#busy = false;
    }
  }
}
