// The suites of `npm test`, in the order in which they start: those that take longest first, so that the last ones end together. `waits`
// marks a suite that waits for files, processes and windows more than it computes: it runs beside two others. `needs` and `how` name what
// must be installed; `silence` are the milliseconds after which a suite that ends no test is taken for one that hangs.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { composeSpec, helm } from './deploy-tools.mjs';

/** The Chromium that page tests drive: XAYNET_CHROMIUM, else the usual places. */
export const chromium = () =>
  [process.env.XAYNET_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path));

/** The InfluxDB 1.x that tests start: XAYNET_INFLUXD, else the one on the path. */
export const influxd = () =>
  [process.env.XAYNET_INFLUXD, ...(process.env.PATH ?? '').split(':').map((folder) => join(folder, 'influxd'))].find((path) => path && existsSync(path));

/** The Redis that tests start: XAYNET_REDIS_SERVER, else the one on the path. */
export const redisServer = () =>
  [process.env.XAYNET_REDIS_SERVER, ...(process.env.PATH ?? '').split(':').map((folder) => join(folder, 'redis-server'))].find(
    (path) => path && existsSync(path),
  );

const onPath = (command) => (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, command)));

const succeeds = (command, ...args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** A Python that has numpy: XAYNET_PYTHON, else the one on the path, else the system's, which is another where a version manager is. */
let pythonFound;
export const python = () => {
  pythonFound ??= [process.env.XAYNET_PYTHON, 'python3', '/usr/bin/python3'].find((path) => path && succeeds(path, '-c', 'import numpy')) ?? '';
  return pythonFound || undefined;
};

/** A Python that has OpenStack Swift: XAYNET_PYTHON, else the one on the path, else the system's. */
let swiftPythonFound;
export const swiftPython = () => {
  swiftPythonFound ??= [process.env.XAYNET_PYTHON, 'python3', '/usr/bin/python3'].find((path) => path && succeeds(path, '-c', 'import swift.proxy')) ?? '';
  return swiftPythonFound || undefined;
};

const curl = () => [process.env.XAYNET_CURL, 'curl'].find((path) => path && succeeds(path, '--version'));

export const SUITES = [
  {
    name: 'runtimes',
    about: 'the portable packages in eight JavaScript engines',
    files: ['tests/runtimes/*.test.ts'],
    silence: 12 * 60_000, // an interpreter runs the whole bundle in one test
  },
  {
    name: 'coordinator',
    about: 'rounds, stores, intake, HTTP, settings, the page',
    files: ['packages/coordinator/src/**/*.test.ts', 'packages/dashboard/src/*.test.ts'],
  },
  {
    name: 'browser',
    about: 'a participant in a real page',
    files: ['tests/browser/*.test.ts'],
    needs: () => chromium() !== undefined,
    how: 'install Chromium (Debian: apt-get install chromium) or set XAYNET_CHROMIUM to its path',
  },
  { name: 'project', about: 'documents, examples, imports, portability', files: ['tests/project/*.test.ts'] },
  { name: 'command', about: 'xaynet, its commands and the demo', files: ['packages/xaynet/src/**/*.test.ts'] },
  {
    name: 'languages',
    waits: true,
    about: 'Python and shell scripts in a round, and what docs/AGENT.md shows',
    files: ['tests/languages/*.test.ts'],
    needs: () => python() !== undefined && curl() !== undefined,
    how: 'install curl and Python 3 with numpy (Debian: apt-get install curl python3-numpy), or set XAYNET_CURL and XAYNET_PYTHON to their paths',
  },
  { name: 'core', about: 'bytes, keys, masks, messages, documents', files: ['packages/core/src/**/*.test.ts'] },
  { name: 'rounds', waits: true, about: 'whole rounds over real HTTP', files: ['tests/rounds/*.test.ts'] },
  { name: 'chaos', about: 'a coordinator that is killed again and again', files: ['tests/chaos/*.test.ts'] },
  {
    name: 'digits',
    about: 'the page where every tab is a participant, in Chromium',
    files: ['examples/digits/tests/*.test.ts'],
    needs: () => chromium() !== undefined && existsSync('examples/digits/node_modules/.package-lock.json'),
    how: 'run node scripts/install.mjs examples/digits, and install Chromium (Debian: apt-get install chromium) or set XAYNET_CHROMIUM to its path',
  },
  { name: 'examples', waits: true, about: 'the examples, by their one command', files: ['tests/examples/*.test.ts'] },
  { name: 'participant', about: 'state machine, client, snapshots', files: ['packages/participant/src/**/*.test.ts'] },
  {
    name: 'influx',
    waits: true,
    about: 'measurements in a real InfluxDB',
    files: ['tests/influx/*.test.ts'],
    needs: () => influxd() !== undefined,
    how: 'install InfluxDB 1.x (Debian: apt-get install --no-install-recommends influxdb) or set XAYNET_INFLUXD to the path of influxd',
  },
  {
    name: 's3',
    waits: true,
    about: 'blobs on a real server of S3 that checks signatures',
    files: ['tests/s3/*.test.ts'],
    needs: () => swiftPython() !== undefined && redisServer() !== undefined && existsSync('node_modules/@aws-sdk/client-s3/package.json'),
    how: 'install OpenStack Swift and Redis 7 (Debian: apt-get install --no-install-recommends python3-swift redis-server) or set XAYNET_PYTHON to a Python that has the one and XAYNET_REDIS_SERVER to the path of the other, and run npm ci',
  },
  {
    name: 'redis',
    waits: true,
    about: 'the store on a real Redis: contracts, faults, rounds',
    files: ['tests/redis/*.test.ts'],
    needs: () => redisServer() !== undefined && existsSync('node_modules/@redis/client/package.json'),
    how: 'install Redis 7 (Debian: apt-get install --no-install-recommends redis-server) or set XAYNET_REDIS_SERVER to its path, and run npm ci',
  },
  {
    name: 'deploy',
    waits: true,
    about: 'the compose file by its own loader, the chart before the schemas of Kubernetes, HAProxy and Redis as they are set there',
    files: ['tests/deploy/*.test.ts'],
    needs: () => helm() !== undefined && composeSpec() !== undefined && redisServer() !== undefined && ['haproxy', 'redis-cli'].every(onPath),
    how: 'install Go and run node scripts/deploy-tools.mjs (Helm and the loader of compose files, once), and install HAProxy and Redis (Debian: apt-get install --no-install-recommends haproxy redis-server)',
  },
  {
    name: 'shells',
    about: 'completion in real zsh and fish, manual pages before mandoc and man',
    files: ['tests/shells/*.test.ts'],
    needs: () => ['zsh', 'fish', 'mandoc', 'man'].every(onPath),
    how: 'install them (Debian: apt-get install --no-install-recommends zsh fish mandoc man-db)',
  },
  { name: 'vectors', about: 'known answers, broken vectors, recorded rounds', files: ['tests/vectors/*.test.ts'] },
];
