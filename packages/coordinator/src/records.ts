// Records of rounds: what a round was made of and what came of it, as hashes, signed by the coordinator. Whoever kept a document of a round,
// or the whole of them, can check later that this is what the coordinator worked with (threats 1.5).

import { createHash } from 'node:crypto';
import { fromHex, type PublicSigningKey, type Signature, SigningKeySeed, toHex } from '@xaynet/core/bytes';
import { type RandomBytes, type SigningKeyPair, sign, signingKeyPairFromSeed, verify } from '@xaynet/core/crypto';
import { encodeMaskObject, type MaskObject } from '@xaynet/core/mask';
import { encodeRoundParams, encodeSumDict, encodeUpdateSeedDict, type RoundParams, type SeedDict, type SumDict } from '@xaynet/core/round';
import type { RecordStore, RoundRecord } from './stores/contract.ts';

/** What a record is made of: the round as far as it came. */
export interface RoundFacts {
  readonly round: number;
  readonly began: number;
  readonly ended: number;
  readonly sums: number;
  readonly updates: number;
  readonly masks: number;
  /** Why the round failed; undefined: it gave a model. */
  readonly failure: { readonly phase: string; readonly code: string } | undefined;
  readonly model: { readonly id: string; readonly bytes: Uint8Array } | undefined;
  readonly params: RoundParams;
  readonly sumDict: SumDict | undefined;
  readonly seedDict: SeedDict | undefined;
  readonly aggregate: MaskObject | undefined;
}

/** The record of a round, signed with these keys. */
export async function makeRoundRecord(facts: RoundFacts, keys: SigningKeyPair): Promise<RoundRecord> {
  const { round, began, ended, sums, updates, masks, failure, model, params, sumDict, seedDict, aggregate } = facts;
  const hashes = {
    params: hash(encodeRoundParams(params)),
    ...(sumDict === undefined ? {} : { sums: hash(encodeSumDict(sumDict)) }),
    ...(seedDict === undefined ? {} : { seeds: await hashOfSeeds(seedDict) }),
    ...(aggregate === undefined ? {} : { aggregate: hash(encodeMaskObject(aggregate)) }),
    ...(model === undefined ? {} : { model: hash(model.bytes) }),
  };
  const unsigned = {
    round,
    outcome: failure === undefined ? ('model' as const) : ('failure' as const),
    began,
    ended,
    sums,
    updates,
    masks,
    ...(failure === undefined ? {} : { phase: failure.phase, code: failure.code }),
    ...(model === undefined ? {} : { model: model.id }),
    hashes,
    signer: toHex(keys.publicKey),
  };
  return { ...unsigned, signature: toHex(sign(signedBytes(unsigned), keys.secretKey)) };
}

/**
 * Whether the key that the record names has signed exactly this record. Never throws. That the key is the coordinator's is for the caller to
 * know: compare `signer` with what you trust.
 * @example
 * ```ts
 * import { MemoryStore, verifyRoundRecord } from '@xaynet/coordinator';
 * const store = new MemoryStore(); // the store of a coordinator; `GET /rounds` gives the same records
 * const genuine = (await store.records(10)).every((record) => verifyRoundRecord(record));
 * ```
 */
export function verifyRoundRecord(record: RoundRecord): boolean {
  try {
    return verify(fromHex(record.signature) as Signature, signedBytes(record), fromHex(record.signer) as PublicSigningKey);
  } catch {
    return false;
  }
}

/** The pair that signs the records of a store; made once, with the first record. */
export async function recordKeys(store: RecordStore, random: RandomBytes): Promise<SigningKeyPair> {
  let seed = await store.identity();
  if (seed === undefined) {
    await store.setIdentity(random(SigningKeySeed.LENGTH));
    seed = (await store.identity())!;
  }
  return signingKeyPairFromSeed(SigningKeySeed(seed));
}

/** UTF-8 JSON without white space and without the signature, keys in the order of {@link RoundRecord}, absent ones left out. */
function signedBytes(record: Omit<RoundRecord, 'signature'>): Uint8Array {
  const { round, outcome, began, ended, sums, updates, masks, phase, code, model, hashes, signer } = record;
  const { params, sums: sumDict, seeds, aggregate, model: modelHash } = hashes;
  const ordered = { params, sums: sumDict, seeds, aggregate, model: modelHash };
  return Buffer.from(JSON.stringify({ round, outcome, began, ended, sums, updates, masks, phase, code, model, hashes: ordered, signer }), 'utf8');
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The hash of `encodeSeedDict`, row by row with others served in between: in a large round it is a hundred megabytes. */
async function hashOfSeeds(seeds: SeedDict): Promise<string> {
  const whole = createHash('sha256').update(u64le(seeds.size));
  for (const [participant, row] of seeds) {
    whole.update(u64le(participant.length)).update(participant).update(encodeUpdateSeedDict(row));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return whole.digest('hex');
}

function u64le(value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
