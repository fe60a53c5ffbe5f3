// The cut ladder gives what noble's whole library gives for any secret and any coordinate: canonical or not, on the curve or on its twist.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { x25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { toHex } from '../../bytes/text.ts';
import { x25519 as ours } from '../curve25519.ts';
import { isSmallOrderMontgomery } from '../low-order.ts';
import { fromLittleEndian, P, toLittleEndian } from './x25519.ts';

const key = fc.uint8Array({ minLength: 32, maxLength: 32 });

test('any two keys, and the public key of any secret', () => {
  fc.assert(
    fc.property(key, key, (secret, theirs) => {
      fc.pre(!isSmallOrderMontgomery(theirs));
      assert.equal(toHex(ours.getSharedSecret(secret, theirs)), toHex(x25519.getSharedSecret(secret, theirs)));
      assert.equal(toHex(ours.getPublicKey(secret)), toHex(x25519.getPublicKey(secret)));
    }),
    { numRuns: 40 },
  );
});

test('coordinates at both ends of the field and beyond it, with the top bit and without; secrets of zeros and ones', () => {
  const coordinates = [2n, 9n, P - 2n, P + 2n, P + 9n, 2n ** 255n - 1n, 2n ** 255n + 2n, 2n ** 255n + 9n, 2n ** 256n - 1n];
  for (const secret of [new Uint8Array(32), new Uint8Array(32).fill(255), new Uint8Array(32).fill(0x55)]) {
    assert.equal(toHex(ours.getPublicKey(secret)), toHex(x25519.getPublicKey(secret)));
    for (const u of coordinates) {
      const theirs = toLittleEndian(u);
      assert.equal(fromLittleEndian(theirs), u);
      assert.equal(toHex(ours.getSharedSecret(secret, theirs)), toHex(x25519.getSharedSecret(secret, theirs)), `${u}`);
    }
  }
});
