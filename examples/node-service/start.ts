// The example in one command: a coordinator and eight services, each a process with a share of the data. Prints how well every new
// model does on samples that none of them has, and starts a service again when it ends, with the state that it left.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Coordinator, loadSettings } from '@xaynet/coordinator';
import { heldOut } from './cells.ts';
import { accuracy, WEIGHTS } from './model.ts';

const { values } = parseArgs({ options: { services: { type: 'string', default: '8' }, rounds: { type: 'string', default: '0' }, states: { type: 'string' } } });
const services = Number(values.services);
const rounds = Number(values.rounds);
if (!(Number.isInteger(services) && services >= 5 && services <= 20 && Number.isInteger(rounds) && rounds >= 0)) {
  console.error('start: --services takes a number from 5 to 20, --rounds after how many to end (0: never), --states a folder to keep states in');
  process.exit(2);
}

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
const folder = values.states ?? mkdtempSync(join(tmpdir(), 'xaynet-services-'));
mkdirSync(folder, { recursive: true });
const running = new Map<number, ChildProcess>();
const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const coordinator = await Coordinator.start(loadSettings(here('coordinator.toml'), process.env));

const events = coordinator.events({ signal: stop.signal });
const ports = new Map<number, string>();

try {
  console.log(`coordinator  ${coordinator.url}/  shows the rounds`);
  const test = heldOut();
  console.log(`before       right for ${percent(accuracy(new Float32Array(WEIGHTS), test))} of ${test.features.length} samples that nobody has`);
  for (let i = 1; i <= services; i++) start(i);
  let models = 0;
  for await (const event of events) {
    if (event.type === 'failure') console.log(`round ${String(event.round).padEnd(6)} failed and is repeated: ${event.message}`);
    if (event.type !== 'model') continue;
    const right = accuracy(event.model.toWeights('F32'), test);
    await coordinator.report(event.round, { accuracy: right }); // the page draws it; the coordinator itself has no data to find out
    console.log(`round ${String(event.round).padEnd(6)} right for ${percent(right)}, by the mean of ${event.updates} models that nobody saw`);
    if (++models === rounds) break;
  }
} finally {
  stop.abort();
  for (const child of running.values()) child.kill('SIGTERM');
  await Promise.all(Array.from(running.values(), (child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
  await coordinator.stop();
  if (values.states === undefined) rmSync(folder, { recursive: true, force: true });
}

/** Starts service `index`, on the port that it had before. */
function start(index: number): void {
  if (stop.signal.aborted) return;
  const options = ['--share', `${index}/${services}`, '--state', join(folder, `${index}.state`), '--port', ports.get(index) ?? '0'];
  const child = spawn(process.execPath, [...process.execArgv, here('service.ts'), '--coordinator', coordinator.url, ...options], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  running.set(index, child);
  child.stdout!.on('data', (line) => {
    const url = String(line).trim().replace('listening on ', '');
    ports.set(index, new URL(url).port);
    console.log(`service ${index}    ${url}  process ${child.pid}`);
  });
  child.on('exit', (code, signal) => {
    if (stop.signal.aborted) return;
    console.log(`service ${index}    ended (${signal ?? code}); starting it again with its state`);
    setTimeout(start, 500, index);
  });
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
