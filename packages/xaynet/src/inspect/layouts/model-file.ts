// Models as people have them: NumPy arrays and safetensors files. Layout, types and shapes are shown; the numbers are not, because whether a
// file is the global model or that of a single participant cannot be seen.

import { isXaynetError } from '@xaynet/core/errors';
import { decodeNpy } from '@xaynet/participant/npy';
import { decodeSafetensors } from '@xaynet/participant/safetensors';
import type { Cursor } from '../cursor.ts';
import { countText } from '../show.ts';

/** Characters of a header that are shown. */
const MOST_SHOWN = 400;

/** A NumPy array. */
export function layNpy(cursor: Cursor): void {
  cursor.take('magic', 6, () => ({ value: '\\x93NUMPY' }));
  const major = cursor.u8('version');
  cursor.u8('minorVersion');
  const length = (major ?? 1) >= 2 ? cursor.u32le('headerLength') : cursor.u16le('headerLength');
  layRest(cursor, length, () => {
    const { shape, data } = decodeNpy(cursor.bytes, { widen: true });
    return `${countText(data.length, 'number', 'numbers')}, shape ${shape.join(' × ') || 'of one number'}`;
  });
}

/** A safetensors file. */
export function laySafetensors(cursor: Cursor): void {
  const length = cursor.u64le('headerLength');
  layRest(cursor, length, () => {
    const names = Object.entries(decodeSafetensors(cursor.bytes).tensors).map(([name, { shape }]) => `${name} (${shape.join(' × ')})`);
    return `${countText(names.length, 'tensor', 'tensors')}: ${names.slice(0, 8).join(', ')}${names.length > 8 ? ', …' : ''}`;
  });
}

function layRest(cursor: Cursor, length: number | undefined, describe: () => string): void {
  if (length === undefined) return;
  const header = cursor.take('header', length, (bytes) => {
    const text = new TextDecoder('latin1')
      .decode(bytes)
      .replaceAll(/[^ -~]/g, '.')
      .trimEnd();
    return { value: text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text };
  });
  const field = cursor.last;
  if (header !== undefined && cursor.remaining > 0) cursor.secret('data', cursor.remaining);
  try {
    cursor.note(describe(), field);
  } catch (error) {
    if (!isXaynetError(error)) throw error;
    cursor.wrong(error.message, field);
  }
}
