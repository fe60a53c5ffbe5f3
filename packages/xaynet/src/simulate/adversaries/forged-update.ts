// Updates that no honest library would make: composed by hand from the parts of the protocol, valid in every signature.

import { type EncryptedMaskSeed, KeyMap, MaskSeed, type PublicSigningKey } from '@xaynet/core/bytes';
import { seal, sealMaskSeed } from '@xaynet/core/crypto';
import { type MaskConfig, type MaskObject, maskModel } from '@xaynet/core/mask';
import { encodePayload, type Payload, signMessage } from '@xaynet/core/message';
import { chooseRole, type SumDict } from '@xaynet/core/round';
import { TransportError } from '@xaynet/participant';
import { seededBytes } from '../../learning/seeded-bytes.ts';
import type { Occasion } from '../conduct.ts';
import { scalarOf } from '../share.ts';

/** The payload of an update with these weights; `excess` whole bounds are added to each masked element, past what masking would cut off. */
export async function forgedUpdate({ participant, seat, way, world }: Occasion, weights: Float32Array, name: string, excess = 0): Promise<Payload | undefined> {
  const params = participant.params!;
  const sums = await sumsOf(way, world);
  const role = chooseRole(params, seat.keys);
  if (sums === undefined || role.role !== 'update') return undefined;
  const random = seededBytes(world.seed, `forger ${seat.tally.index} ${participant.round} ${name}`);
  const seed = MaskSeed(random(32));
  const masked = maskModel({ config: params.maskConfig, seed, scalar: scalarOf(seat, world), model: weights });
  const localSeedDict = new KeyMap<PublicSigningKey, EncryptedMaskSeed>();
  for (const [key, ephemeral] of sums) localSeedDict.set(key, sealMaskSeed(seed, ephemeral, random));
  const maskedModel = excess === 0 ? masked : shifted(masked, params.maskConfig.vect, BigInt(excess));
  return { tag: 'update', sumSignature: role.sumSignature, updateSignature: role.updateSignature, maskedModel, localSeedDict };
}

/** The sum dictionary, as soon as there is one; undefined when a round begins meanwhile. */
async function sumsOf(way: Occasion['way'], { book, timeline, poll }: Occasion['world']): Promise<SumDict | undefined> {
  const { round } = book;
  while (book.round === round) {
    const known = timeline.latest;
    const sums = await way.sums().catch(() => undefined); // lost on the way, perhaps
    if (sums !== undefined) return sums;
    await timeline.untilNews('sums', known, poll / 2);
  }
  return undefined;
}

/** Signs, seals and sends a payload whole; a coordinator that is too busy is left alone. */
export async function sendForged({ participant, seat, way, world }: Occasion, payload: Payload): Promise<void> {
  const { publicKey } = participant.params!;
  const plain = signMessage({ coordinator: publicKey, tag: payload.tag, multipart: false }, encodePayload(payload), seat.keys);
  await sendAnyway(() => way.send(seal(plain, publicKey, seededBytes(world.seed, `envelope ${seat.tally.index} ${participant.round}`))));
}

/** Sends, and does not mind what becomes of it. */
export async function sendAnyway(send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
  }
}

/** Adds so many bounds to every element, modulo the order of the group. */
function shifted(object: MaskObject, { addShift, bytesPerNumber, expShift, order }: MaskConfig, bounds: bigint): MaskObject {
  const vect = object.vect.slice();
  const more = bounds * addShift * expShift;
  for (let at = 0; at < vect.length; at += bytesPerNumber) {
    let element = 0n;
    for (let i = bytesPerNumber - 1; i >= 0; i--) element = (element << 8n) | BigInt(vect[at + i]!);
    element = (element + more) % order;
    for (let i = 0; i < bytesPerNumber; i++) {
      vect[at + i] = Number(element & 255n);
      element >>= 8n;
    }
  }
  return { ...object, vect };
}
