// How long one participant's work takes on this machine, measured once before the rounds begin: the windows of the phases are
// made from it, so that a slow or busy machine, or a model padded to a million weights, gets the time it needs.

import { randomBytes } from 'node:crypto';
import { MaskSeed } from '@xaynet/core/bytes';
import { generateEncryptKeyPair, generateSigningKeyPair, openMaskSeed, openSealed, seal, sealMaskSeed, sign, verify } from '@xaynet/core/crypto';
import { Aggregation, deriveMask, encodeMaskObject, type MaskConfigPair, maskModel, rational } from '@xaynet/core/mask';
import { encodeModel, readModel } from '@xaynet/core/round';
import { WEIGHTS } from '../learning/network.ts';
import type { WorkCosts } from './round-plan.ts';

/** Zeros of the padding that are decoded to know what all of them cost. */
const ZEROS = 5000;

/** Measures the work around a model of `length` weights; `training` is what one local training took, in seconds. */
export function measureCosts(config: MaskConfigPair, length: number, training: number): WorkCosts {
  const random = (count: number): Uint8Array => new Uint8Array(randomBytes(count));
  const identity = generateSigningKeyPair(random);
  const keys = generateEncryptKeyPair(random);
  const seed = MaskSeed(random(32));
  const weights = new Float32Array(length).fill(0.1);
  const network = encodeModel(Array.from({ length: WEIGHTS }, (_, i) => rational(1_234_567_890_123n + BigInt(i), config.vect.expShift * 7_654_321n)));
  const zeros = encodeModel(Array.from({ length: ZEROS }, () => rational(0n)));
  const message = random(300);
  const seconds = (work: () => void): number => {
    const begun = performance.now();
    work();
    return (performance.now() - begun) / 1000;
  };
  const measure = (): WorkCosts => {
    const signing = seconds(() => void sign(message, identity.secretKey));
    const signature = sign(message, identity.secretKey);
    const verifying = seconds(() => void verify(signature, message, identity.publicKey));
    const sealing = seconds(() => void openSealed(seal(message, keys.publicKey, random), keys));
    const masking = seconds(() => {
      const masked = maskModel({ config, seed, scalar: rational(1n, 24n), model: weights });
      openSealed(seal(encodeMaskObject(masked), keys.publicKey, random), keys);
      Aggregation.from(masked).add(masked);
    });
    return {
      role: 2 * signing,
      message: signing + 3 * verifying + sealing,
      download: seconds(() => void readModel(network).toWeights('F64')) + (seconds(() => void readModel(zeros).toWeights('F64')) * (length - WEIGHTS)) / ZEROS,
      update: training + masking,
      seal: seconds(() => void openMaskSeed(sealMaskSeed(seed, keys.publicKey, random), keys)),
      mask: seconds(() => void deriveMask({ config, seed, length })),
    };
  };
  // The first runs also compile, and any run can be interrupted: the least of some is the work itself.
  const runs = Array.from({ length: length > 200_000 ? 4 : 8 }, measure);
  const least = (of: keyof WorkCosts): number => Math.min(...runs.map((run) => run[of]));
  return { role: least('role'), message: least('message'), download: least('download'), update: least('update'), seal: least('seal'), mask: least('mask') };
}
