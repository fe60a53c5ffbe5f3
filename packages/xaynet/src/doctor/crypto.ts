// Checks of cryptography: which library does what, and whether it gives answers that are known.

import { EncryptKeySeed, fromHex, type PublicSigningKey, type Signature, SigningKeySeed, toHex } from '@xaynet/core/bytes';
import { type CryptoProviders, encryptKeyPairFromSeed, openSealed, seal, sha256, sign, signingKeyPairFromSeed, verify } from '@xaynet/core/crypto';
import { type Finding, fault, ok, warning } from './finding.ts';

/** The fastest libraries are there. */
export function checkProviders(providers: CryptoProviders): Finding {
  const { signing, shortSigning, hashing, sealing } = providers;
  const found = `signatures by ${shortSigning === signing ? signing : `${signing} and ${shortSigning}`}, hashes by ${hashing}, sealed boxes by ${sealing}`;
  const data = { ...providers };
  if (sealing === 'sodium-native') return ok('crypto.providers', found, data);
  return warning(
    'crypto.providers',
    found,
    'It works, sealed boxes eight times slower: install the optional package sodium-native ("npm install sodium-native", or "npm ci" without --omit=optional).',
    data,
  );
}

// RFC 8032, 7.1, test 2; FIPS 180-2, B.1.
const SEED = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb';
const PUBLIC = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c';
const SIGNATURE = '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00';
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

/** What the libraries answer; a text for each that is wrong. */
export function wrongAnswers(): string[] {
  const wrong: string[] = [];
  const message = Uint8Array.of(0x72);
  const keys = signingKeyPairFromSeed(SigningKeySeed(fromHex(SEED)));
  if (toHex(keys.publicKey) !== PUBLIC) wrong.push('an Ed25519 public key');
  if (toHex(sign(message, keys.secretKey)) !== SIGNATURE) wrong.push('an Ed25519 signature');
  if (!verify(fromHex(SIGNATURE) as Signature, message, fromHex(PUBLIC) as PublicSigningKey)) wrong.push('a signature that is right and refused');
  if (verify(fromHex(SIGNATURE) as Signature, Uint8Array.of(0x73), fromHex(PUBLIC) as PublicSigningKey)) wrong.push('a signature that is wrong and taken');
  if (toHex(sha256(new TextEncoder().encode('abc'))) !== ABC) wrong.push('a SHA-256');
  const recipient = encryptKeyPairFromSeed(EncryptKeySeed(fromHex(SEED)));
  const sealed = seal(message, recipient.publicKey, (length) => new Uint8Array(length).fill(7));
  if (openSealed(sealed, recipient)[0] !== message[0]) wrong.push('a sealed box');
  return wrong;
}

/** All known answers are given. */
export function checkAnswers(wrong: readonly string[]): Finding {
  if (wrong.length === 0) return ok('crypto.answers', 'keys, signatures, hashes and sealed boxes are what they must be');
  return fault(
    'crypto.answers',
    `wrong: ${wrong.join(', ')}`,
    'Take part in no round with this machine; reinstall Node and the packages, and report what "xaynet doctor --json" prints.',
    { wrong },
  );
}
