// Participants for a round of the fuzzer: they know the role they have, and make the payloads that the phases want, honestly.

import { type EncryptedMaskSeed, KeyMap, MaskSeed, type PublicSigningKey, SigningKeySeed } from '@xaynet/core/bytes';
import { type EncryptKeyPair, generateEncryptKeyPair, openMaskSeed, type SigningKeyPair, sealMaskSeed, signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { Aggregation, type MaskObject, maskModel, rational } from '@xaynet/core/mask';
import { encodePayload } from '@xaynet/core/message';
import { chooseRole, type Role, type RoundParams, type SumDict, type UpdateSeedDict } from '@xaynet/core/round';
import type { Chance } from './chance.ts';
import type { Base } from './mutations.ts';

/** Somebody with this role in the round. */
export interface Peer {
  readonly keys: SigningKeyPair;
  readonly role: Exclude<Role, { role: 'none' }>;
  readonly ephemeral: EncryptKeyPair;
}

/** `count` new participants that have this role in the round. */
export function peers(params: RoundParams, wanted: 'sum' | 'update', count: number, chance: Chance): Peer[] {
  const found: Peer[] = [];
  while (found.length < count) {
    const keys = signingKeyPairFromSeed(SigningKeySeed(chance.bytes(32)));
    const role = chooseRole(params, keys);
    if (role.role === wanted) found.push({ keys, role, ephemeral: generateEncryptKeyPair(chance.bytes) });
  }
  return found;
}

/** A sum message. */
export function sumBase({ keys, role, ephemeral }: Peer): Base {
  return { keys, tag: 'sum', payload: encodePayload({ tag: 'sum', sumSignature: role.sumSignature, ephemeralKey: ephemeral.publicKey }) };
}

/** An update message with these weights. */
export function updateBase({ keys, role }: Peer, params: RoundParams, sums: SumDict, weights: Float32Array, chance: Chance): Base {
  const seed = MaskSeed(chance.bytes(32));
  if (role.role !== 'update') throw new TypeError('an update participant was expected');
  const payload = encodePayload({
    tag: 'update',
    sumSignature: role.sumSignature,
    updateSignature: role.updateSignature,
    maskedModel: maskModel({ config: params.maskConfig, seed, scalar: rational(1), model: weights }),
    localSeedDict: new KeyMap([...sums].map(([key, ephemeral]): [PublicSigningKey, EncryptedMaskSeed] => [key, sealMaskSeed(seed, ephemeral, chance.bytes)])),
  });
  return { keys, tag: 'update', payload };
}

/** A sum2 message with the sum of the masks of these seeds. */
export function sum2Base({ keys, role, ephemeral }: Peer, params: RoundParams, seeds: UpdateSeedDict): Base {
  const sum = new Aggregation(params.maskConfig, params.modelLength);
  for (const [, seed] of seeds) sum.addMask(openMaskSeed(seed, ephemeral));
  return maskBase({ keys, role }, sum.object());
}

/** A sum2 message with any mask. */
export function maskBase({ keys, role }: Pick<Peer, 'keys' | 'role'>, mask: MaskObject): Base {
  return { keys, tag: 'sum2', payload: encodePayload({ tag: 'sum2', sumSignature: role.sumSignature, mask }) };
}
