// What `GET /settings` says: the settings that participants have to do with, in the words of the reference, and what the masking configuration and
// the counts cost a round. Addresses, paths, keys and limits are not in it.

import { cheapestConfig, maskConfigCosts, maskObjectSize } from '@xaynet/core/mask';
import { MESSAGE_OVERHEAD, updatePayloadSize } from '@xaynet/core/message';
import type { SettingsJson } from './http/api/documents.ts';
import { SETTINGS_BY_KEY } from './settings/reference.ts';
import type { Settings } from './settings/settings.ts';

type Value = string | number | boolean;

/** Bytes of a published weight as f32. */
const FLOAT32 = 4;

/** See the head of the file. */
export function settingsDocument(settings: Settings): SettingsJson {
  const { mask, modelLength, pet } = settings;
  const rows = valuesOf(settings).map(([key, value]) => ({ key, value, meaning: SETTINGS_BY_KEY.get(key)!.meaning }));
  const { bytesPerWeight, drawsPerWeight, keystreamBytesPerWeight, decimals, maxModels, isTrap } = maskConfigCosts(mask);
  const cheaper = cheapestConfig(mask);
  const pair = { vect: mask, unit: mask };
  const [sums, updates] = [pet.sum.count.min, pet.update.count.min];
  const updateBytes = updatePayloadSize(pair, modelLength, sums) + MESSAGE_OVERHEAD;
  const maskBytes = maskObjectSize(pair, modelLength) + MESSAGE_OVERHEAD;
  return {
    settings: rows,
    costs: {
      mask: mask.name,
      bytesPerWeight,
      drawsPerWeight,
      keystreamBytesPerWeight,
      decimals,
      maxModels,
      isTrap,
      cheaper: cheaper === mask ? null : cheaper.name,
      updateBytes,
      maskBytes,
      modelBytes: FLOAT32 * modelLength,
      roundBytes: updates * updateBytes + pet.sum2.count.min * maskBytes,
      participants: Math.ceil(Math.max(sums / pet.sum.prob, updates / ((1 - pet.sum.prob) * pet.update.prob))),
    },
  };
}

function valuesOf({ pet, mask, modelLength, store, compat, showMaskedUpdate }: Settings): [string, Value][] {
  const phase = (name: 'sum' | 'update' | 'sum2'): [string, Value][] => {
    const { count, time } = pet[name];
    return [
      [`pet.${name}.count.min`, count.min],
      [`pet.${name}.count.max`, count.max],
      [`pet.${name}.time.min`, time.min],
      [`pet.${name}.time.max`, time.max],
      [`pet.${name}.time.grace`, time.grace],
    ];
  };
  return [
    ['model.length', modelLength],
    ['pet.sum.prob', pet.sum.prob],
    ...phase('sum'),
    ['pet.update.prob', pet.update.prob],
    ...phase('update'),
    ...phase('sum2'),
    ['mask.group_type', mask.group],
    ['mask.data_type', mask.data],
    ['mask.bound_type', mask.bound],
    ['mask.model_type', mask.model],
    ['store.kind', store.kind],
    ['store.blobs', store.blobs],
    ['store.keep_models', store.keepModels],
    ['store.keep_rounds', store.keepRounds],
    ['page.masked_update', showMaskedUpdate],
    ['compat.plurality', compat.plurality],
    ['compat.unverified_sum_signature', compat.unverifiedSumSignature],
    ['compat.trailing_bytes', compat.trailingBytes],
    ['compat.status_codes', compat.statusCodes],
    ['compat.arrival_order', compat.arrivalOrder],
    ['compat.no_quarantine', compat.noQuarantine],
  ];
}
