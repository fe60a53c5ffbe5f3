// T9: keys that nothing can be sealed to, and seeds that nobody can open: one message would stop every sum participant, and the coordinator
// cannot see inside. The keys are refused; for the seeds, parts of those who took part sit rounds out until the one who garbles is alone out.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EncryptedMaskSeed, KeyMap, PublicEncryptKey, type PublicSigningKey, SigningKeySeed, toHex } from '@xaynet/core/bytes';
import { generateEncryptKeyPair, type SigningKeyPair, sha256, signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { encodePayload, type Payload, signMessage, type UpdatePayload } from '@xaynet/core/message';
import { chooseRole } from '@xaynet/core/round';
import {
  bodyOf,
  maskOf,
  participants,
  playSum,
  playUpdate,
  Rig,
  sealed,
  seededRandom,
  sum2Payload,
  sumPayload,
  type TestParticipant,
  testSettings,
  updatePayload,
} from '../rig.test.ts';

const random = seededRandom('t09');

/** u-coordinates of points of small order (RFC 7748, section 6.1, and those that are congruent to them), and each with the bit that is ignored. */
const LOW_ORDER: readonly bigint[] = [
  0n,
  1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  2n ** 255n - 20n,
  2n ** 255n - 19n,
  2n ** 255n - 18n,
];

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

test('T9: a sum participant with a low-order ephemeral key, in every encoding, is refused; with a real one it may come', async () => {
  const rig = await Rig.start();
  const [who] = participants(rig.params, 'sum', 1);
  const honest = sumPayload(who!) as Payload & { tag: 'sum' };
  for (const u of LOW_ORDER.flatMap((point) => [point, point | (1n << 255n)])) {
    const ephemeralKey = PublicEncryptKey(littleEndian(u));
    const payload = encodePayload({ ...honest, ephemeralKey });
    const body = sealed(signMessage({ coordinator: rig.params.publicKey, tag: 'sum', multipart: false }, payload, who!.keys), who!);
    assert.equal(await rig.send(body), 'key-unusable', `u = ${u}`);
  }
  assert.equal((await rig.store.counts()).sums, 0);
  assert.equal(await rig.send(bodyOf(honest, who!)), 'accepted');
});

/** An update with seeds of `sums` that open for nobody: 80 bytes of anything. */
function garbledSeeds(who: TestParticipant, rig: Rig): Payload {
  const honest = updatePayload(who, rig.sums, { weights: [0, 0] }) as UpdatePayload;
  const localSeedDict = new KeyMap([...rig.sums].map(([key]): [PublicSigningKey, EncryptedMaskSeed] => [key, EncryptedMaskSeed(random(80))]));
  return { ...honest, localSeedDict };
}

/** An update whose seeds open, but are those of another mask. */
function otherSeeds(who: TestParticipant, rig: Rig): Payload {
  const [one, other] = [0, 1].map(() => updatePayload(who, rig.sums, { weights: [0, 0] }) as UpdatePayload);
  return { ...one!, localSeedDict: other!.localSeedDict };
}

/** An update with a scalar of -11, which is no scalar: with the ten others, their sum, which is divided by, is not above zero (T8). */
function negativeScalar(who: TestParticipant, rig: Rig): Payload {
  const honest = updatePayload(who, rig.sums, { weights: [0, 0] }) as UpdatePayload;
  const { unit, config } = honest.maskedModel;
  let element = unit.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
  element = (element + config.unit.order - 12n * config.unit.expShift) % config.unit.order;
  const changed = unit.map((_, i) => Number((element >> BigInt(8 * i)) & 255n));
  return { ...honest, maskedModel: { ...honest.maskedModel, unit: changed } };
}

test('T9: one garbled seed each stops all sum participants: the round ends in time, without a model, and the next begins', async () => {
  const rig = await Rig.start();
  const sums = await playSum(rig, 3);
  const [attacker] = participants(rig.params, 'update', 1);
  assert.equal(await rig.send(bodyOf(garbledSeeds(attacker!, rig), attacker!)), 'accepted', 'nobody but a sum participant can see it');
  await playUpdate(rig, [{ weights: [0.5, 0.5] }, { weights: [0.5, 0.5] }]);
  assert.equal(rig.phase, 'sum2');
  for (const who of sums) assert.throws(() => maskOf(who, rig), { code: 'sealed-box-open-failed' });
  await rig.seconds(20);
  assert.equal(rig.failure, 'phase-timeout');
  assert.equal(rig.driver.bulletin.model(), undefined);
  await rig.seconds(1);
  assert.equal(rig.phase, 'sum');
});

/** Somebody who comes again every round with the same keys. */
const regular = (name: string): SigningKeyPair => signingKeyPairFromSeed(SigningKeySeed(sha256(new TextEncoder().encode(name))));
const HONEST = Array.from({ length: 10 }, (_, i) => regular(`honest ${i}`));
const ATTACKER = regular('attacker');
const LEAST = 3;

interface Played {
  readonly isModel: boolean;
  /** Who was told to sit out. */
  readonly refused: readonly SigningKeyPair[];
  /** Whether the attacker was selected for update. */
  readonly attacked: boolean;
}

/** A round with whoever of the regulars is selected for update; the sum participant answers if it can. */
async function playRound(rig: Rig, attack: (who: TestParticipant, rig: Rig) => Payload): Promise<Played> {
  const { round } = rig.driver.state;
  const sums = await playSum(rig);
  const refused: SigningKeyPair[] = [];
  let attacked = false;
  for (const keys of [ATTACKER, ...HONEST]) {
    if (chooseRole(rig.params, keys).role !== 'update') continue;
    const who: TestParticipant = { keys, params: rig.params, ephemeral: generateEncryptKeyPair(random) };
    attacked ||= keys === ATTACKER;
    const payload = keys === ATTACKER ? attack(who, rig) : updatePayload(who, rig.sums, { weights: [0.5, -0.25] });
    const verdict = await rig.send(bodyOf(payload, who));
    if (verdict === 'update-quarantined') refused.push(keys);
    else assert.equal(verdict, 'accepted');
  }
  await rig.seconds(4);
  for (const who of rig.phase === 'sum2' ? sums : []) {
    try {
      await rig.send(bodyOf(sum2Payload(who, maskOf(who, rig)), who));
    } catch {
      // It cannot open a seed, and leaves the round.
    }
  }
  while (rig.driver.state.round === round) await rig.seconds(1);
  return { isModel: rig.events.some((event) => event.type === 'model' && event.round === round), refused, attacked };
}

const settings = (compat: object = {}) =>
  testSettings({
    sum: { prob: 0.04 },
    update: { prob: 1, count: { min: LEAST, max: 100 } },
    compat,
  });

async function playRounds(count: number, attack: (who: TestParticipant, rig: Rig) => Payload, compat: object = {}): Promise<Played[]> {
  const rig = await Rig.start({ settings: settings(compat), random: seededRandom('quarantine') });
  const rounds: Played[] = [];
  for (let i = 0; i < count; i++) rounds.push(await playRound(rig, attack));
  await rig.driver.stop();
  return rounds;
}

for (const [what, attack] of [
  ['seeds that nobody can open', garbledSeeds],
  ['seeds of another mask', otherSeeds],
  ['a scalar that cancels those of the others', negativeScalar],
] as const) {
  test(`T9: ${what}, every round anew: rounds give models again, and the attacker alone is out`, async () => {
    const rounds = await playRounds(16, attack);
    assert.equal(rounds.find(({ attacked }) => attacked)!.isModel, false, 'the first round that it spoils is lost');
    const last = rounds.slice(-4);
    assert.ok(last.every(({ isModel }) => isModel));
    assert.ok(last.some(({ attacked }) => attacked));
    for (const { refused, attacked } of last) assert.deepEqual(refused.map(nameOf), attacked ? [nameOf(ATTACKER)] : []);
  });
}

function nameOf({ publicKey }: SigningKeyPair): string {
  return toHex(publicKey);
}

test('T9: compat.no_quarantine lets one attacker spoil every round, as the original does', async () => {
  for (const { isModel, refused, attacked } of await playRounds(4, otherSeeds, { no_quarantine: true })) {
    assert.equal(isModel, !attacked);
    assert.deepEqual(refused, []);
  }
});
