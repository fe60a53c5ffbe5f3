// Node hands out Buffers, which are Uint8Arrays whose `slice` is a view: from files, sockets and the pool that all of a process shares.
// Whatever reads bytes must not change them, and what it keeps must not change with them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { EncryptKeySeed, MaskSeed, SigningKeySeed } from '@xaynet/core/bytes';
import { encryptKeyPairFromSeed, signAsync, signingKeyPairFromSeed, verifyAsync } from '@xaynet/core/crypto';
import { Aggregation, decodeMaskObject, encodeMaskObject, maskModel, parseMaskConfig, rational, useMaskingBackend } from '@xaynet/core/mask';
import { MessageEncoder, parseMessage, Reassembler } from '@xaynet/core/message';
import { decodeModel, encodeModel, ModelReader, readModel } from '@xaynet/core/round';
import { createMaskPool } from '@xaynet/core/threads';
import { Participant } from '@xaynet/participant';
import { decodeNpy } from '@xaynet/participant/npy';
import { decodeOnnx, patchOnnx } from '@xaynet/participant/onnx';
import { decodeSafetensors } from '@xaynet/participant/safetensors';

/** The bytes as a small Buffer of the pool, beside other things. */
const pooled = (bytes: Uint8Array): Buffer => Buffer.from(bytes);

const MODEL = encodeModel([rational(10n ** 30n + 1n, 7n), rational(-(2n ** 90n), 2n ** 89n - 1n), rational(1, 3)]);

test('reading a model from a Buffer leaves it as it is, in whole and in pieces', () => {
  const expected = decodeModel(MODEL);
  for (const backend of ['plain', 'auto'] as const) {
    useMaskingBackend(backend);
    const bytes = pooled(MODEL);
    for (let again = 0; again < 2; again++) {
      assert.deepEqual(decodeModel(bytes), expected);
      assert.deepEqual(readModel(bytes).toModel(), expected);
      assert.deepEqual(readModel(bytes).toWeights('F64'), readModel(MODEL).toWeights('F64'));
      for (const size of [1, 7, 33, 1000]) {
        const reader = new ModelReader('F64', { maxLength: 3 });
        for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
        assert.deepEqual(reader.finish(), readModel(MODEL).toWeights('F64'));
      }
      assert.deepEqual(new Uint8Array(bytes), MODEL);
    }
  }
});

test('a participant restored from a Buffer is the one that was saved, and keeps nothing of the Buffer', async () => {
  const options = { url: 'http://127.0.0.1:9', keys: signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32).fill(3))) };
  const participant = await Participant.create(options);
  participant.setModel(Float32Array.of(0.25, 0.5, -1));
  const saved = participant.snapshot();
  const bytes = pooled(saved);
  const restored = await Participant.restore(bytes, options);
  bytes.fill(0xee);
  assert.deepEqual(restored.snapshot(), saved);
  const file = readFileSync(new URL('../../package.json', import.meta.url));
  await assert.rejects(async () => Participant.restore(file, options), { code: 'snapshot-format' });
});

test('mask objects, chunks, signatures and sums made of Buffers stay right when those are used again', async () => {
  const vect = parseMaskConfig('Prime/F32/B0/M3');
  const config = { vect, unit: vect };
  const seed = MaskSeed(new Uint8Array(32).fill(9));
  const masked = maskModel({ config, seed, scalar: rational(1), model: Float32Array.of(0.5, -0.5, 0.125) });
  const wire = pooled(encodeMaskObject(masked));
  const object = decodeMaskObject(wire);
  const pool = createMaskPool({ threads: 2, smallWork: 0, shared: false });
  try {
    const sum = await pool.aggregate({ config, length: 3 });
    await sum.add({ ...object, vect: wire.subarray(8, -10), unit: wire.subarray(-6) });
    assert.deepEqual(new Uint8Array(wire), encodeMaskObject(masked), 'the Buffer was neither changed nor taken away');
    assert.deepEqual((await sum.object()).vect, masked.vect);
    await sum.close();
  } finally {
    pool.close();
  }
  const kept = Aggregation.from(object);
  wire.fill(0xff);
  assert.deepEqual(kept.object(), masked);

  const keys = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32).fill(1)));
  const { publicKey: coordinator } = encryptKeyPairFromSeed(EncryptKeySeed(new Uint8Array(32).fill(2)));
  const random = (length: number) => new Uint8Array(length).fill(5);
  const payload = { tag: 'sum2', sumSignature: await signAsync(new Uint8Array(1), keys.secretKey), mask: masked } as const;
  const encoder = new MessageEncoder(payload, { keys, coordinator, maxMessageSize: 220, random });
  const reassembler = new Reassembler({ maxBytes: 1e6, maxMessages: 10, maxBytesPerMessage: () => 1e6 });
  let whole: Uint8Array | undefined;
  for (let message = encoder.next(); message !== undefined; message = encoder.next()) {
    const buffer = pooled(message);
    const added = reassembler.add(parseMessage(buffer));
    buffer.fill(0);
    if (added.status === 'complete') whole = Uint8Array.from(added.payload);
  }
  assert.ok(encoder.count > 1 && whole !== undefined);
  assert.deepEqual(whole.subarray(64), encodeMaskObject(masked));

  const message = new Uint8Array(100_000).fill(7);
  const secret = Uint8Array.from(keys.secretKey) as typeof keys.secretKey;
  const signing = signAsync(message, secret);
  secret.fill(0);
  const signature = pooled(await signing) as Buffer & Awaited<typeof signing>;
  const verifying = verifyAsync(signature, message, keys.publicKey);
  signature.fill(0);
  assert.equal(await verifying, true, 'neither key nor signature is read after the call');
});

test('model files in a Buffer are read as their bytes, and nothing of the pool with them', () => {
  const file = new URL('../../packages/participant/src/models/fixtures/python-files.json', import.meta.url);
  const { npy, onnx, safetensors } = JSON.parse(readFileSync(file, 'utf8'));
  for (const [{ bytes }, read] of [
    [npy[0], decodeNpy],
    [safetensors.all, decodeSafetensors],
    [onnx.mlp, decodeOnnx],
    [onnx.mlp, (given: Uint8Array) => patchOnnx(given, decodeOnnx(given))],
  ] as const) {
    const plain = new Uint8Array(Buffer.from(bytes, 'base64'));
    const buffer = pooled(plain);
    const found = read(buffer);
    assert.deepEqual(found instanceof Uint8Array ? new Uint8Array(found) : found, read(plain));
    assert.deepEqual(new Uint8Array(buffer), plain);
  }
});
