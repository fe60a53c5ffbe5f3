// Round parameters (wire 7.3), and the state of an original coordinator around them (coordinator 0.2).

import { PublicEncryptKey, RoundSeed, SecretEncryptKey } from '@xaynet/core/bytes';
import type { Cursor } from '../cursor.ts';
import { remarkOn } from './keys.ts';
import { layConfigIndices } from './mask-object.ts';

/** 136 bytes; `prefix` of the names of the fields. */
export function layRoundParams(cursor: Cursor, prefix = ''): void {
  cursor.section('wire 7.3');
  remarkOn(cursor, cursor.byteString(`${prefix}publicKey`, PublicEncryptKey.LENGTH));
  for (const name of ['sum', 'update']) {
    const probability = cursor.f64le(`${prefix}${name}`);
    if (probability === undefined) continue;
    if (!Number.isFinite(probability) || probability < 0) cursor.wrong('no probability');
    else if (probability > 1) cursor.odd('above 1: everybody is selected');
    else if (probability === 0) cursor.odd('nobody is selected');
  }
  cursor.byteString(`${prefix}seed`, RoundSeed.LENGTH);
  layConfigIndices(cursor, `${prefix}vect.`);
  layConfigIndices(cursor, `${prefix}unit.`);
  cursor.section('wire 7.3').u64le(`${prefix}modelLength`);
}

/** 320 bytes with the secret key of the round. */
export function layCoordinatorState(cursor: Cursor): void {
  cursor.section('coordinator 0.2');
  cursor.byteString('publicKey', PublicEncryptKey.LENGTH);
  cursor.byteString('secretKey', SecretEncryptKey.LENGTH, { secret: true });
  cursor.u64le('roundId');
  layRoundParams(cursor, 'params.');
  cursor.section('coordinator 0.2');
  for (const phase of ['sum', 'update', 'sum2']) {
    for (const name of ['countMin', 'countMax', 'timeMin', 'timeMax']) {
      cursor.u64le(`${phase}.${name}`);
      if (name.startsWith('time')) cursor.note('seconds');
    }
  }
  cursor.end();
}
