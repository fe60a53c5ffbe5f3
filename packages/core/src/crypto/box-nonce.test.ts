// The nonce of a sealed box is noble's BLAKE2b, whatever the keys.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blake2b } from '@noble/hashes/blake2.js';
import fc from 'fast-check';
import { concatBytes } from '../bytes/compare.ts';
import { toHex } from '../bytes/text.ts';
import { boxNonce } from './box-nonce.ts';

const expected = (ephemeral: Uint8Array, recipient: Uint8Array): string => toHex(blake2b(concatBytes(ephemeral, recipient), { dkLen: 24 }));

test('any two keys', () => {
  const key = fc.uint8Array({ minLength: 32, maxLength: 32 });
  fc.assert(
    fc.property(key, key, (ephemeral, recipient) => assert.equal(toHex(boxNonce(ephemeral, recipient)), expected(ephemeral, recipient))),
    { numRuns: 300 },
  );
});

test('bytes of one value, and one bit alone in every place: carries and rotations at their ends', () => {
  for (const [a, b] of [
    [0, 0],
    [255, 255],
    [0, 255],
    [255, 0],
    [127, 128],
  ] as const) {
    const keys = [new Uint8Array(32).fill(a), new Uint8Array(32).fill(b)] as const;
    assert.equal(toHex(boxNonce(...keys)), expected(...keys));
  }
  for (let bit = 0; bit < 512; bit++) {
    const bytes = new Uint8Array(64);
    bytes[bit >> 3] = 1 << (bit & 7);
    const keys = [bytes.subarray(0, 32), bytes.subarray(32)] as const;
    assert.equal(toHex(boxNonce(...keys)), expected(...keys), `bit ${bit}`);
  }
});
