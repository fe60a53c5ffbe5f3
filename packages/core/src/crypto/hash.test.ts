import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { ascii } from '../bytes/compare.ts';
import { toHex } from '../bytes/text.ts';
import { sha256 } from './hash.ts';

test('SHA-256: FIPS 180-4 examples, and node:crypto at every length', () => {
  assert.equal(toHex(sha256(new Uint8Array(0))), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  assert.equal(toHex(sha256(ascii('abc'))), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.equal(toHex(sha256(bytes)), createHash('sha256').update(bytes).digest('hex'));
    }),
  );
});

test('the whole folder works where there is no crypto global, TextEncoder, Buffer or setTimeout', () => {
  const script = `
    for (const name of ['crypto', 'TextEncoder', 'TextDecoder', 'setTimeout', 'SharedArrayBuffer', 'Atomics', 'Buffer'])
      Object.defineProperty(globalThis, name, { value: undefined });
    const { encryptKeyPairFromSeed, openSealed, seal, sha256, sign, signingKeyPairFromSeed, verify } = await import('./index.ts');
    const bytes = (n) => new Uint8Array(n).fill(3);
    const box = encryptKeyPairFromSeed(bytes(32));
    const pair = signingKeyPairFromSeed(bytes(32));
    if (!verify(sign(bytes(9), pair.secretKey), bytes(9), pair.publicKey)) process.exit(2);
    if (openSealed(seal(bytes(9), box.publicKey, bytes), box).join() !== bytes(9).join()) process.exit(3);
    if (sha256(bytes(1)).length !== 32) process.exit(4);
    process.stdout.write('done');
  `;
  const output = execFileSync(process.execPath, ['--conditions=source', '--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  assert.equal(output, 'done');
});
