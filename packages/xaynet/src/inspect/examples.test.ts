// Documents of every kind, for tests: saved participants in every phase, with secrets that are known and look like nothing else.

import { createHash } from 'node:crypto';
import {
  type EncryptedMaskSeed,
  KeyMap,
  MaskSeed,
  PublicSigningKey,
  RoundSeed,
  SecretEncryptKey,
  type Signature,
  SigningKeySeed,
  toBase64,
} from '@xaynet/core/bytes';
import { type EncryptKeyPair, encryptKeyPairFromSecret, type SigningKeyPair, sealMaskSeed, signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { encodeMaskObject, type MaskObject, maskModel, parseMaskConfig, rational } from '@xaynet/core/mask';
import { encodeLocalSeedDict, encodePayload, type Payload, signMessage } from '@xaynet/core/message';
import {
  encodeCoordinatorState,
  encodeModel,
  encodeRoundParams,
  encodeSeedDict,
  encodeSumDict,
  encodeUpdateSeedDict,
  type RoundParams,
  taskSignature,
} from '@xaynet/core/round';
import { encodeState } from '../../../participant/src/reference/state-codec.ts';
import { encodeSnapshot } from '../../../participant/src/snapshot.ts';
import type { Phase, State, Sum2 } from '../../../participant/src/state.ts';
import { keyFileText } from '../key-file.ts';
import type { KindName } from './kind-names.ts';

/** Bytes that follow from a name. */
export function bytesOf(name: string, length = 32): Uint8Array {
  return new Uint8Array(createHash('shake256', { outputLength: length }).update(name).digest());
}

/** X25519 pair of a name. */
export function pairOf(name: string): EncryptKeyPair {
  return encryptKeyPairFromSecret(SecretEncryptKey(bytesOf(name)));
}

export const keys: SigningKeyPair = signingKeyPairFromSeed(SigningKeySeed(bytesOf('participant')));
export const round: EncryptKeyPair = pairOf('round');
export const ephemeral: EncryptKeyPair = pairOf('ephemeral');
export const seed: MaskSeed = MaskSeed(bytesOf('mask seed'));
const otherSeed = MaskSeed(bytesOf('other mask seed'));
const config = parseMaskConfig('Prime/F32/B0/M3');
export const params: RoundParams = {
  publicKey: round.publicKey,
  sum: 0.4,
  update: 0.9,
  seed: RoundSeed(bytesOf('round seed')),
  maskConfig: { vect: config, unit: config },
  modelLength: 4,
};
const weights = Float32Array.of(0.123456789, -0.987654321, 0.555555555, -0.333333333);
export const masked: MaskObject = maskModel({ config: params.maskConfig, seed, scalar: rational(1, 3), model: weights });

let count = 0;
const random = (length: number): Uint8Array => bytesOf(`random ${count++}`, length);
export const sealed: EncryptedMaskSeed = sealMaskSeed(seed, ephemeral.publicKey, random);
const sums = new KeyMap([1, 2].map((i) => [PublicSigningKey(bytesOf(`sum ${i}`)), i === 1 ? ephemeral.publicKey : pairOf('another').publicKey] as const));
export const localSeedDict = new KeyMap([...sums].map(([key, to]) => [key, sealMaskSeed(seed, to, random)] as const));
export const row = new KeyMap(
  [1, 2].map((i) => [PublicSigningKey(bytesOf(`update ${i}`)), sealMaskSeed(i === 1 ? seed : otherSeed, ephemeral.publicKey, random)] as const),
);
const [sumSignature, updateSignature] = (['sum', 'update'] as const).map((task) => taskSignature(params.seed, task, keys.secretKey)) as [Signature, Signature];

/** Payloads of the three messages. */
export const payloads: readonly Payload[] = [
  { tag: 'sum', sumSignature, ephemeralKey: ephemeral.publicKey },
  { tag: 'update', sumSignature, updateSignature, maskedModel: masked, localSeedDict },
  { tag: 'sum2', sumSignature, mask: masked },
];

/** A signed message of a payload. */
export function messageOf(payload: Payload): Uint8Array {
  return signMessage({ coordinator: round.publicKey, tag: payload.tag, multipart: false }, encodePayload(payload), keys);
}

const sum2: Sum2 = { name: 'sum2', ephemeral, sumSignature };
const taken = { weights, scalar: rational(355, 1130), mode: 'strict' } as const;
const sending = (payload: Payload, parts: number, failed?: Uint8Array) =>
  ({
    encoder: { tag: payload.tag, payload: encodePayload(payload), maxMessageSize: parts === 1 ? 0 : 250, messageId: 77, next: parts === 1 ? 0 : 1 },
    parts,
    failed,
  }) as const;
const phases: readonly Phase[] = [
  { name: 'new-round' },
  { name: 'awaiting' },
  { name: 'sum', ephemeral, sumSignature },
  { name: 'update', sumSignature, updateSignature, sums },
  { name: 'update', sumSignature, updateSignature, sums, localSeedDict, model: taken },
  { name: 'update', sumSignature, updateSignature, localSeedDict, model: { weights: [rational(1, 3), rational(-7, 2)], scalar: rational(1), mode: 'bounded' } },
  { name: 'update', sumSignature, updateSignature, localSeedDict, masked: { seed, object: masked } },
  { ...sum2, sealedSeeds: row },
  { ...sum2, seeds: [seed, otherSeed], accepted: true, counted: true, resent: 2 },
  { ...sum2, mask: masked },
  { name: 'sending-sum', ...sending(payloads[0]!, 1), next: sum2 },
  { name: 'sending-update', ...sending(payloads[1]!, 8, bytesOf('failed', 250)) },
  { name: 'sending-sum2', ...sending(payloads[2]!, 3) },
];

/** A document, of what kind, and what in it is secret. */
export interface Example {
  readonly kind: KindName;
  readonly bytes: Uint8Array;
}

/** What must never be shown: as it lies in the documents. */
export const secrets: readonly Uint8Array[] = [
  bytesOf('participant'),
  round.secretKey,
  ephemeral.secretKey,
  seed,
  otherSeed,
  new Uint8Array(weights.buffer),
  new TextEncoder().encode(toBase64(keys.secretKey).slice(0, 42)),
];

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const stateOf = (phase: Phase): State => ({ keys, scalar: rational(355, 1130), maxMessageSize: phase.name === 'sending-sum' ? 0 : 250, params, phase });

/** Documents that hold secrets. */
export const sensitive: readonly Example[] = [
  ...phases.map((phase): Example => {
    const waiting = phase.name === 'awaiting' ? { ...taken, round: 'ab'.repeat(32) } : undefined;
    return { kind: 'snapshot', bytes: encodeSnapshot({ state: stateOf(phase), waiting, newGlobalModel: false }) };
  }),
  ...phases.map((phase): Example => ({ kind: 'reference-state', bytes: encodeState(stateOf(phase)) })),
  {
    kind: 'coordinator-state',
    bytes: encodeCoordinatorState({
      keys: round,
      roundId: 3,
      params,
      sum: { countMin: 1, countMax: 2, timeMin: 3, timeMax: 4 },
      update: { countMin: 5, countMax: 6, timeMin: 7, timeMax: 8 },
      sum2: { countMin: 1, countMax: 2, timeMin: 3, timeMax: 4 },
    }),
  },
  { kind: 'key-file', bytes: ascii(keyFileText(keys)) },
  { kind: 'signing-key', bytes: keys.secretKey },
];

/** Documents that hold none. */
export const open: readonly Example[] = [
  ...payloads.map((payload): Example => ({ kind: 'message', bytes: messageOf(payload) })),
  ...payloads.map((payload): Example => ({ kind: `payload-${payload.tag}`, bytes: encodePayload(payload) })),
  { kind: 'mask-object', bytes: encodeMaskObject(masked) },
  { kind: 'local-seed-dict', bytes: encodeLocalSeedDict(localSeedDict) },
  { kind: 'params', bytes: encodeRoundParams(params) },
  { kind: 'sum-dict', bytes: encodeSumDict(sums) },
  { kind: 'update-seed-dict', bytes: encodeUpdateSeedDict(row) },
  { kind: 'seed-dict', bytes: encodeSeedDict(new KeyMap([...sums].map(([key]) => [key, row] as const))) },
  { kind: 'model', bytes: encodeModel([rational(1, 3), rational(0), rational(-(10n ** 40n), 7), rational(5)]) },
  { kind: 'mask-config', bytes: Uint8Array.of(2, 0, 0, 6) },
  { kind: 'sealed-seed', bytes: sealed },
];
