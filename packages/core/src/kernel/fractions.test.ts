// The way out of every kernel at its edges: vectors around the sizes that kernels work in, published fractions (wire 7.3) written and
// read, numbers beside a tie. Expected values are the oracle's, or spelled out here.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DataType, Decoding, Group, Kernel, Unmasking, Weights } from './kernel.ts';
import { type Fraction, oracleNearest, pack } from './oracle.test.ts';
import { readGroupOrders } from './orders.ts';
import { plain } from './plain.ts';
import { plainUnmasking } from './plain-unmasking.ts';
import { bitLength, rational } from './rational.ts';
import { wasmUnmasking } from './wasm/unmasking.ts';
import { wasmKernel } from './wasm/wasm.ts';

const KERNELS: readonly (Kernel & Unmasking)[] = [
  { ...plain, ...plainUnmasking },
  { ...wasmKernel(), ...(typeof WebAssembly === 'undefined' ? ({} as ReturnType<typeof wasmUnmasking>) : wasmUnmasking()) },
];
const GROUPS: readonly Group[] = [...new Set(readGroupOrders().values())].map((order) => ({
  order,
  bytesPerNumber: Math.ceil(bitLength(order - 1n) / 8),
  prngBytes: Math.ceil(bitLength(order) / 8),
}));
const NARROW = GROUPS.filter(({ bytesPerNumber }) => bytesPerNumber <= 8);
const TYPES = { F32: Float32Array, F64: Float64Array, I32: Int32Array, I64: BigInt64Array } as const;
const DATA = ['F32', 'F64', 'I32', 'I64'] as const;

/** A fraction as a primitive, by the oracle; undefined when it has none. */
function primitive({ numerator, denominator }: Fraction, data: DataType): number | bigint | undefined {
  if (data === 'F32' || data === 'F64') return oracleNearest({ numerator, denominator }, data);
  const truncated = numerator / denominator;
  const half = data === 'I32' ? 2n ** 31n : 2n ** 63n;
  return truncated < -half || truncated >= half ? undefined : data === 'I32' ? Number(truncated) : truncated;
}

/** A signed big integer as wire 7.2 spells it, with `zeros` high words too many. */
function signed(value: bigint, zeros = 0): Buffer {
  const hex = value === 0n ? '' : (value < 0n ? -value : value).toString(16);
  const words = Math.ceil(hex.length / 8) + zeros;
  const bytes = Buffer.alloc(9 + 4 * words);
  bytes.writeInt8(value < 0n ? -1 : value > 0n ? 1 : 0);
  bytes.writeUInt32LE(words, 1);
  bytes.set(Buffer.from(hex.padStart(8 * words, '0'), 'hex').reverse(), 9);
  return bytes;
}

const spelled = ({ numerator, denominator }: Fraction): Buffer => Buffer.concat([signed(numerator), signed(denominator)]);

/** Factors of means (one over the sum of the scalars, as an integer), and others. */
const factors = fc.oneof(
  fc.bigInt({ min: 1n, max: 2n ** 63n }).map((sum) => rational(1n, sum)),
  fc.constantFrom(1n, 3n, 7n, 100n, 999n).map((count) => rational(1n, count * 10n ** 10n)),
  fc.constantFrom(1n, 3n, 7n, 40n).map((count) => rational(1n, count * 3333333333n)),
  fc.tuple(fc.bigInt({ min: 1n, max: 2n ** 65n }), fc.bigInt({ min: 1n, max: 2n ** 65n })).map(([n, d]) => rational(n, d)),
  fc.constantFrom(
    rational(1n),
    rational(2n ** 64n - 1n, 2n ** 63n),
    rational(1n, 2n ** 64n - 1n),
    rational(1n, 4294967291n * 4294967279n),
    rational(5n, 3n ** 40n),
  ),
);

function elementsOf({ order }: Group, { offset, factor }: Decoding): fc.Arbitrary<bigint> {
  const wrap = (n: bigint): bigint => (((offset + n) % order) + order) % order;
  return fc.oneof(
    fc.bigInt({ min: 0n, max: order - 1n }),
    fc.bigInt({ min: -1000n, max: 1000n }).map((k) => wrap(k * factor.denominator)),
    fc.tuple(fc.bigInt({ min: -(2n ** 40n), max: 2n ** 40n }), fc.constantFrom(2n ** 10n, 5n ** 10n, 10n ** 10n, 3n ** 8n)).map(([k, by]) => wrap(k * by)),
    fc.constantFrom(0n, order - 1n, wrap(0n), wrap(1n), wrap(-1n), wrap(2n ** 32n), wrap(-(2n ** 32n))),
  );
}

const vectors = (groups: readonly Group[]) =>
  fc.tuple(fc.constantFrom(...groups), factors, fc.bigInt({ min: 0n, max: 2n ** 70n })).chain(([group, factor, any]) => {
    const decoding = { offset: any % group.order, factor };
    return fc.record({ group: fc.constant(group), decoding: fc.constant(decoding), elements: fc.array(elementsOf(group, decoding), { maxLength: 8 }) });
  });

for (const kernel of KERNELS) {
  test(`${kernel.name}: fractions are written in lowest terms, piece by piece, as many as fit`, () => {
    fc.assert(
      fc.property(fc.oneof(vectors(NARROW), vectors(NARROW), vectors(GROUPS)), fc.nat(90), ({ group, decoding, elements }, room) => {
        const packed = Buffer.concat([Buffer.alloc(1), pack(group, elements)]).subarray(1); // at an odd address
        const fractions = elements.map((element) => rational((element - decoding.offset) * decoding.factor.numerator, decoding.factor.denominator));
        const expected = fractions.map(spelled);
        assert.deepEqual(kernel.decodeExactly(group, packed, decoding), fractions);
        const size = Math.max(18, ...expected.map(({ length }) => length)) + room;
        for (let from = 0; from < elements.length; ) {
          const out = new Uint8Array(size + 2).fill(0xee);
          const { count, bytes } = kernel.writeFractions(group, packed, decoding, from, out.subarray(1, -1));
          assert.ok(
            Buffer.concat(expected.slice(from, from + count)).equals(out.subarray(1, 1 + bytes)),
            `${decoding.factor.numerator}/${decoding.factor.denominator}`,
          );
          from += count;
          assert.ok(from === elements.length || bytes + expected[from]!.length > size, 'stopped although the next one fits');
          assert.deepEqual([out[0], out.at(-1)], [0xee, 0xee]);
        }
        assert.deepEqual(kernel.writeFractions(group, packed, decoding, elements.length, new Uint8Array(size)), { count: 0, bytes: 0 });
      }),
      { numRuns: 600 },
    );
  });

  test(`${kernel.name}: a whole number is told from one 2^-60 below it, by denominators beyond 64 bits, of which some engines make a wrong Number`, () => {
    const group = NARROW.at(-1)!;
    const offset = group.order / 2n;
    const whole = [2n ** 40n, 2n ** 51n, 3n, 1n].filter((n) => n < offset);
    const packed = pack(group, [...whole.map((n) => offset + n), ...whole.map((n) => offset - n)]);
    for (const bits of [62n, 63n, 64n, 65n, 96n, 97n, 98n, 99n, 100n, 111n, 126n, 127n, 128n, 200n, 1100n]) {
      for (const denominator of [2n ** bits, 2n ** bits + 1n, 2n ** bits - 1n, 2n ** bits + 2n ** (bits / 2n) + 1n, 3n * 2n ** bits]) {
        const decoding = { offset, factor: { numerator: denominator - 1n, denominator } };
        const expected = [...whole.map((n) => n - 1n), ...whole.map((n) => 1n - n)]; // n - n / denominator, cut towards zero
        assert.deepEqual([...kernel.decode(group, packed, decoding, 'I64')], expected, `${denominator}`);
        const fractions = [...whole, ...whole.map((n) => -n)].map((n) => rational(n * (denominator - 1n), denominator));
        assert.deepEqual(kernel.decodeExactly(group, packed, decoding), fractions, `${denominator}`);
      }
    }
  });

  test(`${kernel.name}: vectors of every length around its tiles decode, are written and read back`, () => {
    const group = NARROW[2]!;
    const decoding = { offset: group.order / 2n, factor: rational(1n, 3n * 2n ** 39n) };
    // 97 elements over and over, some of them ties of either float format (times 3), whole numbers, and their neighbours.
    const distinct = Array.from({ length: 97 }, (_, i) => {
      const at = 3n * ((2n ** 24n + 1n + 2n * BigInt(i)) << BigInt(i % 8)) * (i % 2 ? 1n : -1n);
      const n = [at, at + 1n, at - 1n, BigInt(i - 48) * 3n * 2n ** 39n, BigInt(i) * 987654321987n, 0n, BigInt(-i)][i % 7]!;
      return decoding.offset + (n % (group.order / 2n));
    });
    const fractions = distinct.map((element) => rational(element - decoding.offset, decoding.factor.denominator));
    const written = fractions.map(spelled);
    const values = Object.fromEntries(DATA.map((data) => [data, fractions.map((fraction) => primitive(fraction, data)!)])) as Record<
      DataType,
      (number | bigint)[]
    >;
    for (const length of [0, 1, 2, 3, 4, 5, 96, 2047, 2048, 2049, 8191, 8192, 8193, 16387]) {
      const packed = Buffer.concat(Array.from({ length: Math.ceil(length / 97) }, () => pack(group, distinct))).subarray(0, length * group.bytesPerNumber);
      const document = Buffer.concat(Array.from({ length }, (_, i) => written[i % 97]!));
      const out = new Uint8Array(document.length + 50);
      const progress = kernel.writeFractions(group, packed, decoding, 0, out);
      assert.deepEqual(progress, { count: length, bytes: document.length });
      assert.ok(document.equals(out.subarray(0, document.length)), `${length}`);
      for (const data of DATA) {
        const decoded = kernel.decode(group, packed, decoding, data);
        assert.equal(decoded.length, length);
        assert.ok(
          [...decoded].every((value, i) => Object.is(value, values[data][i % 97])),
          `${data} ${length}`,
        );
        const read = new TYPES[data](length) as Weights;
        const bytes = readAll(kernel, document, read, values[data]);
        assert.equal(bytes, document.length);
        assert.ok(
          [...read].every((value, i) => Object.is(value, values[data][i % 97])),
          `${data} ${length} read`,
        );
      }
    }
  });

  test(`${kernel.name}: what is read is the nearest float and the truncated integer, whatever the fraction`, () => {
    const big = (bits: bigint) => fc.bigInt({ min: 1n, max: 2n ** bits });
    const magnitudes = fc.oneof(
      big(8n),
      big(31n),
      big(33n),
      big(53n),
      big(64n),
      big(64n),
      big(96n),
      big(128n),
      big(140n),
      fc.constantFrom(2n ** 32n, 2n ** 64n - 1n),
    );
    const near = fc.tuple(fc.constantFrom(25n, 54n), fc.nat(1000), magnitudes, fc.nat(70), fc.constantFrom(-1n, 0n, 1n)).map(([bits, i, by, down, off]) => ({
      numerator: (2n ** (bits - 1n) + 2n * BigInt(i) + 1n) * by + off,
      denominator: by << BigInt(down),
    }));
    const whole = fc
      .tuple(fc.oneof(big(31n), big(63n), fc.constantFrom(2n ** 31n, 2n ** 63n)), big(40n), fc.constantFrom(-1n, 0n, 1n))
      .map(([k, by, off]) => ({ numerator: k * by + off, denominator: by }));
    const small = fc.tuple(big(40n), fc.integer({ min: 100, max: 140 })).map(([n, down]) => ({ numerator: n, denominator: 2n ** BigInt(down) - 1n }));
    const fraction = fc.oneof(fc.record({ numerator: fc.oneof(magnitudes, fc.constant(0n)), denominator: magnitudes }), near, whole, small);
    const shaped = fc.record({ fraction, isNegative: fc.boolean(), above: fc.constantFrom(0, 0, 0, 1, 2), below: fc.constantFrom(0, 0, 0, 1, 2) });
    fc.assert(
      fc.property(fc.array(shaped, { maxLength: 6 }), fc.constantFrom(...DATA), fc.nat(3), (list, data, before) => {
        const fractions = list.map(({ fraction: { numerator, denominator }, isNegative }) => ({ numerator: isNegative ? -numerator : numerator, denominator }));
        // High zero words are taken (wire 7.4), but not for zero, whose sign would say otherwise.
        const weights = list.map(({ above, below }, i) =>
          Buffer.concat([signed(fractions[i]!.numerator, fractions[i]!.numerator === 0n ? 0 : above), signed(fractions[i]!.denominator, below)]),
        );
        const document = Buffer.concat([Buffer.alloc(1), ...weights]).subarray(1);
        let at = 0;
        for (let i = 0; i <= list.length; ) {
          const out = new TYPES[data](before + list.length - i + 1).fill((data === 'I64' ? 77n : 77) as never) as Weights;
          const { count, bytes } = kernel.readFractions(document.subarray(at), out, before);
          assert.ok(count <= list.length - i);
          assert.equal(bytes, Buffer.concat(weights.slice(i, i + count)).length);
          for (let k = 0; k < count; k++) {
            const expected = primitive(fractions[i + k]!, data);
            assert.ok(
              Object.is(out[before + k], expected),
              `${data} ${fractions[i + k]!.numerator}/${fractions[i + k]!.denominator}: ${out[before + k]}, ${expected}`,
            );
          }
          for (const k of [...Array(before).keys(), before + count]) assert.equal(Number(out[k]), 77, 'nothing beside it is written');
          at += bytes + (weights[i + count]?.length ?? 0);
          i += count + 1;
        }
      }),
      { numRuns: globalThis.process?.env?.CI === 'true' ? 3000 : 1000 }, // it takes seconds: all of them in CI
    );
  });

  test(`${kernel.name}: quotients nearer to a tie than any error bound are decoded and read right, on both sides`, () => {
    const group = NARROW.find(({ order }) => order === 2n ** 61n)!;
    const fractions = [...besideTies()];
    assert.ok(fractions.length > 1000);
    for (const data of ['F32', 'F64'] as const) {
      for (const { numerator, denominator } of fractions) {
        const expected = oracleNearest({ numerator, denominator }, data);
        const out = new TYPES[data](1);
        const { count } = kernel.readFractions(Buffer.concat([signed(numerator), signed(denominator)]), out, 0);
        if (count === 1) assert.ok(Object.is(out[0], expected), `${data} ${numerator}/${denominator} is read as ${out[0]}, not ${expected}`);
        if (numerator < group.order) {
          const [decoded] = kernel.decode(group, pack(group, [numerator]), { offset: 0n, factor: rational(1n, denominator) }, data);
          assert.ok(Object.is(decoded, expected), `${data} ${numerator}/${denominator} is decoded as ${decoded}, not ${expected}`);
        }
      }
    }
    for (const [numerator, denominator] of [
      [2n ** 128n - 1n, 1n],
      [2n ** 128n - 2n ** 103n, 1n],
      [2n ** 128n - 2n ** 104n + 1n, 1n],
    ] as const) {
      const beyond = Buffer.concat([signed(numerator), signed(denominator)]);
      assert.equal(kernel.readFractions(beyond, new Float32Array(1), 0).count, 0, 'beyond the largest float');
      assert.equal(kernel.readFractions(beyond, new Float64Array(1), 0).count <= 1, true);
    }
  });

  test(`${kernel.name}: reading stops before what is cut off, irregular or too wide, and when the array is full`, () => {
    const weight = spelled(rational(-3n, 4n));
    const bad = [
      Buffer.concat([Buffer.from([2]), signed(1n).subarray(1), signed(1n)]),
      Buffer.concat([Buffer.from([0]), signed(1n).subarray(1), signed(1n)]),
      Buffer.concat([Buffer.from([1]), signed(0n).subarray(1), signed(1n)]),
      Buffer.concat([signed(1n), signed(-1n)]),
      Buffer.concat([signed(1n), signed(0n)]),
      Buffer.concat([signed(1n), signed(0n, 1)]),
      Buffer.concat([signed(1n), Buffer.from([1]), signed(0n, 2).subarray(1)]), // a denominator of two zero words
      Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 1, 0, 0, 0]), signed(1n)]), // 2^32 words
      Buffer.concat([Buffer.from([1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), signed(1n)]),
      Buffer.concat([signed(2n ** 200n), signed(1n)]),
      Buffer.concat([signed(1n), signed(2n ** 200n)]),
    ];
    for (const data of DATA) {
      for (const next of bad) {
        const out = new TYPES[data](9) as Weights;
        assert.deepEqual(
          kernel.readFractions(Buffer.concat([weight, weight, next, weight]), out, 1),
          { count: 2, bytes: 2 * weight.length },
          next.toString('hex'),
        );
      }
      const three = Buffer.concat([weight, weight, weight]);
      for (let cut = 0; cut <= three.length; cut++) {
        const whole = Math.floor(cut / weight.length);
        assert.deepEqual(kernel.readFractions(three.subarray(0, cut), new TYPES[data](5) as Weights, 0), { count: whole, bytes: whole * weight.length });
      }
      assert.deepEqual(kernel.readFractions(three, new TYPES[data](2) as Weights, 0), { count: 2, bytes: 2 * weight.length });
      assert.deepEqual(kernel.readFractions(three, new TYPES[data](2) as Weights, 2), { count: 0, bytes: 0 });
    }
  });
}

/**
 * Fractions that lie beside the middle between two floats: of 32 bits by less than 2^-60 of themselves, where doubles err by 2^-51; of
 * 64 bits by 2^-115, where two doubles err by 2^-104; of 32 bits below the normal range by 2^-127.
 */
function* besideTies(): Generator<Fraction> {
  let state = 12345n;
  const random = (bits: bigint): bigint => {
    state = BigInt.asUintN(128, state * 0x2360ed051fc65da44385df649fccf645n + 1n);
    return (state >> 64n) % 2n ** bits;
  };
  for (let i = 0; i < 400; i++) {
    const denominator = 2n ** 60n + 2n * random(59n) + 1n;
    const tie = 2n ** 24n + 2n * random(23n) + 1n;
    const below = (tie * denominator) >> 25n;
    yield { numerator: below, denominator };
    yield { numerator: below + 1n, denominator };
    // tie · denominator = ± 1 modulo 2^54.
    let inverse = denominator;
    for (let step = 0; step < 6; step++) inverse = BigInt.asUintN(54, inverse * (2n - denominator * inverse));
    for (const [wide, off] of [
      [inverse, -1n],
      [2n ** 54n - inverse, 1n],
    ] as const) {
      if (wide >= 2n ** 53n) yield { numerator: (wide * denominator + off) >> 54n, denominator };
    }
    const small = 2n ** 22n + 2n * random(20n) + 1n;
    const above = 2n ** 150n / small;
    yield { numerator: 1n, denominator: above };
    yield { numerator: 1n, denominator: above + 1n };
  }
}

/** Reads a document; the weights that the kernel leaves are filled in from `values`, over and over. Returns the bytes read. */
function readAll(kernel: Kernel, document: Uint8Array, weights: Weights, values: readonly (number | bigint)[]): number {
  const view = new DataView(document.buffer, document.byteOffset, document.byteLength);
  let at = 0;
  let left = 0;
  for (let i = 0; i < weights.length; ) {
    const { count, bytes } = kernel.readFractions(document.subarray(at), weights, i);
    i += count;
    at += bytes;
    if (i === weights.length) break;
    left++;
    weights[i] = values[i % values.length]!;
    i++;
    for (let part = 0; part < 2; part++) at += 9 + 4 * view.getUint32(at + 1, true);
  }
  assert.ok(left <= 2 + weights.length / 5, `${left} of ${weights.length} left to the caller`);
  return at;
}
