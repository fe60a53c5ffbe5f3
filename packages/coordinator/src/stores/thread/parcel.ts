// What goes between the threads. A message may hold neither maps of this project nor entries of the catalogue, a view would take the whole
// buffer behind it along, and ten thousand small arrays cost more than one large one. So bytes are copied once, exactly, and the copies
// are handed over; dictionaries and lists of keys become one piece.

import { KeyMap } from '@xaynet/core/bytes';
import { MASK_CONFIGS, type MaskConfig } from '@xaynet/core/mask';

/** Bytes below this are cheaper cloned than handed over. */
const SMALL = 4096;

const CONFIG_NUMBERS = new Map<unknown, number>(MASK_CONFIGS.map((config: MaskConfig, i) => [config, i]));

/** A value that `postMessage` takes, and the buffers to hand over with it. */
export interface Parcel {
  readonly value: unknown;
  readonly transfer: ArrayBuffer[];
}

/** What stands for a value that a message cannot hold; nothing else has this property. */
type Tagged =
  | { readonly '#': 'config'; readonly number: number }
  | { readonly '#': 'bytes'; readonly length: number; readonly bytes: Uint8Array }
  | { readonly '#': 'map'; readonly keys: unknown; readonly values: unknown };

/**
 * Packs plain data, bytes, dictionaries and configurations. What it is given is not kept, and not changed. `lent`: buffers of which large
 * arrays need no copy, because they are handed over themselves.
 */
export function pack(value: unknown, lent: readonly ArrayBuffer[] = []): Parcel {
  const transfer: ArrayBuffer[] = [...lent];
  return { value: packed(value, { transfer, lent }), transfer };
}

interface Packing {
  readonly transfer: ArrayBuffer[];
  readonly lent: readonly ArrayBuffer[];
}

function packed(value: unknown, packing: Packing): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return packedBytes(value, packing);
  if (value instanceof KeyMap) {
    const entries = [...(value as KeyMap<Uint8Array, unknown>)];
    const keys = packed(
      entries.map(([key]) => key),
      packing,
    );
    const values = packed(
      entries.map(([, one]) => one),
      packing,
    );
    return { '#': 'map', keys, values } satisfies Tagged;
  }
  const number = CONFIG_NUMBERS.get(value);
  if (number !== undefined) return { '#': 'config', number } satisfies Tagged;
  if (Array.isArray(value)) return packedList(value, packing);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, packed(one, packing)]));
}

function packedBytes(bytes: Uint8Array, packing: Packing): Uint8Array {
  if (bytes.length >= SMALL && packing.lent.includes(bytes.buffer as ArrayBuffer)) return bytes;
  const copy = new Uint8Array(bytes); // not slice: that of a Buffer is a view
  if (copy.length >= SMALL) packing.transfer.push(copy.buffer);
  return copy;
}

/** Many byte values of one length go as one. */
function packedList(list: readonly unknown[], packing: Packing): unknown {
  const length = list[0] instanceof Uint8Array ? list[0].length : 0;
  if (length === 0 || list.length < 2 || !list.every((one) => one instanceof Uint8Array && one.length === length))
    return list.map((one) => packed(one, packing));
  const bytes = new Uint8Array(list.length * length);
  for (const [i, one] of list.entries()) bytes.set(one as Uint8Array, i * length);
  if (bytes.length >= SMALL) packing.transfer.push(bytes.buffer);
  return { '#': 'bytes', length, bytes } satisfies Tagged;
}

/** What {@link pack} was given, as far as `===` can tell of configurations; bytes are views of what came. */
export function unpack(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(unpack);
  if ('#' in value) return untagged(value as Tagged);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, unpack(one)]));
}

function untagged(value: Tagged): unknown {
  switch (value['#']) {
    case 'config':
      return MASK_CONFIGS[value.number];
    case 'bytes':
      return Array.from({ length: value.bytes.length / value.length }, (_, i) => value.bytes.subarray(i * value.length, (i + 1) * value.length));
    case 'map': {
      const values = unpack(value.values) as unknown[];
      return new KeyMap((unpack(value.keys) as Uint8Array[]).map((key, i): [Uint8Array, unknown] => [key, values[i]]));
    }
  }
}
