// What is timed in an engine: one script for all, which needs `print` and a clock of milliseconds. Every result is told by its SHA-256, so
// that the engines are compared byte for byte before any time counts.
import { KeyMap, MaskSeed, type PublicSigningKey, Signature, SigningKeySeed, toHex } from '@xaynet/core/bytes';
import { generateEncryptKeyPair, seal, sha256, signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { Aggregation, encodeMaskObject, maskingBackend, maskModel, parseMaskConfig, rational } from '@xaynet/core/mask';
import { encodePayload, signMessage } from '@xaynet/core/message';
import { say } from '../../tests/runtimes/suite/say.ts';

/** A line of output. */
export type TimeLine = { readonly work: string; readonly ms: number; readonly digest: string } | { readonly kernel: string } | { readonly done: 1 };

/** Longest vector that this engine is asked for, as the global `xaynetLongest`. */
const longest = (globalThis as { xaynetLongest?: number }).xaynetLongest ?? 1_000_000;
const clock = (globalThis as { performance?: { now(): number } }).performance ?? Date;
const tell = (line: TimeLine): void => say(JSON.stringify(line));
const fixed = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (7 * i + 3) & 255);
const seedOf = (i: number): MaskSeed => MaskSeed(new Uint8Array(32).fill(i));

/** Best of as many runs as fit into half a second, one at least. */
function time(work: string, run: () => Uint8Array): void {
  let best = Number.POSITIVE_INFINITY;
  let digest = '';
  const end = clock.now() + 500;
  do {
    const began = clock.now();
    const bytes = run();
    best = Math.min(best, clock.now() - began);
    if (digest === '') digest = toHex(sha256(bytes));
  } while (clock.now() < end);
  tell({ work, ms: best, digest });
}

const scalar = rational(1n, 3n);
const keys = signingKeyPairFromSeed(SigningKeySeed(fixed(32)));
const coordinator = generateEncryptKeyPair(fixed);
const backend = maskingBackend();
tell({ kernel: backend.keystream === 'openssl' ? 'wasm+openssl' : backend.kernel });
for (const name of ['Power2/F32/B0/M6', 'Prime/F32/B0/M3']) {
  const config = parseMaskConfig(name);
  const pair = { vect: config, unit: config };
  for (const length of [10_000, 1_000_000]) {
    if (length > longest) continue;
    const model = Float32Array.from({ length }, (_, i) => Math.sin(i) / 2);
    time(`mask ${length} ${name}`, () => encodeMaskObject(maskModel({ config: pair, seed: seedOf(1), scalar, model })));
  }
  time(`sum2 10 × 10000 ${name}`, () => {
    const sum = new Aggregation(pair, 10_000);
    for (let i = 0; i < 10; i++) sum.addMask(seedOf(i));
    return encodeMaskObject(sum.object());
  });
  const maskedModel = maskModel({ config: pair, seed: seedOf(1), scalar, model: new Float32Array(10_000) });
  const signature = Signature(new Uint8Array(64));
  const localSeedDict = new KeyMap<PublicSigningKey, never>();
  time(`sign and seal 10000 ${name}`, () => {
    const payload = encodePayload({ tag: 'update', sumSignature: signature, updateSignature: signature, maskedModel, localSeedDict });
    return seal(signMessage({ coordinator: coordinator.publicKey, tag: 'update', multipart: false }, payload, keys), coordinator.publicKey, fixed);
  });
}
tell({ done: 1 });
