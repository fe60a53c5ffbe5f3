// NewRound: decides what this participant is in the round. Sum wins over update; a participant is never both (wire 1.5).

import { generateEncryptKeyPair } from '@xaynet/core/crypto';
import { chooseRole } from '@xaynet/core/round';
import { refusalOf } from '../rules.ts';
import { type Context, idle, progress, type Transition } from './transition.ts';

/** Signs the round seed for its role, and makes a fresh ephemeral pair when that is sum (participant 1.5). */
export function newRound(context: Context): Transition {
  const { params, keys, rules, random } = context;
  const refusal = refusalOf(params, rules);
  if (refusal !== undefined) return idle(refusal);
  const role = chooseRole(params, keys);
  switch (role.role) {
    case 'sum':
      return progress({ name: 'sum', ephemeral: generateEncryptKeyPair(random), sumSignature: role.sumSignature }, 'sum');
    case 'update':
      return progress({ name: 'update', sumSignature: role.sumSignature, updateSignature: role.updateSignature }, 'update', 'load-model');
    case 'none':
      return idle();
  }
}
