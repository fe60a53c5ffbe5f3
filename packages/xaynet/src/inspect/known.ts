// What else is known: the round, and keys and seeds that open or unmask. Their files are taken in whatever form such a thing is kept in, and no
// message about them repeats what is in them.

import { statSync } from 'node:fs';
import { readStoredState } from '@xaynet/coordinator/files';
import { copyBytes, fromBase64, fromHex, MaskSeed, PublicEncryptKey, RoundSeed, SecretEncryptKey } from '@xaynet/core/bytes';
import { type EncryptKeyPair, encryptKeyPairFromSecret } from '@xaynet/core/crypto';
import { XaynetError } from '@xaynet/core/errors';
import { COORDINATOR_STATE_LENGTH, decodeCoordinatorState, decodeRoundParams, decodeSumDict, type RoundParams, type SumDict } from '@xaynet/core/round';
import { decodeReferenceState, decodeSnapshot } from '@xaynet/participant/saved';
import { readFileIfAny, readWholeFile } from '../files.ts';

/** What is known besides the bytes. */
export interface Known {
  readonly params?: RoundParams | undefined;
  /** Of the parameters, or given alone. */
  readonly roundSeed?: RoundSeed | undefined;
  readonly sums?: SumDict | undefined;
  /** Pairs that messages may be sealed to. */
  readonly coordinatorKeys: readonly EncryptKeyPair[];
  /** Pairs that mask seeds may be sealed to. */
  readonly ephemeralKeys: readonly EncryptKeyPair[];
  readonly maskSeeds: readonly MaskSeed[];
}

/** The options that name them, as on the command line: files, or the value itself in hexadecimal or base64. */
export interface KnownOptions {
  readonly params?: string | undefined;
  readonly roundSeed?: string | undefined;
  readonly sums?: string | undefined;
  readonly coordinatorKey?: readonly string[] | undefined;
  readonly ephemeralKey?: readonly string[] | undefined;
  readonly maskSeed?: readonly string[] | undefined;
}

/** Reads what the options name. Throws `option-invalid`, `file-unreadable`, and for documents what their decoders throw. */
export function readKnown(options: KnownOptions): Known {
  const states = (options.coordinatorKey ?? []).map((given) => readPair('--coordinator-key', given));
  const state = states.find(({ params }) => params !== undefined);
  const params = options.params === undefined ? state?.params : readParams(options.params);
  return {
    params,
    roundSeed: options.roundSeed === undefined ? params?.seed : RoundSeed(read32('--round-seed', options.roundSeed)),
    sums: options.sums === undefined ? undefined : decodeSumDict(readWholeFile(options.sums)),
    coordinatorKeys: states.map(({ keys }) => keys),
    ephemeralKeys: (options.ephemeralKey ?? []).map((given) => readPair('--ephemeral-key', given).keys),
    maskSeeds: (options.maskSeed ?? []).map((given) => MaskSeed(read32('--mask-seed', given))),
  };
}

function readParams(path: string): RoundParams {
  const bytes = readWholeFile(path);
  return bytes.length === COORDINATOR_STATE_LENGTH ? decodeCoordinatorState(bytes).params : decodeRoundParams(bytes);
}

/** A pair from its secret half, a coordinator's state or data folder, or a saved participant that has one. */
function readPair(option: string, given: string): { readonly keys: EncryptKeyPair; readonly params?: RoundParams } {
  if (isFolder(given)) return readStoredState(given, { key: process.env.XAYNET__STORE__KEY, keyFile: process.env.XAYNET__STORE__KEY_FILE });
  const bytes = given.length > 200 && !given.includes('/') ? undefined : readFileIfAny(given); // no name of a file; errors would repeat it
  if (bytes?.length === COORDINATOR_STATE_LENGTH && bytes[0] === PublicEncryptKey.LENGTH) return decodeCoordinatorState(bytes);
  const keys = bytes === undefined ? undefined : ephemeralOf(bytes);
  return { keys: keys ?? encryptKeyPairFromSecret(SecretEncryptKey(read32(option, given))) };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false; // no name of a file, but perhaps a secret: the error would repeat it
  }
}

/** The ephemeral pair of a saved participant; undefined when the bytes are none, or it has none at the moment. */
function ephemeralOf(bytes: Uint8Array): EncryptKeyPair | undefined {
  for (const decode of [(each: Uint8Array) => decodeSnapshot(each).state, decodeReferenceState]) {
    try {
      const { phase } = decode(bytes);
      if (phase.name === 'sum' || phase.name === 'sum2') return phase.ephemeral;
      if (phase.name === 'sending-sum') return phase.next.ephemeral;
    } catch {
      // another form, then
    }
  }
  return undefined;
}

/** 32 bytes: a file with them, raw or as text, or the text itself. Never says what was given. */
function read32(option: string, given: string): Uint8Array {
  const file = given.length > 200 && !given.includes('/') ? undefined : readFileIfAny(given);
  if (file?.length === 32) return copyBytes(file);
  const text = (file === undefined ? given : new TextDecoder('latin1').decode(file.subarray(0, 200))).trim();
  for (const [pattern, decode] of [
    [/^[0-9a-f]{64}$/i, fromHex],
    [/^[A-Za-z0-9+/]{43}=?$/, fromBase64],
  ] as const) {
    if (pattern.test(text)) return decode(text);
  }
  throw new XaynetError(
    'option-invalid',
    `${option}: a file with 32 bytes, or these as 64 hexadecimal digits or base64, expected; ${file === undefined ? 'neither is given' : `the file has ${file.length} bytes of something else`}`,
  );
}
