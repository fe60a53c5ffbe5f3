// Chunks as any process of a fleet stores and reads them, for as long as the round stands where it believes.

import { PublicSigningKey } from '@xaynet/core/bytes';
import { type MessageTag, tagByte, tagOf } from '@xaynet/core/message';
import { OVER_LENGTH, type SpooledChunk } from '../contract.ts';
import type { SharedAdmissions, StoredChunks } from '../shared.ts';
import type { Guard, RedisActs } from './acts.ts';
import { chunkHead, UNPROVEN } from './admissions.ts';
import { CHUNKS_OF, STORE_CHUNKS } from './chunk-scripts.ts';
import type { Arg } from './library.ts';
import { bytesOf } from './values.ts';

/** Chunks of one script. */
const AT_ONCE = 1000;

/** See the head of the file. */
export class RedisChunks {
  readonly #acts: RedisActs;

  constructor(acts: RedisActs) {
    this.#acts = acts;
  }

  /** See {@link SharedAdmissions.chunks}. */
  async store(round: number, chunks: readonly SpooledChunk[]): ReturnType<SharedAdmissions['chunks']> {
    const stored: number[] = [];
    for (let at = 0; at < chunks.length; at += AT_ONCE) {
      const some = chunks.slice(at, at + AT_ONCE);
      const senders: Buffer[] = [];
      const places = new Map<string, string>();
      const args: Arg[] = [];
      for (const chunk of some) {
        const sender = senderName(chunk);
        const known = sender.toString('latin1');
        if (!places.has(known)) places.set(known, String(2 + senders.push(sender)));
        const { payload } = chunk;
        const message = String(payload[2]! * 256 + payload[3]!);
        args.push(places.get(known)!, sender, message, payload.length === OVER_LENGTH ? '' : Buffer.concat([chunkHead(chunk), payload]));
      }
      const { meta } = this.#acts.names;
      const keys = (names: { readonly senders: string; sent(sender: Uint8Array): Buffer }) => [meta, names.senders, ...senders.map((name) => names.sent(name))];
      const answer = await this.#acts.guarded(this.#guard(round, some[0]!.tag), STORE_CHUNKS, keys, args);
      if (answer.kind !== 'done') return { verdict: 'phase-over' };
      stored.push(...answer.reply.map(Number));
    }
    return { verdict: 'ok', stored };
  }

  /** See {@link SharedStore.chunksOf}. */
  async of(round: number, tag: MessageTag, participant: PublicSigningKey, after: number): Promise<StoredChunks> {
    const sender = senderName({ tag, participant });
    const answer = await this.#acts.guarded(this.#guard(round, tag), CHUNKS_OF, (names) => [this.#acts.names.meta, names.sent(sender)], [String(after)]);
    if (answer.kind !== 'done') return { chunks: [], stored: 0 };
    const [stored, ...pairs] = answer.reply;
    const found: { readonly number: number; readonly chunk: SpooledChunk }[] = [];
    for (let at = 0; at < pairs.length; at += 2) found.push({ number: Number(pairs[at]), chunk: chunkIn(participant, bytesOf(pairs[at + 1])) });
    found.sort((a, b) => a.number - b.number);
    return { chunks: found.map(({ chunk }) => chunk), stored: Number(stored) };
  }

  #guard(round: number, phase: MessageTag): Guard {
    return { kind: 'phase', epoch: this.#acts.epoch, round, phase };
  }
}

/** Tag, participant. */
function senderName({ tag, participant }: Pick<SpooledChunk, 'tag' | 'participant'>): Buffer {
  return Buffer.concat([Uint8Array.of(tagByte(tag)), participant]);
}

/** Not a view of the reply, which would keep all of it. */
function chunkIn(participant: PublicSigningKey, entry: Buffer): SpooledChunk {
  const head = entry[0]!;
  const chunk = { participant: PublicSigningKey(Uint8Array.from(participant)), tag: tagOf(head & ~UNPROVEN), payload: Uint8Array.from(entry.subarray(1)) };
  return (head & UNPROVEN) === 0 ? chunk : { ...chunk, unproven: true };
}
