// Installing says what it does, that it still lasts, and what to do when it fails. An npm of the test's own stands before the real one. And npm's
// scripts find the files of who calls them.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test } from 'node:test';
import { adviceOn, install } from '../../scripts/install.mjs';

const folder = mkdtempSync(join(tmpdir(), 'xaynet-install-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function withNpm(script: string | undefined): Promise<[boolean, string[]]> {
  rmSync(join(folder, 'npm'), { force: true });
  if (script !== undefined) writeFileSync(join(folder, 'npm'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  // Never that of the process, which other tests share.
  const env = { ...process.env, PATH: script === undefined ? folder : `${folder}${delimiter}${process.env.PATH}` };
  const said: string[] = [];
  const worked = await install({ folder, what: 'a thing (once)', say: (text) => said.push(text), rhythm: 40, env });
  return [worked, said];
}

test('installing: what, that it lasts, and how it ends', { skip: process.platform === 'win32' }, async () => {
  const [worked, said] = await withNpm('sleep 0.3');
  assert.equal(worked, true);
  assert.deepEqual([said[0], said.at(-1)?.replace(/\d+/, 'n')], ['installing a thing (once)', 'installed in n s']);
  assert.ok(
    said.some((line) => /^still installing, \d+ s; npm waits long/.test(line)),
    said.join(),
  );
  const [failed, why] = await withNpm('exit 1');
  assert.deepEqual(
    [failed, why.at(-1)],
    [false, `npm ci failed in ${folder}. Check the network and the free disk space; its message is above. Then run the same command again.`],
  );
  const [, none] = await withNpm(undefined);
  assert.match(none.at(-1)!, /^npm is not there: install npm 10/);
});

test('what npm says is told as what to do', () => {
  for (const [printed, expected] of [
    ['npm error code ENOTFOUND\nnpm error syscall getaddrinfo', /DNS/],
    ['npm error code ETIMEDOUT', /proxy/],
    ['npm error code SELF_SIGNED_CERT_IN_CHAIN', /NODE_EXTRA_CA_CERTS/],
    ['npm error code ENOSPC', /disk is full/],
    ['npm error code EACCES', /cannot be written/],
    ['npm error code EINTEGRITY', /not what the lock file says/],
    ['npm error code EUSAGE\nnpm error `npm ci` can only install packages when', /same commit/],
    ['something else', /Check the network and the free disk space/],
  ] as const)
    assert.match(adviceOn(printed), expected);
});

test('npm run xaynet looks files up from where it was called, other scripts from the root', () => {
  const root = join(folder, 'root');
  const below = join(root, 'docs');
  for (const each of [join(root, 'scripts'), below]) mkdirSync(each, { recursive: true });
  copyFileSync(new URL('../../scripts/run.mjs', import.meta.url), join(root, 'scripts/run.mjs'));
  writeFileSync(join(root, 'scripts/setup.mjs'), '');
  writeFileSync(join(root, 'where.mjs'), 'console.log(process.cwd(), ...process.argv.slice(2));');
  const where = (...args: string[]): string =>
    execFileSync(process.execPath, ['scripts/run.mjs', ...args], { cwd: root, env: { ...process.env, INIT_CWD: below }, encoding: 'utf8' });
  assert.equal(where('--here', 'where.mjs', 'a', '--here'), `${realpathSync(below)} a --here\n`);
  assert.equal(where('where.mjs', 'b'), `${realpathSync(root)} b\n`);
  const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { scripts: Record<string, string> };
  assert.match(scripts.xaynet!, /run\.mjs --here /);
});
