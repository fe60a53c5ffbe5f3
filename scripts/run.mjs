// `node scripts/run.mjs SCRIPT …`: sets up what is missing, then becomes SCRIPT, on the pinned Node when this one is another. One process
// that npm can pass signals to: with `setup && script` a SIGTERM would end the shell between them, and the shell would still find the
// machine's own Node, because it remembers where it found it before the set-up. Plain JavaScript of Node 20.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

await import('./setup.mjs');

const [script, ...rest] = process.argv.slice(2);
const target = resolve(script);
const pinned = fileURLToPath(new URL(`../node_modules/.bin/node${process.platform === 'win32' ? '.exe' : ''}`, import.meta.url));
if (!existsSync(pinned) || realpathSync(pinned) === realpathSync(process.execPath)) {
  process.argv = [process.execPath, target, ...rest];
  await import(pathToFileURL(target).href);
} else {
  const child = spawn(pinned, [target, ...rest], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`${pinned} could not be started: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
