// `npm run bench`'s starter: runs bench.ts with the flags that sources and the memory measurement need, and ends as that ends.
// Plain JavaScript, because scripts/run.mjs imports it before any flag is set.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const FLAGS = ['--conditions=source', '--disable-warning=ExperimentalWarning', '--expose-gc'];
const child = spawn(process.execPath, [...FLAGS, fileURLToPath(new URL('bench.ts', import.meta.url)), ...process.argv.slice(2)], { stdio: 'inherit' });
// A terminal's Ctrl-C reaches the child by itself; whoever signals this process alone means the child too.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  process.stderr.write(`bench: ${process.execPath} could not be started: ${error.message}\n`);
  process.exit(1);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
