// Runs `npm ci` in a folder so that one sees what it does: what is installed, a line every ten seconds while it lasts (npm waits for minutes, without
// a word, when the network does not answer), and when it fails what that means and what to do. As a command: node scripts/install.mjs FOLDER WHAT.
// Plain JavaScript of Node 20, because it runs before anything is installed.
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Milliseconds between two lines. */
const RHYTHM = 10_000;

// What npm says, and what it means.
const ADVICE = [
  [/ENOTFOUND|EAI_AGAIN/, 'The name of the package registry is not known here: check the network, its DNS, and "npm config get registry".'],
  [
    /ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT|ERR_SOCKET_TIMEOUT|network/i,
    'The package registry does not answer: check the network, and behind a proxy "npm config set https-proxy URL".',
  ],
  [
    /CERT|SELF_SIGNED|UNABLE_TO_/,
    'The certificate of the package registry is not trusted: behind a proxy that opens TLS set NODE_EXTRA_CA_CERTS to its authority.',
  ],
  [/ENOSPC/, 'The disk is full: free about 500 MB.'],
  [/EACCES|EPERM|EROFS/, 'The folder cannot be written: give it to this user; npm needs no root.'],
  [/EINTEGRITY/, 'A package is not what the lock file says: "npm cache clean --force", and look at who changes what you download.'],
  [/EUSAGE|can only install/, 'The lock file does not fit package.json: take both from the same commit.'],
];

/** What to do about what npm printed. */
export function adviceOn(printed) {
  return ADVICE.find(([pattern]) => pattern.test(printed))?.[1] ?? 'Check the network and the free disk space; its message is above.';
}

/** Installs the lock file of `folder`; `what` completes "installing …". Resolves to whether it worked; `say` has been told everything. */
export async function install({ folder, what, say, rhythm = RHYTHM, env = process.env }) {
  say(`installing ${what}`);
  const begun = Date.now();
  const seconds = () => Math.round((Date.now() - begun) / 1000);
  const timer = setInterval(() => say(`still installing, ${seconds()} s; npm waits long when the network does not answer (Ctrl-C stops it)`), rhythm);
  const windows = process.platform === 'win32';
  const npm = spawn(
    windows ? 'npm.cmd' : 'npm',
    ['ci', '--no-audit', '--no-fund', '--loglevel=error', '--fetch-retry-mintimeout=2000', '--fetch-retry-maxtimeout=15000'],
    {
      cwd: folder,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: windows,
    },
  );
  let printed = '';
  npm.stderr.on('data', (text) => {
    printed += text;
    process.stderr.write(text);
  });
  const end = await new Promise((done) => {
    npm.on('error', (error) => done(error.message));
    npm.on('close', (code, signal) => done(code ?? signal));
  });
  clearInterval(timer);
  if (end === 0) say(`installed in ${seconds()} s`);
  else if (typeof end === 'string' && /ENOENT/.test(end))
    say('npm is not there: install npm 10 or newer, which comes with Node, and run the same command again');
  else say(`npm ci failed in ${folder}. ${adviceOn(printed)} Then run the same command again.`);
  return end === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [folder, ...words] = process.argv.slice(2);
  if (folder === undefined) {
    process.stderr.write('install: node scripts/install.mjs FOLDER WHAT\n');
    process.exit(2);
  }
  const worked = await install({ folder: resolve(folder), what: words.join(' ') || folder, say: (text) => process.stderr.write(`install: ${text}\n`) });
  process.exit(worked ? 0 : 1);
}
