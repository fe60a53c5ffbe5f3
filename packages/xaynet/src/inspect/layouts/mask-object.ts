// Configurations and mask objects (wire 5.1 to 5.4), field by field. How wide an element is, is known only from its configuration: with an
// unknown one the rest cannot be told apart, and is shown as one field.

import { Reader, toHex } from '@xaynet/core/bytes';
import { isXaynetError } from '@xaynet/core/errors';
import { isValidMaskObject, MASK_CONFIGS, type MaskConfig, readMaskConfig, readMaskConfigIndices } from '@xaynet/core/mask';
import { grouped } from '../../figures.ts';
import type { Cursor } from '../cursor.ts';
import { countText, integerText } from '../show.ts';
import { entropyOf } from './entropy.ts';

/** Elements that are compared with the order at a time where some are known not to be below it. */
const SLICE = 4096;
/** Indices of elements that are not below the order, at most. */
const MOST_NAMED = 5;

/** Four id bytes, of a message. */
export function layConfig(cursor: Cursor, name: string): MaskConfig | undefined {
  return known(cursor, cursor.section('wire 5.1').take(name, 4, configShown), readMaskConfig);
}

/** The same, each id a field of its own: what is wrong is said where it stands. */
export function layConfigBytes(cursor: Cursor): void {
  const from = cursor.at;
  cursor.section('wire 5.1');
  for (const name of FIELDS) cursor.u8(name);
  sayConfig(cursor, from, 4, readMaskConfig);
}

/** Four indices of four bytes, of a published document; `prefix` of the names of the fields. */
export function layConfigIndices(cursor: Cursor, prefix = ''): MaskConfig | undefined {
  const from = cursor.at;
  cursor.section('wire 7.3');
  for (const name of FIELDS) cursor.u32le(`${prefix}${name}`, (index) => `${index}${TYPES[name][index] === undefined ? '' : `: ${TYPES[name][index]}`}`);
  return sayConfig(cursor, from, 16, readMaskConfigIndices);
}

const FIELDS = ['group', 'data', 'bound', 'model'] as const;

/** The types of each field in the order of their indices, which is the one of the catalogue. */
const TYPES = Object.fromEntries(FIELDS.map((field) => [field, [...new Set(MASK_CONFIGS.map((config) => config[field]))]])) as Record<
  (typeof FIELDS)[number],
  string[]
>;

function sayConfig(cursor: Cursor, from: number, length: number, read: (reader: Reader) => MaskConfig): MaskConfig | undefined {
  if (cursor.at - from < length) return undefined;
  const config = known(cursor, cursor.bytes.subarray(from, from + length), read);
  if (config !== undefined) cursor.note(config.name);
  return config;
}

function known(cursor: Cursor, bytes: Uint8Array | undefined, read: (reader: Reader) => MaskConfig): MaskConfig | undefined {
  if (bytes === undefined) return undefined;
  try {
    return read(new Reader(bytes, 'configuration'));
  } catch (error) {
    if (!isXaynetError(error)) throw error;
    cursor.wrong(`no configuration of the catalogue: ${/\((.*)\)/.exec(error.message)?.[1] ?? error.code}`);
    return undefined;
  }
}

function configShown(bytes: Uint8Array): { value: string; data: string } {
  try {
    return { value: `${readMaskConfig(new Reader(bytes, 'configuration')).name}  (${toHex(bytes)})`, data: toHex(bytes) };
  } catch {
    return { value: toHex(bytes), data: toHex(bytes) };
  }
}

/** A vector: configuration, count, elements. */
export function layMaskVect(cursor: Cursor, prefix = ''): MaskConfig | undefined {
  const config = layConfig(cursor, prefix === '' ? 'config' : `${prefix}Config`);
  const count = cursor.section('wire 5.2').u32be('count', grouped);
  if (count === undefined) return undefined;
  if (config === undefined) return undefined;
  layElements(cursor, config, count);
  return config;
}

/** One element with its configuration: the unit, which carries the scalar. */
export function layMaskUnit(cursor: Cursor, prefix = ''): MaskConfig | undefined {
  const config = layConfig(cursor, prefix === '' ? 'config' : `${prefix}Config`);
  if (config === undefined) return undefined;
  const name = prefix === '' ? 'element' : `${prefix}Element`;
  const bytes = cursor.section('wire 5.3').take(name, config.bytesPerNumber, (element) => elementShown(element));
  if (bytes !== undefined && !areBelow(config, bytes)) cursor.wrong(`not below the group order ${integerText(config.order)}`);
  return config;
}

/** Vector and unit. Returns false when what follows cannot be found. */
export function layMaskObject(cursor: Cursor): boolean {
  const before = cursor.remaining;
  const vect = layMaskVect(cursor, 'vect');
  if (vect === undefined) {
    if (before > 8 && cursor.remaining > 0) {
      cursor.section('wire 5.2').rest('elements and what follows');
      cursor.note('cannot be told apart without the configuration');
    }
    return false;
  }
  if (cursor.remaining === 0) {
    cursor.section('wire 5.3').take('unitConfig', 4);
    return false;
  }
  const unit = layMaskUnit(cursor, 'unit');
  if (unit !== undefined) return true;
  if (cursor.remaining > 0) cursor.rest('unitElement and what follows').length > 0 && cursor.note('cannot be told apart without the configuration');
  return false;
}

function layElements(cursor: Cursor, config: MaskConfig, count: number): void {
  const width = config.bytesPerNumber;
  const there = Math.min(count, Math.floor(cursor.remaining / width));
  if (count === 0) return;
  const elements = cursor.bytes.subarray(cursor.at, cursor.at + there * width);
  const bad = notBelow(config, elements);
  const group = cursor.group('elements', () => {
    for (let i = 0; i < there; i++) {
      if (!cursor.isShown(i, count) && !bad.indices.includes(i)) {
        i = nextShown(cursor, i, there, count, bad.indices) - 1;
        continue;
      }
      const at = i * width;
      const field = cursor.mark(`element${i}`, cursor.at + at, width, elementShown(elements.subarray(at, at + width)));
      if (bad.indices.includes(i)) cursor.wrong(`not below the group order ${integerText(config.order)}`, field);
    }
    cursor.skip(there * width);
  });
  group.value = `${countText(there, 'element', 'elements')} of ${width} bytes, ${
    bad.count === 0 ? `all below ${integerText(config.order)}` : `${grouped(bad.count)} not below ${integerText(config.order)}`
  }`;
  if (bad.count > bad.indices.length)
    cursor.wrong(`${grouped(bad.count)} elements are not below the group order, the first is element ${bad.indices[0]}`, group);
  const entropy = entropyOf(elements, width);
  if (entropy !== undefined) group.notes.push(entropy);
  if (there < count) {
    if (cursor.remaining > 0) cursor.rest(`element${there}`);
    cursor.wrong(
      `${countText(count, 'element is', 'elements are')} announced, the bytes end in number ${grouped(there)}`,
      cursor.remaining > 0 ? undefined : group,
    );
  }
}

/** The next element from `i` on that is shown: without looking at each of a hundred million. */
function nextShown(cursor: Cursor, i: number, there: number, count: number, bad: readonly number[]): number {
  const { items } = cursor.look;
  const next = items === undefined ? count - 1 : items === 'all' || items.from <= i ? there : items.from;
  return Math.min(there, next > i ? next : there, ...bad.filter((index) => index > i));
}

function elementShown(bytes: Uint8Array): { value: string; data: string } {
  const value = BigInt(`0x${toHex(new Uint8Array(bytes).reverse())}`);
  return { value: integerText(value), data: String(value) };
}

/** Whether all packed elements are below the group order (wire 4.4). */
function areBelow(config: MaskConfig, elements: Uint8Array): boolean {
  // As the vector of an object whose unit is zero, since the check is one of objects.
  const length = elements.length / config.bytesPerNumber;
  return isValidMaskObject({ config: { vect: config, unit: config }, length, vect: elements, unit: new Uint8Array(config.bytesPerNumber) });
}

/** How many packed elements are not below the order, and the first few of them. */
export function notBelow(config: MaskConfig, elements: Uint8Array): { readonly count: number; readonly indices: readonly number[] } {
  const width = config.bytesPerNumber;
  const indices: number[] = [];
  let count = 0;
  if (areBelow(config, elements)) return { count, indices };
  for (let from = 0; from < elements.length; from += SLICE * width) {
    const slice = elements.subarray(from, from + SLICE * width);
    if (areBelow(config, slice)) continue;
    for (let at = 0; at < slice.length; at += width) {
      if (areBelow(config, slice.subarray(at, at + width))) continue;
      count++;
      if (indices.length < MOST_NAMED) indices.push((from + at) / width);
    }
  }
  return { count, indices };
}
