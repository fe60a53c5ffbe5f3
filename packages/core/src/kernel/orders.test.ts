import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readGroupOrders } from './orders.ts';

const table = JSON.parse(readFileSync(new URL('../../../../vectors/group-orders.json', import.meta.url), 'utf8'));

test('all 240 group orders are those of vectors/group-orders.json', () => {
  const orders = readGroupOrders();
  assert.equal(table.configs.length, 240);
  assert.equal(orders.size, 240);
  for (const { wire, order } of table.configs) assert.equal(orders.get(wire), BigInt(order), wire);
});

test('the four primes without a formula have the digits of wire 3.5', () => {
  const orders = readGroupOrders();
  const digests = ['03', '06', '09', '0c'].map((model) =>
    createHash('sha256')
      .update(String(orders.get(`0101ff${model}`)))
      .digest('hex'),
  );
  assert.deepEqual(digests, [
    'a2f5b82de974d7f7401cbbc672fc36c0ff9823f7a72b3144fbee4bbde5cde5ca',
    '267d05f50af0d3e24c4113a3a24e8034c3d30e0b2bf801a4834ea46c09f9445b',
    'cd99221d4a882effa857436329de0a798d1674d40b6e1c419b00eb028ed11c04',
    '70f825af84248de2cf6edd64b6c5ccb1740d8f191206f21a645c3557382e4254',
  ]);
});
