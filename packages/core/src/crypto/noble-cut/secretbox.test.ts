// The cut XSalsa20, HSalsa20 and Poly1305 give what noble's whole ones give, whatever the bytes and wherever they lie.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poly1305 as wholePoly1305 } from '@noble/ciphers/_poly1305.js';
import { hsalsa as wholeHsalsa, xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
import fc from 'fast-check';
import { toHex } from '../../bytes/text.ts';
import { poly1305 } from './poly1305.ts';
import { decrypt, encrypt, hsalsa, wordsOf } from './secretbox.ts';

const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });

/** Tag and ciphertext behind 32 bytes of scratch, at an odd or even place of a larger buffer. */
function sealedAt(place: number, key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(place + 48 + plaintext.length).fill(0xab).subarray(place);
  sealed.set(plaintext, 48);
  encrypt(key, nonce, sealed);
  return sealed;
}

test('any box, at any place, there and back; one bit changed is refused and leaves nothing', () => {
  fc.assert(
    fc.property(bytes(32), bytes(24), fc.uint8Array({ maxLength: 300 }), fc.nat(4), fc.nat(), (key, nonce, plaintext, place, bit) => {
      const sealed = sealedAt(place, key, nonce, plaintext);
      const boxed = sealed.slice(32);
      assert.equal(toHex(boxed), toHex(xsalsa20poly1305(key, nonce).encrypt(plaintext)));
      const damaged = sealed.slice();
      damaged[32 + ((bit >> 3) % boxed.length)]! ^= 1 << (bit & 7);
      assert.equal(decrypt(key, nonce, damaged), undefined);
      assert.equal(
        damaged.every((byte) => byte === 0),
        true,
      );
      const opened = decrypt(key, nonce, sealed)!;
      assert.equal(toHex(opened), toHex(plaintext));
      assert.equal(opened.buffer, sealed.buffer);
      assert.equal(
        sealed.subarray(16, 48).every((byte) => byte === 0),
        true,
        'neither the key of the tag nor the tag is left',
      );
    }),
    { numRuns: 200 },
  );
});

test('lengths around the edges of blocks, and a quarter of a megabyte', () => {
  const key = Uint8Array.from({ length: 32 }, (_, i) => 7 * i);
  const nonce = Uint8Array.from({ length: 24 }, (_, i) => 11 * i);
  for (const length of [...Array(200).keys(), 1 << 18]) {
    const plaintext = Uint8Array.from({ length }, (_, i) => i * 31);
    assert.deepEqual(sealedAt(0, key, nonce, plaintext).slice(32), xsalsa20poly1305(key, nonce).encrypt(plaintext), `${length}`);
  }
});

test('tags of any key and data, and where limbs carry: keys and data of ones', () => {
  fc.assert(
    fc.property(bytes(32), fc.uint8Array({ maxLength: 200 }), (key, data) => assert.equal(toHex(poly1305(key, data)), toHex(wholePoly1305(data, key)))),
  );
  for (const k of [0, 1, 2, 5, 252, 255]) {
    for (const d of [0, 1, 2, 5, 250, 251, 252, 255]) {
      for (let length = 0; length < 50; length++) {
        const [key, data] = [new Uint8Array(32).fill(k), new Uint8Array(length).fill(d)];
        assert.equal(toHex(poly1305(key, data)), toHex(wholePoly1305(data, key)), `${k} ${d} ${length}`);
      }
    }
  }
});

test('HSalsa20 of any key and input', () => {
  const zero = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574);
  fc.assert(
    fc.property(bytes(32), bytes(16), (key, input) => {
      const expected = new Uint32Array(8);
      wholeHsalsa(zero, wordsOf(key), wordsOf(input), expected);
      assert.deepEqual(hsalsa(wordsOf(key), wordsOf(input)), expected);
    }),
  );
});
