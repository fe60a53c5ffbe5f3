#!/usr/bin/env node
// The command's starter, plain JavaScript that any Node from 18 on can read. In a checkout it runs the TypeScript sources
// (Node strips the types), in an installed package the built files. When this Node is too old it looks for the one that the
// checkout pins in node_modules, and otherwise says what to install. Arguments, signals and exit code pass through.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const NEEDED = [22, 18];
const FLAGS = ['--conditions=source', '--disable-warning=ExperimentalWarning'];
const self = fileURLToPath(import.meta.url);
const source = join(dirname(self), '..', 'src', 'main.ts');
const checkout = existsSync(source);
/** What a process says when signals do not end it any more. */
const READY = 'xaynet: signals are taken';

// SIGHUP makes a coordinator read its settings again, and must not end it while it is being loaded: one that comes before somebody takes it is kept.
if (process.argv[2] === 'coordinator' && process.platform !== 'win32') keepHangup();

if (recent(process.versions.node) && (!checkout || process.execArgv.includes(FLAGS[0]))) await run();
else pass(recent(process.versions.node) ? process.execPath : pinned());

/** Runs the command in this process. */
async function run() {
  if (!checkout) {
    // node:sqlite still announces itself as experimental; nothing a user of the command could do about it.
    process.removeAllListeners('warning');
    process.on('warning', (warning) => warning.name !== 'ExperimentalWarning' && process.stderr.write(`${warning.name}: ${warning.message}\n`));
  }
  if (process.connected) {
    process.channel?.unref();
    process.once('disconnect', () => process.kill(process.pid, 'SIGTERM')); // the starter is gone: stop as if told to
    if (checkout) process.send(READY);
  }
  const { main } = await import(checkout ? pathToFileURL(source).href : new URL('../dist/main.js', import.meta.url).href).catch((error) => {
    if (!checkout || error?.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return stop(`the packages it needs are not installed. Run "npm ci" in ${join(dirname(self), '..', '..', '..')}.`);
  });
  process.exitCode = await main(process.argv.slice(2));
}

/** Runs this file again with `runtime`, and ends as that ends. */
function pass(runtime) {
  const child = spawn(runtime, [...FLAGS, self, ...process.argv.slice(2)], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  let isReady = false;
  let hasHangup = false;
  process.on('SIGHUP', () => {
    if (isReady) child.kill('SIGHUP');
    else hasHangup = true;
  });
  child.on('message', (message) => {
    if (message !== READY) return;
    isReady = true;
    if (hasHangup) child.kill('SIGHUP');
  });
  child.on('error', (error) => stop(`${runtime} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

/** Takes SIGHUP until somebody else listens to it, who is then told of what came before. */
function keepHangup() {
  let came = false;
  const keep = () => {
    came = true;
  };
  process.on('SIGHUP', keep);
  process.on('newListener', function hand(name) {
    if (name !== 'SIGHUP') return;
    process.off('newListener', hand);
    // Not before the other one is there: without any listener the signal would end the process.
    setImmediate(() => {
      process.off('SIGHUP', keep);
      if (came) process.emit('SIGHUP', 'SIGHUP');
    });
  });
}

/** The pinned Node of the checkout, or the end of this program with advice. */
function pinned() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  for (let folder = dirname(self); ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', '.bin', name);
    if (existsSync(candidate)) {
      const { stdout } = spawnSync(candidate, ['--version'], { encoding: 'utf8' });
      if (recent((stdout ?? '').trim().slice(1))) return candidate;
    }
    if (folder === dirname(folder)) break;
  }
  return stop(
    `this needs Node ${NEEDED.join('.')} or newer and runs on ${process.versions.node}. ${checkout ? 'Run "npm ci" in the checkout, which brings one, or install' : 'Install'} Node 24 (https://nodejs.org).`,
  );
}

function recent(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

function stop(text) {
  process.stderr.write(`xaynet: ${text}\n`);
  process.exit(1);
}
