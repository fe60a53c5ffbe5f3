// Messages of a round made as cheaply as they can be and still be accepted: keys are tried until the round selects them, and a few masked
// models serve for all updates, each signed and sealed by a participant of its own. So the load generator costs a fraction of the coordinator.

import { randomFillSync } from 'node:crypto';
import { EncryptedMaskSeed, KeyMap, MaskSeed, SigningKeySeed } from '@xaynet/core/bytes';
import { generateEncryptKeyPair, type SigningKeyPair, seal, signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { Aggregation, type MaskObject, maskModel, rational } from '@xaynet/core/mask';
import { MessageEncoder, type Payload } from '@xaynet/core/message';
import { chooseRole, type Role, type RoundParams } from '@xaynet/core/round';

/** Different masked models; more would show nothing else. */
const MODELS = 4;
/** Keys tried for one participant before the probabilities are taken for wrong. */
const MOST_TRIES = 100_000;

const random = (length: number): Uint8Array => randomFillSync(new Uint8Array(length));

type Chosen<R extends Role['role']> = { readonly keys: SigningKeyPair; readonly role: Extract<Role, { role: R }> };

/** The participants of one round, and what they say. */
export class RoundForge {
  readonly #params: RoundParams;
  readonly #sums: readonly Chosen<'sum'>[];
  readonly #seeds: readonly MaskSeed[];
  #masked: readonly MaskObject[] | undefined;
  #updates = 0;

  /** Finds `sums` sum participants for the round. */
  constructor(params: RoundParams, sums: number) {
    this.#params = params;
    this.#sums = Array.from({ length: sums }, () => chosen(params, 'sum'));
    this.#seeds = Array.from({ length: MODELS }, () => MaskSeed(random(32)));
  }

  /** Public key of a sum participant. */
  get sumKey(): Uint8Array {
    return this.#sums[0]!.keys.publicKey;
  }

  /** Their sum messages, sealed. */
  sumMessages(): Uint8Array[] {
    return this.#sums.flatMap(({ keys, role }) =>
      this.#sealed({ tag: 'sum', sumSignature: role.sumSignature, ephemeralKey: generateEncryptKeyPair(random).publicKey }, keys, 0),
    );
  }

  /** One more update of a new participant: one sealed message, or chunks of at most `chunk` bytes. */
  updateMessages(chunk: number): Uint8Array[] {
    const { keys, role } = chosen(this.#params, 'update');
    const { maskConfig, modelLength } = this.#params;
    this.#masked ??= this.#seeds.map((seed, i) => maskModel({ config: maskConfig, seed, scalar: rational(1), model: modelOf(i, modelLength) }));
    const maskedModel = this.#masked[this.#updates++ % MODELS]!;
    // The coordinator passes sealed seeds on without opening them; random bytes are as good, and the sum of the masks is known here anyway.
    const localSeedDict = new KeyMap(this.#sums.map((sum) => [sum.keys.publicKey, EncryptedMaskSeed(random(EncryptedMaskSeed.LENGTH))] as const));
    return this.#sealed({ tag: 'update', sumSignature: role.sumSignature, updateSignature: role.updateSignature, maskedModel, localSeedDict }, keys, chunk);
  }

  /** The sum2 messages, with the mask of all updates made so far. */
  sum2Messages(): Uint8Array[] {
    const { maskConfig, modelLength } = this.#params;
    const masks = new Aggregation(maskConfig, modelLength);
    for (let i = 0; i < this.#updates; i++) masks.addMask(this.#seeds[i % MODELS]!);
    const mask = masks.object();
    return this.#sums.flatMap(({ keys, role }) => this.#sealed({ tag: 'sum2', sumSignature: role.sumSignature, mask }, keys, 0));
  }

  /** Throws unless `weights` are the mean of all updates made so far. */
  check(weights: Float32Array): void {
    if (weights.length !== this.#params.modelLength) throw new Error(`a model of ${weights.length} weights, ${this.#params.modelLength} expected`);
    const counts = Array.from({ length: MODELS }, (_, i) => Math.ceil((this.#updates - i) / MODELS));
    for (const [i, weight] of weights.entries()) {
      const mean = counts.reduce((sum, count, model) => sum + count * weightOf(model, i), 0) / this.#updates;
      if (!(Math.abs(weight - mean) < 1e-6)) throw new Error(`weight ${i} of the global model is ${weight}, the mean of the updates is ${mean}`);
    }
  }

  #sealed(payload: Payload, keys: SigningKeyPair, maxMessageSize: number): Uint8Array[] {
    const coordinator = this.#params.publicKey;
    const encoder = new MessageEncoder(payload, { keys, coordinator, maxMessageSize, random });
    const messages: Uint8Array[] = [];
    for (let plain = encoder.next(); plain !== undefined; plain = encoder.next()) messages.push(seal(plain, coordinator, random));
    return messages;
  }
}

/** A participant with this role, by trial. */
function chosen<R extends 'sum' | 'update'>(params: RoundParams, wanted: R): Chosen<R> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const keys = signingKeyPairFromSeed(SigningKeySeed(random(32)));
    const role = chooseRole(params, keys);
    if (role.role === wanted) return { keys, role: role as Extract<Role, { role: R }> };
  }
  throw new Error(`none of ${MOST_TRIES} keys is selected for ${wanted}, with probabilities ${params.sum} and ${params.update}`);
}

/** Sixteenths: exact in binary and in the ten decimals of the masks. */
function weightOf(model: number, i: number): number {
  return (((i * (2 * model + 3)) % 31) - 15) / 16;
}

function modelOf(model: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => weightOf(model, i));
}
