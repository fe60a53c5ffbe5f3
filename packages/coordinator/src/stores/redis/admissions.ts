// Admissions as any process may ask for them: the one that holds the lease, and others for as long as the round stands where they believe.
// A blob is put first, under a name that no other attempt has; then one script says the verdict, and the blob of a refused one goes.

import { randomBytes } from 'node:crypto';
import type { PublicEncryptKey, PublicSigningKey } from '@xaynet/core/bytes';
import { sha256 } from '@xaynet/core/crypto';
import { encodeMaskObject, type MaskObject } from '@xaynet/core/mask';
import { tagByte } from '@xaynet/core/message';
import { type BlobStore, putDigested } from '../blobs.ts';
import { OVER_LENGTH, type SpooledChunk, type Sum2Verdict, type SumVerdict, type Update, type UpdateAdmission } from '../contract.ts';
import type { Guard, RedisActs } from './acts.ts';
import { ADMIT_SUM, ADMIT_SUM2, APPEND_CHUNKS } from './admission-scripts.ts';
import type { Arg } from './library.ts';
import { type Guarded, UpdateVerdicts } from './update-verdicts.ts';
import { buffer, ROUNDS_FOLDER } from './values.ts';

/** Bytes and commands of one script of chunks. */
const MOST_CHUNKS = 1000;

/** See the head of the file. */
export class Admissions {
  readonly #acts: RedisActs;
  readonly #blobs: BlobStore;
  readonly #keepsContributions: boolean;
  readonly #verdicts: UpdateVerdicts;

  constructor(acts: RedisActs, blobs: BlobStore, keepsContributions: boolean) {
    this.#acts = acts;
    this.#blobs = blobs;
    this.#keepsContributions = keepsContributions;
    this.#verdicts = new UpdateVerdicts(acts);
  }

  /** See {@link Store.admitSum}. */
  async admitSum(guard: Guard, participant: PublicSigningKey, ephemeralKey: PublicEncryptKey): Promise<Guarded<{ readonly verdict: SumVerdict }>> {
    const args = [buffer(participant), buffer(ephemeralKey)];
    const answer = await this.#acts.guarded(guard, ADMIT_SUM, ({ sums, roster }) => [this.#acts.names.meta, sums, roster], args);
    if (answer.kind !== 'done') return { verdict: answer.kind };
    return { verdict: answer.reply[0] === 1 ? 'ok' : 'already-exists' };
  }

  /** See {@link Store.admitUpdate}. `member`: whom the contribution belongs to until it is in a stored sum; the same for all of one process. */
  async admitUpdate(guard: Guard, update: Update, member = ''): Promise<Guarded<UpdateAdmission>> {
    const put = this.#keepsContributions ? this.#putBlob(guard, 'contribution', encodeMaskObject(update.maskedModel)) : undefined;
    const blob = put && (await this.#verdicts.announced(put));
    const entry = blob === undefined ? '' : Buffer.concat([update.participant, blob.digest, Buffer.from(blob.key, 'latin1')]);
    const admission = await this.#verdicts.of(guard, update, entry, member);
    if (admission.verdict !== 'ok' && blob !== undefined) await this.#discard(blob.key);
    return admission;
  }

  /** See {@link Store.admitSum2}. The mask itself is put only by the first who comes with it. */
  async admitSum2(guard: Guard, participant: PublicSigningKey, mask: MaskObject): Promise<Guarded<Sum2Verdict>> {
    const object = encodeMaskObject(mask);
    const hash = sha256(object);
    let key = '';
    for (;;) {
      const { meta } = this.#acts.names;
      const args = [buffer(participant), buffer(hash), key];
      const answer = await this.#acts.guarded(guard, ADMIT_SUM2, ({ sums, voters, votes, masks }) => [meta, sums, voters, votes, masks], args);
      const [votes, used] = answer.kind === 'done' ? answer.reply : [];
      if (votes === -3 && key === '') {
        key = (await this.#putBlob(guard, 'mask', object)).key;
        continue;
      }
      if (key !== '' && used !== 1) await this.#discard(key);
      if (answer.kind !== 'done') return { verdict: answer.kind };
      if (votes === -1) return { verdict: 'unknown-sum-participant' };
      if (votes === -2) return { verdict: 'already-submitted' };
      return { verdict: 'ok', votes: Number(votes) };
    }
  }

  /** See {@link Store.appendChunks}; false: round and phase are not those of the guard any more. */
  async appendChunks(guard: Guard, chunks: readonly SpooledChunk[]): Promise<boolean> {
    if (!this.#keepsContributions) return true;
    for (let at = 0; at < chunks.length; at += MOST_CHUNKS) {
      const some = chunks.slice(at, at + MOST_CHUNKS);
      const messages: Buffer[] = [];
      const args: Arg[] = [];
      const places = new Map<string, number>();
      for (const chunk of some) {
        const message = messageName(chunk);
        const known = message.toString('latin1');
        if (!places.has(known)) places.set(known, 2 + messages.push(message));
        args.push(String(places.get(known)), message, chunk.payload.length === OVER_LENGTH ? '' : Buffer.concat([chunkHead(chunk), chunk.payload]));
      }
      const { meta } = this.#acts.names;
      const answer = await this.#acts.guarded(guard, APPEND_CHUNKS, (round) => [meta, round.messages, ...messages.map((name) => round.chunks(name))], args);
      if (answer.kind !== 'done') return false;
    }
    return true;
  }

  async #putBlob(guard: Guard, what: string, bytes: Uint8Array): Promise<{ readonly key: string; readonly digest: Uint8Array }> {
    const epoch = guard.kind === 'phase' ? guard.epoch : this.#acts.epoch;
    const key = blobName(this.#acts.installation, epoch, what);
    return { key, digest: await putDigested(this.#blobs, key, bytes) };
  }

  /** What cannot be deleted now is swept when the round is erased. */
  async #discard(key: string): Promise<void> {
    await this.#blobs.delete([key]).catch(() => {});
  }
}

/** A name for a blob of a round that nobody else has. */
export function blobName(installation: string, epoch: number, what: string): string {
  return `${ROUNDS_FOLDER}/${installation}/${epoch}/${what}/${randomBytes(12).toString('hex')}`;
}

/** Participant, tag, number of the message. */
function messageName({ participant, tag, payload }: SpooledChunk): Buffer {
  return Buffer.concat([participant, Uint8Array.of(tagByte(tag)), payload.subarray(2, 4)]);
}

/** Set in the first byte of a chunk, beside the tag, for a sender that has not proved to be selected. */
export const UNPROVEN = 0x80;

/** The byte before the payload of a stored chunk. */
export function chunkHead({ tag, unproven }: SpooledChunk): Uint8Array {
  return Uint8Array.of(tagByte(tag) | (unproven === true ? UNPROVEN : 0));
}
