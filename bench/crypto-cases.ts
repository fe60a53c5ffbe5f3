// Sealed boxes and signatures: of 32 and 64 bytes, where the curve costs, and of a message of a million weights, where the bytes do.
// noble is the slow and trusted one here: every other provider must give its bytes, and is measured against it.

import { EncryptKeySeed, SigningKeySeed } from '@xaynet/core/bytes';
import { encryptKeyPairFromSeed, openSealed, seal, sign, signAsync, signingKeyPairFromSeed, verify, verifyAsync } from '@xaynet/core/crypto';
import { type Case, equal, Unequal } from './cases.ts';
import { memoryCopy } from './keystreams.ts';

/** The cases, whichever provider is in force, with a long message of `longest` bytes; `trusted` runs a function with noble in force. */
export function cryptoCases(trusted: <T>(run: () => T) => T, longest: number): Case[] {
  const random = (length: number): Uint8Array => new Uint8Array(length).fill(9);
  const keys = encryptKeyPairFromSeed(EncryptKeySeed(random(32)));
  const signer = signingKeyPairFromSeed(SigningKeySeed(random(32)));
  return [32, 64, longest].flatMap((length): Case[] => {
    const plaintext = new Uint8Array(length).map((_, i) => i);
    const long = length === longest;
    const shape = { config: long ? `${length / 1e6} MB` : `${length} B`, unit: long ? 'bytes' : 'operations', amount: long ? length : 1 } as const;
    const limit = long ? { limit: { name: 'memory copy', run: memoryCopy(length) } } : {};
    const make = (name: string, run: () => unknown, check: () => void): Case => ({
      name,
      ...shape,
      ...limit,
      run,
      check,
      oracle: { amount: shape.amount, run: () => trusted(run) },
    });
    const cases: Case[] = [];
    if (length !== 64) {
      const sealed = trusted(() => seal(plaintext, keys.publicKey, random));
      cases.push(
        make(
          'seal',
          () => seal(plaintext, keys.publicKey, random),
          () => equal(seal(plaintext, keys.publicKey, random), sealed, 'seal'),
        ),
        make(
          'open',
          () => openSealed(sealed, keys),
          () => equal(openSealed(sealed, keys), plaintext, 'open'),
        ),
      );
    }
    if (length !== 32) {
      const signature = trusted(() => sign(plaintext, signer.secretKey));
      cases.push(
        make(
          'sign',
          () => sign(plaintext, signer.secretKey),
          () => equal(sign(plaintext, signer.secretKey), signature, 'sign'),
        ),
        make(
          'verify',
          () => verify(signature, plaintext, signer.publicKey),
          () => {
            const changed = plaintext.slice();
            changed[length - 1]! ^= 1;
            if (!verify(signature, plaintext, signer.publicKey) || verify(signature, changed, signer.publicKey)) throw new Unequal('verify');
          },
        ),
      );
    }
    return cases;
  });
}

/** Signing and verifying a long message with WebCrypto in force, which leaves the thread free meanwhile. */
export function asyncCryptoCases(trusted: <T>(run: () => T) => T, longest: number): Case[] {
  const signer = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32).fill(9)));
  const message = new Uint8Array(longest).map((_, i) => i);
  const changed = message.slice();
  changed[longest - 1]! ^= 1;
  const signature = trusted(() => sign(message, signer.secretKey));
  const shape = { config: `${longest / 1e6} MB`, unit: 'bytes', amount: longest, limit: { name: 'memory copy', run: memoryCopy(longest) } } as const;
  return [
    {
      name: 'sign',
      ...shape,
      run: () => signAsync(message, signer.secretKey),
      check: async () => equal(await signAsync(message, signer.secretKey), signature, 'sign with WebCrypto'),
      oracle: { amount: longest, run: () => trusted(() => sign(message, signer.secretKey)) },
    },
    {
      name: 'verify',
      ...shape,
      run: () => verifyAsync(signature, message, signer.publicKey),
      check: async () => {
        const answers = [await verifyAsync(signature, message, signer.publicKey), await verifyAsync(signature, changed, signer.publicKey)];
        equal(answers, [true, false], 'verify with WebCrypto');
      },
      oracle: { amount: longest, run: () => trusted(() => verify(signature, message, signer.publicKey)) },
    },
  ];
}
