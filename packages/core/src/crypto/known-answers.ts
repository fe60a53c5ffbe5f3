// A few known answers that a native library must give before it is used: libraries, builds and browsers differ, and a wrong one must be
// an absent one. Here are those of RFC 8032 and FIPS 180; what verifies is also asked for its verdicts (known-verdicts.ts), native libraries for
// all they do (native-answers.ts). WebCrypto must give what noble gives (webcrypto.ts). The whole suite over all providers is `providers.test.ts`.

import { equalBytes } from '../bytes/compare.ts';
import { fromHex } from '../bytes/text.ts';

// RFC 8032, 7.1, test 2.
export const SEED = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb';
export const MESSAGE = '72';
export const SIGNATURE = '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00';

export const DIGEST_OF_ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

/** Whether these are the bytes. */
export function is(bytes: Uint8Array | undefined, hex: string): boolean {
  return bytes !== undefined && equalBytes(bytes, fromHex(hex));
}
