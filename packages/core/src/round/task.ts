// Tasks of a round: the signatures that entitle to them, and the choice of the role on the participant's side (wire 1.3, 1.5).

import { ascii, concatBytes } from '../bytes/compare.ts';
import type { PublicSigningKey, RoundSeed, SecretSigningKey, Signature } from '../bytes/fixed.ts';
import { type SigningKeyPair, sign, verify } from '../crypto/signing.ts';
import { isEligible } from './eligibility.ts';
import type { RoundParams } from './round-params.ts';

/** The tasks that have a signature of their own; sum2 goes with the sum signature (wire 1.3). */
export type Task = 'sum' | 'update';

/** What a participant is in a round, with the signatures its messages carry (wire 1.5). Never sum and update at once. */
export type Role =
  | { readonly role: 'sum'; readonly sumSignature: Signature }
  | { readonly role: 'update'; readonly sumSignature: Signature; readonly updateSignature: Signature }
  | { readonly role: 'none' };

function signedBytes(seed: RoundSeed, task: Task): Uint8Array {
  return concatBytes(seed, ascii(task));
}

/**
 * The signature of the round seed and the name of the task, which is its own lottery ticket (wire 1.3).
 * @example
 * ```ts
 * import { RoundSeed, SigningKeySeed } from '@xaynet/core/bytes';
 * import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
 * import { isEligible, taskSignature, verifyTask } from '@xaynet/core/round';
 * const { publicKey, secretKey } = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32)));
 * const seed = RoundSeed(new Uint8Array(32));
 * const signature = taskSignature(seed, 'sum', secretKey); // 64 bytes
 * verifyTask(signature, seed, 'sum', publicKey); // true
 * verifyTask(signature, seed, 'update', publicKey); // false
 * isEligible(signature, 0.5); // true: this participant sums, in half of all rounds
 * ```
 */
export function taskSignature(seed: RoundSeed, task: Task, secretKey: SecretSigningKey): Signature {
  return sign(signedBytes(seed, task), secretKey);
}

/** Whether `signature` is the task signature of `publicKey` in the round of `seed` (wire 1.3); eligibility is asked apart. */
export function verifyTask(signature: Signature, seed: RoundSeed, task: Task, publicKey: PublicSigningKey): boolean {
  return verify(signature, signedBytes(seed, task), publicKey);
}

/**
 * The role of a participant in a round (wire 1.5): sum when its sum signature is eligible, else update when its update signature
 * is, else none. Throws `decode-number` when a probability that matters is NaN; decoded parameters have none.
 * @example
 * ```ts
 * import { PublicEncryptKey, RoundSeed, SigningKeySeed } from '@xaynet/core/bytes';
 * import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
 * import { parseMaskConfig } from '@xaynet/core/mask';
 * import { chooseRole } from '@xaynet/core/round';
 * const config = parseMaskConfig('Prime/F32/B0/M3');
 * const params = {
 *   publicKey: PublicEncryptKey(new Uint8Array(32).fill(1)),
 *   sum: 0,
 *   update: 1,
 *   seed: RoundSeed(new Uint8Array(32)),
 *   maskConfig: { vect: config, unit: config },
 *   modelLength: 4,
 * };
 * chooseRole(params, signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32)))).role; // 'update'
 * ```
 */
export function chooseRole(params: RoundParams, keys: SigningKeyPair): Role {
  const sumSignature = taskSignature(params.seed, 'sum', keys.secretKey);
  if (isEligible(sumSignature, params.sum)) return { role: 'sum', sumSignature };
  const updateSignature = taskSignature(params.seed, 'update', keys.secretKey);
  if (isEligible(updateSignature, params.update)) return { role: 'update', sumSignature, updateSignature };
  return { role: 'none' };
}
