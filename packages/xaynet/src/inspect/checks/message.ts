// Checks of a message that look at more than its layout: the signature over everything else, and what the round says of sender and payload
// (wire 1.3 to 1.5, 6.6). What was not given to compare with is said as open.

import { equalBytes, PublicSigningKey, Signature, toHex } from '@xaynet/core/bytes';
import { sha256, verify } from '@xaynet/core/crypto';
import { isXaynetError } from '@xaynet/core/errors';
import { decodePayload, type Message, type MessageTag, type Payload, parseMessage } from '@xaynet/core/message';
import { isEligible, type Task, verifyTask } from '@xaynet/core/round';
import { grouped } from '../../figures.ts';
import type { Known } from '../known.ts';
import type { Check } from '../report.ts';
import { hexOf, quotient } from '../show.ts';
import { objectChecks } from './mask-object.ts';
import { seedChecks } from './seeds.ts';

/** Bytes of the signature, at the front: what it covers begins there. */
export const SIGNED_FROM = 64;
const LARGEST = 2n ** 256n - 1n;

/** Signature and round of a plain message, broken or not. */
export function messageChecks(bytes: Uint8Array, known: Known): Check[] {
  if (bytes.length < SIGNED_FROM + 32) return [];
  const participant = PublicSigningKey(bytes.subarray(64, 96));
  const isGood = verify(Signature(bytes.subarray(0, SIGNED_FROM)), bytes.subarray(SIGNED_FROM), participant);
  const span = `bytes ${SIGNED_FROM} to ${grouped(bytes.length - 1)}, all but itself`;
  const checks: Check[] = [
    {
      outcome: isGood ? 'ok' : 'wrong',
      says: isGood ? `the signature is the participant's, over ${span}` : `the signature is not the participant's over ${span}${hintOf(bytes, participant)}`,
      section: 'wire 6.1',
    },
  ];
  let message: Message;
  try {
    message = parseMessage(bytes);
  } catch (error) {
    if (!isXaynetError(error)) throw error;
    return checks;
  }
  if (known.params !== undefined) {
    const isOurs = equalBytes(message.coordinator, known.params.publicKey);
    const says = isOurs ? 'the coordinator key is that of the round' : `the coordinator key is not that of the round, ${hexOf(known.params.publicKey)}`;
    checks.push({ outcome: isOurs ? 'ok' : 'wrong', says, section: 'wire 6.6' });
  }
  if (message.multipart) return checks;
  return [...checks, ...payloadChecks(message.tag, message.payload, known, message.participant)];
}

/** Whether the signature covers less than all bytes: what was sent with more behind it. */
function hintOf(bytes: Uint8Array, participant: PublicSigningKey): string {
  if (bytes.length < 136) return '';
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(128);
  if (length < 96 || length >= bytes.length) return '';
  return verify(Signature(bytes.subarray(0, SIGNED_FROM)), bytes.subarray(SIGNED_FROM, length), participant)
    ? `; it is over those before byte ${grouped(length)}, where the length field ends the message: what follows is unsigned`
    : '';
}

/** Task signatures, eligibility, masked model and seeds of a payload. `participant`: who sent it, if that is known. */
export function payloadChecks(tag: MessageTag, bytes: Uint8Array, known: Known, participant?: PublicSigningKey): Check[] {
  let payload: Payload;
  try {
    payload = decodePayload(tag, bytes);
  } catch (error) {
    if (!isXaynetError(error)) throw error;
    return [];
  }
  const checks = taskChecks(payload, known, participant);
  if (payload.tag === 'update') {
    checks.push(...objectChecks(payload.maskedModel, known), ...seedChecks(payload.localSeedDict, known, { isLocal: true, maskedModel: payload.maskedModel }));
  }
  if (payload.tag === 'sum2') checks.push(...objectChecks(payload.mask, known));
  return checks;
}

function taskChecks(payload: Payload, known: Known, participant: PublicSigningKey | undefined): Check[] {
  const { params, roundSeed } = known;
  const section = 'wire 1.3';
  if (participant === undefined) return [{ outcome: 'open', says: 'task signatures: whose, is said in the header of the message', section }];
  if (roundSeed === undefined) return [{ outcome: 'open', says: 'task signatures: over the seed of a round, give --params FILE or --round-seed', section }];
  const checks: Check[] = [];
  const check = (task: Task, signature: Signature, wanted: boolean): void => {
    const isGood = verifyTask(signature, roundSeed, task, participant);
    checks.push({
      outcome: isGood ? 'ok' : 'wrong',
      says: `the ${task} signature is ${isGood ? '' : 'not '}the participant's over round seed and "${task}"`,
      section,
    });
    const share = shareOf(signature);
    if (params === undefined) {
      checks.push({ outcome: 'open', says: `it draws ${share}: selected up to which probability, is said in --params FILE`, section: 'wire 1.4' });
      return;
    }
    const [isIn, threshold] = [isEligible(signature, params[task]), params[task]];
    const says = `it draws ${share}, ${isIn ? 'not above' : 'above'} ${threshold}: ${isIn ? 'selected' : 'not selected'} for ${task}`;
    checks.push({
      outcome: isIn === wanted ? 'ok' : 'wrong',
      says: isIn === wanted ? says : `${says}, but it must ${wanted ? '' : 'not '}be`,
      section: 'wire 1.5',
    });
  };
  if (payload.tag === 'update') {
    check('sum', payload.sumSignature, false);
    check('update', payload.updateSignature, true);
  } else check('sum', payload.sumSignature, true);
  return checks;
}

/** The draw of a signature, a number from 0 to 1, as text. */
function shareOf(signature: Signature): string {
  return quotient(BigInt(`0x${toHex(sha256(signature).reverse())}`), LARGEST).toFixed(5);
}
