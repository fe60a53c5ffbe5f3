import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fromBase64, SigningKeySeed, toBase64 } from '@xaynet/core/bytes';
import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { readFileIfAny, readWholeFile, writePrivateFile } from './files.ts';
import { keyFileText, parseKeyFile } from './key-file.ts';
import { decodeModelFile, encodeModelFile, modelFormat } from './model-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'xaynet-files-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a private file is written whole, replaced whole, and leaves nothing beside it', () => {
  const path = join(folder, 'state');
  assert.equal(readFileIfAny(path), undefined);
  assert.throws(() => readWholeFile(path), { code: 'file-unreadable' });
  writePrivateFile(path, Uint8Array.of(1, 2, 3), { replace: true });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  writePrivateFile(path, 'text', { replace: true });
  assert.equal(readFileSync(path, 'utf8'), 'text');
  assert.throws(() => writePrivateFile(path, 'other', { replace: false }), { code: 'file-exists' });
  assert.equal(readFileSync(path, 'utf8'), 'text');
  mkdirSync(join(folder, 'taken'));
  assert.throws(() => writePrivateFile(join(folder, 'taken'), 'x', { replace: true }), { code: 'file-unwritable' });
  assert.throws(() => readFileIfAny(join(folder, 'taken')), { code: 'file-unreadable', message: /it is a folder/ });
  assert.deepEqual(readdirSync(folder).sort(), ['state', 'taken']);
});

test('key files: written and read; each kind of damage named without showing the secret', () => {
  const keys = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32).fill(7)));
  const other = signingKeyPairFromSeed(SigningKeySeed(new Uint8Array(32).fill(8)));
  const text = keyFileText(keys);
  assert.deepEqual(parseKeyFile(text, 'f'), keys);
  const content = JSON.parse(text) as Record<string, unknown>;
  const damaged: [Record<string, unknown> | string, RegExp][] = [
    ['no json', /f: not JSON/],
    [{ ...content, kind: 'ssh' }, /"kind" must be/],
    [{ ...content, version: 2 }, /"version" 1/],
    [{ ...content, secretKey: 5 }, /must be base64 texts/],
    [{ ...content, secretKey: '***' }, /not base64/],
    [{ ...content, secretKey: toBase64(fromBase64(content.secretKey as string).slice(0, 32)) }, /holds 32 bytes, 64 expected/],
    [{ ...content, publicKey: toBase64(other.publicKey) }, /does not belong/],
  ];
  for (const [damage, expected] of damaged) {
    assert.throws(
      () => parseKeyFile(typeof damage === 'string' ? damage : JSON.stringify(damage), 'f'),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, 'key-file-invalid');
        assert.match(error.message, expected);
        assert.ok(!error.message.includes(content.secretKey as string));
        return true;
      },
    );
  }
});

test('model files: the three formats there and back, and what is refused', () => {
  const weights = [0, -1.5, 0.1, 1e30];
  for (const format of ['json', 'f64'] as const) assert.deepEqual([...decodeModelFile(encodeModelFile(weights, format), `m.${format}`)], weights);
  const single = decodeModelFile(encodeModelFile(weights, 'f32'), 'm.f32');
  assert.ok(single instanceof Float32Array);
  assert.deepEqual([...single], [...Float32Array.from(weights)]);
  assert.deepEqual([...encodeModelFile([1], 'f32')], [0, 0, 0x80, 0x3f], 'little-endian');
  assert.equal(modelFormat('/a.b/c.f32'), 'f32');
  const refused: [string, Uint8Array, RegExp][] = [
    ['m.bin', new Uint8Array(4), /must end in/],
    ['m.f32', new Uint8Array(6), /not a multiple of 4/],
    ['m.f64', new Uint8Array(0), /no weights/],
    ['m.f32', encodeModelFile([1, Number.NaN], 'f32'), /weight 1 is NaN/],
    ['m.json', new TextEncoder().encode('[1,'), /not JSON/],
    ['m.json', new TextEncoder().encode('{"w":[1]}'), /not an array of numbers/],
    ['m.json', new TextEncoder().encode('["1"]'), /not an array of numbers/],
    ['m.json', new TextEncoder().encode('[1e999]'), /weight 0 is Infinity/],
  ];
  for (const [name, bytes, expected] of refused) assert.throws(() => decodeModelFile(bytes, name), { code: 'model-file-invalid', message: expected });
});
