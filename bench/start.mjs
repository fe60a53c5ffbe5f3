// Starts a benchmark written in TypeScript with the flags that sources need, and ends as that ends.
// Plain JavaScript, because scripts/run.mjs imports it before any flag is set.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

/** Runs `script` with these flags of Node beside the usual ones, and the arguments of this process. */
export function startBench(script, flags) {
  const usual = ['--conditions=source', '--disable-warning=ExperimentalWarning'];
  const child = spawn(process.execPath, [...usual, ...flags, fileURLToPath(script), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal's Ctrl-C reaches the child by itself; whoever signals this process alone means the child too.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`bench: ${process.execPath} could not be started: ${error.message}\n`);
    process.exit(1);
  });
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
