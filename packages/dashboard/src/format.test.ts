// Numbers as the page writes them, at the ends of what numbers can be.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bytes, clock, count, moment, percent, significant, ticks } from './format.ts';

const spaced = (text: string): string => text.replaceAll('\u202f', ' ');

test('numbers at their ends', () => {
  const written = (write: (value: number) => string, ...values: number[]): string[] => values.map((value) => spaced(write(value)));
  assert.deepEqual(written(count, 0, 999, 9999, 12_345, -12_345, 999_999_999, 1e21, -1e300), [
    '0',
    '999',
    '9999',
    '12 345',
    '-12 345',
    '999 999 999',
    '1e21',
    '-1e300',
  ]);
  assert.deepEqual(written(significant, 0, -0, 0.9, 0.8756, 999.9, 1234.5, 999_999.9, 1e6, 5e-324, -1.7e308, 0.0001), [
    '0',
    '0',
    '0.9',
    '0.876',
    '1000',
    '1235',
    '1e6',
    '1e6',
    '4.94e-324',
    '-1.7e308',
    '1e-4',
  ]);
  assert.deepEqual(written(bytes, 0, 999, 1000, 99_949, 999_499, 999_600, 1.5e15, 1e30), [
    '0 B',
    '999 B',
    '1.0 kB',
    '99.9 kB',
    '999 kB',
    '1.0 MB',
    '1.5 PB',
    '1000000 YB',
  ]);
  assert.deepEqual(written(clock, -5, 7000, 750_000, 7_500_000, 8.64e15), ['0:00', '0:07', '12:30', '2 h 05 min', '100 000 000 days']);
  assert.deepEqual(written(percent, 0, 5e-17, 0.3, 0.0012, 0.00001, 1), ['0 %', '0 %', '30 %', '0.12 %', '0.001 %', '100 %']);
});

test('what stands beside each other on an axis differs', () => {
  assert.deepEqual(ticks([0.2, 0.4, 0.6000000000000001]), ['0.2', '0.4', '0.6']);
  assert.deepEqual(ticks([0.90125, 0.9013, 0.90135]), ['0.90125', '0.9013', '0.90135']);
  assert.deepEqual(ticks([123_450, 123_460]).map(spaced), ['123 450', '123 460']);
});

test('a moment of another day has its date', () => {
  const noon = Date.UTC(2026, 10, 30, 12);
  assert.deepEqual([moment(noon, noon + 3_600_000), moment(noon, noon + 86_400_000)], ['12:00:00', '2026-11-30 12:00:00']);
});
