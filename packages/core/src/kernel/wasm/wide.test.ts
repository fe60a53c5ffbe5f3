// Wide groups beyond the suite that all kernels share: edges of limbs and tiles, every configuration, and the numbers for which the
// fast arithmetic cannot know the answer and has to see that.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Decoding, Encoding, Group, Weights } from '../kernel.ts';
import { OracleGenerator, oracleEncode, oracleExact, oracleNearest, pack, unpack } from '../oracle.test.ts';
import { readGroupOrders } from '../orders.ts';
import { plain as plainKernel } from '../plain.ts';
import { plainUnmasking } from '../plain-unmasking.ts';
import { bitLength, exactly, FLOAT32, FLOAT64, type Rational, rational } from '../rational.ts';
import { isLane64 } from './lanes.ts';
import { wasmUnmasking } from './unmasking.ts';
import { wasmKernel } from './wasm.ts';
import { tileOf } from './wide-group.ts';

const kernel = { ...wasmKernel(), ...(typeof WebAssembly === 'undefined' ? ({} as ReturnType<typeof wasmUnmasking>) : wasmUnmasking()) };
const plain = { ...plainKernel, ...plainUnmasking };
const seed = new Uint8Array(32).map((_, i) => 11 * i + 3);

function groupOf(order: bigint): Group {
  return { order, bytesPerNumber: Math.ceil(bitLength(order - 1n) / 8), prngBytes: Math.ceil(bitLength(order) / 8) };
}

/** All configurations that are wide, and the type of their weights. */
const ENCODINGS: readonly (Encoding & { wire: string; data: number })[] = [...readGroupOrders()]
  .map(([wire, order]) => {
    const data = Number.parseInt(wire.slice(2, 4), 16);
    const bound = Number.parseInt(wire.slice(4, 6), 16);
    const largest = [exactly(FLOAT32.largest).numerator, exactly(FLOAT64.largest).numerator, 2n ** 31n, 2n ** 63n];
    const addShift = bound === 255 ? largest[data]! : 10n ** BigInt(bound);
    return { ...groupOf(order), wire, data, addShift, expShift: 10n ** (bound === 255 ? [45n, 324n, 10n, 10n][data]! : data === 1 ? 20n : 10n) };
  })
  .filter((encoding) => !isLane64(encoding));

function encodingOf(wire: string): Encoding & { data: number } {
  return ENCODINGS.find((encoding) => encoding.wire === wire)!;
}

const isTrap = ({ prngBytes, bytesPerNumber }: Group): boolean => prngBytes > bytesPerNumber;

/** The bytes at an odd address. */
function unaligned(bytes: Uint8Array): Uint8Array {
  const holder = new Uint8Array(bytes.length + 3);
  holder.set(bytes, 1);
  return holder.subarray(1, 1 + bytes.length);
}

test('sums, differences and draws at the edges of limbs', () => {
  const orders = [63n, 64n, 72n, 120n, 127n, 128n, 136n, 191n, 192n, 200n].flatMap((bits) => [2n ** bits - 159n, 2n ** bits, 2n ** bits + 1n]);
  for (const order of orders) {
    const group = groupOf(order);
    const edges = [0n, 1n, 2n ** 32n - 1n, 2n ** 63n - 159n - 1n, order / 2n, order - 2n ** 32n, order - 2n, order - 1n];
    const carries = [2n ** 63n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 120n - 1n, 2n ** 127n, 2n ** 128n - 1n].filter((value) => value < order);
    const values = [...edges, ...carries];
    const a = values.flatMap((value) => values.map(() => value));
    const b = values.flatMap(() => values);
    const sum = kernel.sum(group, a.length);
    const out = unaligned(new Uint8Array(a.length * group.bytesPerNumber));
    assert.ok(sum.add(unaligned(pack(group, a))) && sum.difference(pack(group, b), out));
    assert.deepEqual(
      unpack(group, out),
      a.map((value, i) => (value + order - b[i]!) % order),
      `differences modulo ${order}`,
    );
    assert.ok(sum.add(unaligned(pack(group, b))));
    sum.read(out);
    assert.deepEqual(
      unpack(group, out),
      a.map((value, i) => (value + b[i]!) % order),
      `sums modulo ${order}`,
    );
    const oracle = new OracleGenerator(seed);
    kernel.draws(seed).write(group, out.subarray(0, 5 * group.bytesPerNumber));
    assert.deepEqual(
      unpack(group, out.subarray(0, 5 * group.bytesPerNumber)),
      Array.from({ length: 5 }, () => oracle.draw(order)),
      `draws below ${order}`,
    );
  }
});

test('vectors one shorter than a tile, a tile, one longer: in tiles as in one', () => {
  for (const wire of ['01000009', '0100060c', '0001060c', '0203ff0c', '0101ff03', '0201ff0c']) {
    const encoding = encodingOf(wire);
    const width = encoding.bytesPerNumber;
    const tile = tileOf(encoding);
    for (const length of wire === '01000009' ? [tile + 1] : [tile - 1, tile, tile + 1]) {
      const weights = Float64Array.from({ length }, (_, i) => Math.sin(i + 1));
      const masked = unaligned(new Uint8Array(length * width));
      const expected = new Uint8Array(length * width);
      if (isTrap(encoding) || wire === '01000009') {
        kernel.encode(encoding, rational(1n, 3n), weights, masked); // draws are long in coming
        plain.encode(encoding, rational(1n, 3n), weights, expected);
      } else {
        const [draws, plainDraws] = [kernel.draws(seed), plain.draws(seed)];
        draws.write(encoding, masked);
        plainDraws.write(encoding, expected);
        assert.deepEqual(new Uint8Array(masked), expected, `${wire}: ${length} draws`);
        draws.mask(encoding, rational(1n, 3n), weights, masked);
        plainDraws.mask(encoding, rational(1n, 3n), weights, expected);
      }
      assert.deepEqual(new Uint8Array(masked), expected, `${wire}: ${length} weights`);

      const sum = kernel.sum(encoding, length);
      assert.ok(sum.add(masked));
      const bad = expected.slice();
      bad.fill(0xff, (length - 1) * width);
      const after = new Uint8Array(length * width);
      assert.equal(sum.add(bad), false);
      sum.read(after);
      assert.deepEqual(after, expected, `${wire}: a refused vector of ${length} leaves nothing behind`);
      assert.equal(kernel.inRange(encoding, bad, 0n, encoding.order), false);
      assert.equal(kernel.inRange(encoding, expected, 0n, encoding.order), true);
      assert.ok(sum.difference(expected, after));
      assert.ok(
        after.every((byte) => byte === 0),
        `${wire}: nothing is left of ${length}`,
      );
      const decoding = { offset: encoding.addShift * encoding.expShift, factor: rational(1n, encoding.expShift) };
      const ours = outcome(() => kernel.decode(encoding, masked, decoding, 'F64'));
      assert.deepEqual(
        ours,
        outcome(() => plain.decode(encoding, expected, decoding, 'F64')),
        `${wire}: ${length} decoded`,
      );
    }
  }
});

/** What a function returns, or the code and message that it throws. */
function outcome(act: () => Weights): unknown {
  try {
    return act();
  } catch (error) {
    return String(error);
  }
}

test('every configuration encodes and decodes what is hard to, in vectors of 0 to 3 and more', () => {
  const scalars = [
    rational(1n),
    rational(1n, 3n),
    rational(2n, 3n),
    rational(1n, 2n),
    rational(7n, 10n ** 9n),
    rational(1n, 10n ** 400n),
    rational(10n ** 320n),
  ];
  for (const encoding of ENCODINGS) {
    const middle = encoding.addShift * encoding.expShift;
    for (const scalar of scalars) {
      for (const weights of weightsOf(encoding, scalar)) {
        const out = unaligned(new Uint8Array(weights.length * encoding.bytesPerNumber));
        const expected = new Uint8Array(out.length);
        kernel.encode(encoding, scalar, weights, out);
        plain.encode(encoding, scalar, weights, expected);
        assert.ok(
          out.every((byte, i) => byte === expected[i]),
          `${encoding.wire} ${scalar.numerator}/${scalar.denominator} ${weights.constructor.name}`,
        );
        for (const length of [0, 1, 2, 3]) {
          const some = new Uint8Array(length * encoding.bytesPerNumber);
          kernel.encode(encoding, scalar, weights.subarray(0, length), some);
          assert.deepEqual(some, expected.subarray(0, some.length));
        }
        const decoding = { offset: middle, factor: rational(1n, encoding.expShift) };
        const data = (['F32', 'F64', 'I32', 'I64'] as const)[encoding.data]!;
        const [ours, theirs] = [kernel, plain].map((each) => outcome(() => each.decode(encoding, expected, decoding, data)));
        assert.deepEqual(ours, theirs, `${encoding.wire} ${scalar.numerator}/${scalar.denominator} decoded`);
      }
    }
  }
});

/** Zeros, least floats, whole and half steps, the bound and its neighbours, as floats and as integers. */
function weightsOf(encoding: Encoding, scalar: Rational): Weights[] {
  const bound = Number(encoding.addShift);
  const scale = Math.min(Math.max(Number(scalar.denominator) / Number(scalar.numerator), 1), 1e18);
  const step = (1 / Number(encoding.expShift)) * (Number.isFinite(scale) ? scale : 1);
  const positive = [0, 5e-324, 2 ** -1022, 2 ** -149, 2 ** -126, 1, 1.5, 3, 1 / 3, step / 2, step, 1.5 * step, 12345 * step, bound, bound / 3];
  const floats = [...positive, ...[bound, 1, 3 * step].flatMap((value) => [value * (1 + 2 ** -52), value * (1 - 2 ** -53), value * (1 + 2 ** -23)])]
    .map((value) => (Number.isFinite(value) ? value : FLOAT64.largest))
    .flatMap((value) => [value, -value]);
  const integers = [0n, 1n, 2n, 3n, 9n, 10n ** 6n, 10n ** 6n + 1n, 2n ** 31n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n].flatMap((value) => [value, -value]);
  return [
    Float64Array.from(floats),
    Float32Array.from(floats, (value) => Math.max(-FLOAT32.largest, Math.min(FLOAT32.largest, value))),
    BigInt64Array.from(integers),
    Int32Array.from(integers, (value) => Number(BigInt.asIntN(32, value))),
  ];
}

test('products that miss an integer by less than a double tells are floored exactly', () => {
  for (const wire of ['0100060c', '0201060c', '0101ff0c']) {
    const encoding = encodingOf(wire);
    for (let i = 0n; i < 40n; i++) {
      // weight · P / Q = an integer ∓ 1/Q for an odd Q of 40 to 120 bits
      const weight = 2n ** 40n + 6n * i + 1n;
      const denominator = 2n ** (40n + 2n * i) + 2n * i + 1n;
      const inverse = inverseOf(weight % denominator, denominator);
      if (inverse === undefined) continue;
      for (const numerator of [inverse, denominator - inverse]) {
        const scalar = rational(numerator, denominator * encoding.expShift);
        for (const sign of [1n, -1n]) {
          const out = new Uint8Array(2 * encoding.bytesPerNumber);
          const weights = BigInt64Array.of(sign * weight, 2n * sign * weight);
          kernel.encode(encoding, scalar, weights, out);
          const expected = Array.from(weights, (value) => oracleEncode(encoding, scalar, oracleExact(value)));
          assert.deepEqual(unpack(encoding, out), expected, `${wire} ${weights} ${scalar.numerator}/${scalar.denominator}`);
          kernel.encode(encoding, scalar, Float64Array.from(weights, Number), out);
          assert.deepEqual(unpack(encoding, out), expected);
        }
      }
    }
  }
});

test('a product near an integer is no integer where the denominator does not divide the weight', () => {
  for (const wire of ['0100060c', '0101ff0c']) {
    const encoding = encodingOf(wire);
    for (let i = 0n; i < 20n; i++) {
      // m/2^200 · P/3 = an integer ± 1/(3·2^200): beside it by less than is computed, on either side, with a divisor that is tried
      const significand = 2n ** 40n + 6n * i + 1n;
      const modulus = 3n * 2n ** 200n;
      const inverse = inverseOf(significand, modulus)!;
      for (const factor of [inverse, modulus - inverse]) {
        const scalar = rational(factor, 3n * encoding.expShift);
        const weight = Number(significand) * 2 ** -200;
        const weights = Float64Array.of(weight, -weight, 3 * weight, -3 * weight);
        const out = new Uint8Array(weights.length * encoding.bytesPerNumber);
        kernel.encode(encoding, scalar, weights, out);
        assert.deepEqual(
          unpack(encoding, out),
          Array.from(weights, (value) => oracleEncode(encoding, scalar, oracleExact(value))),
          `${wire} ${significand}`,
        );
      }
    }
  }
});

test('a tie behind an element far from the offset', () => {
  for (const wire of ['0001060c', '0101ff0c']) {
    const encoding = encodingOf(wire);
    const elements = pack(encoding, [2n ** 100n, 2n ** 53n + 1n, 2n ** 100n, 2n ** 53n + 3n]);
    const decoded = kernel.decode(encoding, elements, { offset: 0n, factor: rational(1n) }, 'F64');
    assert.deepEqual([...decoded], [2 ** 100, 2 ** 53, 2 ** 100, 2 ** 53 + 4], wire);
  }
});

function inverseOf(value: bigint, modulus: bigint): bigint | undefined {
  let [a, b, x, y] = [value, modulus, 1n, 0n];
  while (b !== 0n) [a, b, x, y] = [b, a % b, y, x - (a / b) * y];
  return a === 1n ? ((x % modulus) + modulus) % modulus : undefined;
}

test('ties, whole numbers and their neighbours decode exactly', () => {
  for (const wire of ['0100060c', '0001060c', '0100ff0c', '0101ff0c']) {
    const encoding = encodingOf(wire);
    const offset = encoding.order / 3n;
    const room = encoding.order / 2n;
    for (const inverse of [1n, 3n, 10n ** 10n, 3n * encoding.expShift + 1n, 2n ** 64n]) {
      const decoding = { offset, factor: rational(1n, inverse) };
      for (const [bits, shifts] of [
        [25n, [-30n, -1n, 0n, 1n, 7n]],
        [54n, [-30n, -3n, 0n, 1n, 7n]],
        [31n, [0n]],
        [62n, [0n]],
      ] as const) {
        for (const shift of shifts) {
          for (const odd of [2n ** (bits - 1n) + 1n, 2n ** (bits - 1n) + 3n, 2n ** bits - 1n]) {
            const product = odd * inverse;
            const near = shift < 0n ? product >> -shift : product << shift;
            if (near + 1n >= room) continue;
            for (const by of [-1n, 0n, 1n]) check(encoding, decoding, near + by);
          }
        }
      }
    }
    // The same where the factor is no inverse, and where it is far from one.
    for (const factor of [rational(2n, 3n), rational(10n ** 30n, 7n), rational(1n, 10n ** 330n), rational(2n ** 900n)]) {
      for (const n of [0n, 1n, 3n, 3n * (2n ** 53n + 1n), 3n * (2n ** 24n + 1n)]) check(encoding, { offset, factor }, n);
    }
    const largest = exactly(FLOAT32.largest).numerator;
    for (const by of [-1n, 0n, 1n]) if (largest < room) check(encoding, { offset, factor: rational(1n) }, largest + by);
  }
});

/** Decodes offset ± n as all four types. */
function check(encoding: Encoding, decoding: Decoding, n: bigint): void {
  const { offset, factor } = decoding;
  for (const difference of [n, -n]) {
    if (offset + difference < 0n) continue;
    const element = pack(encoding, [offset + difference]);
    const fraction = { numerator: difference * factor.numerator, denominator: factor.denominator };
    const whole = fraction.numerator / fraction.denominator;
    const expected = {
      F32: oracleNearest(fraction, 'F32'),
      F64: oracleNearest(fraction, 'F64'),
      I32: BigInt.asIntN(32, whole) === whole ? Number(whole) : undefined,
      I64: BigInt.asIntN(64, whole) === whole ? whole : undefined,
    };
    for (const data of ['F32', 'F64', 'I32', 'I64'] as const) {
      const value = expected[data];
      if (value === undefined) assert.throws(() => kernel.decode(encoding, element, decoding, data), { code: 'model-not-representable' });
      else assert.ok(Object.is(kernel.decode(encoding, element, decoding, data)[0], value), `${data} ${difference} ${factor.numerator}/${factor.denominator}`);
    }
  }
}
