// Every row of the table "irregular input" (wire 7.4), in the stricter of the two readings that it allows.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromHex } from '../bytes/text.ts';
import type { ErrorCode } from '../errors.ts';
import { rational } from '../mask/model.ts';
import { decodeSeedDict, decodeSumDict, decodeUpdateSeedDict } from './dictionaries.ts';
import { decodeModel } from './model.ts';
import { decodeRoundParams } from './round-params.ts';

const hex = (text: string): Uint8Array => fromHex(text.replace(/\s/g, ''));
const u64 = (value: number): string => `${value.toString(16).padStart(2, '0')}00000000000000`;
const string = (byte: string, length: number): string => u64(length) + byte.repeat(length);
const params = ({ key = 32, seed = 32, config = '01000000000000000000000000000000', end = '' }): string =>
  `${string('11', key)}000000000000e03f000000000000e03f${string('22', seed)}${config}01000000000000000000000000000000${u64(4)}${end}`;
const fails = (decode: (bytes: Uint8Array) => unknown, text: string, code: ErrorCode): void => {
  assert.throws(() => decode(hex(text)), { code }, text);
};
const weight = (numerator: string, denominator = `01 ${u64(1)} 01000000`): string => `${u64(1)} ${numerator} ${denominator}`;
const SUM = u64(1) + string('11', 32) + string('22', 32);
const ROW = u64(1) + string('11', 32) + string('22', 80);

test('7.4: bytes after the value are refused', () => {
  fails(decodeRoundParams, params({ end: '00' }), 'decode-trailing');
  fails(decodeSumDict, `${SUM}00`, 'decode-trailing');
  fails(decodeUpdateSeedDict, `${ROW}00`, 'decode-trailing');
  fails(decodeSeedDict, `${u64(1)}${string('33', 32)}${ROW}00`, 'decode-trailing');
  fails(decodeModel, `${weight(`00 ${u64(0)}`)}00`, 'decode-trailing');
  fails(decodeModel, `${u64(0)}00`, 'decode-trailing');
});

test('7.4: a key or round seed with a length other than 32 is refused', () => {
  decodeRoundParams(hex(params({})));
  for (const length of [0, 31, 33, 255]) {
    fails(decodeRoundParams, params({ key: length, end: '00'.repeat(32) }), 'decode-length');
    fails(decodeRoundParams, params({ seed: length, end: '00'.repeat(32) }), 'decode-length');
    fails(decodeSumDict, u64(1) + string('11', length) + string('22', 32), 'decode-length');
    fails(decodeSumDict, u64(1) + string('11', 32) + string('22', length), 'decode-length');
    fails(decodeUpdateSeedDict, u64(1) + string('11', length) + string('22', 80), 'decode-length');
    fails(decodeSeedDict, u64(1) + string('11', length) + ROW, 'decode-length');
  }
});

test('7.4: an encrypted seed with a length other than 80 is refused', () => {
  decodeUpdateSeedDict(hex(ROW));
  for (const length of [0, 79, 81, 32]) fails(decodeUpdateSeedDict, u64(1) + string('11', 32) + string('22', length), 'decode-length');
});

test('7.4: a duplicated map key is refused', () => {
  fails(decodeSumDict, u64(2) + SUM.slice(16) + SUM.slice(16), 'decode-duplicate-key');
  fails(decodeUpdateSeedDict, u64(2) + ROW.slice(16) + ROW.slice(16), 'decode-duplicate-key');
  fails(decodeSeedDict, u64(2) + string('33', 32) + ROW + string('33', 32) + ROW, 'decode-duplicate-key');
  fails(decodeSeedDict, u64(1) + string('33', 32) + u64(2) + ROW.slice(16) + ROW.slice(16), 'decode-duplicate-key');
});

test('7.4: an unknown enum index is refused', () => {
  decodeRoundParams(hex(params({ config: '02000000030000000400000003000000' })));
  for (const config of [
    '03000000000000000000000000000000',
    '00000000040000000000000000000000',
    '00000000000000000500000000000000',
    '000000000000000000000000ff000000',
    '00000000000000000000000004000000',
    '00000001000000000000000000000000',
  ]) {
    fails(decodeRoundParams, params({ config }), 'decode-config');
  }
});

test('7.4: a zero denominator is refused, however it is spelled', () => {
  for (const zero of [`00 ${u64(0)}`, `01 ${u64(0)}`, `ff ${u64(0)}`, `01 ${u64(1)} 00000000`, `00 ${u64(1)} 05000000`]) {
    fails(decodeModel, weight(`01 ${u64(1)} 01000000`, zero), 'decode-zero-denominator');
  }
});

test('7.4: fractions that are not in lowest terms, or have a negative denominator, are normalised', () => {
  const decoded = (numerator: string, denominator: string): unknown => decodeModel(hex(weight(numerator, denominator)))[0];
  assert.deepEqual(decoded(`01 ${u64(1)} 06000000`, `01 ${u64(1)} 04000000`), rational(3, 2));
  assert.deepEqual(decoded(`ff ${u64(1)} 06000000`, `01 ${u64(1)} 04000000`), rational(-3, 2));
  assert.deepEqual(decoded(`01 ${u64(1)} 03000000`, `ff ${u64(1)} 02000000`), rational(-3, 2));
  assert.deepEqual(decoded(`ff ${u64(1)} 03000000`, `ff ${u64(1)} 03000000`), rational(1));
  assert.deepEqual(decoded(`00 ${u64(0)}`, `01 ${u64(1)} 09000000`), rational(0));
  assert.deepEqual(decoded(`00 ${u64(0)}`, `ff ${u64(1)} 09000000`), rational(0));
});

test('7.4: high zero words are dropped; sign without magnitude and magnitude without sign are 0', () => {
  const decoded = (numerator: string): unknown => decodeModel(hex(weight(numerator)))[0];
  assert.deepEqual(decoded(`01 ${u64(3)} 07000000 00000000 00000000`), rational(7));
  assert.deepEqual(decoded(`ff ${u64(2)} 00000000 00000000`), rational(0));
  assert.deepEqual(decoded(`00 ${u64(1)} 07000000`), rational(0));
  assert.deepEqual(decoded(`00 ${u64(2)} 07000000 07000000`), rational(0));
  assert.deepEqual(decoded(`01 ${u64(0)}`), rational(0));
  assert.deepEqual(decoded(`ff ${u64(0)}`), rational(0));
  assert.deepEqual(decodeModel(hex(weight(`01 ${u64(1)} 01000000`, `01 ${u64(2)} 02000000 00000000`)))[0], rational(1, 2));
});

test('7.4: a sign other than -1, 0 or 1 is refused, in numerator and denominator', () => {
  for (const sign of ['02', '7f', '80', 'fe']) {
    fails(decodeModel, weight(`${sign} ${u64(1)} 01000000`), 'decode-sign');
    fails(decodeModel, weight(`01 ${u64(1)} 01000000`, `${sign} ${u64(1)} 01000000`), 'decode-sign');
  }
});
