// Models that prove what is in a sum (threats 5.3). Participant i trains the vector that is 1 at i and 0 at all others, so the mean times
// the number of updates says how often each of them was counted. Behind these weights stand an anchor, which everybody sets to 1, and the
// first bits of the round's id: a model names its round itself, so that one computed from another round's updates cannot pass.

import type { Model } from '@xaynet/core/mask';

const ID_BITS = 24;

/** Weights behind those of the participants: the anchor and the bits of the round. */
export const MARGIN: number = 1 + ID_BITS;

/** What `participant` trains in the round with this id (hexadecimal): `length` weights, all 0 or 1. */
export function oneHot(participant: number, participants: number, round: string, length: number): Int32Array {
  const weights = new Int32Array(length);
  weights[participant] = 1;
  weights[participants] = 1;
  for (let bit = 0; bit < ID_BITS; bit++) weights[participants + 1 + bit] = bitOf(round, bit);
  return weights;
}

/** What a published model says of itself. */
export interface OneHotSum {
  /** The first bits of the id of its round, as hexadecimal digits; {@link isOfRound} compares. */
  readonly tag: string;
  /** How many updates are in it. */
  readonly updates: number;
  /** How often each participant was counted; 0 or 1 when all is well. */
  readonly counts: readonly number[];
}

/** True when a sum with this tag belongs to the round with this id. */
export function isOfRound(tag: string, round: string): boolean {
  return round.startsWith(tag);
}

/**
 * Reads the mean of one-hot models, exactly. The number of updates is the least that makes all counts whole, which cannot tell a round in which
 * everybody was counted twice. A text says what is wrong with a mean that no set of one-hot models has.
 */
export function readOneHots(model: Model, participants: number): OneHotSum | string {
  const wrong = (at: number): string => `weight ${at} is ${model[at]?.numerator}/${model[at]?.denominator}`;
  let tag = '';
  for (let at = participants; at < model.length; at++) {
    const { numerator, denominator } = model[at]!;
    const [zero, one] = [numerator === 0n, numerator === denominator];
    const bit = at - participants - 1;
    if (bit < 0 ? !one : bit < ID_BITS ? !zero && !one : !zero) {
      return `${wrong(at)}, ${bit < 0 ? '1 expected' : bit < ID_BITS ? '0 or 1 expected: updates of different rounds' : '0 expected'}`;
    }
    if (bit >= 0 && bit < ID_BITS) tag += one ? '1' : '0';
  }
  const counted = model.slice(0, participants);
  const total = counted.reduce((least, { numerator, denominator }) => (numerator === 0n ? least : lcm(least, denominator)), 1n);
  const counts: number[] = [];
  for (const [at, { numerator, denominator }] of counted.entries()) {
    if (numerator < 0n || (numerator * total) % denominator !== 0n) return `${wrong(at)}, no multiple of 1/${total}`;
    counts.push(Number((numerator * total) / denominator));
  }
  const sum = counts.reduce((a, b) => a + b, 0);
  if (BigInt(sum) !== total) return `the counts add up to ${sum}, ${total} expected`;
  return {
    tag: Number.parseInt(tag, 2)
      .toString(16)
      .padStart(ID_BITS / 4, '0'),
    updates: Number(total),
    counts,
  };
}

/** Bit `bit` of a hexadecimal text, the highest first. */
function bitOf(round: string, bit: number): number {
  return (Number.parseInt(round[bit >> 2]!, 16) >> (3 - (bit & 3))) & 1;
}

function lcm(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return (a / x) * b;
}
