// The formats in which a model is given besides the fractions that `/model` serves: raw little-endian primitives, safetensors, JSON. Floats are
// rounded once, to the nearest and from the exact fraction; integers are truncated towards zero (wire 4.7).

import { createHash } from 'node:crypto';
import { endianness } from 'node:os';
import { toHex } from '@xaynet/core/bytes';
import type { DataType } from '@xaynet/core/mask';
import { blocksOf, lengthOf, Pacer } from './model-blocks.ts';
import { Refusal } from './responses.ts';

/** A format by its name in `?format=` and as extension of the path. */
export type FormatName = 'fractions' | 'f32' | 'f64' | 'i32' | 'i64' | 'safetensors' | 'json';

/** The formats with their media types; the order is that of preference, fractions first. */
export const FORMATS: Readonly<Record<FormatName, string>> = {
  fractions: 'application/octet-stream',
  f32: 'application/vnd.xaynet.f32',
  f64: 'application/vnd.xaynet.f64',
  i32: 'application/vnd.xaynet.i32',
  i64: 'application/vnd.xaynet.i64',
  safetensors: 'application/vnd.safetensors',
  json: 'application/json',
};

export const FORMAT_NAMES: readonly FormatName[] = Object.keys(FORMATS) as FormatName[];

/** The primitive types of wire 3.1, which safetensors calls by the same names. */
export const DATA_TYPES: readonly DataType[] = ['F32', 'F64', 'I32', 'I64'];

const BYTES: Readonly<Record<DataType, number>> = { F32: 4, F64: 8, I32: 4, I64: 8 };

/** Whether a model whose weights are averages of this type loses nothing but a rounding in the format; floats as integers would mostly be 0. */
export function isFit(format: FormatName | DataType, data: DataType): boolean {
  return /^f/i.test(data) ? !/^i/i.test(format) : true;
}

/** Weights of the largest model that is given as JSON: its text takes some 20 bytes a weight and a reader several times that. */
const JSON_MOST = 10_000_000;

/** Bytes of the longest float64 in decimal and a comma. */
const JSON_WEIGHT = 25;

/** What a format says of the model besides its weights. */
export interface ModelName {
  readonly id: string;
  /** Undefined when the id does not say it. */
  readonly round: number | undefined;
}

/** The round that an id names; ids are `{round}_{round seed}` (coordinator 4.7). */
export function roundOf(id: string): number | undefined {
  const found = /^(\d{1,15})_/.exec(id)?.[1];
  return found === undefined ? undefined : Number(found);
}

/**
 * A model in this format; `data`: primitives in safetensors. Resolves after a while, with pauses for others. Throws `model-not-representable`
 * where a weight does not fit, and `http-format-unfit` for JSON that would be too large.
 */
export async function formatModel(model: Uint8Array, name: ModelName, format: FormatName, data: DataType): Promise<Uint8Array> {
  if (format === 'fractions') return model;
  if (format === 'json') return jsonOf(model, name);
  if (format === 'safetensors') {
    const head = safetensorsHead(lengthOf(model), data, name, await hashOf(model));
    return primitives(model, data, head);
  }
  return primitives(model, format.toUpperCase() as DataType, new Uint8Array(0));
}

/** `head`, then the weights as little-endian primitives. */
async function primitives(model: Uint8Array, data: DataType, head: Uint8Array): Promise<Uint8Array> {
  const out = new Uint8Array(head.length + BYTES[data] * lengthOf(model));
  out.set(head);
  let at = head.length;
  for await (const block of blocksOf(model, data)) {
    const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
    if (endianness() === 'BE') BYTES[data] === 4 ? bytes.swap32() : bytes.swap64();
    out.set(bytes, at);
    at += bytes.length;
  }
  return out;
}

/**
 * What a safetensors file begins with: the length of its JSON header as a 64-bit number, and the header, padded with spaces so that the data
 * are aligned to 8 bytes. `hash`: SHA-256 of the fractions, which round records name too.
 */
function safetensorsHead(length: number, data: DataType, { id, round }: ModelName, hash: string): Uint8Array {
  const metadata = { id, ...(round === undefined ? {} : { round: String(round) }), hash };
  const text = JSON.stringify({ __metadata__: metadata, weights: { dtype: data, shape: [length], data_offsets: [0, BYTES[data] * length] } });
  const padded = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8, ' '));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([size, padded]);
}

/** An object with the weights as decimal numbers, each the shortest that is the float64 nearest to the weight. */
async function jsonOf(model: Uint8Array, { id, round }: ModelName): Promise<Uint8Array> {
  const length = lengthOf(model);
  if (length > JSON_MOST) throw new Refusal('http-format-unfit', `json: ${JSON_MOST} weights are the most, the model has ${length}`);
  const head = `${JSON.stringify({ id, round: round ?? null, length }).slice(0, -1)},"weights":[`;
  // As much as it can be; memory that nothing is written to is never given out by the system.
  const out = Buffer.allocUnsafeSlow(Buffer.byteLength(head) + JSON_WEIGHT * length + 2);
  let at = out.write(head);
  const start = at;
  for await (const block of blocksOf(model, 'F64')) {
    for (let i = 0; i < block.length; i += 1024) at += out.write(`${at === start ? '' : ','}${block.subarray(i, i + 1024).join(',')}`, at, 'latin1');
  }
  at += out.write(']}', at);
  return out.subarray(0, at);
}

const HASH_SLICE = 1 << 20;

async function hashOf(model: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  const pacer = new Pacer();
  for (let at = 0; at < model.length; at += HASH_SLICE) {
    hash.update(model.subarray(at, at + HASH_SLICE));
    await pacer.pause();
  }
  return toHex(hash.digest());
}
