// Checks of masking: which kernel was chosen and why no faster one, whether two masked models still have the mean of the plain ones, and how
// fast that is here.

import { MaskSeed } from '@xaynet/core/bytes';
import { Aggregation, deriveMask, type MaskConfig, maskModel, parseMaskConfig, rational } from '@xaynet/core/mask';
import { grouped } from '../figures.ts';
import { type Finding, fault, ok, warning } from './finding.ts';

/** The kernel in use, as `maskingBackend` tells it. */
export interface BackendFacts {
  readonly kernel: string;
  readonly keystream: string;
  readonly reason?: string;
}

/** The fastest kernel works. */
export function checkBackend({ kernel, keystream, reason }: BackendFacts): Finding {
  const data = { kernel, keystream, reason: reason ?? null };
  if (kernel === 'wasm' && keystream === 'openssl') return ok('masking.backend', 'WebAssembly with vectors, keystream of OpenSSL', data);
  if (kernel === 'wasm') {
    return warning(
      'masking.backend',
      `WebAssembly without OpenSSL's keystream: ${reason}`,
      'It works, up to five times slower; take a Node whose OpenSSL has ChaCha20, not one that is restricted to FIPS.',
      data,
    );
  }
  return warning(
    'masking.backend',
    `plain TypeScript: ${reason}`,
    'It works, ten to twenty times slower; take a Node with WebAssembly and SIMD on a little-endian machine.',
    data,
  );
}

/** OpenSSL has the cipher that masks are made of. */
export function checkKeystream(ciphers: readonly string[], openssl: string, fips: boolean): Finding {
  const data = { openssl, fips };
  const named = `OpenSSL ${openssl}${fips ? ', restricted to FIPS' : ''}`;
  if (ciphers.includes('chacha20')) return ok('masking.openssl', `${named}, with ChaCha20`, data);
  return warning(
    'masking.openssl',
    `${named}, without ChaCha20`,
    'It works, slower; start Node without --enable-fips, or take one with an OpenSSL of its own.',
    data,
  );
}

/** Weights of the two models. */
const WEIGHTS = 1000;

/** What comes out of masking, adding and unmasking two models of 1 and 0: their mean, if everything is right. */
export function maskedMean(config: MaskConfig = parseMaskConfig('Power2/F32/B0/M6')): number[] {
  const pair = { vect: config, unit: config };
  const [one, two] = [1, 0].map((value, i) => {
    const seed = MaskSeed(new Uint8Array(32).fill(i + 1)); // hides nothing: the models are made up, too
    return { seed, masked: maskModel({ config: pair, seed, scalar: rational(1, 2), model: new Float32Array(WEIGHTS).fill(value) }) };
  });
  const sum = Aggregation.from(one!.masked);
  sum.add(two!.masked);
  const masks = Aggregation.from(deriveMask({ config: pair, seed: one!.seed, length: WEIGHTS }));
  masks.add(deriveMask({ config: pair, seed: two!.seed, length: WEIGHTS }));
  return [...(sum.unmask(masks.object()).toWeights('F32') as Float32Array)];
}

/** The mean of a masked 1 and a masked 0 is a half, everywhere. */
export function checkMean(mean: readonly number[]): Finding {
  const wrong = mean.findIndex((value) => Math.abs(value - 0.5) > 1e-6);
  if (mean.length === WEIGHTS && wrong < 0) return ok('masking.mean', 'two masked models have the mean of the plain ones');
  const found =
    mean.length === WEIGHTS
      ? `weight ${wrong} of the unmasked mean is ${mean[wrong]}, not 0.5`
      : `the unmasked mean has ${mean.length} weights, not ${WEIGHTS}`;
  return fault('masking.mean', found, 'Take part in no round with this machine; report what "xaynet doctor --json" prints.');
}

/** How fast masks are made, in weights a second. */
export function checkSpeed(config: string, { mask, derive }: { readonly mask: number; readonly derive: number }): Finding {
  const rate = (seconds: number): number => Math.round(1 / seconds);
  const data = { config, maskedPerSecond: rate(mask), derivedPerSecond: rate(derive) };
  return ok(
    'masking.speed',
    `${grouped(rate(mask) / 1e6)} million weights masked a second, ${grouped(rate(derive) / 1e6)} million of a mask derived and added (${config}, one thread)`,
    data,
  );
}
