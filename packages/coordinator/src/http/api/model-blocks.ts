// Reads a published model block by block, each into a typed array of its own, with pauses in which other requests are answered: a model of
// 25 million weights takes a second or more. Where a block ends is found by stepping over the numbers' lengths; reading is the core's.

import { setImmediate } from 'node:timers/promises';
import { XaynetError } from '@xaynet/core/errors';
import type { DataType } from '@xaynet/core/mask';
import { ModelReader } from '@xaynet/core/round';

type Weights = ReturnType<ModelReader['finish']>;

/** Weights of a block: about half a millisecond of work. */
const BLOCK = 8192;

/** Work between two pauses, in milliseconds. */
const SLICE_MS = 5;

/** Calls back into the event loop when work has gone on for too long. */
export class Pacer {
  #since = performance.now();

  /** Resolves at once, or after others had their turn. */
  async pause(): Promise<void> {
    if (performance.now() - this.#since < SLICE_MS) return;
    await setImmediate();
    this.#since = performance.now();
  }
}

/** The number of weights that a model announces. Throws `decode-…`. */
export function lengthOf(model: Uint8Array): number {
  if (model.length < 8) throw new XaynetError('decode-truncated', `model: ${model.length} bytes`);
  const length = viewOf(model).getBigUint64(0, true);
  if (length > BigInt(model.length)) throw new XaynetError('decode-length', `model: ${length} weights in ${model.length} bytes`);
  return Number(length);
}

/**
 * The weights from the first to the last, at most 8192 at a time, as `data` (wire 4.7). Throws `model-not-representable`, and `decode-…` where
 * the bytes are no model.
 */
export async function* blocksOf(model: Uint8Array, data: DataType, pacer: Pacer = new Pacer()): AsyncIterable<Weights> {
  const length = lengthOf(model);
  const view = viewOf(model);
  let at = 8;
  for (let done = 0; done < length; ) {
    const count = Math.min(BLOCK, length - done);
    const end = endOf(view, at, count);
    yield readBlock(model.subarray(at, end), count, data);
    at = end;
    done += count;
    await pacer.pause();
  }
  if (at !== model.length) throw new XaynetError('decode-trailing', `model: ${model.length - at} bytes after the last weight`);
}

function readBlock(bytes: Uint8Array, count: number, data: DataType): Weights {
  const reader = new ModelReader(data, { maxLength: count });
  const head = new Uint8Array(8);
  viewOf(head).setUint32(0, count, true);
  reader.push(head);
  reader.push(bytes);
  return reader.finish();
}

/** Where `count` weights from `at` on end: two numbers each, a sign, the count of their 32-bit words, and those (wire 7.3). */
function endOf(view: DataView, at: number, count: number): number {
  let end = at;
  for (let i = 0; i < 2 * count; i++) {
    if (end + 9 > view.byteLength || view.getUint32(end + 5, true) !== 0) throw new XaynetError('decode-truncated', 'model');
    end += 9 + 4 * view.getUint32(end + 1, true);
  }
  if (end > view.byteLength) throw new XaynetError('decode-truncated', 'model');
  return end;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
