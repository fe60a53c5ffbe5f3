// The one place where providers are chosen: at first use, part by part, the fastest one that is present and gives the known
// answers. noble does what no other can. The choice holds for this thread and is reported by `cryptoProviders`.

import { nativeChoice, nativeProviders } from '#native';
import { judgesRightly } from './known-verdicts.ts';
import type { Choice, ProviderPart, Purpose } from './native-choice.ts';
import { noble } from './noble.ts';
import type { Agreement, AsyncCryptoProvider, Cipher, CryptoProvider, CryptoProviderName, Hashing, Signing } from './provider.ts';
import { detectWebCrypto, subtleCrypto } from './webcrypto.ts';

/** Which library does what in this thread. */
export interface CryptoProviders {
  /** Ed25519 of messages of 32 KiB and more. */
  readonly signing: CryptoProviderName;
  /** Ed25519 of shorter messages, and pairs. */
  readonly shortSigning: CryptoProviderName;
  /** SHA-256. */
  readonly hashing: CryptoProviderName;
  /** X25519 of sealed boxes and pairs. */
  readonly agreement: CryptoProviderName;
  /** XSalsa20-Poly1305 of sealed boxes. */
  readonly sealing: CryptoProviderName;
  /** Ed25519 of `signAsync`, and of `verifyAsync` where its verdicts are right as well: instead of noble always, else from 32 KiB on. Absent: none, or not looked for yet. */
  readonly asyncSigning?: CryptoProviderName;
  /** SHA-256 of `sha256Async`: instead of noble always, else from 32 KiB on. Absent: none, or not looked for yet. */
  readonly asyncHashing?: CryptoProviderName;
}

/**
 * Bytes from which a message counts as long. libsodium has the cheaper curve and OpenSSL the faster SHA-512, they meet at 30 to
 * 80 KiB; and below, the way to WebCrypto and back costs more than native code on the spot.
 */
export const LONG_MESSAGE: number = 32 * 1024;

interface Chosen {
  readonly signing: Choice<Signing>;
  readonly shortSigning: Choice<Signing>;
  readonly hashing: Choice<Hashing>;
  readonly agreement: Choice<Agreement>;
  readonly cipher: Choice<Cipher>;
}

let present: readonly CryptoProvider[] | undefined;
let forced: CryptoProviderName | undefined;
let chosen: Chosen | undefined;
let asynchronous: AsyncCryptoProvider | undefined;
let judges: Promise<boolean> | undefined;

/** Every synchronous provider of this machine, noble first, whether or not it gives the known answers. */
export function presentProviders(): readonly CryptoProvider[] {
  present ??= [noble, ...nativeProviders()];
  return present;
}

function choose(): Chosen {
  const pick = <K extends ProviderPart>(purpose: Purpose, part: K): Choice<Required<CryptoProvider>[K]> =>
    nativeChoice(purpose, part, forced) ?? { name: 'noble', use: noble[part] };
  return {
    signing: pick('signing', 'signing'),
    shortSigning: pick('shortSigning', 'signing'),
    hashing: pick('hashing', 'hashing'),
    agreement: pick('agreement', 'agreement'),
    cipher: pick('cipher', 'cipher'),
  };
}

function current(): Chosen {
  chosen ??= choose();
  return chosen;
}

/** Ed25519 for a message of `length` bytes. */
export function signingFor(length: number): Signing {
  return (length < LONG_MESSAGE ? current().shortSigning : current().signing).use;
}

/** SHA-256. */
export function hashing(): Hashing {
  return current().hashing.use;
}

/** X25519. */
export function agreement(): Agreement {
  return current().agreement.use;
}

/** XSalsa20-Poly1305. */
export function cipher(): Cipher {
  return current().cipher.use;
}

/** WebCrypto's Ed25519 for a message of `length` bytes; undefined where there is none or it does not pay. */
export async function asyncSigningFor(length: number): Promise<AsyncCryptoProvider['signing']> {
  const { name } = length < LONG_MESSAGE ? current().shortSigning : current().signing;
  return paysBeside(length, name) ? (await lookBeside()).signing : undefined;
}

/** The same to verify with: asked once more, for its verdicts. */
export async function asyncVerifyingFor(length: number): Promise<AsyncCryptoProvider['signing']> {
  const signing = await asyncSigningFor(length);
  if (signing === undefined) return undefined;
  return (await judging(signing)) ? signing : undefined;
}

/** Whether it also verifies rightly; asked once. */
function judging(signing: Required<AsyncCryptoProvider>['signing']): Promise<boolean> {
  judges ??= judgesRightly(signing);
  return judges;
}

/** WebCrypto's SHA-256 for `length` bytes; undefined where there is none or it does not pay. */
export async function asyncHashingFor(length: number): Promise<AsyncCryptoProvider['hashing']> {
  return paysBeside(length, current().hashing.name) ? (await lookBeside()).hashing : undefined;
}

/** Instead of noble at every length (Chromium: 64 bytes signed in 0.08 ms instead of 0.30), instead of native code for long messages. */
function paysBeside(length: number, instead: CryptoProviderName): boolean {
  return forced === undefined ? instead === 'noble' || length >= LONG_MESSAGE : forced === 'webcrypto';
}

async function lookBeside(): Promise<AsyncCryptoProvider> {
  asynchronous ??= await detectWebCrypto();
  return asynchronous;
}

/**
 * Which library does what in this thread; chooses if nothing was chosen yet. What WebCrypto does stands in it only after
 * {@link detectCryptoProviders} or the first use of an asynchronous function that asked for it.
 * @example
 * ```ts
 * import { cryptoProviders } from '@xaynet/core/crypto';
 * cryptoProviders().sealing; // 'sodium-native' or 'noble': the former in Node, where it is installed
 * ```
 */
export function cryptoProviders(): CryptoProviders {
  const { signing, shortSigning, hashing, agreement, cipher } = current();
  const beside = forced === undefined || forced === 'webcrypto' ? asynchronous : undefined;
  return {
    signing: signing.name,
    shortSigning: shortSigning.name,
    hashing: hashing.name,
    agreement: agreement.name,
    sealing: cipher.name,
    ...(beside?.signing === undefined ? {} : { asyncSigning: beside.name }),
    ...(beside?.hashing === undefined ? {} : { asyncHashing: beside.name }),
  };
}

/**
 * As {@link cryptoProviders}, after having looked for WebCrypto. Never rejects.
 * @example
 * ```ts
 * import { detectCryptoProviders } from '@xaynet/core/crypto';
 * (await detectCryptoProviders()).asyncHashing; // 'webcrypto' or undefined: where the platform has none
 * ```
 */
export async function detectCryptoProviders(): Promise<CryptoProviders> {
  const { signing } = await lookBeside();
  if (signing !== undefined) await judging(signing);
  return cryptoProviders();
}

/**
 * Makes this thread use one provider wherever it can and noble for the rest, or `'best'`: the choice of before. For tests, for
 * measuring, and for whoever trusts one library only: `'noble'` is the portable base alone, without WebCrypto. With `'webcrypto'`
 * the asynchronous functions use it at every length. Call it before the first use, or between uses. Throws a RangeError when the
 * provider is not present.
 * @example
 * ```ts
 * import { cryptoProviders, useCryptoProvider } from '@xaynet/core/crypto';
 * useCryptoProvider('noble');
 * cryptoProviders().signing; // 'noble'
 * useCryptoProvider('best');
 * ```
 */
export function useCryptoProvider(name: CryptoProviderName | 'best'): void {
  if (name !== 'best') {
    const names = [...presentProviders().map((provider) => provider.name), ...(subtleCrypto() === undefined ? [] : ['webcrypto'])];
    if (!names.includes(name)) throw new RangeError(`crypto provider: one of best, ${names.join(', ')} expected, ${name} given`);
  }
  forced = name === 'best' ? undefined : name;
  chosen = undefined;
}
