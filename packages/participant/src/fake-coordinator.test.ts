// A small, faithful coordinator in memory for the tests of this package: it opens, verifies and judges messages with core as a
// real one does, answers every message alike, and writes down what it was asked. Phases advance when a test says so.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptKeySeed, KeyMap, type PublicEncryptKey, type PublicSigningKey, RoundSeed, SigningKeySeed, toHex } from '@xaynet/core/bytes';
import {
  type EncryptKeyPair,
  encryptKeyPairFromSeed,
  openSealed,
  type RandomBytes,
  type SigningKeyPair,
  sha256,
  signingKeyPairFromSeed,
} from '@xaynet/core/crypto';
import { isXaynetError } from '@xaynet/core/errors';
import { Aggregation, encodeMaskObject, type MaskObject, type Model, parseMaskConfig } from '@xaynet/core/mask';
import { decodePayload, type MessageTag, type Payload, parseMessage, Reassembler, verifyMessage } from '@xaynet/core/message';
import {
  chooseRole,
  encodeModel,
  isEligible,
  type PublishedModel,
  type RoundParams,
  readModel,
  type SumDict,
  type UpdateSeedDict,
  verifyTask,
} from '@xaynet/core/round';
import { Participant } from './participant.ts';
import type { Transport, Verdict } from './ports.ts';

export type FakePhase = 'sum' | 'update' | 'sum2' | 'idle';
type Operation = 'params' | 'sums' | 'seeds' | 'model' | 'send';

export interface Delivered {
  readonly participant: PublicSigningKey;
  readonly tag: MessageTag;
  readonly payload: Payload;
  readonly bytes: Uint8Array;
}

/** Repeatable randomness: the digests of a counter. */
export function countingRandom(name = ''): RandomBytes {
  let counter = 0;
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) bytes.set(sha256(Buffer.from(`${name} ${counter++}`)).subarray(0, Math.min(32, length - at)), at);
    return bytes;
  };
}

export function seedOf(name: string): Uint8Array {
  return sha256(Buffer.from(name));
}

/** Keys that have this role in a round, found by trying. */
export function keysFor(role: 'sum' | 'update' | 'none', params: RoundParams, name = 'keys'): SigningKeyPair {
  for (let i = 0; i < 2000; i++) {
    const keys = signingKeyPairFromSeed(SigningKeySeed(seedOf(`${name} ${i}`)));
    if (chooseRole(params, keys).role === role) return keys;
  }
  throw new Error(`no keys with role ${role}`);
}

export class FakeCoordinator implements Transport {
  params_!: RoundParams;
  phase: FakePhase = 'idle';
  /** What was asked, in order; a test may clear it. */
  log: string[] = [];
  /** Everything that was posted, sealed. */
  posts: Uint8Array[] = [];
  /** Whole messages that passed all checks, whatever the phase made of them. */
  delivered: Delivered[] = [];
  verdicts: string[] = [];
  /** Whether it tells senders what it made of their messages. */
  speaks = false;
  /** How often the next calls of an operation fail. */
  failures: Partial<Record<Operation, number>> = {};
  sums_: SumDict = new KeyMap();
  globalModel: Model | undefined;
  /** Lets a test answer /seeds itself. */
  seedsOverride: UpdateSeedDict | undefined;
  /** Called before every operation: may throw, wait, or never come back. */
  before: (operation: Operation) => Promise<void> | void = () => undefined;
  #keys!: EncryptKeyPair;
  #round = 0;
  #reassembler!: Reassembler;
  #aggregate!: Aggregation;
  #seedDict = new KeyMap<PublicSigningKey, UpdateSeedDict>();
  #updates = new KeyMap<PublicSigningKey, true>();
  #masks: { readonly participant: PublicSigningKey; readonly mask: MaskObject }[] = [];
  #frozen = false;

  constructor(round: Partial<RoundParams> = {}) {
    this.newRound(round);
  }

  get coordinatorKey(): PublicEncryptKey {
    return this.#keys.publicKey;
  }

  newRound(round: Partial<RoundParams> = {}): RoundParams {
    this.#round++;
    this.#keys = encryptKeyPairFromSeed(EncryptKeySeed(seedOf(`round key ${this.#round}`)));
    const config = parseMaskConfig('Prime/F32/B0/M3');
    this.params_ = {
      publicKey: this.#keys.publicKey,
      sum: 0.4,
      update: 1,
      seed: RoundSeed(seedOf(`round seed ${this.#round}`)),
      maskConfig: { vect: config, unit: config },
      modelLength: 4,
      ...round,
    };
    this.phase = 'sum';
    this.#reassembler = new Reassembler({ maxBytes: 1e7, maxMessages: 1000, maxBytesPerMessage: () => 1e7 });
    this.#aggregate = new Aggregation(this.params_.maskConfig, Math.min(this.params_.modelLength, 1e6) || 1);
    this.sums_ = new KeyMap();
    this.#seedDict = new KeyMap();
    this.#updates = new KeyMap();
    this.#masks = [];
    this.#frozen = false;
    return this.params_;
  }

  /** Ends the phase: Sum → Update → Sum2 → (unmask, model published) idle. */
  advance(): void {
    if (this.phase === 'sum') {
      this.phase = 'update';
    } else if (this.phase === 'update') {
      this.phase = 'sum2';
      this.#frozen = true;
    } else if (this.phase === 'sum2') {
      this.phase = 'idle';
      const votes = this.#masks.map(({ mask }) => toHex(encodeMaskObject(mask)));
      assert.equal(new Set(votes).size, 1, 'all sum participants must send the same mask');
      this.globalModel = this.#aggregate.unmask(this.#masks[0]!.mask).toModel();
    }
  }

  get updates(): number {
    return this.#updates.size;
  }

  get masks(): number {
    return this.#masks.length;
  }

  async #call(operation: Operation, signal: AbortSignal | undefined, what: string): Promise<void> {
    await this.before(operation);
    if (signal?.aborted) throw signal.reason;
    const failures = this.failures[operation] ?? 0;
    if (failures > 0) {
      this.failures[operation] = failures - 1;
      this.log.push(`${what}!`);
      throw new Error(`fake: ${operation} fails`);
    }
  }

  async params(signal?: AbortSignal): Promise<RoundParams> {
    await this.#call('params', signal, 'P');
    this.log.push('P');
    return this.params_;
  }

  async sums(signal?: AbortSignal): Promise<SumDict | undefined> {
    await this.#call('sums', signal, 'sums');
    const sums = this.phase === 'update' || this.phase === 'sum2' ? this.sums_ : undefined;
    this.log.push(sums === undefined ? 'sums(absent)' : `sums(${sums.size})`);
    return sums;
  }

  async seeds(participant: PublicSigningKey, signal?: AbortSignal): Promise<UpdateSeedDict | undefined> {
    await this.#call('seeds', signal, 'seeds');
    const seeds = this.#frozen && this.phase === 'sum2' ? (this.seedsOverride ?? this.#seedDict.get(participant)) : undefined;
    this.log.push(seeds === undefined ? 'seeds(absent)' : `seeds(${seeds.size})`);
    return seeds;
  }

  async model(signal?: AbortSignal): Promise<PublishedModel | undefined> {
    await this.#call('model', signal, 'model');
    this.log.push('model');
    return this.globalModel && readModel(encodeModel(this.globalModel));
  }

  async send(bytes: Uint8Array, signal?: AbortSignal): Promise<Verdict | undefined> {
    this.posts.push(bytes.slice());
    await this.#call('send', signal, `send(${bytes.length})`);
    this.log.push(`send(${bytes.length})`);
    const verdict = this.#judge(bytes);
    this.verdicts.push(verdict);
    if (!this.speaks || verdict === 'incomplete') return undefined;
    if (verdict === 'accepted') return { accepted: true };
    return { accepted: false, code: { 'wrong phase': 'message-unexpected', duplicate: 'sum-already-exists' }[verdict] ?? verdict, reason: verdict };
  }

  #judge(sealed: Uint8Array): string {
    try {
      const message = parseMessage(openSealed(sealed, this.#keys));
      if (message.tag !== this.phase) return 'wrong phase';
      if (!verifyMessage(message)) return 'bad signature';
      if (toHex(message.coordinator) !== toHex(this.#keys.publicKey)) return 'wrong coordinator key';
      const result = this.#reassembler.add(message);
      if (result.status !== 'complete') return result.status;
      const payload = decodePayload(message.tag, result.payload);
      const verdict = this.#admit(message.participant, payload);
      this.delivered.push({ participant: message.participant, tag: message.tag, payload, bytes: result.payload.slice() });
      return verdict;
    } catch (error) {
      return isXaynetError(error) ? error.code : String(error);
    }
  }

  #admit(participant: PublicSigningKey, payload: Payload): string {
    const { seed, sum, update } = this.params_;
    const isSummer = verifyTask(payload.sumSignature, seed, 'sum', participant) && isEligible(payload.sumSignature, sum);
    if (payload.tag === 'update') {
      const isUpdater = !isSummer && verifyTask(payload.updateSignature, seed, 'update', participant) && isEligible(payload.updateSignature, update);
      if (!isUpdater) return 'not eligible';
      if (this.#updates.has(participant)) return 'duplicate';
      const wanted = this.sums_.keys().map(toHex).join();
      if (payload.localSeedDict.keys().map(toHex).join() !== wanted) return 'seed dictionary mismatch';
      this.#aggregate.add(payload.maskedModel);
      this.#updates.set(participant, true);
      for (const [sumKey, sealedSeed] of payload.localSeedDict) {
        if (!this.#seedDict.has(sumKey)) this.#seedDict.set(sumKey, new KeyMap());
        this.#seedDict.get(sumKey)!.set(participant, sealedSeed);
      }
      return 'accepted';
    }
    if (!isSummer) return 'not eligible';
    if (payload.tag === 'sum') {
      if (this.sums_.has(participant)) return 'duplicate';
      this.sums_.set(participant, payload.ephemeralKey);
      return 'accepted';
    }
    if (!this.sums_.has(participant)) return 'no sum participant';
    if (this.#masks.some((mask) => toHex(mask.participant) === toHex(participant))) return 'duplicate';
    this.#masks.push({ participant, mask: payload.mask });
    return 'accepted';
  }
}

/** Delivers the sum message of another participant. */
export async function sumOnce(coordinator: FakeCoordinator, keys: SigningKeyPair): Promise<void> {
  const participant = await Participant.create({ transport: coordinator, keys, random: countingRandom(toHex(keys.publicKey)) });
  for (let i = 0; participant.state !== 'sum2'; i++) {
    assert.ok(i < 10);
    await participant.tick();
  }
}

/** Delivers the update of another participant. */
export async function updateOnce(coordinator: FakeCoordinator, keys: SigningKeyPair): Promise<void> {
  const participant = await Participant.create({ transport: coordinator, keys, random: countingRandom(toHex(keys.publicKey)) });
  participant.setModel(Float32Array.of(0.5, -0.5, 0.25, 0));
  for (let i = 0; i < 20 && (await participant.tick()).outcome === 'progress'; i++);
  assert.equal(coordinator.verdicts.at(-1), 'accepted');
}

test('the fake coordinator answers by phase as a real one does, and judges what it is sent', async () => {
  const coordinator = new FakeCoordinator();
  const keys = keysFor('sum', coordinator.params_);
  assert.equal(await coordinator.sums(), undefined);
  await coordinator.send(new Uint8Array(300));
  assert.deepEqual(coordinator.verdicts, ['sealed-box-open-failed']);
  coordinator.advance();
  assert.equal((await coordinator.sums())!.size, 0);
  assert.equal(await coordinator.seeds(keys.publicKey), undefined);
  assert.equal(await coordinator.model(), undefined);
});
