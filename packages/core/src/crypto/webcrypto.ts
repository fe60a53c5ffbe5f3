// WebCrypto: in browsers the only native Ed25519 and SHA-256 there is, and everywhere one that works beside the calling thread.
// It is asynchronous, exists only in secure contexts, and knows Ed25519 only in newer browsers: it is asked once, and must answer as noble does.

import { concatBytes, equalBytes } from '../bytes/compare.ts';
import { fromHex } from '../bytes/text.ts';
import { noble } from './noble.ts';
import type { AsyncCryptoProvider } from './provider.ts';

interface SubtleCrypto {
  importKey(format: 'pkcs8' | 'raw', bytes: Uint8Array, algorithm: 'Ed25519', extractable: boolean, usages: readonly string[]): Promise<unknown>;
  sign(algorithm: 'Ed25519', key: unknown, message: Uint8Array): Promise<ArrayBuffer>;
  verify(algorithm: 'Ed25519', key: unknown, signature: Uint8Array, message: Uint8Array): Promise<boolean>;
  digest(algorithm: 'SHA-256', bytes: Uint8Array): Promise<ArrayBuffer>;
}

/** PKCS #8 of an Ed25519 secret up to its 32 bytes (RFC 8410); of the formats, browsers read this one and JWK. */
const PKCS8 = '302e020100300506032b657004220420';

let detected: Promise<AsyncCryptoProvider> | undefined;

/** The global WebCrypto, or undefined where there is none; looks at nothing else. */
export function subtleCrypto(): SubtleCrypto | undefined {
  return (globalThis as { readonly crypto?: { readonly subtle?: SubtleCrypto } }).crypto?.subtle;
}

/** WebCrypto with the parts that answer as noble does, perhaps none. Asked once; never rejects. */
export function detectWebCrypto(): Promise<AsyncCryptoProvider> {
  detected ??= detect();
  return detected;
}

async function detect(): Promise<AsyncCryptoProvider> {
  try {
    const subtle = subtleCrypto();
    if (subtle === undefined) return { name: 'webcrypto' };
    const { signing, hashing } = webCrypto(subtle);
    const seed = Uint8Array.from({ length: 32 }, (_, i) => 91 * i);
    const is = (answer: Promise<Uint8Array>, right: Uint8Array): Promise<boolean> =>
      answer.then(
        (bytes) => equalBytes(bytes, right),
        () => false,
      );
    // Some browsers sign with chance added: valid, but not what this protocol promises.
    const [signs, hashes] = await Promise.all([
      is(signing.sign(seed, seed), noble.signing.sign(seed, seed)),
      is(hashing.sha256(seed), noble.hashing.sha256(seed)),
    ]);
    return { name: 'webcrypto', ...(signs ? { signing } : {}), ...(hashes ? { hashing } : {}) };
  } catch {
    return { name: 'webcrypto' };
  }
}

function webCrypto(subtle: SubtleCrypto): Required<AsyncCryptoProvider> {
  return {
    name: 'webcrypto',
    signing: {
      async sign(message, seed) {
        const pkcs8 = concatBytes(fromHex(PKCS8), seed);
        const key = subtle.importKey('pkcs8', pkcs8, 'Ed25519', false, ['sign']);
        pkcs8.fill(0); // WebCrypto has copied it
        return new Uint8Array(await subtle.sign('Ed25519', await key, message));
      },
      async verify(signature, message, publicKey) {
        const key = await subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
        return subtle.verify('Ed25519', key, signature, message);
      },
    },
    hashing: { sha256: async (bytes) => new Uint8Array(await subtle.digest('SHA-256', bytes)) },
  };
}
