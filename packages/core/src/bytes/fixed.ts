// Fixed-length byte types. A key and a seed are both 32 bytes; the brand keeps them apart in types, and the one constructor of
// each checks the length (wire.md 1.1: accepted if and only if the length is exact).

import { XaynetError } from '../errors.ts';

declare const brand: unique symbol;

/** Bytes of a fixed length with a name that the type checker knows. */
export type FixedBytes<Name extends string> = Uint8Array & { readonly [brand]: Name };

/** Constructor of a fixed-length byte type: checks the length, shares the bytes, throws `length-mismatch`. */
export interface FixedBytesConstructor<Name extends string> {
  (bytes: Uint8Array): FixedBytes<Name>;
  /** Length in bytes. */
  readonly LENGTH: number;
}

function fixed<Name extends string>(what: string, length: number): FixedBytesConstructor<Name> {
  const make = (bytes: Uint8Array): FixedBytes<Name> => {
    if (!(bytes instanceof Uint8Array) || bytes.length !== length) {
      const given = bytes instanceof Uint8Array ? `${bytes.length} bytes` : typeof bytes;
      throw new XaynetError('length-mismatch', `${what}: ${length} bytes expected, ${given} given`);
    }
    return bytes as FixedBytes<Name>;
  };
  return Object.assign(make, { LENGTH: length });
}

/** Ed25519 public key, 32 bytes: the identity of a participant. */
export type PublicSigningKey = FixedBytes<'PublicSigningKey'>;
export const PublicSigningKey: FixedBytesConstructor<'PublicSigningKey'> = fixed('public signing key', 32);

/** Ed25519 secret key in libsodium's layout, 64 bytes: 32-byte seed, then public key. */
export type SecretSigningKey = FixedBytes<'SecretSigningKey'>;
export const SecretSigningKey: FixedBytesConstructor<'SecretSigningKey'> = fixed('secret signing key', 64);

/** Seed of an Ed25519 pair, 32 bytes. */
export type SigningKeySeed = FixedBytes<'SigningKeySeed'>;
export const SigningKeySeed: FixedBytesConstructor<'SigningKeySeed'> = fixed('signing key seed', 32);

/** Ed25519 signature, 64 bytes: R, then S. */
export type Signature = FixedBytes<'Signature'>;
export const Signature: FixedBytesConstructor<'Signature'> = fixed('signature', 64);

/** X25519 public key, 32 bytes: the coordinator's of a round, or a sum participant's ephemeral one. */
export type PublicEncryptKey = FixedBytes<'PublicEncryptKey'>;
export const PublicEncryptKey: FixedBytesConstructor<'PublicEncryptKey'> = fixed('public encryption key', 32);

/** X25519 secret key, 32 bytes. */
export type SecretEncryptKey = FixedBytes<'SecretEncryptKey'>;
export const SecretEncryptKey: FixedBytesConstructor<'SecretEncryptKey'> = fixed('secret encryption key', 32);

/** Seed of an X25519 pair as in libsodium's `crypto_box_seed_keypair`, 32 bytes. */
export type EncryptKeySeed = FixedBytes<'EncryptKeySeed'>;
export const EncryptKeySeed: FixedBytesConstructor<'EncryptKeySeed'> = fixed('encryption key seed', 32);

/** SHA-256 digest, 32 bytes. */
export type Sha256 = FixedBytes<'Sha256'>;
export const Sha256: FixedBytesConstructor<'Sha256'> = fixed('SHA-256 digest', 32);

/** Seed of a round, 32 bytes. */
export type RoundSeed = FixedBytes<'RoundSeed'>;
export const RoundSeed: FixedBytesConstructor<'RoundSeed'> = fixed('round seed', 32);

/** Seed of a mask, 32 secret bytes, fresh for every masked model. */
export type MaskSeed = FixedBytes<'MaskSeed'>;
export const MaskSeed: FixedBytesConstructor<'MaskSeed'> = fixed('mask seed', 32);

/** A mask seed in a sealed box, 80 bytes. */
export type EncryptedMaskSeed = FixedBytes<'EncryptedMaskSeed'>;
export const EncryptedMaskSeed: FixedBytesConstructor<'EncryptedMaskSeed'> = fixed('encrypted mask seed', 80);
