// Installs what a fresh clone is missing: the packages of package-lock.json, among them the pinned Node runtime (so that a
// machine with Node 20 runs the project on 24). Says what it does; does nothing when everything is there.
// Plain JavaScript of Node 20, because it runs before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { install } from './install.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
// Silent when there is nothing to do, except for `npm run setup`.
let said = process.env.npm_lifecycle_event === 'setup';
const say = (text) => process.stderr.write(`setup: ${text}\n`);

/** True when node_modules was installed from the lock file as it is now. */
function installed() {
  const marker = join(root, 'node_modules', '.package-lock.json');
  return existsSync(marker) && statSync(marker).mtimeMs >= statSync(join(root, 'package-lock.json')).mtimeMs;
}

function fail(text) {
  say(text);
  process.exit(1);
}

if (!installed()) {
  said = true;
  const what = `the packages of package-lock.json and Node ${pinned()} into ${join(root, 'node_modules')} (once; about 450 MB, usually under a minute)`;
  if (!(await install({ folder: root, what, say }))) process.exit(1);
}

const runtime = nodeVersion();
if (runtime === undefined || older(runtime, [22, 18])) {
  fail(
    `the project needs Node 22.18 or newer, found ${runtime?.join('.') ?? 'none'}, and no pinned runtime exists for ${process.platform}/${process.arch}. Install Node 24 from your system and try again.`,
  );
}
if (said) say(`ready, Node ${runtime.join('.')}`);

/** The version of Node that scripts of this project run on: the pinned one when there is one for this platform. */
function nodeVersion() {
  const local = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'node.cmd' : 'node');
  const run = spawnSync(existsSync(local) ? local : process.execPath, ['--version'], { encoding: 'utf8', shell: process.platform === 'win32' });
  return run.stdout
    ?.trim()
    .match(/^v(\d+)\.(\d+)\.(\d+)/)
    ?.slice(1)
    .map(Number);
}

function older(version, minimum) {
  return version[0] < minimum[0] || (version[0] === minimum[0] && version[1] < minimum[1]);
}

function pinned() {
  const { optionalDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return optionalDependencies[`node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`] ?? '(none for this platform)';
}
