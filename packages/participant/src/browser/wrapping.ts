// Snapshots under AES-GCM with a key that WebCrypto keeps: it can be stored and used, and never read. The name of the participant is
// part of what is authenticated, so one participant's state cannot be put in the place of another's.

interface Subtle {
  generateKey(algorithm: object, extractable: boolean, usages: string[]): Promise<WrappingKey>;
  encrypt(algorithm: object, key: WrappingKey, bytes: Uint8Array): Promise<ArrayBuffer>;
  decrypt(algorithm: object, key: WrappingKey, bytes: Uint8Array): Promise<ArrayBuffer>;
}

interface WebCrypto {
  readonly subtle?: Subtle;
  getRandomValues<A>(bytes: A): A;
}

/** A CryptoKey that cannot be exported. */
export interface WrappingKey {
  readonly extractable: boolean;
}

/** WebCrypto, where this context has it. */
export function webCrypto(): (WebCrypto & { readonly subtle: Subtle }) | undefined {
  const { crypto } = globalThis as unknown as { crypto?: WebCrypto };
  return crypto?.subtle === undefined ? undefined : (crypto as WebCrypto & { readonly subtle: Subtle });
}

/** A fresh key. */
export function newKey(): Promise<WrappingKey> {
  return webCrypto()!.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

/** Encrypts under a fresh IV: 96 random bits, safe for far more saves of one key than a participant makes. */
export async function wrap(key: WrappingKey, name: string, snapshot: Uint8Array): Promise<{ iv: Uint8Array<ArrayBuffer>; bytes: Uint8Array<ArrayBuffer> }> {
  const crypto = webCrypto()!;
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, bytes: new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: aboutOf(name) }, key, snapshot)) };
}

/** Decrypts; rejects when anything was changed. */
export async function unwrap(key: WrappingKey, name: string, iv: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await webCrypto()!.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: aboutOf(name) }, key, bytes));
}

/** UTF-16, because not every engine of this package has a TextEncoder, and lone surrogates count too. */
function aboutOf(name: string): Uint8Array {
  const text = `xaynet participant 1 ${name}`;
  return Uint8Array.from({ length: 2 * text.length }, (_, i) => text.charCodeAt(i >> 1) >> (8 * (i & 1)));
}
