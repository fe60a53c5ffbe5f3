// Broken input for every decoder: each vector says what is broken and which error it must give. The first of each file is intact, so
// that the others are known to fail for the reason they name. Irregular input that decodes all the same stands in tolerated.json.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as bytes from '@xaynet/core/bytes';
import * as crypto from '@xaynet/core/crypto';
import { ERRORS, isXaynetError, XaynetError } from '@xaynet/core/errors';
import * as mask from '@xaynet/core/mask';
import * as message from '@xaynet/core/message';
import * as round from '@xaynet/core/round';
import { files, fractionText, load } from './load.ts';

interface Broken {
  name: string;
  error: string | null;
  bytes?: string;
  text?: string;
  type?: string;
  publicKey?: string;
  secretKey?: string;
}
type Decode = (given: Uint8Array, vector: Broken) => unknown;

/** Every way in for bytes from outside: file of broken vectors, exported functions that it stands for, and how they are called. */
const DECODERS: Record<string, { covers: string[]; run: Decode }> = {
  'mask-config': { covers: ['readMaskConfig'], run: (given) => mask.readMaskConfig(new bytes.Reader(given, 'test')) },
  'mask-config-indices': { covers: ['readMaskConfigIndices'], run: (given) => mask.readMaskConfigIndices(new bytes.Reader(given, 'test')) },
  'mask-config-name': { covers: ['parseMaskConfig'], run: (_, { text }) => mask.parseMaskConfig(text!) },
  'mask-object': { covers: ['decodeMaskObject', 'readMaskObject'], run: (given) => mask.decodeMaskObject(given) },
  'local-seed-dict': { covers: ['decodeLocalSeedDict', 'readLocalSeedDict'], run: (given) => message.decodeLocalSeedDict(given) },
  message: {
    covers: ['parseMessage'],
    run(given) {
      const parsed = message.parseMessage(given);
      if (!message.verifyMessage(parsed)) throw new XaynetError('signature-invalid');
      return parsed;
    },
  },
  'payload-sum': { covers: ['decodePayload'], run: (given) => message.decodePayload('sum', given) },
  'payload-update': { covers: ['decodePayload'], run: (given) => message.decodePayload('update', given) },
  'payload-sum2': { covers: ['decodePayload'], run: (given) => message.decodePayload('sum2', given) },
  chunk: { covers: ['decodeChunk'], run: (given) => message.decodeChunk(given) },
  'round-params': { covers: ['decodeRoundParams', 'readRoundParams'], run: (given) => round.decodeRoundParams(given) },
  'sum-dict': { covers: ['decodeSumDict'], run: (given) => round.decodeSumDict(given) },
  'update-seed-dict': { covers: ['decodeUpdateSeedDict'], run: (given) => round.decodeUpdateSeedDict(given) },
  'seed-dict': { covers: ['decodeSeedDict'], run: (given) => round.decodeSeedDict(given) },
  model: {
    covers: ['decodeModel', 'readModel'],
    run(given) {
      const byByte = (): unknown => {
        const reader = new round.ModelReader('F64', { maxLength: 2 ** 53 });
        for (const byte of given) reader.push(Uint8Array.of(byte));
        return reader.finish();
      };
      for (const way of [() => round.readModel(given), byByte]) {
        assert.equal(
          outcome(way),
          outcome(() => round.decodeModel(given)),
        );
      }
      return round.decodeModel(given);
    },
  },
  'coordinator-state': { covers: ['decodeCoordinatorState'], run: (given) => round.decodeCoordinatorState(given) },
  'sealed-box': {
    covers: ['openSealed', 'openSealedInPlace'],
    run(given, vector) {
      const inPlace = outcome(() => crypto.openSealedInPlace(Uint8Array.from(given), pairOf(vector)));
      assert.equal(
        inPlace,
        outcome(() => crypto.openSealed(given, pairOf(vector))),
      );
      return crypto.openSealed(given, pairOf(vector));
    },
  },
  'sealed-mask-seed': { covers: ['openMaskSeed'], run: (given, vector) => crypto.openMaskSeed(bytes.EncryptedMaskSeed(given), pairOf(vector)) },
  'base64-key': { covers: ['fromBase64'], run: (_, { text }) => bytes.PublicSigningKey(bytes.fromBase64(text!)) },
  hex: { covers: ['fromHex'], run: (_, { text }) => bytes.fromHex(text!) },
  'fixed-length': { covers: fixedTypes(), run: (given, { type }) => (bytes as unknown as Record<string, (given: Uint8Array) => unknown>)[type!]!(given) },
};

function pairOf({ publicKey, secretKey }: Broken): crypto.EncryptKeyPair {
  return { publicKey: bytes.PublicEncryptKey(bytes.fromHex(publicKey!)), secretKey: bytes.SecretEncryptKey(bytes.fromHex(secretKey!)) };
}
/** Constructors of fixed-length byte types: exported functions with a LENGTH. */
function fixedTypes(): string[] {
  return Object.entries(bytes)
    .filter(([, value]) => typeof value === 'function' && 'LENGTH' in value)
    .map(([name]) => name);
}
function outcome(decode: () => unknown): string | null {
  try {
    decode();
    return null;
  } catch (error) {
    assert.ok(isXaynetError(error), `not an error of this project: ${error instanceof Error ? error.stack : error}`);
    return error.code;
  }
}

test('every exported decoder has broken vectors, and every file of them a decoder', () => {
  const exported = [bytes, crypto, mask, message, round].flatMap((module) =>
    Object.entries(module)
      .filter(([name, value]) => typeof value === 'function' && /^(decode|read|parse|open|from)[A-Z]/.test(name))
      .map(([name]) => name),
  );
  assert.ok(exported.length > 15);
  const covered = new Set(Object.values(DECODERS).flatMap(({ covers }) => covers));
  assert.deepEqual(
    [...exported, ...fixedTypes()].filter((name) => !covered.has(name)),
    [],
  );
  const inFolder = files()
    .filter((name) => name.startsWith('broken/'))
    .map((name) => name.slice('broken/'.length, -'.json'.length));
  assert.deepEqual(inFolder.sort(), Object.keys(DECODERS).sort());
  const typed = load<Broken[]>('broken/fixed-length.json');
  for (const type of fixedTypes()) assert.ok(typed.filter((vector) => vector.type === type).length >= 4, type);
});

for (const [file, { run }] of Object.entries(DECODERS)) {
  const vectors = load<Broken[]>(`broken/${file}.json`);
  test(`broken input: ${file} (${vectors.length} vectors)`, () => {
    assert.equal(vectors[0]!.error, null, 'the first vector is intact');
    assert.ok(vectors.filter(({ error }) => error !== null).length >= 5);
    assert.equal(new Set(vectors.map(({ name }) => name)).size, vectors.length);
    for (const vector of vectors) {
      assert.ok(vector.error === null || vector.error in ERRORS, vector.name);
      assert.equal(
        outcome(() => run(bytes.fromHex(vector.bytes ?? ''), vector)),
        vector.error,
        vector.name,
      );
    }
  });
}

/** What a tolerated value is compared by. */
const SEEN: Record<string, (value: never) => unknown> = {
  message: ({ tag, multipart }: message.Message) => ({ tag, multipart }),
  chunk: (chunk: message.Chunk) => ({ ...chunk, data: bytes.toHex(chunk.data) }),
  'local-seed-dict': (dict: message.LocalSeedDict) => [...dict].map(([key, seed]) => [bytes.toHex(key), bytes.toHex(seed)]),
  'mask-object': (object: mask.MaskObject) => ({ length: object.length, valid: mask.isValidMaskObject(object) }),
  model: (model: mask.Model) => model.map(fractionText),
  'round-params': ({ sum, update }: round.RoundParams) => ({ sum, update }),
  'sum-dict': (dict: round.SumDict) => [...dict].map(([key, value]) => [bytes.toHex(key), bytes.toHex(value)]),
};

for (const vector of load<{ vectors: (Broken & { decoder: string; value: unknown })[] }>('tolerated.json').vectors) {
  test(`tolerated: ${vector.decoder}: ${vector.name}`, () => {
    const value = DECODERS[vector.decoder]!.run(bytes.fromHex(vector.bytes!), vector);
    assert.deepEqual(SEEN[vector.decoder]!(value as never), vector.value);
  });
}
