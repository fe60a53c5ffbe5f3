// What bytes may be, by what is in them: the beginning that a file format has, a document that a strict decoder takes, or the shape of one
// that is broken. Several kinds may fit, and noise fits a sealed box: so every guess says why, and how much it is worth.

import { equalBytes, SigningKeySeed } from '@xaynet/core/bytes';
import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { SNAPSHOT_LAYOUT } from '@xaynet/participant/saved';
import type { KindName } from './kind-names.ts';
import { kindOf } from './kinds.ts';

/** A kind that bytes may be of. `score`: 100 is certain, below 20 nothing is said. */
export interface Guess {
  readonly kind: KindName;
  readonly score: number;
  readonly why: string;
}

const CERTAIN = 100;
const DECODES = 95;
const BROKEN = 45;
const SHAPE = 30;
const NOISE = 20;

/** Scores closer than this leave it open. */
const CLOSE = 5;

/** All guesses, the best first. */
export function guessesOf(bytes: Uint8Array): Guess[] {
  const found: Guess[] = [];
  const add = (kind: KindName, score: number, why: string): void => void found.push({ kind, score, why });
  const at = new Peek(bytes);
  guessFile(bytes, add);
  if (found.length > 0) return found;
  guessMessage(bytes, at, add);
  guessPublished(bytes, at, add);
  guessMasks(bytes, at, add);
  if (bytes.length === 96) add('payload-sum', SHAPE, 'by its shape alone: it is as long as the payload of a sum message');
  if (bytes.length === 80) add('sealed-seed', SHAPE, 'by its shape alone: it is as long as a sealed mask seed');
  // 32 and 64 bytes are as long as keys, which are not shown.
  if (bytes.length > 8 && bytes.length !== 32 && bytes.length !== 64 && (at.u8(4) ?? 2) <= 1 && at.isZero(5, 3))
    add('chunk', SHAPE, 'by its shape alone: a chunk has a flag of 0 or 1 and three zeros there');
  if (bytes.length >= 136 + 48 && isNoise(bytes)) add('sealed', NOISE, 'nothing else fits, and a sealed box looks like noise');
  const best = new Map<KindName, Guess>();
  for (const guess of found) if ((best.get(guess.kind)?.score ?? 0) < guess.score) best.set(guess.kind, guess);
  return [...best.values()].sort((a, b) => b.score - a.score);
}

/** The guesses that cannot be told from the best one: none or one is no choice. */
export function ambiguous(guesses: readonly Guess[]): Guess[] {
  return guesses.filter(({ score }) => score > guesses[0]!.score - CLOSE);
}

type Add = (kind: KindName, score: number, why: string) => void;

function guessFile(bytes: Uint8Array, add: Add): void {
  if (equalBytes(bytes.subarray(0, SNAPSHOT_LAYOUT.magic.length), SNAPSHOT_LAYOUT.magic)) add('snapshot', CERTAIN, 'it begins with XAYNETP');
  const start = new TextDecoder('latin1').decode(bytes.subarray(0, 4096));
  if (/^\s*\{/.test(start) && start.includes('"xaynet-keys"')) add('key-file', CERTAIN, 'it is JSON of the kind "xaynet-keys"');
  if (bytes[0] === 0x93 && start.slice(1, 6) === 'NUMPY') add('npy', CERTAIN, 'it begins as NumPy arrays do');
  if (/^\{"[\s\S]*?"(dtype|__metadata__)"/.test(start.slice(8, 600)) && bytes[7] === 0)
    add('safetensors', CERTAIN, 'a length and JSON with types are at its beginning');
  if (bytes.length === 64) {
    const { publicKey } = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(bytes.subarray(0, 32))));
    if (equalBytes(publicKey, bytes.subarray(32))) add('signing-key', CERTAIN, 'its second half is the public key of its first');
  }
}

function guessMessage(bytes: Uint8Array, at: Peek, add: Add): void {
  if (bytes.length < 64) return;
  const length = at.u32be(128);
  const tag = at.u8(132) ?? 0;
  const isHeader = (at.u8(133) ?? 2) <= 1 && at.isZero(134, 2);
  const isPlausible = isHeader && tag >= 1 && tag <= 3;
  if (length === bytes.length) add('message', isPlausible ? DECODES + 2 : 60, `the ${length} at byte 128 is its length`);
  else if (isPlausible) add('message', BROKEN + 5, 'tag, flags and zeros of a message header are at byte 132');
  else if (isHeader && length !== undefined && length >= 136 && length < 2 ** 28)
    add('message', BROKEN, 'a length and zeros of a message header are at byte 128');
  if (decodes('payload-update', bytes)) add('payload-update', DECODES, 'it decodes as one');
  else if (isConfig(bytes, 128)) add('payload-update', BROKEN, 'a masking configuration is at byte 128');
  if (decodes('payload-sum2', bytes)) add('payload-sum2', DECODES, 'it decodes as one');
  else if (isConfig(bytes, 64)) add('payload-sum2', BROKEN, 'a masking configuration is at byte 64');
}

function guessPublished(bytes: Uint8Array, at: Peek, add: Add): void {
  const keyed = at.u64le(0) === 32;
  if (keyed && at.u64le(56) === 32) add('params', bytes.length === 136 ? DECODES + 2 : 60, 'lengths of 32 are at bytes 0 and 56');
  else if (bytes.length === 136 && (keyed || at.u64le(56) === 32)) add('params', BROKEN, 'it has 136 bytes, and a length of 32 is where one has to be');
  if (keyed && at.u64le(40) === 32) add('coordinator-state', bytes.length === 320 ? DECODES + 2 : 60, 'lengths of 32 are at bytes 0 and 40');
  if (decodes('reference-state', bytes)) add('reference-state', DECODES + 2, 'it decodes as one');
  else if ((at.u32le(0) ?? 8) <= 7 && bytes.length > 200 && (at.u64le(4) === 32 || at.u64le(4) === 64))
    add('reference-state', BROKEN, 'a state and a length are at its beginning');
  const isListed = at.u64le(8) === 32;
  for (const [kind, length] of [
    ['sum-dict', 32],
    ['update-seed-dict', 80],
  ] as const) {
    if (decodes(kind, bytes)) add(kind, DECODES, countOf(at));
    else if (isListed && at.u64le(48) === length) add(kind, BROKEN + 5, `a key and a length of ${length} follow a count`);
  }
  if (decodes('seed-dict', bytes)) add('seed-dict', DECODES, countOf(at));
  else if (isListed && at.u64le(56) === 32) add('seed-dict', BROKEN, 'a key, a count and a key follow a count');
  if (decodes('model', bytes)) add('model', DECODES, countOf(at));
  else if (isWeight(at)) add('model', BROKEN, 'a sign and a count of words follow a count');
}

function countOf(at: Peek): string {
  return at.u64le(0) === 0 ? 'it is an empty one' : 'it decodes as one';
}

function isWeight(at: Peek): boolean {
  const [sign, words, count] = [at.u8(8), at.u64le(9), at.u64le(0)];
  return (sign === 0 || sign === 1 || sign === 255) && (words ?? 999) <= 256 && (count ?? 0) > 0 && (count ?? 2 ** 40) < 2 ** 33;
}

function guessMasks(bytes: Uint8Array, at: Peek, add: Add): void {
  if (decodes('mask-config-indices', bytes)) add('mask-config-indices', 60, 'it is four indices of the catalogue');
  if (isConfig(bytes, 0)) {
    if (decodes('mask-config', bytes)) add('mask-config', 60, 'it is four ids of the catalogue');
    if (decodes('mask-object', bytes)) add('mask-object', DECODES, 'it decodes as one');
    else if (bytes.length > 12) add('mask-object', BROKEN, 'it begins with a masking configuration');
    if (decodes('mask-vect', bytes)) add('mask-vect', DECODES - 8, 'it decodes as one');
    if (decodes('mask-unit', bytes)) add('mask-unit', DECODES - 8, 'it decodes as one');
  }
  const length = at.u32be(0) ?? 0;
  if (decodes('local-seed-dict', bytes)) add('local-seed-dict', DECODES, 'the number at its beginning is its length');
  else if (length > 4 && (length - 4) % 112 === 0 && length < 2 ** 28) add('local-seed-dict', BROKEN - 6, 'it begins with 4 and a multiple of 112');
}

/** Whether the strict decoder of a kind takes the bytes, elements out of range aside. */
function decodes(kind: KindName, bytes: Uint8Array): boolean {
  try {
    kindOf(kind).strict!(bytes);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'aggregate-invalid-object';
  }
}

/** Whether bytes look drawn at random: no text, and no more zeros than chance has. A saved participant, with its lengths, does not. */
function isNoise(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, 65536);
  let [zeros, printable] = [0, 0];
  for (const byte of sample) {
    if (byte === 0) zeros++;
    if (byte >= 0x20 && byte < 0x7f) printable++;
  }
  return zeros <= 8 + sample.length / 64 && printable < 0.8 * sample.length;
}

function isConfig(bytes: Uint8Array, offset: number): boolean {
  return bytes.length >= offset + 4 && decodes('mask-config', bytes.subarray(offset, offset + 4));
}

/** Numbers at offsets; undefined where the bytes end before. */
class Peek {
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(offset: number): number | undefined {
    return offset + 1 > this.#view.byteLength ? undefined : this.#view.getUint8(offset);
  }

  u32be(offset: number): number | undefined {
    return offset + 4 > this.#view.byteLength ? undefined : this.#view.getUint32(offset);
  }

  u32le(offset: number): number | undefined {
    return offset + 4 > this.#view.byteLength ? undefined : this.#view.getUint32(offset, true);
  }

  u64le(offset: number): number | undefined {
    return offset + 8 > this.#view.byteLength ? undefined : Number(this.#view.getBigUint64(offset, true));
  }

  isZero(offset: number, length: number): boolean {
    for (let i = 0; i < length; i++) if (this.u8(offset + i) !== 0) return false;
    return true;
  }
}
