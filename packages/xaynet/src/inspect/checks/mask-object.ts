// Checks of a mask object against the round, and against the seeds it may have been made with: the mask of one, the sum of the masks of
// several, or something that was masked with them (wire 2.4, 4.3 to 4.6).

import type { MaskSeed } from '@xaynet/core/bytes';
import { isXaynetError } from '@xaynet/core/errors';
import { Aggregation, equalMaskObjects, isValidMaskObject, type MaskObject, ObjectSum } from '@xaynet/core/mask';
import { grouped } from '../../figures.ts';
import type { Known } from '../known.ts';
import type { Check } from '../report.ts';
import { countText } from '../show.ts';

/** Against parameters and mask seeds, as far as they are given. */
export function objectChecks(object: MaskObject, known: Known): Check[] {
  const { params, maskSeeds } = known;
  const checks: Check[] = [];
  if (params !== undefined) {
    const { vect, unit } = params.maskConfig;
    const isFit = object.config.vect === vect && object.config.unit === unit;
    const expected = vect === unit ? vect.name : `${vect.name} and ${unit.name}`;
    checks.push({ outcome: isFit ? 'ok' : 'wrong', says: `the configuration is ${isFit ? '' : 'not '}that of the round, ${expected}`, section: 'wire 4.5' });
    const isLong = object.length === params.modelLength;
    const says = `${countText(object.length, 'element', 'elements')}, ${isLong ? 'as the round has weights' : `the round has ${countText(params.modelLength, 'weight', 'weights')}`}`;
    checks.push({ outcome: isLong ? 'ok' : 'wrong', says, section: 'wire 4.5' });
  }
  if (maskSeeds.length > 0 && isValidMaskObject(object)) checks.push(againstSeeds(object, maskSeeds));
  return checks;
}

/** What an object has to do with mask seeds. */
export function againstSeeds(object: MaskObject, seeds: readonly MaskSeed[]): Check {
  const { config, length } = object;
  const named = seeds.length === 1 ? 'this mask seed' : `these ${grouped(seeds.length)} mask seeds`;
  try {
    const sum = new ObjectSum(config, length);
    for (const seed of seeds) sum.addMask(seed);
    const mask = sum.object();
    if (equalMaskObjects(object, mask)) {
      const says = seeds.length === 1 ? `it is the mask of ${named}, element for element` : `it is the sum of the masks of ${named}, element for element`;
      return { outcome: 'ok', says, section: 'wire 2.4' };
    }
    if (Aggregation.restore(object, seeds.length).unmask(mask).withinBound()) {
      const says = `it was masked with ${named}: without the mask, all numbers are such as ${countText(seeds.length, 'model has', 'models have')}`;
      return { outcome: 'ok', says, section: 'wire 4.6' };
    }
  } catch (error) {
    if (!isXaynetError(error)) throw error;
  }
  return {
    outcome: 'wrong',
    says: `neither the mask of ${named} nor masked with ${seeds.length === 1 ? 'it' : 'them'}: without it, numbers are out of range`,
    section: 'wire 4.6',
  };
}
