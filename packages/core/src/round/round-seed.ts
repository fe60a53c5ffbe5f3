// How a round seed follows from the one before (wire 1.6, coordinator 1.5). Only a coordinator can do it: the new secret key is
// in it; participants take the seed from the round parameters.

import type { SecretEncryptKey } from '../bytes/fixed.ts';
import { RoundSeed, SigningKeySeed } from '../bytes/fixed.ts';
import { Writer } from '../bytes/writer.ts';
import { sha256 } from '../crypto/hash.ts';
import { sign, signingKeyPairFromSeed } from '../crypto/signing.ts';

/** The seed before the first round: 32 zero bytes (wire 1.6). */
export function initialRoundSeed(): RoundSeed {
  return RoundSeed(new Uint8Array(RoundSeed.LENGTH));
}

/**
 * The seed of a new round (wire 1.6): SHA-256 of the signature of `old`, `sum` and `update`, made with the Ed25519 pair whose
 * seed is the secret half of the round's new encryption key.
 * @example
 * ```ts
 * import { SecretEncryptKey, toHex } from '@xaynet/core/bytes';
 * import { initialRoundSeed, nextRoundSeed } from '@xaynet/core/round';
 * const next = nextRoundSeed(initialRoundSeed(), SecretEncryptKey(new Uint8Array(32)), 0.01, 0.1);
 * toHex(next).slice(0, 8); // '365a5326'
 * ```
 */
export function nextRoundSeed(old: RoundSeed, newSecretKey: SecretEncryptKey, sum: number, update: number): RoundSeed {
  const { secretKey } = signingKeyPairFromSeed(SigningKeySeed(newSecretKey));
  const signed = new Writer(RoundSeed.LENGTH + 16).bytes(old).f64le(sum).f64le(update).finish();
  return RoundSeed(sha256(sign(signed, secretKey)));
}
