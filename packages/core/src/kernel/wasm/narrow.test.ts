// The 64-bit lanes where the common suite does not reach: at the edges of tiles, pieces and words, with many terms, and in own memory.
// The measure is the plain kernel, which that suite holds to the oracle.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keystreamSource } from '#keystream';
import type { Encoding, Group } from '../kernel.ts';
import { writeKeystream } from '../keystream.ts';
import { OracleGenerator, pack, unpack } from '../oracle.test.ts';
import { plain } from '../plain.ts';
import { rational } from '../rational.ts';
import { Cursor, Stream } from './draws.ts';
import { instantiate, tiles } from './engine.ts';
import { isLane64 } from './lanes.ts';
import { KEYSTREAM, KEYSTREAM_BYTES, STATE, SUM } from './layout.ts';
import { TILE } from './narrow-tiles.ts';
import { wasmKernel } from './wasm.ts';

const KERNELS = [wasmKernel(), wasmKernel(keystreamSource())];
const ENCODINGS: readonly Encoding[] = [
  { order: 20_000_000_000_021n, bytesPerNumber: 6, prngBytes: 6, addShift: 1n, expShift: 10n ** 10n },
  { order: 1n << 55n, bytesPerNumber: 7, prngBytes: 7, addShift: 1n, expShift: 10n ** 10n },
  { order: 2_000_000_000_000_000_057n, bytesPerNumber: 8, prngBytes: 8, addShift: 100n, expShift: 10n ** 10n },
];
// Around a tile, around two, and around the length from which a sum owns its memory.
const LENGTHS = [0, 1, 2, 3, TILE - 1, TILE, TILE + 1, 2 * TILE - 1, 2 * TILE, 2 * TILE + 1, 4 * TILE + 1];
const SEED = new Uint8Array(32).map((_, i) => 5 * i + 3);

function group(order: bigint): Group {
  const width = (value: bigint): number => Math.ceil(value.toString(16).length / 2);
  return { order, bytesPerNumber: width(order - 1n), prngBytes: width(order) };
}

/** The bytes at an odd address of shared memory. */
function shared(bytes: Uint8Array): Uint8Array {
  const view = new Uint8Array(new SharedArrayBuffer(bytes.length + 1), 1);
  view.set(bytes);
  return view;
}

function equal(actual: Uint8Array, expected: Uint8Array, what: string): void {
  assert.equal(Buffer.compare(actual, expected), 0, what);
}

for (const kernel of KERNELS) {
  test(`${kernel.name}: every operation agrees with the plain kernel at the edges of tiles, from and to shared memory`, () => {
    for (const encoding of ENCODINGS) {
      const weights = Float32Array.from({ length: LENGTHS.at(-1)! }, (_, i) => ((i * 7919) % 4001) / 1900 - 1);
      const masks = new Uint8Array(weights.length * encoding.bytesPerNumber);
      plain.draws(SEED).write(encoding, masks);
      for (const length of LENGTHS) {
        const what = `${length} elements of ${encoding.order}`;
        const bytes = length * encoding.bytesPerNumber;
        const mask = masks.subarray(0, bytes);
        const model = new Float32Array(new SharedArrayBuffer(4 * length + 4), 4);
        model.set(weights.subarray(0, length));
        const out = shared(new Uint8Array(bytes));
        kernel.draws(SEED).write(encoding, out);
        equal(out, mask, `${what}: write`);
        const codes = new Uint8Array(bytes);
        plain.encode(encoding, rational(2, 3), model, codes);
        kernel.encode(encoding, rational(2, 3), model, out);
        equal(out, codes, `${what}: encode`);
        kernel.draws(SEED).mask(encoding, rational(2, 3), model, out);
        const sum = kernel.sum(encoding, length);
        assert.equal(sum.add(out), true);
        const rest = new Uint8Array(bytes);
        assert.equal(sum.difference(shared(mask), rest), true);
        equal(rest, codes, `${what}: mask and difference`);
        sum.addDraws(kernel.draws(SEED));
        assert.equal(sum.difference(out, rest), true);
        equal(rest, mask, `${what}: addDraws`);
        assert.equal(kernel.inRange(encoding, out, 0n, encoding.order), true);
        if (length > 0) {
          const largest = unpack(encoding, out).reduce((a, b) => (a > b ? a : b));
          assert.equal(kernel.inRange(encoding, out, 0n, largest), false);
          assert.equal(kernel.inRange(encoding, out, 0n, largest + 1n), true);
        }
      }
    }
  });

  test(`${kernel.name}: elements out of range in any tile leave the sum as it was, and later ones are added as ever`, () => {
    for (const encoding of [ENCODINGS[0]!, ENCODINGS[1]!, ENCODINGS[2]!]) {
      for (const length of [TILE + 1, 2 * TILE + 3]) {
        const start = new Uint8Array(length * encoding.bytesPerNumber);
        kernel.draws(SEED).write(encoding, start);
        const sum = kernel.sum(encoding, length);
        assert.equal(sum.add(start), true);
        const out = new Uint8Array(start.length);
        for (const places of [[0], [TILE - 1], [TILE], [length - 1], [3, TILE, length - 2]]) {
          const bad = start.slice();
          for (const place of places) bad.fill(0xff, place * encoding.bytesPerNumber, (place + 1) * encoding.bytesPerNumber);
          assert.equal(sum.add(bad), false, `${places} of ${length}`);
          assert.equal(sum.difference(bad, out), false, `${places} of ${length}`);
          assert.equal(kernel.inRange(encoding, bad, 0n, encoding.order), false);
          sum.read(out);
          equal(out, start, `${places} of ${length}`);
        }
        sum.add(start);
        sum.difference(start, out);
        equal(out, start, 'twice minus once');
      }
    }
  });

  test(`${kernel.name}: sums of many largest elements do not overflow, whatever the order leaves of 64 bits`, () => {
    const orders = [44, 57, 58, 59, 60, 61, 62, 63, 64].flatMap((bits) => [(1n << BigInt(bits)) - 27n, 1n << BigInt(bits), (1n << BigInt(bits)) + 27n]);
    for (const order of [...orders, 3n, 1n << 24n]) {
      for (const length of [3, 2 * TILE + 1]) {
        const terms = length === 3 ? 300 : 70; // 64 and 128 terms fit some of these
        const last = pack(group(order), Array(length).fill(order - 1n));
        const sum = kernel.sum(group(order), length);
        for (let i = 0; i < terms; i++) assert.equal(sum.add(last), true);
        const out = new Uint8Array(last.length);
        sum.read(out);
        equal(out, pack(group(order), Array(length).fill((BigInt(terms) * (order - 1n)) % order)), `${terms} · (${order} - 1)`);
      }
    }
  });

  test(`${kernel.name}: draws are exact for orders whose upper word candidates often equal, and of one word`, () => {
    for (const order of [
      (1n << 32n) + 5n,
      3n << 31n,
      (5n << 32n) + 1n,
      (200n << 32n) - 1n,
      7n << 32n,
      3n << 60n,
      1n << 32n,
      3n,
      200n,
      257n,
      40_000n,
      1n << 24n,
      (1n << 32n) - 5n,
    ]) {
      const count = order > 1n << 32n ? 90 : 900;
      const oracle = new OracleGenerator(SEED);
      const expected = Array.from({ length: count + 1 }, () => oracle.draw(order));
      const draws = kernel.draws(SEED);
      const out = new Uint8Array((count + 1) * group(order).bytesPerNumber);
      draws.write(group(order), out.subarray(0, group(order).bytesPerNumber));
      draws.write(group(order), out.subarray(group(order).bytesPerNumber));
      assert.deepEqual(unpack(group(order), out), expected, `${order}`);
    }
  });

  test(`${kernel.name}: no key and no keystream stays in the shared memory`, () => {
    kernel.draws(SEED).write(ENCODINGS[0]!, new Uint8Array(6 * 3000));
    const { bytes } = tiles();
    assert.ok(bytes.subarray(STATE, STATE + 64).every((byte) => byte === 0));
    assert.ok(bytes.subarray(KEYSTREAM, KEYSTREAM + KEYSTREAM_BYTES).every((byte) => byte === 0));
  });

  test(`${kernel.name}: a weight that is no number is found wherever it is`, () => {
    for (const make of [Float32Array, Float64Array]) {
      const largest = make === Float32Array ? 3.4028234663852886e38 : Number.MAX_VALUE;
      for (const length of [0, 1, 2, 3, 4, 5, 2047, 4096, 4099, 8193]) {
        const weights = new make(length).fill(-largest);
        assert.equal(kernel.areFinite(weights), true);
        for (const place of new Set([0, 1, length >> 1, 2048, 4095, 4096, length - 1])) {
          if (place < 0 || place >= length) continue;
          for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
            weights[place] = bad;
            assert.equal(kernel.areFinite(weights), false, `${bad} at ${place} of ${length}`);
            assert.equal(plain.areFinite(weights), false, `${bad} at ${place} of ${length}`);
            if (length < 2000 || place % 2048 === 0) {
              for (const scalar of [rational(1), rational(1, 3), rational(0), rational(1n, 10n ** 300n)]) {
                const out = new Uint8Array(7 * length);
                assert.equal(kernel.draws(SEED).mask(ENCODINGS[1]!, scalar, weights, out), false, `${bad} at ${place} of ${length} by ${scalar.numerator}`);
              }
            }
          }
          weights[place] = largest;
        }
        assert.equal(plain.areFinite(weights), true);
      }
    }
  });

  test(`${kernel.name}: tiles with weights that one pass does not decide are masked as the others, few or many of them`, () => {
    const length = 14 * TILE + 5;
    for (const encoding of ENCODINGS) {
      for (const doubtful of [0, 1, 2, 6, 14]) {
        const weights = Float32Array.from({ length }, (_, i) => ((i * 7919) % 4001) / 1900 - 1.0003);
        for (let tile = 0; tile < doubtful; tile++) weights[tile * TILE + 17 * tile] = tile % 2 === 0 ? 0 : 3 * 2 ** -10; // whole products
        for (const scalar of [rational(1), rational(1, 3)]) {
          const out = new Uint8Array(length * encoding.bytesPerNumber);
          const expected = new Uint8Array(out.length);
          assert.equal(kernel.draws(SEED).mask(encoding, scalar, weights, out), true);
          plain.draws(SEED).mask(encoding, scalar, weights, expected);
          equal(out, expected, `${doubtful} tiles of ${encoding.order}`);
        }
      }
    }
  });

  test(`${kernel.name}: the block counter is 64 bits wide, and positions are words`, () => {
    const source = kernel.name === 'wasm' ? undefined : { ...keystreamSource()!, worthwhile: 0 };
    for (const position of [0, 5, 16 * 4 - 1, 2 ** 36 - 16 * 3, 2 ** 36 - 7, 2 ** 36 + 1, 2 ** 40 - 33]) {
      const stream = new Stream(SEED, source);
      stream.position = position;
      const block = Math.floor(position / 16);
      const expected = new Uint32Array(16 * 40);
      writeKeystream(SEED, block, expected);
      const instance = tiles();
      for (const words of [3, 50, 400]) {
        const cursor = new Cursor(stream, instance, 4 * words);
        const from = stream.position - 16 * block;
        const read = new Uint32Array(words);
        for (let i = 0; i < words; i++) {
          if (cursor.at === cursor.end) cursor.refill();
          read[i] = new DataView(instance.bytes.buffer).getUint32(cursor.at, true);
          cursor.at += 4;
        }
        cursor.close();
        assert.deepEqual(read, expected.slice(from, from + words), `${words} words from ${position}`);
        assert.equal(stream.position, 16 * block + from + words);
      }
    }
  });
}

test('the keystream of the module is that of wire 2.1 in pieces of every size', () => {
  const { exports, bytes } = instantiate(SUM);
  for (const blocks of [4, 8, 60, 1024]) {
    bytes.set(SEED, STATE);
    bytes.fill(0, STATE + 32, STATE + 40);
    exports.keystream(STATE, KEYSTREAM, blocks);
    exports.keystream(STATE, KEYSTREAM, blocks); // goes on
    const expected = new Uint32Array(16 * blocks);
    writeKeystream(SEED, blocks, expected);
    equal(bytes.subarray(KEYSTREAM, KEYSTREAM + 64 * blocks), new Uint8Array(expected.buffer), `${blocks} blocks`);
  }
});

test('lanes of 64 bits take orders up to 2^62, which is all of the catalogue that fits eight bytes', () => {
  assert.deepEqual(
    [(1n << 62n) - 1n, 1n << 62n, (1n << 62n) + 1n, 1n << 64n].map((order) => isLane64(group(order))),
    [true, true, false, false],
  );
});
