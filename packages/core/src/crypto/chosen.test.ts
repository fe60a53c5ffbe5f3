// Which providers are chosen, what makes one not be chosen, and the rules that hold whichever it is. What must be missing, broken or
// careless is put in place in a process of its own, before its first line of crypto.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, test } from 'node:test';
import { cryptoProviders, detectCryptoProviders, presentProviders, useCryptoProvider } from './chosen.ts';

const present = new Set<string>(presentProviders().map(({ name }) => name));

after(() => useCryptoProvider('best'));

test('takes the best of what is there, says so, and can be forced', async () => {
  useCryptoProvider('best');
  const report = await detectCryptoProviders();
  assert.equal(report.signing, 'node:crypto');
  assert.equal(report.hashing, 'node:crypto');
  assert.equal(report.sealing, present.has('sodium-native') ? 'sodium-native' : 'noble');
  assert.equal(report.shortSigning, present.has('sodium-native') ? 'sodium-native' : 'node:crypto');
  assert.deepEqual([report.asyncSigning, report.asyncHashing], ['webcrypto', 'webcrypto']);
  useCryptoProvider('noble');
  assert.deepEqual(cryptoProviders(), { signing: 'noble', shortSigning: 'noble', hashing: 'noble', agreement: 'noble', sealing: 'noble' });
  useCryptoProvider('best');
  assert.deepEqual(cryptoProviders(), report);
});

test('what is missing, broken or wrong on a machine is not used, and everything works without', () => {
  const reports = {
    'no native modules': ['process.getBuiltinModule = undefined', 'noble noble noble noble noble'],
    'no sodium-native': [
      `process.getBuiltinModule = (name) => name === 'node:module' ? { createRequire: () => () => { throw new Error('not installed') } } : real(name)`,
      'node:crypto node:crypto node:crypto node:crypto noble',
    ],
    'an OpenSSL that verifies everything, and a libsodium that is not one': [
      `process.getBuiltinModule = (name) => name === 'node:module' ? { createRequire: () => () => ({}) } : { ...real(name), verify: () => true }`,
      'noble noble node:crypto node:crypto noble',
    ],
    'no WebCrypto either': [
      `process.getBuiltinModule = undefined; Object.defineProperty(globalThis, 'crypto', { value: undefined })`,
      'noble noble noble noble noble',
    ],
  };
  for (const [what, [setting, expected]] of Object.entries(reports)) {
    const script = `
      const real = process.getBuiltinModule;
      ${setting};
      const { detectCryptoProviders, encryptKeyPairFromSeed, openSealed, seal, sha256Async, signAsync, signingKeyPairFromSeed, verifyAsync } = await import('./index.ts');
      const bytes = (n) => new Uint8Array(n).fill(3);
      const box = encryptKeyPairFromSeed(bytes(32));
      const pair = signingKeyPairFromSeed(bytes(32));
      for (const length of [9, 40000]) {
        if (!(await verifyAsync(await signAsync(bytes(length), pair.secretKey), bytes(length), pair.publicKey))) process.exit(2);
        if (await verifyAsync(await signAsync(bytes(length), pair.secretKey), bytes(length + 1), pair.publicKey)) process.exit(3);
        if (openSealed(seal(bytes(length), box.publicKey, bytes), box).join() !== bytes(length).join()) process.exit(4);
        if ((await sha256Async(bytes(length))).length !== 32) process.exit(5);
      }
      const { signing, shortSigning, hashing, agreement, sealing } = await detectCryptoProviders();
      process.stdout.write([signing, shortSigning, hashing, agreement, sealing].join(' '));
    `;
    const output = execFileSync(process.execPath, ['--conditions=source', '--input-type=module', '--eval', script], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    });
    assert.equal(output, expected, what);
  }
});

test('the rules stand above the providers: with libraries that accept everything, the cases of the rules are still refused', () => {
  // Yes is said only after the choice, because the known answers see through it.
  const script = `
    const real = process.getBuiltinModule;
    const { subtle } = globalThis.crypto;
    let yes = false;
    process.getBuiltinModule = (name) => name === 'node:module'
      ? { createRequire: () => () => { throw new Error('not installed') } }
      : { ...real(name), verify: (...given) => yes || real(name).verify(...given) };
    const careless = (target, name) => name === 'verify' && yes ? async () => true : target[name].bind(target);
    Object.defineProperty(globalThis, 'crypto', { value: { subtle: new Proxy(subtle, { get: careless }) } });
    const { signatureCases } = await import('./hostile-signatures.test.ts');
    const { detectCryptoProviders, useCryptoProvider, verify, verifyAsync } = await import('./index.ts');
    const report = await detectCryptoProviders();
    yes = true;
    const accepted = [];
    const cases = signatureCases().filter(({ byRule }) => byRule);
    for (const { name, signature, message, key } of cases) if (verify(signature, message, key)) accepted.push(name);
    useCryptoProvider('webcrypto');
    for (const { name, signature, message, key } of cases) if (await verifyAsync(signature, message, key)) accepted.push(name);
    const other = signatureCases().find(({ name }) => name === 'no message');
    const careful = !(await verifyAsync(other.signature, other.message, other.key));
    process.stdout.write(JSON.stringify([report.shortSigning, report.asyncSigning, cases.length > 80, careful, accepted]));
  `;
  const output = execFileSync(process.execPath, ['--conditions=source', '--input-type=module', '--eval', script], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  assert.deepEqual(JSON.parse(output), ['node:crypto', 'webcrypto', true, false, []]);
});

test('a provider that is not there is refused by name', () => {
  assert.throws(() => useCryptoProvider('openssl' as 'noble'), { name: 'RangeError', message: /one of best, noble.* expected, openssl given/ });
});
