// Published models (wire 7.3, 7.4): fractions of big integers. What is unusual but read all the same is said as such.

import { toHex } from '@xaynet/core/bytes';
import { rational } from '@xaynet/core/mask';
import { ModelReader } from '@xaynet/core/round';
import { grouped } from '../../figures.ts';
import type { Cursor } from '../cursor.ts';
import { countText, decimal, fractionText, integerText } from '../show.ts';

/** The most bytes of a number that is read, and the most words that are looked at for it: those of core's decoder (wire 7.4). */
const MOST_BYTES = 1024;
const MOST_WORDS = 65536;

/** A model. `isSecret`: its numbers are not shown. */
export function layModel(cursor: Cursor, isSecret = false): void {
  const from = cursor.at;
  const count = cursor.section('wire 7.3').u64le('count');
  if (count === undefined) return;
  const field = cursor.last;
  const there = cursor.items(count, (i) => layWeight(cursor, i, isSecret));
  if (there < count) cursor.wrong(`${countText(count, 'weight is', 'weights are')} announced, the bytes end after ${grouped(there)}`, field);
  else if (count > 0 && !isSecret) {
    const range = rangeOf(cursor.bytes.subarray(from, cursor.at), count);
    if (range !== undefined) cursor.note(range, field);
  }
}

/** One weight: numerator and denominator. */
export function layWeight(cursor: Cursor, i: number, isSecret: boolean): void {
  let value = '';
  const field = cursor.group(`weight${i}`, () => {
    const numerator = laySigned(cursor, `numerator${i}`, isSecret);
    if (numerator === undefined) return;
    const denominator = laySigned(cursor, `denominator${i}`, isSecret);
    if (denominator === 0n) cursor.wrong('the denominator is zero');
    else if (denominator !== undefined) {
      const reduced = rational(numerator, denominator);
      if (reduced.denominator !== denominator) cursor.odd('not in lowest terms with a positive denominator');
      value = fractionText(reduced);
    }
  });
  cursor.tell(field, isSecret && !cursor.look.secrets ? 'secret' : value);
  field.isFolded = true;
}

function laySigned(cursor: Cursor, name: string, isSecret: boolean): bigint | undefined {
  const sign = cursor.take(`${name}.sign`, 1, ([byte]) => signShown(byte!), isSecret);
  if (sign === undefined) return undefined;
  const isSign = sign[0] === 0 || sign[0] === 1 || sign[0] === 255;
  if (!isSign) cursor.wrong('neither -1 nor 0 nor 1');
  const magnitude = layMagnitude(cursor, name, isSecret);
  if (magnitude === undefined) return undefined;
  if (isSign && (sign[0] === 0) !== (magnitude === 0n)) cursor.odd('sign and magnitude differ on whether it is zero: it is');
  return sign[0] === 0 ? 0n : sign[0] === 255 ? -magnitude : magnitude;
}

/** A count of words, and the words, least significant first (wire 7.2). */
export function layMagnitude(cursor: Cursor, name: string, isSecret: boolean): bigint | undefined {
  const words = cursor.u64le(`${name}.words`);
  if (words === undefined) return undefined;
  if (4 * words > cursor.remaining) {
    cursor.wrong(`${countText(words, 'word', 'words')} announced, ${countText(cursor.remaining, 'byte', 'bytes')} left`);
    if (cursor.remaining > 0) cursor.take(`${name}.magnitude`, cursor.remaining, undefined, isSecret);
    return undefined;
  }
  if (words === 0) return 0n;
  if (words > MOST_WORDS) cursor.wrong(`more than the ${grouped(MOST_WORDS)} words that are read`);
  let value = 0n;
  const bytes = cursor.take(
    `${name}.magnitude`,
    4 * words,
    (magnitude) => {
      if (magnitude.length > 4 * MOST_WORDS) return { value: `${grouped(magnitude.length)} bytes` };
      value = BigInt(`0x${toHex(new Uint8Array(magnitude).reverse())}`);
      return { value: integerText(value), data: toHex(magnitude) };
    },
    isSecret,
  );
  if (bytes === undefined) return undefined;
  if (value === 0n && bytes.length <= 4 * MOST_WORDS) value = BigInt(`0x${toHex(new Uint8Array(bytes).reverse())}`); // hidden, or zero
  const used = bytes.findLastIndex((byte) => byte !== 0) + 1;
  if (used > MOST_BYTES) cursor.wrong(`larger than the ${MOST_BYTES * 8} bits that are read`);
  else if (used <= bytes.length - 4) cursor.odd('high words are zero');
  return value;
}

function signShown(byte: number): { value: string; data: string | number } {
  return byte <= 1 ? { value: byte === 0 ? '0' : '+', data: byte } : byte === 255 ? { value: '−', data: -1 } : { value: String(byte), data: byte };
}

/** Smallest, largest and mean weight, when the strict reader takes the document. */
function rangeOf(bytes: Uint8Array, count: number): string | undefined {
  let weights: ReturnType<ModelReader['finish']>;
  try {
    const reader = new ModelReader('F64', { maxLength: count });
    reader.push(bytes);
    weights = reader.finish();
  } catch {
    return undefined; // said where it is wrong
  }
  let [least, most, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const weight of weights as Float64Array) {
    least = Math.min(least, weight);
    most = Math.max(most, weight);
    sum += weight;
  }
  return `from ${decimal(least)} to ${decimal(most)}, mean ${decimal(sum / count)}`;
}
