// Opens sealed mask seeds with an ephemeral key (wire 1.2, 5.5). Of what comes out only this is told: that it opened, and whether the masked
// model beside it belongs to it. The seed itself is a secret and stays out of the report, which says with how many bytes it opens.

import { type EncryptedMaskSeed, type MaskSeed, type PublicSigningKey, toHex } from '@xaynet/core/bytes';
import { openMaskSeed } from '@xaynet/core/crypto';
import { isXaynetError } from '@xaynet/core/errors';
import { isValidMaskObject, type MaskObject } from '@xaynet/core/mask';
import type { Known } from '../known.ts';
import type { Check } from '../report.ts';
import { countText, hexOf } from '../show.ts';
import { againstSeeds } from './mask-object.ts';

/** Keys that are named, at most. */
const MOST_NAMED = 3;

/** The seeds of a dictionary. `isLocal`: of an update, where only one of them is sealed to each sum participant. */
export function seedChecks(
  dict: Iterable<[PublicSigningKey, EncryptedMaskSeed]>,
  known: Known,
  { isLocal, maskedModel, secrets = false }: { isLocal: boolean; maskedModel?: MaskObject | undefined; secrets?: boolean },
): Check[] {
  const entries = [...dict];
  const checks: Check[] = [];
  if (isLocal && known.sums !== undefined) checks.push(againstSums(entries, known.sums));
  if (known.ephemeralKeys.length === 0) return checks;
  const opened = entries.map(([key, sealed]) => ({ key, seed: openedWith(sealed, known) }));
  const failed = opened.filter(({ seed }) => seed === undefined);
  const count = opened.length - failed.length;
  const isGood = isLocal ? count > 0 : failed.length === 0;
  const names = (some: typeof opened): string =>
    some
      .slice(0, MOST_NAMED)
      .map(({ key }) => hexOf(key))
      .join(', ') + (some.length > MOST_NAMED ? ', …' : '');
  const opening = opened.filter(({ seed }) => seed !== undefined);
  const says = `${count} of ${countText(entries.length, 'seed opens', 'seeds open')} with the ephemeral key`;
  checks.push({
    outcome: isGood ? 'ok' : 'wrong',
    says: isLocal ? (count > 0 ? `${says}: that for ${names(opening)}` : says) : failed.length > 0 ? `${says}; not that of ${names(failed)}` : says,
    section: 'wire 5.5',
  });
  if (secrets)
    for (const { key, seed } of opening) checks.push({ outcome: 'ok', says: `mask seed of ${hexOf(key)}: ${toHex(seed!)} (secret)`, section: 'wire 5.5' });
  const first = opening[0]?.seed;
  if (maskedModel !== undefined && first !== undefined && isValidMaskObject(maskedModel)) checks.push(againstSeeds(maskedModel, [first]));
  return checks;
}

function openedWith(sealed: EncryptedMaskSeed, { ephemeralKeys }: Known): MaskSeed | undefined {
  for (const keys of ephemeralKeys) {
    try {
      return openMaskSeed(sealed, keys);
    } catch (error) {
      if (!isXaynetError(error)) throw error;
    }
  }
  return undefined;
}

function againstSums(entries: readonly [PublicSigningKey, EncryptedMaskSeed][], sums: NonNullable<Known['sums']>): Check {
  const strangers = entries.filter(([key]) => !sums.has(key)).length;
  const missing = sums.size - (entries.length - strangers);
  const isGood = strangers === 0 && missing === 0;
  const says = isGood
    ? `its keys are those of the sum dictionary, ${sums.size}`
    : `its keys are not those of the sum dictionary: ${missing} of ${sums.size} are missing, ${strangers} are not in it`;
  return { outcome: isGood ? 'ok' : 'wrong', says, section: 'wire 5.6' };
}
