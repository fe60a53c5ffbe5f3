// Reads what may be broken: every field that is asked for becomes a node of the report, with what is wrong about it, and reading goes on
// behind it as far as there is anything. It never throws for what is in the bytes, and believes no length that it has not held against them.
// Of a damaged document with secrets in it no values are shown but small numbers: where a field begins is then a guess.

import type { Field } from './report.ts';
import { bytesText, hexOf } from './show.ts';

/** How much is shown. */
export interface Look {
  /** Secrets too. */
  readonly secrets: boolean;
  /** Which of the items of a list: undefined for some at the ends, a range (both included), or all. */
  readonly items: { readonly from: number; readonly to: number } | 'all' | undefined;
}

/** How bytes are shown: as hexadecimal when nothing is said. */
type Shown = { readonly value: string; readonly data?: Field['data'] };

/** Items that are shown of a list when nobody asks: the first, and the last. */
const FIRST = 3;
/** Numbers below are shown in any case. */
const SMALL = 65536;
/** Items that are wrong and shown for that, at most. */
const MOST_WRONG = 20;

/** A cursor over the bytes of one document; see the head of the file. */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly look: Look;
  /** Top-level fields so far. */
  readonly fields: Field[] = [];
  readonly #view: DataView;
  /** Offset of the first of the bytes in their document. */
  readonly #base: number;
  /** Values are not shown. */
  readonly #isHidden: boolean;
  #list: Field[] = this.fields;
  #at = 0;
  #end: number;
  #section = '';

  constructor(bytes: Uint8Array, look: Look, options: { section?: string | undefined; isHidden?: boolean; base?: number } = {}) {
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.look = look;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.length;
    this.#base = options.base ?? 0;
    this.#isHidden = options.isHidden === true && !look.secrets;
    this.#section = options.section ?? '';
  }

  /** Offset of the next byte. */
  get at(): number {
    return this.#at;
  }

  /** Bytes left, in the group that is being read if that has an end. */
  get remaining(): number {
    return this.#end - this.#at;
  }

  /** The section of the protocol that the fields from here on are from. */
  section(section: string): this {
    this.#section = section;
    return this;
  }

  /** The field that was read last. */
  get last(): Field | undefined {
    return this.#list.at(-1);
  }

  /** A remark on the last field, or on `field`. */
  note(says: string, field: Field | undefined = this.last): this {
    field?.notes.push(this.#said(says));
    return this;
  }

  /** What a group of fields says as a whole; nothing where its bytes are not shown. */
  tell(group: Field, value: string): this {
    if (!this.#isHidden) group.value = value;
    return this;
  }

  /** Something is wrong with the last field, or with `field`. */
  wrong(says: string, field: Field | undefined = this.last): this {
    field?.problems.push({ isWrong: true, says: this.#said(says) });
    return this;
  }

  /** Something about the last field is unusual. */
  odd(says: string): this {
    this.last?.problems.push({ isWrong: false, says: this.#said(says) });
    return this;
  }

  /** A sentence, without the large numbers in it where no values are shown. */
  #said(says: string): string {
    return this.#isHidden ? says.replaceAll(/\d[\d ]{4,}\d/g, '…') : says;
  }

  /** The next `length` bytes as a field; undefined when there are fewer, which is then what is wrong. */
  take(name: string, length: number, show?: (bytes: Uint8Array) => Shown, isSecret = false): Uint8Array | undefined {
    const have = Math.min(length, this.remaining);
    const bytes = this.bytes.subarray(this.#at, this.#at + have);
    const field = this.#add(name, have);
    const isHidden = this.#isHidden || (isSecret && !this.look.secrets);
    if (isHidden) hide(field, isSecret);
    else {
      const shown = have === length && show !== undefined ? show(bytes) : { value: hexOf(bytes), data: bytes };
      field.value = shown.value;
      field.data = shown.data ?? shown.value;
      if (isSecret) field.notes.push('secret');
    }
    this.#at += have;
    if (have === length) return bytes;
    this.wrong(have === 0 ? `${bytesText(length)} expected, the bytes end before them` : `${bytesText(length)} expected, the bytes end after ${have}`);
    return undefined;
  }

  /** {@link take} of what must not be shown. */
  secret(name: string, length: number, show?: (bytes: Uint8Array) => Shown): Uint8Array | undefined {
    return this.take(name, length, show, true);
  }

  /** All bytes that are left. */
  rest(name: string, show?: (bytes: Uint8Array) => Shown): Uint8Array {
    return this.take(name, this.remaining, show)!;
  }

  /** Says of the bytes that are left, if any, that they do not belong here. */
  end(): void {
    if (this.remaining === 0) return;
    this.rest('left over');
    this.wrong('nothing more may follow');
  }

  /** A number of one byte, shown as `says` has it. */
  u8(name: string, says?: (value: number) => string): number | undefined {
    return this.#number(name, 1, () => this.#view.getUint8(this.#at), says);
  }

  i8(name: string, says?: (value: number) => string): number | undefined {
    return this.#number(name, 1, () => this.#view.getInt8(this.#at), says);
  }

  u16be(name: string, says?: (value: number) => string): number | undefined {
    return this.#number(name, 2, () => this.#view.getUint16(this.#at), says);
  }

  u16le(name: string, says?: (value: number) => string): number | undefined {
    return this.#number(name, 2, () => this.#view.getUint16(this.#at, true), says);
  }

  u32be(name: string, says?: (value: number) => string): number | undefined {
    return this.#number(name, 4, () => this.#view.getUint32(this.#at), says);
  }

  u32le(name: string, says?: (value: number) => string): number | undefined {
    return this.#number(name, 4, () => this.#view.getUint32(this.#at, true), says);
  }

  f64le(name: string): number | undefined {
    return this.#number(name, 8, () => this.#view.getFloat64(this.#at, true));
  }

  /** A count of eight bytes; wrong and undefined above 2^53 - 1. */
  u64le(name: string): number | undefined {
    return this.#wide(name, true);
  }

  u64be(name: string): number | undefined {
    return this.#wide(name, false);
  }

  #wide(name: string, isLittle: boolean): number | undefined {
    const value = this.remaining < 8 ? 0n : this.#view.getBigUint64(this.#at, isLittle);
    if (this.take(name, 8, () => ({ value: String(value), data: value > 2n ** 53n - 1n ? String(value) : Number(value) })) === undefined) return undefined;
    this.#showSmall(Number(value));
    if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
    this.wrong('above 2^53 - 1');
    return undefined;
  }

  #number(name: string, length: number, read: () => number, says: (value: number) => string = String): number | undefined {
    const value = this.remaining < length ? 0 : read();
    const data = Number.isFinite(value) ? value : String(value);
    if (this.take(name, length, () => ({ value: says(value), data })) === undefined) return undefined;
    if (length >= 4) this.#showSmall(value, says);
    return value;
  }

  /** A small number in a field of four bytes or more is no part of a secret, which would have to be zeros. */
  #showSmall(value: number, says: (value: number) => string = String): void {
    if (Number.isInteger(value) && value >= 0 && value < SMALL) this.reveal({ value: says(value), data: value });
  }

  /** Shows the last field after all: it is a constant of the format, or too small to be a part of a secret. */
  reveal(shown: Shown): this {
    const field = this.last;
    if (!this.#isHidden || field === undefined) return this;
    field.value = shown.value;
    field.data = shown.data ?? shown.value;
    field.isSecret = undefined;
    return this;
  }

  /** A byte, 0 or 1. */
  flag(name: string, says: (value: boolean) => string = (value) => (value ? 'yes' : 'no')): boolean | undefined {
    const value = this.u8(name, (byte) => (byte > 1 ? String(byte) : says(byte === 1)));
    if (value !== undefined && value > 1) this.wrong('a flag is 0 or 1');
    else if (value !== undefined) this.reveal({ value: says(value === 1), data: value });
    return value === undefined ? undefined : value === 1;
  }

  /** A length of eight bytes, which must be `length`, and so many bytes: how published documents write keys. Reads on as if it were. */
  byteString(name: string, length: number, options: { secret?: boolean; lengthName?: string } = {}): Uint8Array | undefined {
    const announced = this.u64le(options.lengthName ?? `${name}Length`);
    if (announced !== undefined && announced !== length) this.wrong(`the length is ${length}, always`);
    return this.take(name, length, undefined, options.secret === true);
  }

  /** A group of fields. `length` bounds it, as far as there are so many bytes. */
  group(name: string, read: () => void, length?: number): Field {
    const [list, end, section] = [this.#list, this.#end, this.#section];
    const field = this.#add(name, 0);
    if (length !== undefined) this.#end = Math.min(end, this.#at + length);
    this.#list = field.fields;
    read();
    [this.#list, this.#end, this.#section] = [list, end, section];
    field.length = this.#base + this.#at - field.offset;
    return field;
  }

  /** Up to `count` items, of which some are shown, and all that are wrong; each must take a byte at least. Returns how many there were. */
  items(count: number, read: (index: number) => void): number {
    let wrong = 0;
    for (let i = 0; i < count; i++) {
      const [before, kept] = [this.#at, this.#list.length];
      if (this.remaining === 0) return i;
      read(i);
      const isBad = this.#list.slice(kept).some(hasProblem);
      if (isBad) wrong++;
      if (!this.isShown(i, count) && !(isBad && wrong <= MOST_WRONG)) this.#list.length = kept;
      if (this.#at === before) return i;
    }
    return count;
  }

  /** Whether item `index` of `count` is shown. */
  isShown(index: number, count: number): boolean {
    const { items } = this.look;
    if (items === undefined) return index < FIRST || index === count - 1 || count <= FIRST + 2;
    return items === 'all' || (index >= items.from && index <= items.to);
  }

  /** A field of bytes that are read already, inside the last group: an element of a vector, say. */
  mark(name: string, offset: number, length: number, shown: Shown): Field {
    const field: Field = { name, offset: this.#base + offset, length, ...shown, section: this.#section, notes: [], problems: [], fields: [] };
    if (this.#isHidden) hide(field, false);
    this.#list.push(field);
    return field;
  }

  #add(name: string, length: number): Field {
    const field: Field = { name, offset: this.#base + this.#at, length, value: '', section: this.#section, notes: [], problems: [], fields: [] };
    this.#list.push(field);
    return field;
  }

  /** Goes over bytes that {@link mark} tells of. */
  skip(length: number): void {
    this.#at += Math.min(length, this.remaining);
  }
}

function hide(field: Field, isSecret: boolean): void {
  field.value = `${isSecret ? 'secret' : 'not shown'}, ${bytesText(field.length)} (show with --secrets)`;
  field.data = undefined;
  field.isSecret = true;
}

function hasProblem(field: Field): boolean {
  return field.problems.length > 0 || field.fields.some(hasProblem);
}
