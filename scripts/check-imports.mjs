// Checks the drawn arrows of docs/ARCHITECTURE.md: who may import whom, between packages and inside them; no relative path
// leaves its package, nobody imports the index of its own package, `node:` stays where Node is, an alias (`#name`) names files that
// exist for every platform, and the pure parts (a round's step and phases, a participant's) reach no clock, no randomness, no
// store, no I/O.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** Which packages of this project a package may import. */
const PACKAGES = {
  core: [],
  participant: ['@xaynet/core'],
  coordinator: ['@xaynet/core'],
  dashboard: [],
  xaynet: ['@xaynet/core', '@xaynet/participant', '@xaynet/coordinator'],
};

/** What a package may import as types only. */
const TYPES_OF = { dashboard: ['@xaynet/coordinator'] };

/** Third-party packages a package may import; its package.json must list them too. */
const LIBRARIES = {
  core: ['@noble/ed25519'],
  participant: [],
  coordinator: ['@aws-sdk/client-s3', '@opentelemetry/api', 'pino', 'prom-client', 'smol-toml', 'zod'],
  dashboard: ['@preact/signals', 'preact', 'uplot'],
  xaynet: ['commander'],
};

/** Rooms of a package and the rooms each may import; a room is a folder or a file of src. */
const ROOMS = {
  core: {
    errors: ['sentences', 'no-sentences'],
    sentences: [],
    bytes: ['errors'],
    crypto: ['errors', 'bytes'],
    kernel: ['errors', 'bytes', 'crypto'],
    mask: ['errors', 'bytes', 'crypto', 'kernel'],
    message: ['errors', 'bytes', 'crypto', 'mask'],
    round: ['errors', 'bytes', 'crypto', 'kernel', 'mask'],
    threads: ['errors', 'sentences', 'no-sentences', 'bytes', 'kernel', 'mask'],
  },
  coordinator: {
    log: [],
    addresses: [],
    meter: [],
    'masked-sample': [],
    'packed-seeds': [],
    'process-health': [],
    reports: ['events', 'log', 'stores/contract'],
    'settings-document': ['http/api/documents', 'settings'],
    metrics: ['events', 'log', 'meter', 'round/state', 'stores/contract'],
    clock: [],
    buffers: ['clock'],
    request: ['buffers', 'meter'],
    round: [],
    recording: ['clock', 'events', 'log', 'request', 'round'],
    replay: ['recording/folder', 'recording/format', 'round'],
    settings: ['addresses', 'log', 'stores/redis/address', 'stores/redis/names', 'stores/s3/options'],
    events: ['log', 'masked-sample', 'round/state', 'stores/contract'],
    bulletin: ['round/state'],
    queue: ['request', 'round/state'],
    thread: [],
    stores: ['buffers', 'clock', 'log', 'packed-seeds', 'thread'],
    http: ['addresses', 'buffers', 'events', 'log', 'masked-sample', 'meter', 'process-health', 'round/state', 'stores/contract'],
    engine: ['bulletin', 'patience', 'publisher', 'request', 'round/state', 'stores/shared'],
    'coordinator-api': [
      'clock',
      'engine',
      'events',
      'http/api/documents',
      'http/api/port',
      'masked-sample',
      'process-health',
      'settings',
      'settings-document',
      'stores/contract',
    ],
    intake: [
      'addresses',
      'buffers',
      'bulletin',
      'clock',
      'events',
      'http/port',
      'log',
      'meter',
      'request',
      'round/state',
      'stores/contract',
      'stores/shared',
      'thread',
    ],
    'deadline-timer': ['clock', 'round/deadline'],
    draw: [],
    patience: ['clock', 'log', 'stores/damage'],
    records: ['stores/contract'],
    archive: ['clock', 'log', 'patience', 'records', 'stores/contract'],
    aggregate: ['buffers', 'clock', 'log', 'meter', 'patience', 'stores/contract'],
    admission: ['aggregate', 'buffers', 'patience', 'request', 'round/quarantine', 'round/state', 'stores/contract'],
    material: ['admission', 'aggregate', 'archive', 'draw', 'masked-sample', 'patience', 'records', 'request', 'round', 'stores/contract'],
    publisher: ['bulletin', 'clock', 'events', 'log', 'material', 'meter', 'round/state'],
    driver: [
      'bulletin',
      'clock',
      'deadline-timer',
      'engine',
      'events',
      'log',
      'material',
      'meter',
      'patience',
      'publisher',
      'queue',
      'request',
      'round',
      'stores/contract',
    ],
    reload: ['http/server', 'log', 'settings', 'stores/contract'],
    restore: ['driver', 'log', 'material', 'stores/contract'],
    fleet: [
      'admission',
      'aggregate',
      'buffers',
      'bulletin',
      'clock',
      'driver',
      'engine',
      'http/body',
      'http/listen',
      'http/port',
      'intake/fleet-chunks',
      'log',
      'material',
      'meter',
      'patience',
      'publisher',
      'queue',
      'request',
      'restore',
      'round/state',
      'stores/contract',
      'stores/shared',
    ],
  },
  participant: {
    abort: [],
    models: [],
    ports: [],
    rules: [],
    state: ['ports'],
    verdict: ['http-body', 'ports'],
    phases: ['local-model', 'ports', 'rules', 'state', 'thrown', 'verdict'],
    thrown: [],
    step: ['phases', 'ports', 'rules', 'state'],
    snapshot: ['fields', 'state'],
    participant: [
      'clock',
      'global-model',
      'local-model',
      'options',
      'phases/transition',
      'ports',
      'round-pace',
      'transport-error',
      'rules',
      'snapshot',
      'state',
      'step',
      'sum-watch',
      'tick',
    ],
    reference: ['options', 'participant', 'snapshot', 'state'],
    node: ['http-body', 'http-transport', 'ports'],
    browser: [
      'backoff',
      'base-url',
      'clock',
      'conditions',
      'global-model',
      'options',
      'participant',
      'phases/transition',
      'ports',
      'run',
      'run-events',
      'state',
      'thrown',
      'training',
      'transport-error',
    ],
    training: ['abort', 'backoff', 'clock', 'global-model', 'participant', 'phases/transition', 'ports', 'run-events', 'transport-error'],
  },
};

/** Files that decide and must not act: their imports may name nothing that reads a clock, draws chance or does I/O. */
const PURE = [/^packages\/coordinator\/src\/round\//, /^packages\/participant\/src\/phases\//];
const PORTABLE = ['core', 'participant', 'dashboard'];

const problems = [];
const IMPORT = /^\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/gm;
let files = 0;

for (const name of Object.keys(PACKAGES)) {
  const manifest = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'));
  // What is built into another package is needed for building alone.
  const declared = Object.keys({
    ...manifest.dependencies,
    ...manifest.peerDependencies,
    ...manifest.optionalDependencies,
    ...(manifest.private ? manifest.devDependencies : {}),
  });
  for (const file of globSync(`packages/${name}/src/**/*.{ts,tsx}`)) {
    const test = file.includes('.test.');
    if (test) continue;
    files++;
    const text = readFileSync(file, 'utf8').replace(/^\s*(\/\/|\*).*$/gm, '');
    for (const match of text.matchAll(IMPORT)) {
      const target = match[1] ?? match[2] ?? match[3];
      const typesOnly = /^\s*import type /.test(match[0]) && (TYPES_OF[name] ?? []).some((other) => target.startsWith(`${other}/`));
      const problem = typesOnly ? undefined : check(name, file, target, declared);
      if (problem) problems.push(`${file}: imports ${target}: ${problem}`);
    }
    if (PURE.some((pattern) => pattern.test(file)) && /\b(Date\.now|Math\.random|setTimeout|performance\.now|new Date\()/.test(text)) {
      problems.push(`${file}: reads a clock or draws chance; take it as an argument`);
    }
  }
}

/** An alias of `imports` in package.json: whatever file a platform gets for it must exist, sources and build alike, and follow the arrows. */
function checkAlias(name, file, target) {
  const { imports = {} } = JSON.parse(readFileSync(`packages/${name}/package.json`, 'utf8'));
  if (!(target in imports)) return 'not in `imports` of its package.json';
  const sources = [];
  const visit = (entry) => {
    if (typeof entry !== 'object' || entry === null) return `${entry} without a source beside it`;
    if (!('source' in entry)) return Object.values(entry).map(visit).find(Boolean);
    sources.push(entry.source);
    const built = entry.source.replace('./src/', './dist/').replace(/\.ts$/, '.js');
    if (entry.default !== built) return `${entry.source} is built to ${built}, not ${entry.default}`;
    return existsSync(`packages/${name}/${entry.source}`) ? undefined : `${entry.source} does not exist`;
  };
  const problem = visit(imports[target]);
  return problem ?? sources.map((source) => checkRoom(name, file.slice(`packages/${name}/src/`.length), source.slice('./src/'.length))).find(Boolean);
}

function check(name, file, target, declared) {
  if (target.startsWith('.')) {
    const path = normalize(join(dirname(file), target));
    const source = `packages/${name}/src/`;
    if (!path.startsWith(source)) return 'a relative path leaves its package';
    const inner = path.slice(source.length);
    if (inner === 'index.ts') return "the index of one's own package; import the file itself";
    if (inner.endsWith('.node.ts') && PORTABLE.includes(name) && !file.endsWith('.node.ts'))
      return 'a file for Node in a portable package; reach it through `imports` of package.json';
    return file === `${source}index.ts` || file === `${source}main.ts` ? undefined : checkRoom(name, file.slice(source.length), inner);
  }
  if (target.startsWith('#')) return checkAlias(name, file, target);
  if (target.startsWith('node:')) return PORTABLE.includes(name) && !file.endsWith('.node.ts') ? 'a portable package may not use Node' : checkPure(file);
  if (target.startsWith('@xaynet/')) {
    const pkg = target.split('/').slice(0, 2).join('/');
    if (!PACKAGES[name].includes(pkg)) return `${name} may import ${PACKAGES[name].join(', ') || 'no package of this project'}`;
    return declared.includes(pkg) ? undefined : `${pkg} is not in its package.json`;
  }
  const pkg = target.startsWith('@') ? target.split('/').slice(0, 2).join('/') : target.split('/')[0];
  if (!LIBRARIES[name].includes(pkg)) return `${name} may use ${LIBRARIES[name].join(', ') || 'no library'}`;
  return declared.includes(pkg) ? checkPure(file) : `${pkg} is not in its package.json`;
}

function checkPure(file) {
  return PURE.some((pattern) => pattern.test(file)) ? 'a pure file decides and does not act' : undefined;
}

function checkRoom(name, from, to) {
  const rooms = ROOMS[name];
  if (!rooms) return undefined;
  const roomOf = (path) => path.replace(/\.ts$/, '').split('/')[0];
  const room = roomOf(from);
  const other = roomOf(to);
  if (room === other) return to.endsWith('/index.ts') && from !== to ? 'the index of one’s own room; import the file itself' : undefined;
  if (!(room in rooms)) return undefined;
  const allowed = rooms[room].some((entry) => entry === other || to.replace(/\.ts$/, '').startsWith(entry));
  return allowed ? undefined : `${room} may import ${rooms[room].join(', ') || 'nothing else of its package'}`;
}

for (const problem of problems) console.log(problem);
console.log(problems.length === 0 ? `imports: ${files} files follow the arrows` : `imports: ${problems.length} problems`);
process.exit(problems.length === 0 ? 0 : 1);
