// The known answers that a native library must give before it is used, part by part; loaded only where there are native libraries.

import { ascii } from '../bytes/compare.ts';
import { fromHex } from '../bytes/text.ts';
import { DIGEST_OF_ABC, is, MESSAGE, SEED, SIGNATURE } from './known-answers.ts';
import { KEY, VERDICTS } from './known-verdicts.ts';
import type { Agreement, Boxes, Cipher, Hashing, Signing } from './provider.ts';

/** For each part of a provider, whether it gives the known answers; may throw, which is a no as well. */
export interface KnownAnswers {
  signing(signing: Signing): boolean;
  hashing(hashing: Hashing): boolean;
  agreement(agreement: Agreement): boolean;
  cipher(cipher: Cipher): boolean;
}

/** The answers of RFC 8032, FIPS 180, RFC 7748 and libsodium. */
export const knownAnswers: KnownAnswers = {
  signing: (signing) =>
    is(signing.publicKey(fromHex(SEED)), KEY) &&
    is(signing.sign(fromHex(MESSAGE), fromHex(SEED)), SIGNATURE) &&
    VERDICTS.every(([key, message, signature, verdict]) => signing.verify?.(fromHex(signature), fromHex(message), fromHex(key)) === verdict),

  hashing: (hashing) => is(hashing.sha256(ascii('abc')), DIGEST_OF_ABC),

  // RFC 7748, 6.1.
  agreement(agreement) {
    const secretKey = fromHex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a');
    const theirs = fromHex('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f');
    return (
      is(agreement.publicKey(secretKey), '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a') &&
      is(agreement.sharedSecret(secretKey, theirs), '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742')
    );
  },

  // The box that libsodium makes of these.
  cipher(cipher) {
    const key = new Uint8Array(32).fill(1);
    const nonce = new Uint8Array(24).fill(2);
    const sealed = new Uint8Array(3 + 48);
    cipher.encrypt(key, nonce, Uint8Array.of(1, 2, 3), sealed);
    const boxed = sealed.slice(32);
    if (!is(boxed, '45dfd65ec362d117ae44a35592215a15fc67dd') || !is(cipher.decrypt(key, nonce, boxed), '010203')) return false;
    if (!is(cipher.decryptInPlace(key, nonce, sealed.slice()), '010203')) return false;
    boxed[17]! ^= 1;
    sealed[49]! ^= 1;
    if (cipher.decrypt(key, nonce, boxed) !== undefined || cipher.decryptInPlace(key, nonce, sealed) !== undefined) return false;
    return cipher.boxes === undefined || knowsBoxes(cipher.boxes);
  },
};

/** The sealed box that libsodium makes of these; what must fail is damaged, or of a point of small order. */
function knowsBoxes(boxes: Boxes): boolean {
  const keys = { publicKey: fromHex('50a61409b1ddd0325e9b16b700e719e9772c07000b1bd7786e907c653d20495d'), secretKey: new Uint8Array(32).fill(5) };
  const ephemeral = { publicKey: fromHex('ac01b2209e86354fb853237b5de0f4fab13c7fcbf433a61c019369617fecf10b'), secretKey: new Uint8Array(32).fill(4) };
  const sealed = new Uint8Array(3 + 48);
  if (
    !boxes.seal(Uint8Array.of(1, 2, 3), ephemeral, keys.publicKey, sealed) ||
    boxes.seal(new Uint8Array(3), ephemeral, new Uint8Array(32), new Uint8Array(51))
  )
    return false;
  sealed.set(ephemeral.publicKey);
  const damaged = sealed.slice();
  damaged[50]! ^= 1;
  const low = sealed.slice().fill(0, 0, 32);
  const [plaintext, place] = [new Uint8Array(3), sealed.subarray(48)];
  if (!is(sealed.subarray(32), '9126db8f0c052a445b8a1d54d54d94af9262f9') || [damaged, low].some((bytes) => boxes.open(bytes, keys, new Uint8Array(3))))
    return false;
  return boxes.open(sealed, keys, plaintext) && is(plaintext, '010203') && boxes.open(sealed, keys, place) && is(place, '010203');
}
