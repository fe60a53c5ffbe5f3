// The cut signing gives what noble's library gives, for any seed and message and at the ends of the scalars.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getPublicKey, hashes, Point, sign as wholeSign } from '@noble/ed25519';
import fc from 'fast-check';
import { toHex } from '../../bytes/text.ts';
import { multiplyBase, ORDER, publicKeyOf, sign } from './ed25519.ts';
import { sha512 } from './sha2.ts';
import { inverse, P } from './x25519.ts';

hashes.sha512 = sha512;

test('the public key of any seed, and the signature of any message', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 300 }), (seed, message) => {
      assert.equal(toHex(publicKeyOf(seed)), toHex(getPublicKey(seed)));
      assert.equal(toHex(sign(message, seed)), toHex(wholeSign(message, seed)));
    }),
    { numRuns: 40 },
  );
});

/** x and y of a point in projective coordinates; T is what it must be. */
function affine([x, y, z, t]: readonly bigint[]): { x: bigint; y: bigint } {
  const mod = (n: bigint): bigint => ((n % P) + P) % P;
  const over = inverse(z!);
  assert.equal(mod(x! * y!), mod(t! * z!));
  return { x: mod(x! * over), y: mod(y! * over) };
}

test('multiples of the base point: the smallest and largest scalars, each single digit in each place, and all digits at once', () => {
  assert.deepEqual(affine(multiplyBase(0n)), { x: 0n, y: 1n });
  const scalars = [1n, 2n, 31n, 32n, 33n, ORDER - 2n, ORDER - 1n, (1n << 252n) - 1n];
  for (let place = 0n; place < 50n; place++) scalars.push((1n + (place % 31n)) << (5n * place));
  scalars.push(1n << 250n, 3n << 250n, ORDER >> 1n);
  for (const scalar of scalars) assert.deepEqual(affine(multiplyBase(scalar)), Point.BASE.multiply(scalar).toAffine(), `${scalar}`);
});

test('1/x for both signs of x, and 0 for 0', () => {
  for (const x of [1n, 2n, P - 1n, P + 5n, ORDER]) {
    assert.equal((inverse(x) * x) % P, 1n);
    assert.equal(inverse(-x), P - inverse(x));
  }
  assert.equal(inverse(0n), 0n);
});
