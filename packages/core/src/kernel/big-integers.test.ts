// What the packages rely on of an engine's big integers and doubles, each operation over the same numbers: at powers of two and beside them,
// at the limits of digits of 32 and 64 bits, and of random bits. Expected are digests of what Node 24 gives. Engines do get some wrong: Hermes
// 0.12 `Number(a)` from 2^63 on, QuickJS `BigInt.asUintN(64, a)` of negative ones and the order of big integers and negative
// doubles (not whether they are equal); so the packages do without, and they are not here.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../bytes/text.ts';
import { sha256 } from '../crypto/hash.ts';

const INTEGERS: readonly bigint[] = (() => {
  const integers: bigint[] = [];
  for (const bits of [0n, 1n, 8n, 31n, 32n, 33n, 52n, 53n, 54n, 62n, 63n, 64n, 65n, 95n, 96n, 127n, 128n, 192n, 255n, 1023n, 1024n]) {
    for (let beside = -2n; beside <= 2n; beside++) integers.push(2n ** bits + beside, -(2n ** bits) - beside);
  }
  let random = 20261129;
  for (let i = 0; i < 60; i++) {
    let integer = 0n;
    for (let part = 0; part <= i % 9; part++) {
      random = (Math.imul(random, 1103515245) + 12345) & 0x7fff_ffff;
      integer = (integer << 23n) | BigInt(random >>> 8);
    }
    integers.push(integer, -integer);
  }
  return integers;
})();
const DOUBLES: readonly number[] = [0, 0.5, 1, 2, 3].flatMap((part) =>
  Array.from({ length: 210 }, (_, i) => (i % 2 ? -1 : 1) * (1 + part * 2 ** -52 + (part === 0.5 ? 0.5 : 0)) * 2 ** (10 * i - 1074)),
);
const view = new DataView(new ArrayBuffer(8));
const bitsOf = (value: number): string => {
  view.setFloat64(0, value);
  return `${view.getUint32(0)} ${view.getUint32(4)}`;
};
const SHIFTS = [0n, 1n, 31n, 32n, 33n, 63n, 64n, 65n, 128n, 1074n];
const pairs = (of: (a: bigint, b: bigint) => unknown) => (a: bigint, i: number) => [7, 13, 1].map((step) => of(a, INTEGERS[(step * i + 3) % INTEGERS.length]!));
const magnitude = (a: bigint): bigint => (a < 0n ? -a : a);

const OPERATIONS: Readonly<Record<string, readonly [digest: string, of: (a: bigint, i: number) => unknown]>> = {
  'a + b': ['b0a2d24535b6d0c2', pairs((a, b) => a + b)],
  'a - b': ['c6c9cb86b30ec560', pairs((a, b) => a - b)],
  'a * b': ['a57aa38b0ef48815', pairs((a, b) => a * b)],
  'a / b': ['556ff9d3743495b3', pairs((a, b) => (b === 0n ? b : a / b))],
  'a % b': ['3340501bcbfa4b04', pairs((a, b) => (b === 0n ? b : a % b))],
  'a ** k': ['3e77a76d8785da19', (a, i) => a ** BigInt(i % 4)],
  '-a': ['b064a364b4c3142c', (a) => -a],
  'a & b': ['f85d778c20da030f', pairs((a, b) => a & b)],
  'a | b': ['6fdbda3983e0e5da', pairs((a, b) => a | b)],
  'a << k': ['fd0299cf6fa2495b', (a) => SHIFTS.map((k) => a << k)],
  'a >> k': ['d24308cdeaf7f4b5', (a) => SHIFTS.map((k) => a >> k)],
  'a < b, a === b': ['b02bc74920240f61', pairs((a, b) => [a < b, a <= b, a > b, a >= b, a === b, a < a + 1n, a === b + a - b])],
  'a < double || a > double': [
    '2349fcb3ee7e87b5',
    (a, i) => [7, 13, 1].map((step) => [DOUBLES[(step * i) % DOUBLES.length]!, Number(a.toString()), 2 ** 63].map((x) => a < x || a > x)),
  ],
  'a.toString()': ['65f49afbb83c437e', (a) => [a.toString(), a.toString(16), String(a), `${a}`]],
  'BigInt(text)': ['11a16c5424118e65', (a) => [BigInt(a.toString()) === a, BigInt(`0x${magnitude(a).toString(16)}`) === magnitude(a)]],
  'BigInt.asIntN': ['1d58fd020de93dbb', (a) => [BigInt.asIntN(32, a), BigInt.asIntN(64, a)]],
  'Number(a) of 64 bits': ['8383e285793a42a9', (a) => (BigInt.asIntN(64, a) === a ? bitsOf(Number(a)) : '')],
  'Number(text)': ['39174d559dc52c4d', (a) => bitsOf(Number(a.toString()))],
  BigInt64Array: ['0b03c49382689588', (a) => BigInt64Array.of(a)[0]],
  'DataView of 64 bits': [
    '02c16fc1e7d0b820',
    (a) => {
      view.setBigInt64(0, a);
      const signed = [view.getBigInt64(0), view.getBigUint64(0), view.getUint32(0)];
      view.setBigUint64(0, a, true);
      return [...signed, view.getBigUint64(0, true), view.getInt32(4, true)];
    },
  ],
};

test('big integers of this engine do what the packages rely on', () => {
  const digests = Object.entries(OPERATIONS).map(([name, [, of]]) => [name, digest(INTEGERS.map(of))]);
  assert.deepEqual(
    digests,
    Object.entries(OPERATIONS).map(([name, [expected]]) => [name, expected]),
  );
});

const ON_DOUBLES: readonly (readonly [name: string, digest: string, of: (value: number, i: number) => unknown])[] = [
  ['powers of two', 'e39280ecc4ce9cb8', (_, i) => bitsOf(2 ** (i - 1074))],
  ['Math.fround', '8612277dea175cab', (value) => bitsOf(Math.fround(value))],
  ['BigInt(double)', 'e930fd485447ed99', (value) => (Number.isInteger(value) ? BigInt(value) : '')],
  ['Math.round, floor, trunc', '3cc2fae8125b4818', (value) => [Math.round(value), Math.floor(value), Math.trunc(value)].map(bitsOf)],
  ['+ - * / %', 'a2544419c2154cdd', (a, i) => [DOUBLES[(7 * i + 3) % DOUBLES.length]!].map((b) => [a + b, a - b, a * b, a / b, a % b].map(bitsOf))],
  ['| >>> imul clz32', '6bfa441324d0adba', (a) => [a | 0, a >>> 0, a >> 3, Math.imul(a, 77), Math.clz32(a)]],
];

test('doubles of this engine do what the packages rely on', () => {
  for (const [name, expected, of] of ON_DOUBLES) assert.equal(digest([...DOUBLES, ...DOUBLES, ...DOUBLES].map(of)), expected, name);
});

function digest(results: readonly unknown[]): string {
  const text = results.flat(3).join();
  return toHex(sha256(Uint8Array.from(text, (character) => character.charCodeAt(0)))).slice(0, 16);
}
