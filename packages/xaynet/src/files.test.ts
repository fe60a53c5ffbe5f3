import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fromBase64, SigningKeySeed, toBase64 } from '@xaynet/core/bytes';
import { signingKeyPairFromSeed } from '@xaynet/core/crypto';
import { makeFolder, readFileIfAny, readWholeFile, writePrivateFile } from './files.ts';
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

test('folders are made with those above them; what the system refuses is told, also below /proc, where a recursive mkdir of Node never returns', () => {
  const path = join(folder, 'a', 'b', 'c');
  for (let twice = 0; twice < 2; twice++) makeFolder(path, 0o700);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  writePrivateFile(join(folder, 'a', 'file'), '', { replace: true });
  assert.throws(() => makeFolder(join(folder, 'a', 'file')), { code: 'ENOTDIR' });
  assert.throws(() => makeFolder(join(folder, 'a', 'file', 'x')), { code: 'ENOTDIR' });
  if (process.platform === 'linux') for (const deep of ['/proc/xaynet', '/proc/xaynet/deeper']) assert.throws(() => makeFolder(deep), { code: 'ENOENT' });
  rmSync(join(folder, 'a'), { recursive: true });
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

test('model files: the formats there and back, and what is refused', () => {
  const weights = Float64Array.of(0, -1.5, 0.1, 1e30);
  for (const format of ['json', 'f64'] as const) assert.deepEqual(decodeModelFile(encodeModelFile(weights, format), `m.${format}`), weights);
  const single = decodeModelFile(encodeModelFile(weights, 'f32'), 'm.f32');
  assert.ok(single instanceof Float32Array);
  assert.deepEqual([...single], [...Float32Array.from(weights)]);
  assert.deepEqual([...encodeModelFile(Float64Array.of(1), 'f32')], [0, 0, 0x80, 0x3f], 'little-endian');
  const whole = [BigInt64Array.of(-(2n ** 63n), 7n), Int32Array.of(-(2 ** 31), 7)] as const;
  for (const integers of whole) {
    const format = integers instanceof BigInt64Array ? 'i64' : 'i32';
    assert.deepEqual(decodeModelFile(encodeModelFile(integers, format), `m.${format}`), integers);
  }
  assert.deepEqual([...encodeModelFile(Float64Array.of(-2), 'i64')], [0xfe, ...new Uint8Array(7).fill(0xff)]);
  assert.equal(modelFormat('/a.b/c.f32'), 'f32');
  const refused: [string, Uint8Array, RegExp][] = [
    ['m.bin', new Uint8Array(4), /must end in/],
    ['m.f32', new Uint8Array(6), /not a multiple of 4/],
    ['m.f64', new Uint8Array(0), /no weights/],
    ['m.f32', encodeModelFile(Float64Array.of(1, Number.NaN), 'f32'), /weight 1 is NaN/],
    ['m.json', new TextEncoder().encode('[1,'), /not JSON/],
    ['m.json', new TextEncoder().encode('{"w":[1]}'), /not an array of numbers/],
    ['m.json', new TextEncoder().encode('["1"]'), /not an array of numbers/],
    ['m.json', new TextEncoder().encode('[1e999]'), /weight 0 is Infinity/],
  ];
  const json = (text: string): Uint8Array => new TextEncoder().encode(text);
  for (const text of ['[9007199254740993, -9223372036854775808, 1]', '["9007199254740993", "-9223372036854775808", 1]']) {
    const exact = BigInt64Array.of(9007199254740993n, -(2n ** 63n), 1n);
    assert.deepEqual(decodeModelFile(json(text), 'm.json', 'json', undefined, 'I64'), exact, 'integers above 2^53 in an I64 round are what is written');
  }
  assert.deepEqual(decodeModelFile(json('[1, -2.5]'), 'm.json', 'json', undefined, 'I64'), Float64Array.of(1, -2.5));
  assert.deepEqual(decodeModelFile(json('[9007199254740993]'), 'm.json', 'json', undefined, 'F64'), Float64Array.of(2 ** 53));
  for (const text of ['[9007199254740993, 0.5]', '[9223372036854775808]', '["1.5"]', '["9e9"]', '["1", null]', `["${'9'.repeat(1e5)}"]`]) {
    const options = { code: 'model-file-invalid', message: /weight \d is .{1,50}, beside integers above 2\^53/ } as const;
    assert.throws(() => decodeModelFile(json(text), 'm.json', 'json', undefined, 'I64'), options);
  }
  for (const [name, bytes, expected] of refused) assert.throws(() => decodeModelFile(bytes, name), { code: 'model-file-invalid', message: expected });
});
