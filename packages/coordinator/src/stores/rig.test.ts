// What the tests of damage, faults and crashes share: folders of their own, and objects of any size in a small configuration.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { EncryptKeySeed, PublicSigningKey, RoundSeed } from '@xaynet/core/bytes';
import { encryptKeyPairFromSeed } from '@xaynet/core/crypto';
import { type MaskObject, maskObjectSize, parseMaskConfig } from '@xaynet/core/mask';
import type { CoordinatorState } from '@xaynet/core/round';

export const CONFIG: ReturnType<typeof parseMaskConfig> = parseMaskConfig('Prime/F32/B0/M3');

/** Gives a new folder at each call; all are removed after the tests of the file. */
export function folders(name: string): () => string {
  const root = mkdtempSync(join(tmpdir(), `xaynet-${name}-`));
  after(() => rmSync(root, { recursive: true, force: true }));
  let made = 0;
  return () => join(root, `folder-${made++}`);
}

export const filled = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);
export const key = (byte: number): PublicSigningKey => PublicSigningKey(filled(32, byte));

/** A mask object of `length` elements, all of its bytes `byte`. */
export const maskOf = (byte: number, length: number): MaskObject => ({
  config: { vect: CONFIG, unit: CONFIG },
  length,
  vect: filled(length * CONFIG.bytesPerNumber, byte),
  unit: filled(CONFIG.bytesPerNumber, byte),
});

/** A coordinator state of this round, whose keys are its own. */
export function state(roundId: number): CoordinatorState {
  const keys = encryptKeyPairFromSeed(EncryptKeySeed(filled(32, roundId)));
  const phase = { countMin: 1, countMax: 2, timeMin: 3, timeMax: 4 };
  const params = {
    publicKey: keys.publicKey,
    sum: 0.25,
    update: 0.5,
    seed: RoundSeed(filled(32, 9)),
    maskConfig: { vect: CONFIG, unit: CONFIG },
    modelLength: 2,
  };
  return { keys, roundId, params, sum: phase, update: phase, sum2: phase };
}

test('objects have the size of their configuration', () => {
  const { config, vect, unit } = maskOf(1, 3);
  assert.equal(vect.length + unit.length + 12, maskObjectSize(config, 3));
});
