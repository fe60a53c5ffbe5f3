// What the tests of driver, intake and coordinator share: a coordinator without network and with a clock that stands still, and
// participants that make real messages. Keys are tried one after another until one has the role that the test wants, as chance would.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EncryptedMaskSeed, KeyMap, MaskSeed, type PublicSigningKey, SigningKeySeed } from '@xaynet/core/bytes';
import {
  type EncryptKeyPair,
  generateEncryptKeyPair,
  openMaskSeed,
  type RandomBytes,
  type SigningKeyPair,
  seal,
  sealMaskSeed,
  sha256,
  signingKeyPairFromSeed,
} from '@xaynet/core/crypto';
import { Aggregation, type MaskObject, maskModel, rational, type Scalar } from '@xaynet/core/mask';
import { encodePayload, MessageEncoder, type Payload, signMessage } from '@xaynet/core/message';
import { type CoordinatorState, chooseRole, type RoundParams, type SumDict } from '@xaynet/core/round';
import { FakeClock, settle } from './clock.test.ts';
import { Driver, type DriverOptions } from './driver.ts';
import { type CoordinatorEvent, EventBus } from './events.ts';
import type { Verdict } from './http/port.ts';
import { Intake, type IntakeOptions } from './intake/intake.ts';
import { SILENT_LOGGER } from './log.ts';
import { restoreBeginning } from './restore.ts';
import { parseSettings, type Settings } from './settings/settings.ts';
import type { RoundProgress, Store, Update, UpdateAdmission } from './stores/contract.ts';
import { MemoryStore } from './stores/memory.ts';

/** Bytes that look random and are the same in every run. */
export function seededRandom(name: string): RandomBytes {
  let counter = 0;
  return (length) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) bytes.set(sha256(new TextEncoder().encode(`${name} ${counter++}`)).subarray(0, length - at), at);
    return bytes;
  };
}

/** Settings of a small round: model of two weights, 1 to 5 sum participants, at least 3 updates, every phase from 4 to 20 s. */
export function testSettings(
  changes: { sum?: object; update?: object; sum2?: object; mask?: object; model?: object; compat?: object; restore?: object } = {},
): Settings {
  return parseSettings({
    api: { bind_address: '127.0.0.1:0' },
    pet: {
      sum: { prob: 0.5, count: { min: 1, max: 5 }, time: { min: 4, max: 20 }, ...changes.sum },
      update: { prob: 0.9, count: { min: 3, max: 10 }, time: { min: 4, max: 20 }, ...changes.update },
      sum2: { count: { min: 1, max: 5 }, time: { min: 4, max: 20 }, ...changes.sum2 },
    },
    mask: { group_type: 'Prime', data_type: 'F32', bound_type: 'B0', model_type: 'M3', ...changes.mask },
    model: { length: 2, ...changes.model },
    compat: { ...changes.compat },
    restore: { enable: true, ...changes.restore },
  });
}

/** What {@link Rig.start} can be told. */
export interface RigOptions extends Partial<Pick<DriverOptions, 'queue' | 'record' | 'storeTimeout' | 'checkpointEvery' | 'random'>> {
  readonly settings?: Settings;
  readonly store?: Store;
  readonly clock?: FakeClock;
  /** More for its intake; without, it has no threads and no budgets. */
  readonly intake?: Partial<IntakeOptions>;
}

/** A coordinator without HTTP, on a fake clock. */
export class Rig {
  readonly clock: FakeClock;
  readonly events: CoordinatorEvent[] = [];
  readonly settings: Settings;
  readonly store: Store;
  readonly driver: Driver;
  readonly intake: Intake;

  constructor(
    settings: Settings,
    store: Store,
    options: Pick<DriverOptions, 'beginning' | 'queue' | 'record' | 'storeTimeout' | 'checkpointEvery' | 'random'>,
    clock: FakeClock = new FakeClock(),
    intake: Partial<IntakeOptions> = {},
  ) {
    this.clock = clock;
    const bus = new EventBus();
    bus.on((event) => this.events.push(event));
    this.settings = settings;
    this.store = store;
    this.driver = new Driver({ settings, store, clock: this.clock, logger: SILENT_LOGGER, bus, ...options });
    const submit: Driver['submit'] = (request) => this.driver.submit(request);
    this.intake = new Intake({
      compat: settings.compat,
      bulletin: this.driver.bulletin,
      maxSums: settings.pet.sum.count.max,
      submit,
      paused: () => this.driver.unavailable,
      store,
      clock,
      bus,
      logger: SILENT_LOGGER,
      ...intake,
    });
  }

  /** A coordinator in the sum phase of its first round, unless the store prevents it. */
  static async start(options: RigOptions = {}): Promise<Rig> {
    const { settings = testSettings(), store = new MemoryStore(), clock, random = seededRandom('coordinator'), intake, ...others } = options;
    const beginning = await restoreBeginning(store, settings, seededRandom('coordinator before'), SILENT_LOGGER);
    const rig = new Rig(settings, store, { beginning, random, ...others }, clock, intake);
    rig.driver.start();
    await settle();
    return rig;
  }

  get phase(): string {
    return this.driver.state.phase;
  }

  get params(): RoundParams {
    return this.driver.bulletin.view.params;
  }

  get sums(): SumDict {
    return this.driver.bulletin.view.sums ?? new KeyMap();
  }

  /** Why the last failed round failed. */
  get failure(): string | undefined {
    const last = this.events.filter((event) => event.type === 'failure').at(-1);
    return last?.type === 'failure' ? last.code : undefined;
  }

  /** Sends a body and waits for the verdict: `'accepted'`, `'incomplete'` or a code. */
  async send(body: Uint8Array): Promise<string> {
    return verdictText(await this.intake.receive(body));
  }

  seconds(seconds: number): Promise<void> {
    return this.clock.advance(seconds * 1000);
  }
}

/** A memory store some of whose methods can be made to fail. */
export class FaultyStore extends MemoryStore {
  readonly failing = new Set<string>();
  readonly states: CoordinatorState[] = [];
  probes = 0;

  #check(what: string): void {
    if (this.failing.has(what)) throw new Error(`${what} is out of order`);
  }

  override async eraseRound(): Promise<void> {
    this.#check('eraseRound');
    return super.eraseRound();
  }

  override async setCoordinatorState(state: CoordinatorState, progress?: RoundProgress): Promise<void> {
    this.#check('setCoordinatorState');
    this.states.push(state);
    return super.setCoordinatorState(state, progress);
  }

  override async admitUpdate(update: Update): Promise<UpdateAdmission> {
    this.#check('admitUpdate');
    const verdict = await super.admitUpdate(update);
    this.#check('reply of admitUpdate');
    return verdict;
  }

  override async setLatestModelId(id: string): Promise<void> {
    this.#check('setLatestModelId');
    return super.setLatestModelId(id);
  }

  override async ready(): Promise<void> {
    this.probes++;
    this.#check('ready');
  }
}

export function verdictText(verdict: Verdict): string {
  return verdict.accepted ? (verdict.complete ? 'accepted' : 'incomplete') : verdict.code;
}

const random = seededRandom('participants');

/** Somebody who takes part in one round. */
export interface TestParticipant {
  readonly keys: SigningKeyPair;
  readonly params: RoundParams;
  readonly ephemeral: EncryptKeyPair;
}

let nextKey = 0;

/** `count` participants that have `role` in the round of `params`; never the same keys twice. */
export function participants(params: RoundParams, role: 'sum' | 'update' | 'none', count: number): TestParticipant[] {
  const found: TestParticipant[] = [];
  while (found.length < count) {
    const keys = signingKeyPairFromSeed(SigningKeySeed(sha256(new TextEncoder().encode(`participant ${nextKey++}`))));
    if (chooseRole(params, keys).role === role) found.push({ keys, params, ephemeral: generateEncryptKeyPair(random) });
  }
  return found;
}

/** A plain message sealed for the round. */
export function sealed(plain: Uint8Array, { params }: { params: RoundParams }): Uint8Array {
  return seal(plain, params.publicKey, random);
}

/** The body of a payload in one message. */
export function bodyOf(payload: Payload, who: TestParticipant): Uint8Array {
  return sealed(signMessage({ coordinator: who.params.publicKey, tag: payload.tag, multipart: false }, encodePayload(payload), who.keys), who);
}

/** The bodies of a payload in chunks of messages of at most `maxMessageSize` sealed bytes. */
export function chunksOf(payload: Payload, who: TestParticipant, maxMessageSize: number, messageId?: number): Uint8Array[] {
  const chosen: RandomBytes = messageId === undefined ? random : () => Uint8Array.of(messageId >> 8, messageId & 255);
  const encoder = new MessageEncoder(payload, { keys: who.keys, coordinator: who.params.publicKey, maxMessageSize, random: chosen });
  const bodies: Uint8Array[] = [];
  for (let plain = encoder.next(); plain !== undefined; plain = encoder.next()) bodies.push(sealed(plain, who));
  return bodies;
}

function signatures({ params, keys }: TestParticipant) {
  const role = chooseRole(params, keys);
  assert.notEqual(role.role, 'none');
  return role as Exclude<typeof role, { role: 'none' }>;
}

export function sumPayload(who: TestParticipant): Payload {
  return { tag: 'sum', sumSignature: signatures(who).sumSignature, ephemeralKey: who.ephemeral.publicKey };
}

/** What an update is made of; the mask seed is random when not given. */
export interface TestUpdate {
  readonly weights: readonly number[];
  readonly scalar?: Scalar | undefined;
  readonly seed?: MaskSeed | undefined;
}

export function updatePayload(who: TestParticipant, sums: SumDict, { weights, scalar, seed = MaskSeed(random(32)) }: TestUpdate): Payload {
  const role = signatures(who);
  assert.equal(role.role, 'update');
  const { maskConfig } = who.params;
  const maskedModel = maskModel({ config: maskConfig, seed, scalar: scalar ?? rational(1), model: Float32Array.from(weights) });
  const localSeedDict = new KeyMap([...sums].map(([key, ephemeral]): [PublicSigningKey, EncryptedMaskSeed] => [key, sealMaskSeed(seed, ephemeral, random)]));
  return {
    tag: 'update',
    sumSignature: role.sumSignature,
    updateSignature: (role as { updateSignature: typeof role.sumSignature }).updateSignature,
    maskedModel,
    localSeedDict,
  };
}

/** What takes messages and shows a round: one coordinator, or several that share one. */
export type RigLike = Pick<Rig, 'params' | 'sums' | 'phase' | 'send' | 'seconds'> & { readonly driver: Pick<Driver, 'bulletin'> };

/** The sum of the masks whose seeds are published for this sum participant. */
export function maskOf(who: TestParticipant, rig: RigLike): MaskObject {
  const aggregation = new Aggregation(who.params.maskConfig, who.params.modelLength);
  for (const [, seed] of rig.driver.bulletin.view.seeds!.get(who.keys.publicKey)!) aggregation.addMask(openMaskSeed(seed, who.ephemeral));
  return aggregation.object();
}

export function sum2Payload(who: TestParticipant, mask: MaskObject): Payload {
  return { tag: 'sum2', sumSignature: signatures(who).sumSignature, mask };
}

/** Takes the rig from sum to update with so many sum participants. */
export async function playSum(rig: RigLike, count = 1): Promise<TestParticipant[]> {
  const sums = participants(rig.params, 'sum', count);
  for (const who of sums) assert.equal(await rig.send(bodyOf(sumPayload(who), who)), 'accepted');
  await rig.seconds(4);
  assert.equal(rig.phase, 'update');
  return sums;
}

/** Takes the rig from update to sum2 with these updates. */
export async function playUpdate(rig: RigLike, updates: readonly TestUpdate[]): Promise<TestParticipant[]> {
  const senders = participants(rig.params, 'update', updates.length);
  for (const [i, who] of senders.entries()) assert.equal(await rig.send(bodyOf(updatePayload(who, rig.sums, updates[i]!), who)), 'accepted');
  await rig.seconds(4);
  return senders;
}

/** Lets all sum participants send the mask they compute, and the phase end. */
export async function playSum2(rig: RigLike, sums: readonly TestParticipant[]): Promise<void> {
  for (const who of sums) assert.equal(await rig.send(bodyOf(sum2Payload(who, maskOf(who, rig)), who)), 'accepted');
  await rig.seconds(4);
}

/** The updates of the published example: three models with scalar 1/3 and known mask seeds (coordinator A.5). */
export const EXAMPLE_UPDATES: readonly TestUpdate[] = [0.25, 0.5, 0.75].map((weight, i) => ({
  weights: [weight, -0.5],
  scalar: rational(1, 3),
  seed: MaskSeed(new Uint8Array(32).fill(i + 1)),
}));

/** What they come to: the bytes of `/model`. */
export const EXAMPLE_MODEL =
  '0200000000000000010200000000000000fff1052a01000000010200000000000000ffe30b5402000000ff0100000000000000ab50576301010000000000000055a1aec6';

test('keys are found for every role', () => {
  const params = { ...freshParams(), sum: 0.5, update: 0.5 };
  for (const role of ['sum', 'update', 'none'] as const) {
    for (const who of participants(params, role, 2)) assert.equal(chooseRole(params, who.keys).role, role);
  }
});

function freshParams(): RoundParams {
  const { mask, modelLength } = testSettings();
  const { publicKey } = generateEncryptKeyPair(random);
  return {
    publicKey,
    sum: 0,
    update: 0,
    seed: sha256(new Uint8Array()) as unknown as RoundParams['seed'],
    maskConfig: { vect: mask, unit: mask },
    modelLength,
  };
}
