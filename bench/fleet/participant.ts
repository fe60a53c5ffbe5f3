// What participants compute, on one thread of this machine: masks of seeds, sealed seeds that are opened, a model that is masked and sent.

import { randomFillSync } from 'node:crypto';
import { MaskSeed } from '@xaynet/core/bytes';
import { generateEncryptKeyPair, openMaskSeed, seal, sealMaskSeed } from '@xaynet/core/crypto';
import { Aggregation, maskModel, parseMaskConfig, rational } from '@xaynet/core/mask';
import { type Abilities, answerQuestions } from '../coordinator/helper.ts';

/** CPU seconds. */
export interface ParticipantResult {
  /** Of a weight: the mask of one seed derived and added; a model masked; the message with it sealed, without its signature. */
  readonly derive: number;
  readonly mask: number;
  readonly seal: number;
  /** Of a sum participant: its seed sealed for it, and opened by it. */
  readonly sealSeed: number;
  readonly openSeed: number;
}

/** The configuration that new coordinators mask with. */
const CONFIG = parseMaskConfig('Power2/F32/B0/M6');

const random = (length: number): Uint8Array => randomFillSync(new Uint8Array(length));

/** CPU seconds of one of `times` calls, after a few that are not counted. */
function cpuOf(times: number, call: () => unknown): number {
  for (let i = 0; i < Math.ceil(times / 4); i++) call();
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6 / times;
}

const abilities = {
  measure: async ({ length, times }: { length: number; times: number }): Promise<ParticipantResult> => {
    const config = { vect: CONFIG, unit: CONFIG };
    const masks = new Aggregation(config, length);
    const model = Float32Array.from({ length }, (_, i) => ((i % 31) - 15) / 16);
    const keys = generateEncryptKeyPair(random);
    const message = random(length * CONFIG.bytesPerNumber);
    const sealed = sealMaskSeed(MaskSeed(random(32)), keys.publicKey, random);
    return {
      derive: cpuOf(times, () => masks.addMask(MaskSeed(random(32)))) / length,
      mask: cpuOf(times, () => maskModel({ config, seed: MaskSeed(random(32)), scalar: rational(1), model })) / length,
      seal: cpuOf(times, () => seal(message, keys.publicKey, random)) / length,
      sealSeed: cpuOf(20 * times, () => sealMaskSeed(MaskSeed(random(32)), keys.publicKey, random)),
      openSeed: cpuOf(20 * times, () => openMaskSeed(sealed, keys)),
    };
  },
} satisfies Abilities;

/** What {@link Helper} may ask of this script. */
export type ParticipantProcess = typeof abilities;

answerQuestions(abilities);
