// Keys of the participants of a chaos run, the same under the same seed. Whoever knows the seed knows them: for these runs alone.

import { SigningKeySeed } from '@xaynet/core/bytes';
import { type SigningKeyPair, signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { seededBytes } from '../learning/seeded-bytes.ts';

/** Signing keys of participant `index` under `seed`. */
export function actorKeys(seed: number, index: number): SigningKeyPair {
  return signingKeyPairFromSeed(SigningKeySeed(seededBytes(seed, `chaos participant ${index}`)(32)));
}
