// The oracle: the arithmetic of wire 2 to 4 as slowly and as literally as possible, on big integers, with OpenSSL's ChaCha20 for the
// keystream. It shares no code with the kernels; every fast path is held against it. Its own tests are the known answers.

import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Encoding, Group } from './kernel.ts';

/** A fraction, not necessarily in lowest terms. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Fills and draws of a seed (wire 2.2, 2.3). */
export class OracleGenerator {
  readonly #cipher;
  #stream: Buffer = Buffer.alloc(0);
  #at = 0;
  #consumed = 0;

  constructor(seed: Uint8Array) {
    this.#cipher = createCipheriv('chacha20', seed, Buffer.alloc(16));
  }

  get words(): number {
    return this.#consumed / 4;
  }

  fill(length: number): Buffer {
    const whole = Math.ceil(length / 4) * 4;
    while (this.#stream.length - this.#at < whole) {
      this.#stream = Buffer.concat([this.#stream.subarray(this.#at), this.#cipher.update(Buffer.alloc(8192))]);
      this.#at = 0;
    }
    const bytes = this.#stream.subarray(this.#at, this.#at + length);
    this.#at += whole;
    this.#consumed += whole;
    return bytes;
  }

  draw(max: bigint): bigint {
    const length = Math.ceil(max.toString(2).length / 8);
    for (;;) {
      const candidate = littleEndian(this.fill(length));
      if (candidate < max) return candidate;
    }
  }
}

export function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}

/** Packs elements as on the wire (wire 5.2). */
export function pack(group: Group, elements: readonly bigint[]): Uint8Array {
  const hex = elements.map((element) => {
    const digits = element.toString(16).padStart(2 * group.bytesPerNumber, '0');
    assert.equal(digits.length, 2 * group.bytesPerNumber, 'element fits');
    return Buffer.from(digits, 'hex').reverse();
  });
  return new Uint8Array(Buffer.concat(hex));
}

export function unpack(group: Group, bytes: Uint8Array): bigint[] {
  assert.equal(bytes.length % group.bytesPerNumber, 0);
  return Array.from({ length: bytes.length / group.bytesPerNumber }, (_, i) =>
    littleEndian(bytes.subarray(i * group.bytesPerNumber, (i + 1) * group.bytesPerNumber)),
  );
}

/** The integer-only form of wire 4.3, word for word; the scalar is already clamped. */
export function oracleEncode(encoding: Encoding, scalar: Fraction, weight: Fraction): bigint {
  const num = scalar.numerator * weight.numerator;
  const den = scalar.denominator * weight.denominator;
  if (num <= -encoding.addShift * den) return 0n;
  if (num >= encoding.addShift * den) return 2n * encoding.addShift * encoding.expShift;
  return ((num + encoding.addShift * den) * encoding.expShift) / den;
}

/** A masked model as numbers: unit first, then the vector (wire 4.3). Without a model: the mask alone. */
export function oracleMask(vect: Encoding, unit: Encoding, seed: Uint8Array, length: number, scalar?: Fraction, model?: readonly Fraction[]) {
  const generator = new OracleGenerator(seed);
  const one = { numerator: 1n, denominator: 1n };
  const isAbove = scalar && scalar.numerator > unit.addShift * scalar.denominator;
  const clamped = isAbove ? { numerator: unit.addShift, denominator: 1n } : scalar;
  const first = generator.draw(unit.order);
  const unitElement = ((clamped ? oracleEncode(unit, one, clamped) : 0n) + first) % unit.order;
  const elements = Array.from({ length }, (_, i) => {
    const draw = generator.draw(vect.order);
    return ((model && clamped ? oracleEncode(vect, clamped, model[i]!) : 0n) + draw) % vect.order;
  });
  return { unit: unitElement, elements };
}

/** The value of a finite float by doubling it until it is whole; big integers are themselves. */
export function oracleExact(value: number | bigint): Fraction {
  if (typeof value === 'bigint') return { numerator: value, denominator: 1n };
  let doublings = 0n;
  while (!Number.isInteger(value)) {
    value *= 2;
    doublings++;
  }
  return { numerator: BigInt(value), denominator: 2n ** doublings };
}

/** The float nearest to a fraction by bisection over the bit patterns, which are ordered as the floats are; undefined beyond the range. */
export function oracleNearest({ numerator, denominator }: Fraction, data: 'F32' | 'F64'): number | undefined {
  const view = new DataView(new ArrayBuffer(8));
  const float = (bits: bigint): number => {
    if (data === 'F32') view.setUint32(0, Number(bits));
    else view.setBigUint64(0, bits);
    return data === 'F32' ? view.getFloat32(0) : view.getFloat64(0);
  };
  const magnitude = numerator < 0n ? -numerator : numerator;
  const distance = (bits: bigint): Fraction => {
    const held = oracleExact(float(bits));
    return { numerator: magnitude * held.denominator - held.numerator * denominator, denominator: denominator * held.denominator };
  };
  let low = 0n;
  let high = data === 'F32' ? 0x7f800000n : 0x7ff0000000000000n;
  const largest = high - 1n;
  if (distance(largest).numerator > 0n) return undefined;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (distance(middle).numerator >= 0n) low = middle;
    else high = middle;
  }
  let nearest = low;
  if (low < largest) {
    const below = distance(low);
    const above = distance(high);
    const comparison = below.numerator * above.denominator + above.numerator * below.denominator; // above is negative
    if (comparison > 0n || (comparison === 0n && low % 2n === 1n)) nearest = high;
  }
  const value = float(nearest);
  return numerator < 0n ? -value : value;
}

test('the oracle fills as wire A.1 says', () => {
  const generator = new OracleGenerator(new Uint8Array(32));
  assert.equal(generator.fill(6).toString('hex'), '76b8e0ada0f1');
  assert.equal(generator.fill(6).toString('hex'), '405d6ae55386');
  assert.equal(generator.fill(1).toString('hex'), 'bd');
  assert.equal(generator.fill(5).toString('hex'), 'a08ded1aa8');
  assert.equal(generator.words, 7);
});

test('the oracle masks the check model of vectors/group-orders.json', () => {
  const table = JSON.parse(readFileSync(new URL('../../../../vectors/group-orders.json', import.meta.url), 'utf8'));
  const record = table.configs.find((r: { wire: string }) => r.wire === '01000003');
  const encoding = { order: 20000000000021n, bytesPerNumber: 6, prngBytes: 6, addShift: 1n, expShift: 10n ** 10n };
  const fraction = (text: string): Fraction => ({ numerator: BigInt(text.split('/')[0]!), denominator: BigInt(text.split('/')[1] ?? 1) });
  const masked = oracleMask(encoding, encoding, Buffer.from(table.check.seed, 'hex'), 10, fraction(table.check.scalar), table.check.weights.map(fraction));
  const wire = Buffer.concat([
    Buffer.from('010000030000000a', 'hex'),
    pack(encoding, masked.elements),
    Buffer.from('01000003', 'hex'),
    pack(encoding, [masked.unit]),
  ]);
  assert.equal(createHash('sha256').update(wire).digest('hex'), record.check_masked_sha256);
});

test('the oracle rounds: 1/3 is the double 1/3, ties go to even, beyond the largest is nothing', () => {
  assert.equal(oracleNearest({ numerator: 1n, denominator: 3n }, 'F64'), 1 / 3);
  assert.equal(oracleNearest({ numerator: -(2n ** 24n + 1n), denominator: 1n }, 'F32'), -(2 ** 24));
  assert.equal(oracleNearest({ numerator: 2n ** 24n + 3n, denominator: 1n }, 'F32'), 2 ** 24 + 4);
  assert.equal(oracleNearest({ numerator: 2n ** 128n - 2n ** 104n, denominator: 1n }, 'F32'), (2 ** 24 - 1) * 2 ** 104);
  assert.equal(oracleNearest({ numerator: 2n ** 128n - 2n ** 104n + 1n, denominator: 1n }, 'F32'), undefined);
});
