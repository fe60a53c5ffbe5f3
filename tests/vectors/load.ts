// Reads the files of vectors/ and checks the one thing that all of them share: a value that stands field by field has as its
// `bytes` the fields one after another.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { fromHex } from '@xaynet/core/bytes';
import { type Rational, rational } from '@xaynet/core/mask';

const folder: URL = new URL('../../vectors/', import.meta.url);

/** A value that stands field by field. */
export interface FieldVector {
  readonly name: string;
  readonly origin: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly bytes: string;
}

/** The bytes of a file of vectors/. */
export function loadBytes(file: string): Uint8Array {
  return readFileSync(new URL(file, folder));
}

/** The parsed content of a file of vectors/. */
export function load<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(file, folder), 'utf8')) as T;
}

/** Paths of all files of vectors/, relative to it. */
export function files(): string[] {
  return (readdirSync(folder, { recursive: true, withFileTypes: true }) as { name: string; parentPath: string; isFile(): boolean }[])
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll('\\', '/').split('/vectors/').at(-1)!.replace(/^\/+/, ''))
    .sort();
}

/** The bytes of a value that stands field by field, after checking that they are its fields one after another. */
export function joined(vector: Pick<FieldVector, 'fields' | 'bytes'>): Uint8Array {
  assert.equal(Object.values(vector.fields).join(''), vector.bytes);
  return fromHex(vector.bytes);
}

/** The rational of text like `-3/4`. */
export function fraction(text: string): Rational {
  const [numerator, denominator = '1'] = text.split('/');
  return rational(BigInt(numerator!), BigInt(denominator));
}

/** Text like `-3/4` of a rational. */
export function fractionText({ numerator, denominator }: Rational): string {
  return `${numerator}/${denominator}`;
}

/** How a vector is named in messages of failing tests. */
export function label(vector: { readonly name: string; readonly origin?: string }): string {
  return vector.origin === undefined ? vector.name : `${vector.name} (${vector.origin})`;
}
