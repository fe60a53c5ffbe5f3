// The example in one command: installs TensorFlow.js at the first start, then runs a coordinator, a web server for the page, and some
// simulated devices that train along. Ctrl-C stops all of it.
import { existsSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { Coordinator, loadSettings } from '@xaynet/coordinator';
import { install } from '../../scripts/install.mjs';

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const { values } = parseArgs({ options: { devices: { type: 'string', default: '8' }, port: { type: 'string', default: '8082' } } });
const devices = Number(values.devices);
const port = Number(values.port);
if (!(Number.isInteger(devices) && devices >= 0 && devices <= 50 && Number.isInteger(port) && port >= 0 && port < 65_536)) {
  console.error('start: --devices takes a number from 0 to 50, --port the port of the page (0: any)');
  process.exit(2);
}

// npm writes this file last: after an installation that was interrupted it is not there.
if (!existsSync(here('node_modules/.package-lock.json'))) {
  const what = 'TensorFlow.js into examples/digits/node_modules (once; about 80 MB)';
  if (!(await install({ folder: here('.'), what, say: (text) => console.error(`start: ${text}`) }))) process.exit(1);
}

const { DATA, servePage } = await import('./serve.ts');
const coordinator = await Coordinator.start(loadSettings(here('coordinator.toml'), process.env));
const server = await servePage(coordinator.url, port).catch(async (error: NodeJS.ErrnoException) => {
  await coordinator.stop();
  console.error(error.code === 'EADDRINUSE' ? `start: port ${port} is in use; choose another with -- --port 0 (any free one)` : error);
  process.exit(1);
});
const thread = devices > 0 ? new Worker(new URL('devices.ts', import.meta.url), { workerData: { url: coordinator.url, devices, data: DATA } }) : undefined;

console.log(`open     http://127.0.0.1:${(server.address() as AddressInfo).port}/  in one tab or several: each is a participant`);
console.log(devices > 0 ? `devices  ${devices} on this machine train along (-- --devices 0: none)` : 'devices  none: a round needs some five tabs');
console.log(`rounds   ${coordinator.url}/  as they happen; Ctrl-C ends everything`);

coordinator.on((event) => {
  if (event.type === 'model') console.log(`round ${event.round}: the mean of ${event.updates} models`);
  if (event.type === 'failure') console.log(`round ${event.round} failed and is repeated: ${event.message}`);
});

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, async () => {
    if (stopping) return;
    stopping = true;
    server.close();
    server.closeAllConnections();
    await thread?.terminate();
    await coordinator.stop();
    console.log('stopped');
    process.exit(0);
  });
}
