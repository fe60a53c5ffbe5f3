// Signatures and their verdicts, which whatever verifies must know before it is used: among them those on which cofactored verifiers
// differ from libsodium 1.0.18. The clauses that are stated above the providers are not asked here.

import { fromHex } from '../bytes/text.ts';
import { MESSAGE, SIGNATURE } from './known-answers.ts';
import type { AsyncCryptoProvider } from './provider.ts';

/** The public key of the pair in RFC 8032, 7.1, test 2. */
export const KEY = '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c';

// The key has a torsion part; R is clean. The equation without cofactor holds for the message 00 and not for 01, the one with
// cofactor for both.
const MIXED_KEY = '6999d5cb5126005c325892f1c6eab824b310708befff12fbaf45dda050cb12f0';
const MIXED_R = '17ffad8068dc0de9935d36636f3ad1b5de6de3413b12388e453b05f2a4c1d3db';

/** Public key, message, signature, verdict. */
export const VERDICTS: readonly (readonly [string, string, string, boolean])[] = [
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

/** Whether its verdicts are right; never rejects. */
export async function judgesRightly({ verify }: Required<AsyncCryptoProvider>['signing']): Promise<boolean> {
  try {
    for (const [key, message, signature, verdict] of VERDICTS) {
      if ((await verify(fromHex(signature), fromHex(message), fromHex(key))) !== verdict) return false;
    }
    return true;
  } catch {
    return false;
  }
}
