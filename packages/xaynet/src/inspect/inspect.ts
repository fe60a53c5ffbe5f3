// One document after another: what it is, its fields, its checks, the strict decoder's verdict, and what is inside it. Nothing here prints,
// and nothing throws for what is in the bytes, but where several kinds fit and nobody said which.

import { EncryptedMaskSeed, toHex } from '@xaynet/core/bytes';
import { openMaskSeed, openSealed } from '@xaynet/core/crypto';
import { ERRORS, isXaynetError, XaynetError } from '@xaynet/core/errors';
import { decodeMaskObject } from '@xaynet/core/mask';
import { decodeLocalSeedDict } from '@xaynet/core/message';
import { decodeUpdateSeedDict } from '@xaynet/core/round';
import { objectChecks } from './checks/mask-object.ts';
import { messageChecks, payloadChecks, SIGNED_FROM } from './checks/message.ts';
import { seedChecks } from './checks/seeds.ts';
import { Cursor, type Look } from './cursor.ts';
import type { KindName } from './kind-names.ts';
import { type Kind, kindOf } from './kinds.ts';
import type { Known } from './known.ts';
import { ambiguous, guessesOf } from './recognise.ts';
import { type Check, type Field, isWrongField, type Report, type Verdict } from './report.ts';
import { holdsSecret } from './secrets.ts';
import { bytesText } from './show.ts';

/** How to inspect. */
export interface InspectOptions {
  /** What the bytes are; undefined: it is found out. */
  readonly as?: KindName | undefined;
  /** Why, when it is not the user who says so. */
  readonly because?: string | undefined;
  readonly known: Known;
  readonly look: Look;
}

/**
 * What `bytes` of `source` are. Throws `inspect-ambiguous`.
 */
export function inspectBytes(source: string, bytes: Uint8Array, options: InspectOptions): Report {
  const { look } = options;
  const found = findKind(source, bytes, options);
  if (found === undefined) return unknown(source, bytes, look);
  const kind = kindOf(found.name);
  const verdict = verdictOf(kind.strict, bytes);
  // What a decoder takes that takes little else is what it is; the others may be given a saved participant, and would show its bytes.
  const isStray = kind.isSensitive !== true && !(verdict?.code === undefined && STRUCTURED.has(found.name)) && holdsSecret(bytes);
  let fields = layOut(kind, bytes, look, isStray);
  const isDamaged = kind.isSensitive === true && (verdict?.code !== undefined || fields.some(isWrongField));
  if (isDamaged) fields = layOut(kind, bytes, look, true);
  const { checks, inside } = checksOf(found.name, source, bytes, options);
  const { title } = kind;
  return {
    source,
    kind: found.name,
    title,
    size: bytes.length,
    because: isStray ? `${found.because}; but secrets are in it, so nothing of it is shown (show with --secrets)` : found.because,
    fields,
    signed: found.name === 'message' && bytes.length > SIGNED_FROM ? { from: SIGNED_FROM, to: bytes.length } : undefined,
    checks,
    verdict: verdict && kind.isSensitive && !look.secrets ? { ...verdict, says: verdict.says.replaceAll(/\d{6,}/g, '…') } : verdict,
    inside,
    bytes,
  };
}

/** Kinds that random bytes do not decode as. */
const STRUCTURED: ReadonlySet<KindName> = new Set([
  'message',
  'payload-update',
  'payload-sum2',
  'mask-object',
  'local-seed-dict',
  'params',
  'sum-dict',
  'update-seed-dict',
  'seed-dict',
  'model',
]);

function layOut(kind: Kind, bytes: Uint8Array, look: Look, isHidden: boolean): readonly Field[] {
  const cursor = new Cursor(bytes, look, { section: kind.section, isHidden });
  kind.lay(cursor);
  return cursor.fields;
}

/** What the strict decoder says; undefined when there is none. */
export function verdictOf(strict: ((bytes: Uint8Array) => void) | undefined, bytes: Uint8Array): Verdict | undefined {
  if (strict === undefined) return undefined;
  try {
    strict(bytes);
    return { code: undefined, says: 'decodes', advice: '' };
  } catch (error) {
    if (!isXaynetError(error)) throw error;
    return { code: error.code, says: error.message, advice: ERRORS[error.code].todo };
  }
}

function findKind(source: string, bytes: Uint8Array, { as, because, known }: InspectOptions): { name: KindName; because: string } | undefined {
  const guesses = guessesOf(bytes);
  const [best] = guesses;
  if (as !== undefined) {
    return { name: as, because: because ?? 'asked for' };
  }
  if (best === undefined) return undefined;
  const opens = opener(bytes, known);
  if (opens !== undefined)
    return { name: bytes.length === EncryptedMaskSeed.LENGTH ? 'sealed-seed' : 'sealed', because: 'it opens with the key that is given' };
  const candidates = ambiguous(guesses);
  if (candidates.length > 1) {
    throw new XaynetError('inspect-ambiguous', `${source}: ${candidates.map(({ kind, why }) => `${kind}, as ${why}`).join('; or ')}`);
  }
  return { name: best.kind, because: best.why };
}

function unknown(source: string, bytes: Uint8Array, look: Look): Report {
  const cursor = new Cursor(bytes, look);
  if (bytes.length > 0) cursor.secret('bytes', bytes.length);
  if (!look.secrets && cursor.last !== undefined) cursor.last.value = `${bytesText(bytes.length)}, not shown: they may be a secret (show with --secrets)`;
  const verdict: Verdict = {
    code: 'inspect-unknown',
    says: `${ERRORS['inspect-unknown'].sentence} (${bytesText(bytes.length)})`,
    advice: ERRORS['inspect-unknown'].todo,
  };
  return {
    source,
    kind: 'unknown',
    title: 'nothing that is known',
    size: bytes.length,
    because: 'no kind fits',
    fields: cursor.fields,
    signed: undefined,
    checks: [],
    verdict,
    inside: [],
    bytes,
  };
}

function checksOf(name: KindName, source: string, bytes: Uint8Array, options: InspectOptions): { checks: Check[]; inside: Report[] } {
  const { known, look } = options;
  try {
    switch (name) {
      case 'message':
        return { checks: messageChecks(bytes, known), inside: [] };
      case 'payload-sum':
      case 'payload-update':
      case 'payload-sum2':
        return { checks: payloadChecks(name.slice('payload-'.length) as 'sum', bytes, known), inside: [] };
      case 'mask-object':
        return { checks: objectChecks(decodeMaskObject(bytes), known), inside: [] };
      case 'local-seed-dict':
        return { checks: seedChecks(decodeLocalSeedDict(bytes), known, { isLocal: true, secrets: look.secrets }), inside: [] };
      case 'update-seed-dict':
        return { checks: seedChecks(decodeUpdateSeedDict(bytes), known, { isLocal: false, secrets: look.secrets }), inside: [] };
      case 'sealed':
      case 'sealed-seed':
        return opened(name, source, bytes, options);
      default:
        return { checks: [], inside: [] };
    }
  } catch (error) {
    if (!isXaynetError(error) || error.code.startsWith('inspect-')) throw error;
    return { checks: [], inside: [] }; // what is wrong is said by fields and verdict
  }
}

/** What is in a sealed box, if a key for it is given. */
function opened(name: KindName, source: string, bytes: Uint8Array, options: InspectOptions): { checks: Check[]; inside: Report[] } {
  const { known, look } = options;
  const section = 'wire 1.2';
  const isSeed = name === 'sealed-seed';
  const option = isSeed ? '--ephemeral-key' : '--coordinator-key';
  if ((isSeed ? known.ephemeralKeys : known.coordinatorKeys).length === 0) {
    return { checks: [{ outcome: 'open', says: `what is in it: give ${option} FILE`, section }], inside: [] };
  }
  const plain = opener(bytes, known)?.();
  if (plain === undefined)
    return {
      checks: [
        {
          outcome: 'wrong',
          says: `it does not open with the ${isSeed ? 'ephemeral' : 'coordinator'} key: another key, or other bytes than were sealed${isSeed ? '' : '; each round has its own key, and a coordinator’s folder that of the round that it is in only'}`,
          section,
        },
      ],
      inside: [],
    };
  if (!isSeed) {
    const checks: Check[] = [{ outcome: 'ok', says: `it opens with the coordinator key: ${bytesText(plain.length)}`, section }];
    return { checks, inside: [inspectBytes(`${source}, opened`, plain, { ...options, as: undefined })] };
  }
  const says = `it opens with the ephemeral key: a mask seed, ${look.secrets ? toHex(plain) : 'secret, 32 bytes (show with --secrets)'}`;
  return { checks: [{ outcome: 'ok', says, section }], inside: [] };
}

/** What opens a box with one of the keys that are given for such a one; undefined when none does. */
function opener(bytes: Uint8Array, { coordinatorKeys, ephemeralKeys }: Known): (() => Uint8Array) | undefined {
  const isSeed = bytes.length === EncryptedMaskSeed.LENGTH;
  for (const keys of isSeed ? ephemeralKeys : coordinatorKeys) {
    try {
      const plain = isSeed ? openMaskSeed(EncryptedMaskSeed(bytes), keys) : openSealed(bytes, keys);
      return () => plain;
    } catch (error) {
      if (!isXaynetError(error)) throw error;
    }
  }
  return undefined;
}
