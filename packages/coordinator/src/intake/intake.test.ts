// Every error of the message pipeline (coordinator 2.1, 2.2), made with real messages that are wrong in one thing each: the code, and that
// nothing else changes. Then the switches that bring the original's leniency back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concatBytes, EncryptKeySeed, Signature } from '@xaynet/core/bytes';
import { encryptKeyPairFromSeed, seal, sign } from '@xaynet/core/crypto';
import { encodePayload, HEADER_LENGTH, type MessageTag, type Payload, signMessage } from '@xaynet/core/message';
import { taskSignature } from '@xaynet/core/round';
import {
  bodyOf,
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

const random = seededRandom('intake');
/** Where the signed part of a message begins (wire 6.1). */
const SIGNED_OFFSET = 64;
const [sumRig, updateRig] = [await Rig.start(), await Rig.start()];
const updateSums = await playSum(updateRig, 2);
const summer = participants(sumRig.params, 'sum', 1)[0]!;
const updater = participants(updateRig.params, 'update', 1)[0]!;
const update = (): Payload => updatePayload(updater, updateRig.sums, { weights: [0.5, 0.25] });

/** A plain message, changed, and signed again unless told otherwise. */
function plain(payload: Uint8Array, who: TestParticipant, tag: MessageTag, change: (bytes: Uint8Array) => void = () => {}, signs = true): Uint8Array {
  const bytes = signMessage({ coordinator: who.params.publicKey, tag, multipart: false }, payload, who.keys);
  change(bytes);
  if (signs) bytes.set(sign(bytes.subarray(SIGNED_OFFSET), who.keys.secretKey));
  return bytes;
}

const sumBytes = encodePayload(sumPayload(summer));
const sum = (change?: (bytes: Uint8Array) => void, signs?: boolean): Uint8Array => sealed(plain(sumBytes, summer, 'sum', change, signs), summer);
const length = (value: number) => (bytes: Uint8Array) => new DataView(bytes.buffer).setUint32(128, value);
const raw = (bytes: Uint8Array, rig = sumRig): Uint8Array => seal(bytes, rig.params.publicKey, random);
/** A sum message with another payload. */
const sumWith = (payload: Uint8Array, who = summer): Uint8Array => sealed(plain(payload, who, 'sum'), who);
/** An update message whose payload was changed. */
const updateWith = (change: (payload: Uint8Array) => Uint8Array, who = updater): Uint8Array =>
  sealed(plain(change(encodePayload(update())), who, 'update'), who);
const chunk = (payload: Uint8Array): Uint8Array =>
  sealed(
    plain(payload, summer, 'sum', (bytes) => bytes.fill(1, 133, 134)),
    summer,
  );

const otherKey = encryptKeyPairFromSeed(EncryptKeySeed(new Uint8Array(32).fill(5))).publicKey;
const notSummer = participants(sumRig.params, 'update', 1)[0]!;

const CASES: readonly [string, Rig, () => Uint8Array, string][] = [
  ['an empty body', sumRig, () => new Uint8Array(), 'sealed-box-open-failed'],
  ['a body of 47 bytes', sumRig, () => new Uint8Array(47), 'sealed-box-open-failed'],
  ['bytes that are no sealed box', sumRig, () => random(280), 'sealed-box-open-failed'],
  ['a box sealed to another key', sumRig, () => seal(plain(sumBytes, summer, 'sum'), otherKey, random), 'sealed-box-open-failed'],
  ['nothing in the box', sumRig, () => raw(new Uint8Array()), 'decode-truncated'],
  ['135 bytes in the box', sumRig, () => raw(new Uint8Array(HEADER_LENGTH - 1)), 'decode-truncated'],
  ...[0, 63, 64, 135, 231, 233, 2 ** 32 - 1].map((value): [string, Rig, () => Uint8Array, string] => [
    `length ${value} of 232`,
    sumRig,
    () => sum(length(value)),
    'decode-length',
  ]),
  ['tag 0', sumRig, () => sum((bytes) => bytes.fill(0, 132, 133)), 'decode-tag'],
  ['tag 4', sumRig, () => sum((bytes) => bytes.fill(4, 132, 133)), 'decode-tag'],
  ['an update message in sum', sumRig, () => sum((bytes) => bytes.fill(2, 132, 133)), 'message-unexpected'],
  ['a sum2 message in sum, with a wrong signature: the phase comes first', sumRig, () => sum((bytes) => bytes.fill(3, 132, 133), false), 'message-unexpected'],
  ['a wrong signature', sumRig, () => sum((bytes) => bytes.fill(0, 0, 1), false), 'signature-invalid'],
  ['a changed payload', sumRig, () => sum((bytes) => bytes.fill(0, 231, 232), false), 'signature-invalid'],
  ['reserved bytes that were changed after signing', sumRig, () => sum((bytes) => bytes.fill(9, 134, 135), false), 'signature-invalid'],
  ['the coordinator key of another round', sumRig, () => sum((bytes) => bytes.set(otherKey, 96)), 'coordinator-key-mismatch'],
  ['the same with a wrong signature: the key comes first', sumRig, () => sum((bytes) => bytes.set(otherKey, 96), false), 'coordinator-key-mismatch'],
  ['a sum payload that is one byte short', sumRig, () => sumWith(sumBytes.subarray(0, 95)), 'decode-truncated'],
  ['a body one byte longer than any sum message', sumRig, () => sumWith(concatBytes(sumBytes, new Uint8Array(1))), 'message-unexpected'],
  ['a body larger than any message of the round', sumRig, () => new Uint8Array(10_000), 'message-too-large'],
  ['a low-order ephemeral key (T9)', sumRig, () => sumWith(concatBytes(sumBytes.subarray(0, 64), new Uint8Array(32))), 'key-unusable'],
  [
    'a sender that is not selected',
    sumRig,
    () => bodyOf({ ...sumPayload(summer), sumSignature: signatureOf(notSummer, 'sum') } as Payload, notSummer),
    'not-sum-eligible',
  ],
  ['the sum signature of somebody else', sumRig, () => bodyOf(sumPayload(summer), participants(sumRig.params, 'sum', 1)[0]!), 'not-sum-eligible'],
  ['a chunk header that is cut off', sumRig, () => chunk(new Uint8Array(7)), 'decode-truncated'],
  ['a chunk without data', sumRig, () => chunk(new Uint8Array(8)), 'decode-chunk'],
  ['an update payload that is cut off in the signatures', updateRig, () => updateWith((payload) => payload.subarray(0, 127)), 'decode-truncated'],
  ['cut off in the masked model', updateRig, () => updateWith((payload) => payload.subarray(0, 150)), 'decode-truncated'],
  ['cut off in the seeds', updateRig, () => updateWith((payload) => payload.subarray(0, -1)), 'decode-truncated'],
  ['an unknown mask configuration', updateRig, () => updateWith((payload) => payload.fill(77, 128, 129)), 'decode-config'],
  ['a seed dictionary length of 3', updateRig, () => updateWith((payload) => dictLength(payload, 3)), 'decode-length'],
  ['a seed dictionary of half an entry', updateRig, () => updateWith((payload) => dictLength(payload, 4 + 56)), 'decode-length'],
  ['a seed dictionary shorter than the payload', updateRig, () => updateWith((payload) => dictLength(payload, 4 + 112)), 'decode-trailing'],
  [
    'a key twice in the seeds',
    updateRig,
    () => updateWith((payload) => payload.copyWithin(payload.length - 112, payload.length - 224, payload.length - 192)),
    'decode-duplicate-key',
  ],
  ['a sum participant that sends an update', updateRig, () => updateOf(updateSums[0]!, false), 'not-update-eligible'],
  ['a sum participant that updates by breaking its sum signature (W-04)', updateRig, () => updateOf(updateSums[0]!, true), 'not-update-eligible'],
  ['an update of somebody who is not selected', updateRig, () => updateOf(participants(updateRig.params, 'none', 1)[0]!, false), 'not-update-eligible'],
  ['an update participant with a sum signature that does not verify', updateRig, () => updateOf(updater, true), 'not-update-eligible'],
  ['an update signature that does not verify', updateRig, () => updateWith((payload) => payload.fill(0, 64, 65)), 'not-update-eligible'],
];

function signatureOf(who: TestParticipant, task: 'sum' | 'update'): Signature {
  return taskSignature(who.params.seed, task, who.keys.secretKey);
}

function dictLength(payload: Uint8Array, value: number): Uint8Array {
  new DataView(payload.buffer, payload.byteOffset).setUint32(payload.length - 4 - 224, value);
  return payload;
}

/** An update with both task signatures, the one of sum intact or not. */
function updateOf(who: TestParticipant, broken: boolean, rig: Rig = updateRig): Uint8Array {
  const sumSignature = signatureOf(who, 'sum').slice();
  if (broken) sumSignature.fill(0, 0, 1);
  const donor = participants(rig.params, 'update', 1)[0]!;
  const payload = {
    ...updatePayload(donor, rig.sums, { weights: [0, 0] }),
    sumSignature: Signature(sumSignature),
    updateSignature: signatureOf(who, 'update'),
  };
  return bodyOf(payload as Payload, who);
}

for (const [what, rig, body, code] of CASES) {
  test(`intake refuses ${what}: ${code}`, async () => {
    const before = structuredClone(rig.driver.state);
    const events = rig.events.length;
    const bytes = body();
    assert.equal(await rig.send(bytes), code);
    assert.deepEqual(rig.driver.state, before);
    const { phase } = rig.driver.state;
    assert.deepEqual(rig.events.slice(events), [{ type: 'refused', round: 1, phase, code, bytes: bytes.length }]);
  });
}

test('after all these the very same rigs take what is right', async () => {
  assert.equal(await sumRig.send(sum()), 'accepted');
  assert.equal(await updateRig.send(bodyOf(update(), updater)), 'accepted');
});

test('unknown flag bits and reserved bytes are ignored when they are signed (wire 6.1)', async () => {
  const [who] = participants(sumRig.params, 'sum', 1);
  const odd = plain(encodePayload(sumPayload(who!)), who!, 'sum', (bytes) => bytes.set([0xfe, 1, 2], 133));
  assert.equal(await sumRig.send(sealed(odd, who!)), 'accepted');
});

test('a body above the exact size of the phase is refused unopened, and one that another phase may need is only late (T14)', async () => {
  const rig = await Rig.start();
  assert.equal(await rig.send(new Uint8Array(281)), 'message-unexpected');
  assert.equal(await rig.send(new Uint8Array(280)), 'sealed-box-open-failed', 'a sum message has 280 bytes: opened');
  const sums = await playSum(rig, 3);
  const [who] = participants(rig.params, 'update', 1);
  const body = bodyOf(updatePayload(who!, rig.sums, { weights: [0, 0] }), who!);
  assert.equal(await rig.send(body), 'accepted');
  assert.equal(await rig.send(new Uint8Array(body.length)), 'sealed-box-open-failed');
  assert.equal(await rig.send(new Uint8Array(body.length + 1)), 'message-unexpected', 'an update of a round with more sum participants');
  await playUpdate(rig, [{ weights: [0, 0] }, { weights: [0, 0] }]);
  const mask = { config: rig.params.maskConfig, length: 2, vect: new Uint8Array(12), unit: new Uint8Array(6) };
  const last = bodyOf(sum2Payload(sums[0]!, mask), sums[0]!);
  assert.equal(await rig.send(new Uint8Array(last.length)), 'sealed-box-open-failed');
  assert.equal(await rig.send(new Uint8Array(last.length + 1)), 'message-unexpected', 'an update may be that large: it is late, not too large');
  assert.equal(await rig.send(new Uint8Array(200_000)), 'message-too-large');
});

test('what is read does not depend on the phase: a late update gets its empty 200 instead of a 413 that makes originals resend', async () => {
  const rig = await Rig.start();
  const before = rig.intake.maxMessageBytes;
  await playSum(rig, 3);
  assert.equal(rig.intake.maxMessageBytes, before);
  assert.ok(before >= 64 * 1024);
});

test('a message of the round before cannot be opened any more', async () => {
  const rig = await Rig.start();
  const [who] = participants(rig.params, 'sum', 1);
  const body = bodyOf(sumPayload(who!), who!);
  await rig.seconds(20);
  assert.equal(rig.driver.state.round, 2);
  assert.equal(await rig.send(body), 'sealed-box-open-failed');
});

test('compat.unverifiedSumSignature: a broken sum signature counts as not selected, as in the original', async () => {
  const rig = await Rig.start({ settings: testSettings({ compat: { unverified_sum_signature: true } }) });
  const sums = await playSum(rig, 1);
  const [who] = participants(rig.params, 'update', 1);
  assert.equal(await rig.send(updateOf(who!, true, rig)), 'accepted');
  assert.equal(await rig.send(updateOf(sums[0]!, false, rig)), 'not-update-eligible');
});

test('compat.trailingBytes: what follows a message or its content is ignored, but nothing unsigned is ever read', async () => {
  const rig = await Rig.start({ settings: testSettings({ compat: { trailing_bytes: true } }) });
  const [one, two, three, four] = participants(rig.params, 'sum', 4);
  const bytes = (who: TestParticipant): Uint8Array => encodePayload(sumPayload(who));
  const unsigned = concatBytes(plain(bytes(one!), one!, 'sum'), new Uint8Array(10));
  assert.equal(await rig.send(sealed(unsigned, one!)), 'accepted', 'after the announced length');
  assert.equal(await rig.send(sealed(plain(concatBytes(bytes(two!), new Uint8Array(10)), two!, 'sum'), two!)), 'accepted', 'after the content');
  const short = signMessage({ coordinator: rig.params.publicKey, tag: 'sum', multipart: false }, new Uint8Array(), three!.keys);
  assert.equal(await rig.send(sealed(concatBytes(short, bytes(three!)), three!)), 'decode-truncated', 'a payload beyond the signed length');
  for (const value of [0, 63, 64, 135, 233]) {
    assert.equal(await rig.send(sealed(plain(bytes(four!), four!, 'sum', length(value)), four!)), 'decode-length');
  }
  await rig.seconds(4);
  const [who] = participants(rig.params, 'update', 1);
  const payload = concatBytes(encodePayload(updatePayload(who!, rig.sums, { weights: [0, 0] })), new Uint8Array(3));
  assert.equal(await rig.send(sealed(plain(payload, who!, 'update'), who!)), 'accepted');
});

test('an error of the program itself is an answer, too', async () => {
  const rig = await Rig.start();
  const [who] = participants(rig.params, 'sum', 1);
  const body = bodyOf(sumPayload(who!), who!);
  rig.driver.submit = () => {
    throw new TypeError('a mistake of the program');
  };
  assert.deepEqual(await rig.intake.receive(body), { accepted: false, code: 'internal-error' });
});
