// `node scripts/run.mjs SCRIPT …`: sets up what is missing, then becomes SCRIPT, on the pinned Node when this one is another. One process
// instead of `setup && script`, because there the shell would still find the machine's own Node: it remembers where it found it before the
// set-up. A script in TypeScript gets the flags with which this project runs from its sources. npm passes a SIGTERM on to the shell only,
// which dies of it; so this process watches for the shell and stops as if told to. `--here` before SCRIPT runs it in the folder in which npm was
// called, where npm itself would run it at the root: a user's relative files are looked up from where they stand. Plain JavaScript of Node 20.
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

const here = process.argv[2] === '--here';
const [script, ...rest] = process.argv.slice(here ? 3 : 2);
const target = resolve(script);
if (here && process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
const pinned = fileURLToPath(new URL(`../node_modules/.bin/node${process.platform === 'win32' ? '.exe' : ''}`, import.meta.url));
const flags = script.endsWith('.ts') ? ['--conditions=source', '--disable-warning=ExperimentalWarning'] : [];
const runtime = existsSync(pinned) ? pinned : process.execPath;
if (flags.length === 0 && realpathSync(runtime) === realpathSync(process.execPath)) {
  process.argv = [process.execPath, target, ...rest];
  await import(pathToFileURL(target).href);
} else {
  const child = spawn(runtime, [...flags, target, ...rest], { stdio: 'inherit' });
  stop = () => child.kill('SIGTERM');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`${runtime} could not be started: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
