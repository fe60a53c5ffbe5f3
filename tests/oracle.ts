// The oracle: the arithmetic of wire 2 to 4 as slowly and as literally as possible, on big integers, with OpenSSL's ChaCha20 for the
// keystream. It shares no code with the kernels; every fast path is held against it, by the tests of core (oracle.test.ts there holds
// it to known answers) and by the benchmark before it times anything. It stands outside of the packages: nobody may ship it.

import { createCipheriv } from 'node:crypto';
import type { Encoding, Group } from '../packages/core/src/kernel/kernel.ts';

/** A fraction, not necessarily in lowest terms. */
export interface Fraction {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** Fills and draws of a seed (wire 2.2, 2.3). */
export class OracleGenerator {
  readonly #cipher;
  #stream: Uint8Array = new Uint8Array(0);
  #at = 0;
  #consumed = 0;

  constructor(seed: Uint8Array) {
    this.#cipher = createCipheriv('chacha20', seed, new Uint8Array(16));
  }

  get words(): number {
    return this.#consumed / 4;
  }

  fill(length: number): Uint8Array {
    const whole = Math.ceil(length / 4) * 4;
    while (this.#stream.length - this.#at < whole) {
      const rest = this.#stream.subarray(this.#at);
      const next = this.#cipher.update(new Uint8Array(8192));
      this.#stream = new Uint8Array(rest.length + next.length);
      this.#stream.set(rest);
      this.#stream.set(next, rest.length);
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
  let hex = '0x';
  for (let i = bytes.length - 1; i >= 0; i--) hex += HEX[bytes[i]!];
  return bytes.length === 0 ? 0n : BigInt(hex);
}

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Packs elements as on the wire (wire 5.2). */
export function pack(group: Group, elements: readonly bigint[]): Uint8Array {
  const width = group.bytesPerNumber;
  const bytes = new Uint8Array(elements.length * width);
  elements.forEach((element, i) => {
    const digits = element.toString(16).padStart(2 * width, '0');
    if (digits.length !== 2 * width) throw new Error(`element ${element} does not fit into ${width} bytes`);
    for (let j = 0; j < width; j++) bytes[(i + 1) * width - 1 - j] = Number.parseInt(digits.slice(2 * j, 2 * j + 2), 16);
  });
  return bytes;
}

export function unpack(group: Group, bytes: Uint8Array): bigint[] {
  if (bytes.length % group.bytesPerNumber !== 0) throw new Error(`${bytes.length} bytes are no elements of ${group.bytesPerNumber}`);
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

/** The double nearest to a big integer, by its digits: `Number` of a big integer is wrong from 2^63 on in some engines (Hermes 0.12). */
export function oracleDouble(integer: bigint): number {
  return Number(String(integer));
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
