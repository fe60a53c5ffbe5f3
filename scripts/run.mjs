// `node scripts/run.mjs SCRIPT …`: sets up what is missing, then becomes SCRIPT, on the pinned Node when this one is another. One process
// instead of `setup && script`, because there the shell would still find the machine's own Node: it remembers where it found it before the
// set-up. npm passes a SIGTERM on to the shell only, which dies of it; so this process watches for the shell and stops as if told to.
// Plain JavaScript of Node 20.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

await import('./setup.mjs');

let stop = () => process.kill(process.pid, 'SIGTERM');
const shell = process.ppid;
const watch = setInterval(() => {
  if (process.ppid === shell) return;
  clearInterval(watch);
  stop();
}, 250);
watch.unref();

const [script, ...rest] = process.argv.slice(2);
const target = resolve(script);
const pinned = fileURLToPath(new URL(`../node_modules/.bin/node${process.platform === 'win32' ? '.exe' : ''}`, import.meta.url));
if (!existsSync(pinned) || realpathSync(pinned) === realpathSync(process.execPath)) {
  process.argv = [process.execPath, target, ...rest];
  await import(pathToFileURL(target).href);
} else {
  const child = spawn(pinned, [target, ...rest], { stdio: 'inherit' });
  stop = () => child.kill('SIGTERM');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`${pinned} could not be started: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
