// A few known answers that a provider must give before it is used: libraries, builds and browsers differ, and a wrong one must be
// an absent one. Among the signatures are those on which cofactored verifiers differ from libsodium 1.0.18; the clauses that are
// stated above the providers are not asked here. The whole suite over all providers is `providers.test.ts`.

import { ascii, equalBytes } from '../bytes/compare.ts';
import { fromHex } from '../bytes/text.ts';
import type { Agreement, AsyncCryptoProvider, Cipher, Hashing, Signing } from './provider.ts';

// RFC 8032, 7.1, test 2.
const SEED = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb';
const KEY = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c';
const MESSAGE = '72';
const SIGNATURE = '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00';

// The key has a torsion part; R is clean. The equation without cofactor holds for the message 00 and not for 01, the one with
// cofactor for both.
const MIXED_KEY = '6999d5cb5126005c325892f1c6eab824b310708befff12fbaf45dda050cb12f0';
const MIXED_R = '17ffad8068dc0de9935d36636f3ad1b5de6de3413b12388e453b05f2a4c1d3db';

/** Public key, message, signature, verdict. */
const VERDICTS: readonly (readonly [string, string, string, boolean])[] = [
  [KEY, MESSAGE, SIGNATURE, true],
  [KEY, '73', SIGNATURE, false],
  [MIXED_KEY, '00', `${MIXED_R}80ca5dce5fd360c8d9550ae89db6884056850cc81eb36e16008f3da1c72bd905`, true],
  [MIXED_KEY, '01', `${MIXED_R}9f7713fcc91c91799f62e075e742cf2a1820005e70a0808aa6910b5823b14403`, false],
  // A clean key; R has a torsion part.
  [
    '7db0dc9222f3c183457ddde4c708de8e5ea6bf3d5c4404cca14b32729a05c32a',
    '00',
    'd63c01223147541df4e170763e9e2788a8bf5971f52a93c5829dbe6f5ff6bba950e8e04724bb772da1650591543afc005901618ca4f9da933a4572a63149920f',
    false,
  ],
];

const DIGEST_OF_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

const is = (bytes: Uint8Array | undefined, hex: string): boolean => bytes !== undefined && equalBytes(bytes, fromHex(hex));

/** For each part of a provider, whether it gives the known answers; may throw, which is a no as well. */
export const knownAnswers: {
  signing(signing: Signing): boolean;
  hashing(hashing: Hashing): boolean;
  agreement(agreement: Agreement): boolean;
  cipher(cipher: Cipher): boolean;
} = {
  signing: (signing) =>
    is(signing.publicKey(fromHex(SEED)), KEY) &&
    is(signing.sign(fromHex(MESSAGE), fromHex(SEED)), SIGNATURE) &&
    VERDICTS.every(([key, message, signature, verdict]) => signing.verify(fromHex(signature), fromHex(message), fromHex(key)) === verdict),

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
    return cipher.decrypt(key, nonce, boxed) === undefined && cipher.decryptInPlace(key, nonce, sealed) === undefined;
  },
};

/** The same for the parts of an asynchronous provider; may reject, which is a no as well. */
export const asyncKnownAnswers: {
  signing(signing: Required<AsyncCryptoProvider>['signing']): Promise<boolean>;
  hashing(hashing: Required<AsyncCryptoProvider>['hashing']): Promise<boolean>;
} = {
  async signing(signing) {
    // Some browsers sign with chance added: valid, but not the bytes that this protocol promises.
    if (!is(await signing.sign(fromHex(MESSAGE), fromHex(SEED)), SIGNATURE)) return false;
    for (const [key, message, signature, verdict] of VERDICTS) {
      if ((await signing.verify(fromHex(signature), fromHex(message), fromHex(key))) !== verdict) return false;
    }
    return true;
  },
  hashing: async (hashing) => is(await hashing.sha256(ascii('abc')), DIGEST_OF_ABC),
};
