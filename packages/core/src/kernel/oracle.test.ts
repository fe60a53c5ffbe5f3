// The oracle's own tests: known answers. What it is stands in tests/oracle.ts, outside of the packages; other tests of core take it
// from here.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Fraction, OracleGenerator, oracleMask, oracleNearest, pack } from '../../../../tests/oracle.ts';

export * from '../../../../tests/oracle.ts';

test('the oracle fills as wire A.1 says', () => {
  const generator = new OracleGenerator(new Uint8Array(32));
  assert.equal(Buffer.from(generator.fill(6)).toString('hex'), '76b8e0ada0f1');
  assert.equal(Buffer.from(generator.fill(6)).toString('hex'), '405d6ae55386');
  assert.equal(Buffer.from(generator.fill(1)).toString('hex'), 'bd');
  assert.equal(Buffer.from(generator.fill(5)).toString('hex'), 'a08ded1aa8');
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
