// Which member collects the chunks of a participant: the one that weighs most with its key (rendezvous hashing). Those who know the same members
// agree without a word, and a member that comes or goes moves only its own share.

import { createHash } from 'node:crypto';
import type { PublicSigningKey } from '@xaynet/core/bytes';
import type { Member } from '../stores/shared.ts';

/** The owner of a participant's chunks; undefined: there are no members to choose from. */
export function ownerOf<One extends Pick<Member, 'id'>>(participant: PublicSigningKey, members: readonly One[]): One | undefined {
  let best: { readonly member: One; readonly weight: Buffer } | undefined;
  for (const member of members) {
    const weight = createHash('sha256').update(participant).update(member.id).digest();
    if (best === undefined || weight.compare(best.weight) > 0) best = { member, weight };
  }
  return best?.member;
}
