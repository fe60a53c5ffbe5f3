// The cut SHA-2 gives what the whole one of noble and node:crypto's give, at every length around the edges of blocks, and far from them. (2^29 + 3 bytes, whose count of bits
// needs more than 32 bits, were compared once: they take seconds.)

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { sha256 as whole256, sha512 as whole512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { toHex } from '../../bytes/text.ts';
import { sha256, sha512 } from './sha2.ts';

const ours = { sha256, sha512 };
const whole = { sha256: whole256, sha512: whole512 };

for (const name of ['sha256', 'sha512'] as const) {
  const same = (bytes: Uint8Array): void => {
    const digest = toHex(ours[name](bytes));
    assert.equal(digest, createHash(name).update(bytes).digest('hex'), `${bytes.length} bytes`);
    assert.equal(digest, toHex(whole[name](bytes)));
  };
  test(`${name}: every length up to three blocks and one`, () => {
    for (let length = 0; length <= 385; length++) same(Uint8Array.from({ length }, (_, i) => 251 * i + length));
  });
  test(`${name}: any bytes, at any place of a buffer`, () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 1000 }), fc.integer({ min: 0, max: 9 }), (bytes, from) => same(bytes.subarray(from))));
    for (const fill of [0, 255]) same(new Uint8Array(10_003).fill(fill));
  });
}
