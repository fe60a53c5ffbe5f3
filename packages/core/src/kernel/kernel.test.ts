// One suite for every kernel: whatever it does inside, its bytes are the oracle's, in all 240 configurations.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keystreamSource } from '#keystream';
import type { Decoding, Encoding, Kernel, Unmasking, Weights } from './kernel.ts';
import { type Fraction, littleEndian, OracleGenerator, oracleDouble, oracleEncode, oracleExact, oracleNearest, pack, unpack } from './oracle.test.ts';
import { readGroupOrders } from './orders.ts';
import { plain } from './plain.ts';
import { plainUnmasking } from './plain-unmasking.ts';
import { bitLength, exactly, rational } from './rational.ts';
import { wasmUnmasking } from './wasm/unmasking.ts';
import { wasmKernel } from './wasm/wasm.ts';

const KERNELS: readonly (Kernel & Unmasking)[] = [
  { ...plain, ...plainUnmasking },
  { ...wasmKernel(), ...(typeof WebAssembly === 'undefined' ? ({} as ReturnType<typeof wasmUnmasking>) : wasmUnmasking()) },
  {
    ...wasmKernel({ ...keystreamSource()!, worthwhile: 300 }),
    ...(typeof WebAssembly === 'undefined' ? ({} as ReturnType<typeof wasmUnmasking>) : wasmUnmasking()),
  },
];

/** Runs of each of the two properties that take seconds: all of them in CI. */
const RUNS = globalThis.process?.env?.CI === 'true' ? 2000 : 700;

/** The 240 encodings, made here from the tables of wire 3.2 once more, so that the catalogue is not its own witness. */
const ENCODINGS: readonly (Encoding & { wire: string })[] = [...readGroupOrders()].map(([wire, order]) => {
  const [, data, bound] = [0, 2, 4].map((at) => Number.parseInt(wire.slice(at, at + 2), 16)) as [number, number, number];
  const largest = [exactly(3.4028234663852886e38).numerator, exactly(Number.MAX_VALUE).numerator, 2n ** 31n, 2n ** 63n];
  return {
    wire,
    order,
    bytesPerNumber: Math.ceil(bitLength(order - 1n) / 8),
    prngBytes: Math.ceil(bitLength(order) / 8),
    addShift: bound === 255 ? largest[data]! : 10n ** BigInt(bound),
    expShift: 10n ** (bound === 255 ? [45n, 324n, 10n, 10n][data]! : data === 1 ? 20n : 10n),
  };
});

const encodings = fc.constantFrom(...ENCODINGS);
const narrow = fc.constantFrom(...ENCODINGS.filter((encoding) => encoding.bytesPerNumber <= 8));
const either = fc.oneof(encodings, narrow);

/** Elements at and around the ends of the group and of its words. */
function elementsOf({ order }: Encoding): fc.Arbitrary<bigint> {
  const special = [0n, 1n, order - 1n, order - 2n, order / 2n, 2n ** 32n - 1n, 2n ** 32n, order - (order % 2n ** 32n), order - (order % 2n ** 32n) - 1n];
  return fc.oneof(fc.bigInt({ min: 0n, max: order - 1n }), fc.constantFrom(...special.filter((element) => element >= 0n && element < order)));
}

function vectorsOf(encoding: Encoding, count: number): fc.Arbitrary<bigint[][]> {
  return fc
    .integer({ min: 0, max: 7 })
    .chain((length) => fc.array(fc.array(elementsOf(encoding), { minLength: length, maxLength: length }), { minLength: count, maxLength: count }));
}

/** The bytes at an odd address, as they lie in a message. */
function unaligned(bytes: Uint8Array): Uint8Array {
  const holder = new Uint8Array(bytes.length + 3).fill(0xee);
  holder.set(bytes, 1);
  return holder.subarray(1, 1 + bytes.length);
}

/** Masking is encoding plus draws, whatever it does in one pass. */
function masks(kernel: Kernel, encoding: Encoding, scalar: Fraction, weights: Weights, codes: readonly bigint[]): void {
  const seed = new Uint8Array(32).fill(weights.length);
  const draws = new Uint8Array(weights.length * encoding.bytesPerNumber);
  kernel.draws(seed).write(encoding, draws);
  const out = unaligned(new Uint8Array(draws.length).fill(0xdd));
  assert.equal(kernel.draws(seed).mask(encoding, scalar, weights, out), true);
  const expected = unpack(encoding, draws).map((draw, i) => (draw + codes[i]!) % encoding.order);
  assert.deepEqual(unpack(encoding, out), expected, `masked ${scalar.numerator}/${scalar.denominator} ${weights}`);
}

for (const kernel of KERNELS) {
  test(`${kernel.name}: sums and differences are those of the group, and touch nothing beside`, () => {
    fc.assert(
      fc.property(
        either.chain((encoding) => fc.tuple(fc.constant(encoding), vectorsOf(encoding, 3))),
        ([encoding, [a, b, c]]) => {
          const sum = kernel.sum(encoding, a!.length);
          const out = unaligned(new Uint8Array(a!.length * encoding.bytesPerNumber));
          const beside = () => assert.deepEqual([new Uint8Array(out.buffer)[0], new Uint8Array(out.buffer).at(-1)], [0xee, 0xee]);
          assert.equal(sum.add(unaligned(pack(encoding, a!))), true);
          assert.equal(sum.add(unaligned(pack(encoding, b!))), true);
          sum.read(out);
          const both = a!.map((element, i) => (element + b![i]!) % encoding.order);
          assert.deepEqual(unpack(encoding, out), both);
          beside();
          assert.equal(sum.difference(unaligned(pack(encoding, b!)), out), true);
          assert.deepEqual(unpack(encoding, out), a);
          assert.equal(sum.difference(pack(encoding, c!), out), true);
          beside();
          assert.deepEqual(
            unpack(encoding, out),
            both.map((element, i) => (element + encoding.order - c![i]!) % encoding.order),
          );
        },
      ),
      { numRuns: 600 },
    );
  });

  test(`${kernel.name}: a vector with one element out of range is refused, and the sum is as it was`, () => {
    for (const encoding of ENCODINGS) {
      if (encoding.order === 1n << BigInt(8 * encoding.bytesPerNumber)) continue; // every element is in range
      for (const length of [1, 2, 3, 17]) {
        const start = pack(
          encoding,
          Array.from({ length }, (_, i) => (encoding.order - 1n) / BigInt(i + 1)),
        );
        for (const at of new Set([0, length >> 1, length - 1])) {
          const sum = kernel.sum(encoding, length);
          assert.equal(sum.add(start), true);
          const bad = start.slice();
          bad.set(pack(encoding, [encoding.order]), at * encoding.bytesPerNumber);
          const out = new Uint8Array(start.length);
          assert.equal(sum.add(bad), false, `${encoding.wire}: element ${at} of ${length}`);
          assert.equal(sum.difference(bad, out), false, `${encoding.wire}: element ${at} of ${length}`);
          sum.read(out);
          assert.deepEqual(out, start, encoding.wire);
        }
      }
    }
  });

  test(`${kernel.name}: the range check is exact at both ends`, () => {
    fc.assert(
      fc.property(
        either.chain((encoding) => fc.tuple(fc.constant(encoding), vectorsOf(encoding, 1), elementsOf(encoding), elementsOf(encoding))),
        ([encoding, [elements], low, high]) => {
          const bytes = unaligned(pack(encoding, elements!));
          assert.equal(
            kernel.inRange(encoding, bytes, low, high),
            elements!.every((element) => low <= element && element < high),
          );
          assert.equal(kernel.inRange(encoding, bytes, 0n, encoding.order), true);
          for (const element of elements!) {
            assert.equal(kernel.inRange(encoding, pack(encoding, [element]), element, element + 1n), true);
            assert.equal(kernel.inRange(encoding, pack(encoding, [element]), 0n, element), false);
            assert.equal(kernel.inRange(encoding, pack(encoding, [element]), element + 1n, encoding.order), false);
          }
        },
      ),
      { numRuns: 300 },
    );
    for (const encoding of ENCODINGS) {
      if (encoding.order < 1n << BigInt(8 * encoding.bytesPerNumber)) {
        assert.equal(kernel.inRange(encoding, pack(encoding, [0n, encoding.order]), 0n, encoding.order), false, `${encoding.wire}: the order itself`);
      }
      assert.equal(kernel.inRange(encoding, pack(encoding, [0n, encoding.order - 1n]), 0n, encoding.order), true, `${encoding.wire}: one less`);
      assert.equal(kernel.inRange(encoding, new Uint8Array(0), 5n, 5n), true);
    }
  });

  test(`${kernel.name}: draws are the oracle's in all 240 configurations, one generator for several vectors`, () => {
    const seed = new Uint8Array(32).map((_, i) => 7 * i);
    ENCODINGS.forEach((encoding, i) => {
      const other = ENCODINGS[(i * 67 + 5) % ENCODINGS.length]!; // the unit need not be of the same configuration
      const oracle = new OracleGenerator(seed);
      const draws = kernel.draws(seed);
      for (const [group, length] of [
        [other, 1],
        [encoding, 3],
        [other, 0],
        [encoding, 2],
      ] as const) {
        const expected = Array.from({ length }, () => oracle.draw(group.order));
        const out = unaligned(new Uint8Array(length * group.bytesPerNumber).fill(0xdd));
        draws.write(group, out);
        assert.deepEqual(unpack(group, out), expected, encoding.wire);
        const start = expected.map((_, j) => (group.order * BigInt(j)) / 3n);
        const sum = kernel.sum(group, length);
        sum.add(pack(group, start));
        sum.addDraws(draws);
        sum.read(out);
        assert.deepEqual(
          unpack(group, out),
          start.map((element) => (element + oracle.draw(group.order)) % group.order),
          encoding.wire,
        );
      }
    });
  });

  test(`${kernel.name}: draws run on across the edges of the keystream buffer`, () => {
    const seed = new Uint8Array(32).fill(0x5a);
    // 2 words without rejection in two, 2 with, 3 with, 66 and 67: the last do not divide any buffer.
    for (const [wire, most] of [
      ['02000006', 9000],
      ['01000003', 1200],
      ['0100060c', 4000],
      ['0101ff03', 300],
      ['0001ff0c', 300],
    ] as const) {
      const encoding = ENCODINGS.find((candidate) => candidate.wire === wire)!;
      const oracle = new OracleGenerator(seed);
      const expected = Array.from({ length: most }, () => oracle.draw(encoding.order));
      const accumulator = new Uint8Array(most * encoding.bytesPerNumber);
      kernel.draws(seed).write(encoding, accumulator);
      assert.equal(Buffer.compare(accumulator, pack(encoding, expected)), 0, wire);
      // The same in pieces of one, two, three … elements.
      const draws = kernel.draws(seed);
      const pieces = new Uint8Array(accumulator.length);
      for (let at = 0, size = 1; at < most; at += size++) {
        draws.write(encoding, pieces.subarray(at * encoding.bytesPerNumber, Math.min(at + size, most) * encoding.bytesPerNumber));
      }
      assert.equal(Buffer.compare(pieces, accumulator), 0, `${wire} in pieces`);
    }
  });

  test(`${kernel.name}: encoding is exact for adversarial weights of all four array types`, () => {
    fc.assert(
      fc.property(
        either.chain((encoding) => scalars.chain((scalar) => fc.tuple(fc.constant(encoding), fc.constant(scalar), arraysFor(encoding, scalar)))),
        ([encoding, scalar, arrays]) => {
          for (const weights of arrays) {
            const out = unaligned(new Uint8Array(weights.length * encoding.bytesPerNumber).fill(0xdd));
            kernel.encode(encoding, scalar, weights, out);
            const exact = Array.from<number | bigint, Fraction>(weights, oracleExact);
            assert.deepEqual(
              unpack(encoding, out),
              exact.map((weight) => oracleEncode(encoding, scalar, weight)),
              `${weights.constructor.name} ${weights}`,
            );
            masks(kernel, encoding, scalar, weights, unpack(encoding, out));
            const again = new Uint8Array(out.length);
            kernel.encode(encoding, scalar, exact, again);
            assert.deepEqual(again, new Uint8Array(out), 'the same weights as fractions');
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  test(`${kernel.name}: decoding is the nearest float, the truncated integer and the reduced fraction`, () => {
    fc.assert(
      fc.property(
        either.chain((encoding) => fc.tuple(fc.constant(encoding), decodingsOf(encoding))),
        ([encoding, { decoding, elements }]) => {
          const bytes = unaligned(pack(encoding, elements));
          const expected = elements.map((element) => ({
            numerator: (element - decoding.offset) * decoding.factor.numerator,
            denominator: decoding.factor.denominator,
          }));
          assert.deepEqual(
            kernel.decodeExactly(encoding, bytes, decoding),
            expected.map(({ numerator, denominator }) => rational(numerator, denominator)),
          );
          for (const data of ['F32', 'F64'] as const) {
            check(
              data,
              expected.map((fraction) => oracleNearest(fraction, data)),
            );
          }
          const truncated = expected.map(({ numerator, denominator }) => numerator / denominator);
          check(
            'I32',
            truncated.map((value) => (value >= -(2n ** 31n) && value < 2n ** 31n ? Number(value) : undefined)),
          );
          check(
            'I64',
            truncated.map((value) => (value >= -(2n ** 63n) && value < 2n ** 63n ? value : undefined)),
          );

          function check(data: 'F32' | 'F64' | 'I32' | 'I64', values: readonly (number | bigint | undefined)[]): void {
            const bad = values.indexOf(undefined);
            if (bad >= 0) {
              assert.throws(() => kernel.decode(encoding, bytes, decoding, data), {
                code: 'model-not-representable',
                message: new RegExp(`weight ${bad} as ${data}`),
              });
            } else {
              const actual: (number | bigint)[] = [...kernel.decode(encoding, bytes, decoding, data)];
              assert.ok(actual.every((value, i) => Object.is(value, values[i])) && actual.length === values.length, `${data} ${actual} ${values}`);
            }
          }
        },
      ),
      { numRuns: RUNS },
    );
  });

  test(`${kernel.name}: a long that no double holds is not taken for its neighbour, of which the product is an integer`, () => {
    const encoding = ENCODINGS.find(({ wire }) => wire === '02030203')!;
    const longs = BigInt64Array.of(2n ** 63n - 1n, 1n - 2n ** 63n, 2n ** 62n - 1n, 2n ** 62n + 1n, 2n ** 54n - 1n, -(2n ** 54n) - 1n);
    for (const bits of [44n, 54n, 63n, 64n]) {
      const scalar = rational(1n, 2n ** bits); // the factor is a double, and its product with 2^63 an integer
      const out = new Uint8Array(longs.length * encoding.bytesPerNumber);
      kernel.encode(encoding, scalar, longs, out);
      const expected = Array.from(longs, (long) => oracleEncode(encoding, scalar, oracleExact(long)));
      assert.deepEqual(unpack(encoding, out), expected, `1/2^${bits}`);
      masks(kernel, encoding, scalar, longs, expected);
    }
  });

  test(`${kernel.name}: a candidate equal to the order is rejected`, () => {
    const seed = new Uint8Array(32).fill(0x17);
    for (const width of [6, 7, 8, 9, 12, 13, 40, 268]) {
      const oracle = new OracleGenerator(seed);
      let order = 0n; // the first candidate that is odd, wide enough, and leaves head-room for the two-word path
      while (order % 2n === 0n || order >> BigInt(8 * width - 8) === 0n || order >> BigInt(8 * width - 2) !== 0n) order = littleEndian(oracle.fill(width));
      const group = { order, bytesPerNumber: width, prngBytes: width };
      const expected = new OracleGenerator(seed).draw(order);
      const accumulator = new Uint8Array(width);
      kernel.draws(seed).write(group, accumulator);
      assert.equal(littleEndian(accumulator), expected, `${width} bytes`);
    }
  });

  test(`${kernel.name}: encoding survives the worst products: multipliers half a unit off, full significands just below an integer`, () => {
    const widest = ENCODINGS.find(({ wire }) => wire === '01020403')!; // bound 10^4, the largest of the two-word ones
    const usual = ENCODINGS.find(({ wire }) => wire === '01000003')!; // bound 1: few products are in doubt
    const encodes = (scalar: Fraction, weights: Weights, encoding: Encoding = widest): void => {
      const out = new Uint8Array(weights.length * encoding.bytesPerNumber);
      kernel.encode(encoding, scalar, weights, out);
      const expected = Array.from<number | bigint, bigint>(weights, (weight) => oracleEncode(encoding, scalar, oracleExact(weight)));
      assert.deepEqual(unpack(encoding, out), expected, `${scalar.numerator}/${scalar.denominator} ${weights}`);
      masks(kernel, encoding, scalar, weights, expected);
    };
    // s·E = 2^30·(1 + (2j² + 1)·2^-53 ± 2^-120): the multiplier is wrong by half of its last place. k is nearly twice a power of two.
    for (let j = 0; j < 40; j++) {
      const up = 2n ** 120n + (2n * BigInt(j * j) + 1n) * 2n ** 67n;
      for (const multiplier of [up - 1n, up + 1n]) {
        const scalar = rational(multiplier * 2n ** 30n, 2n ** 120n * widest.expShift);
        const floats = Array.from({ length: 20 }, (_, i) => (2 ** (31 + (i % 8)) - 1 - i * j) / 2 ** 30);
        const around = floats.flatMap((value) => [nudge(value, -1), value, nudge(value, 1)]).flatMap((value) => [value, -value]);
        encodes(scalar, Float64Array.from(around));
        encodes(
          scalar,
          BigInt64Array.from(around, (value) => BigInt(Math.round(value))),
        );
      }
    }
    // weight·multiplier = k - 2^-t exactly, in more bits than a double has: the product rounds up to k.
    for (const [bits, t, scale, make] of [
      [24, 30, -23, Float32Array],
      [24, 31, -23, Float32Array],
      [31, 27, 0, Int32Array],
      [53, 30, -52, Float64Array],
    ] as const) {
      for (let i = 1; i < 200; i++) {
        const weight = 2n ** BigInt(bits) - 2n * BigInt(i) + 1n;
        let inverse = 1n;
        for (let step = 0; step < 7; step++) inverse = BigInt.asUintN(t, inverse * (2n - weight * inverse));
        const multiplier = 2n ** BigInt(t) - inverse; // weight · multiplier = -1 modulo 2^t
        for (const encoding of [widest, usual]) {
          const scalar = rational(multiplier * 2n ** BigInt(-scale), 2n ** BigInt(t) * encoding.expShift);
          encodes(scalar, make.of(Number(weight) * 2 ** scale, -Number(weight) * 2 ** scale), encoding);
          if (make !== Float32Array) continue;
          const four = new Float32Array(4).fill(0.3);
          four[i % 4] = Number(weight) * 2 ** scale;
          encodes(scalar, four, encoding);
        }
      }
    }
    // weight·multiplier = k exactly, but the multiplier as a double is up to a whole unit of k's last place too small: in every place of four.
    for (let i = 1; i < 200; i++) {
      const weight = 2n ** 24n - 1n - 20_001n * BigInt(i);
      const scalar = rational((weight * 2n ** 7n + 1n + BigInt(i)) * 2n ** 23n, weight * usual.expShift);
      const four = new Float32Array(4).fill(0.3);
      four[i % 4] = Number(weight) * 2 ** -23;
      encodes(scalar, four, usual);
      four[i % 4]! *= -1;
      encodes(scalar, four, usual);
    }
  });

  test(`${kernel.name}: decoding survives values beside a tie, beside an integer, and at the largest float`, () => {
    const encoding = ENCODINGS.find(({ wire }) => wire === '02000206')!; // order 2^61, the largest of the two-word ones
    const decodes = (n: bigint, factor: Fraction & { numerator: bigint }): void => {
      const bytes = pack(encoding, [n]);
      const fraction = { numerator: n * factor.numerator, denominator: factor.denominator };
      const decoding = { offset: 0n, factor: rational(factor.numerator, factor.denominator) };
      for (const data of ['F32', 'F64'] as const) {
        const expected = oracleNearest(fraction, data);
        if (expected === undefined) assert.throws(() => kernel.decode(encoding, bytes, decoding, data), { code: 'model-not-representable' });
        else assert.ok(Object.is(kernel.decode(encoding, bytes, decoding, data)[0], expected), `${data} ${n} ${factor.numerator}/${factor.denominator}`);
      }
      const whole = fraction.numerator / fraction.denominator;
      if (whole < 2n ** 63n) assert.equal(kernel.decode(encoding, bytes, decoding, 'I64')[0], whole, `I64 ${n} ${factor.numerator}/${factor.denominator}`);
    };
    for (const [bits, shift] of [
      [25n, 33n],
      [54n, 4n],
    ] as const) {
      for (let i = 0n; i < 60n; i++) {
        const tie = (2n ** (bits - 1n) + 2n * i * i + 1n) << shift; // one bit more than the format keeps, the last one set
        for (const by of [-1n, 0n, 1n]) {
          decodes(tie + by, rational(1n, 2n ** 40n));
          decodes(3n * tie + by, rational(1n, 3n * 2n ** 50n));
          decodes(tie + by, rational(10n ** 10n, 10n ** 10n + 1n));
        }
      }
    }
    // n·P = j·Q - 1 for a large Q: below the integer j by less than double-double arithmetic can tell.
    for (let i = 0n; i < 40n; i++) {
      const n = 2n ** 40n + 2n * i + 1n;
      const denominator = 2n ** (60n + i);
      let inverse = 1n;
      for (let step = 0; step < 8; step++) inverse = BigInt.asUintN(Number(60n + i), inverse * (2n - n * inverse));
      decodes(n, rational(denominator - inverse, denominator));
      decodes(n, rational(inverse, denominator));
    }
    const largest = exactly(3.4028234663852886e38).numerator;
    for (const by of [-1n, 0n, 1n]) decodes(1n, rational(2n * largest + by, 2n));
  });
}

/** Scalars: ordinary shares, none at all, above every bound, below every step, exact and inexact as doubles, beyond doubles. */
const scalars = fc.oneof(
  fc
    .constantFrom([1, 1], [1, 3], [2, 3], [0, 1], [1, 2], [3, 1], [57, 100], [1, 4096], [1, 1000], [7, 10 ** 9], [3602879701896397, 2 ** 55])
    .map(([n, d]) => rational(BigInt(n!), BigInt(d!))),
  fc.constantFrom(rational(1n, 10n ** 11n), rational(1n, 10n ** 400n), rational(10n ** 320n), rational(2n * 10n ** 6n + 1n, 2n), rational(1n, 10n ** 200n)),
  fc.tuple(fc.bigInt({ min: 1n, max: 2n ** 64n }), fc.bigInt({ min: 1n, max: 2n ** 64n })).map(([n, d]) => rational(n, d)),
  fc.double({ min: 0, max: 1, noNaN: true }).map(exactly),
);

/** A double nearby: the same, or one, two units in the last place away. */
function nudge(value: number, steps: number): number {
  if (!Number.isFinite(value)) return value;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + BigInt(steps));
  const moved = view.getFloat64(0);
  return Number.isFinite(moved) ? moved : value;
}

/** Weights whose scaled value is a whole or half step, the bound, or just beside; and whatever else floats can be. */
function arraysFor(encoding: Encoding, scalar: Fraction): fc.Arbitrary<Weights[]> {
  const s = oracleDouble(scalar.numerator) / oracleDouble(scalar.denominator);
  const scale = Number.isFinite(s) && s > 0 ? s : 1;
  const bound = oracleDouble(encoding.addShift) / scale;
  const step = 1 / oracleDouble(encoding.expShift) / scale;
  const near = fc.tuple(
    fc.oneof(
      fc.constantFrom(
        0,
        -0,
        bound,
        -bound,
        5e-324,
        -5e-324,
        2 ** -149,
        -(2 ** -149),
        2 ** -126,
        Number.MAX_VALUE,
        -Number.MAX_VALUE,
        3.4028234663852886e38,
        0.5,
        -0.75,
        1.5,
        3,
      ),
      fc.integer({ min: -100, max: 100 }).map((k) => (k / 2) * step),
      fc.integer({ min: -(10 ** 10), max: 10 ** 10 }).map((k) => (k / 2) * step),
      fc.integer({ min: -100, max: 100 }).map((k) => bound + (k / 2) * step),
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    ),
    fc.constantFrom(0, 0, 1, -1, 2, -2),
  );
  const doubles = near.map(([value, steps]) => nudge(value, steps)).filter(Number.isFinite);
  const small = Math.min(Math.trunc(bound), 2 ** 31 - 1);
  const integers = fc.oneof(fc.integer(), fc.constantFrom(0, 1, -1, small, -small, -(2 ** 31)), fc.integer({ min: -20000, max: 20000 }));
  const longs = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    integers.map(BigInt),
    fc.constantFrom(-(2n ** 63n), 2n ** 63n - 1n, 2n ** 53n + 1n),
  );
  return fc.tuple(
    fc.array(doubles, { maxLength: 6 }).map((list) => Float32Array.from(list, (value) => (Number.isFinite(Math.fround(value)) ? value : 0))),
    fc.array(doubles, { maxLength: 6 }).map((list) => Float64Array.from(list)),
    fc.array(integers, { maxLength: 4 }).map((list) => Int32Array.from(list)),
    fc.array(longs, { maxLength: 4 }).map((list) => BigInt64Array.from(list)),
  );
}

/** What unmasking meets: sums of scaled weights over a sum of scalars; and ties between floats, whole numbers, ends of the ranges. */
function decodingsOf(encoding: Encoding): fc.Arbitrary<{ decoding: Decoding; elements: bigint[] }> {
  const middle = encoding.addShift * encoding.expShift;
  const factors = fc.oneof(
    fc.bigInt({ min: 1n, max: 30n * encoding.expShift }).map((sum) => rational(1n, sum)),
    fc.bigInt({ min: 1n, max: 30n }).map((sum) => rational(1n, sum * encoding.expShift)),
    fc.integer({ min: 0, max: 60 }).map((bits) => rational(1n, 1n << BigInt(bits))),
    fc.tuple(fc.bigInt({ min: 1n, max: 2n ** 60n }), fc.bigInt({ min: 1n, max: 2n ** 60n })).map(([n, d]) => rational(n, d)),
    fc.constantFrom(rational(1n), rational(10n ** 324n), rational(1n, 10n ** 334n), rational(3n, 10n ** 60n)),
  );
  return fc.record({ factor: factors, models: fc.bigInt({ min: 0n, max: 40n }) }).chain(({ factor, models }) => {
    const offset = (models * middle) % encoding.order;
    // Beside arbitrary elements: offset ± a tie of either float format, ± a multiple of the denominator.
    const ties = fc
      .tuple(fc.bigInt({ min: -(2n ** 25n), max: 2n ** 25n }), fc.nat(40), fc.constantFrom(-1n, 0n, 0n, 1n))
      .map(([odd, bits, by]) => offset + (odd << BigInt(bits)) + by);
    const wholes = fc.tuple(fc.bigInt({ min: -1000n, max: 1000n }), fc.constantFrom(-1n, 0n, 1n)).map(([k, by]) => offset + k * factor.denominator + by);
    const limits = fc
      .tuple(fc.constantFrom(2n ** 31n, -(2n ** 31n), 2n ** 31n - 1n, 2n ** 52n, 2n ** 63n), fc.constantFrom(-1n, 0n, 1n))
      .map(([k, by]) => offset + k * factor.denominator + by);
    const inside = fc.oneof(ties, wholes, limits).map((element) => ((element % encoding.order) + encoding.order) % encoding.order);
    return fc.record({ decoding: fc.constant({ offset, factor }), elements: fc.array(fc.oneof(elementsOf(encoding), inside), { maxLength: 5 }) });
  });
}
