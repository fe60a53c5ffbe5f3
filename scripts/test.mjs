// `npm test`: runs every suite whose needs are there, says which it left out and how to get them, and adds up the counts.
// With CI=true a suite that would be left out is a failure. Arguments: --suite NAME (repeatable), --seed N|random, --list, --help.
// It also fails when tests leave files behind in the temporary folder that they are given.
import { spawn } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);

/** The Chromium that page tests drive: XAYNET_CHROMIUM, else the usual places. */
const chromium = () =>
  [process.env.XAYNET_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path));

/** The InfluxDB 1.x that tests start: XAYNET_INFLUXD, else the one on the path. */
const influxd = () =>
  [process.env.XAYNET_INFLUXD, ...(process.env.PATH ?? '').split(':').map((folder) => join(folder, 'influxd'))].find((path) => path && existsSync(path));

// Suites of one lane run one after another; the two lanes run side by side, one a core.
const SUITES = [
  { name: 'core', lane: 0, about: 'bytes, keys, masks, messages, documents', files: ['packages/core/src/**/*.test.ts'] },
  { name: 'vectors', lane: 0, about: 'known answers, broken vectors, recorded rounds', files: ['tests/vectors/*.test.ts'] },
  { name: 'participant', lane: 1, about: 'state machine, client, snapshots', files: ['packages/participant/src/**/*.test.ts'] },
  { name: 'coordinator', lane: 1, about: 'rounds, stores, intake, HTTP, settings', files: ['packages/coordinator/src/**/*.test.ts'] },
  { name: 'command', lane: 1, about: 'xaynet, its commands and the demo', files: ['packages/xaynet/src/**/*.test.ts'] },
  { name: 'rounds', lane: 0, about: 'whole rounds over real HTTP', files: ['tests/rounds/*.test.ts'] },
  { name: 'chaos', lane: 0, about: 'a coordinator that is killed again and again', files: ['tests/chaos/*.test.ts'] },
  { name: 'project', lane: 0, about: 'documents, examples, imports, portability', files: ['tests/project/*.test.ts'] },
  {
    name: 'influx',
    lane: 1,
    about: 'measurements in a real InfluxDB',
    files: ['tests/influx/*.test.ts'],
    needs: () => influxd() !== undefined,
    how: 'install InfluxDB 1.x (Debian: apt-get install --no-install-recommends influxdb) or set XAYNET_INFLUXD to the path of influxd',
  },
  {
    name: 'browser',
    lane: 0,
    about: 'a participant in a real page',
    files: ['tests/browser/*.test.ts'],
    needs: () => chromium() !== undefined,
    how: 'install Chromium (Debian: apt-get install chromium) or set XAYNET_CHROMIUM to its path',
  },
];

/** A suite that takes longer has left something open. */
const SUITE_LIMIT = 4 * 60_000;

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  console.log(`Usage: npm test [-- OPTIONS]

  --suite NAME     only this suite; repeatable
  --seed N|random  other random inputs than the usual ones
  --list           the suites and what they test

Exit codes: 0 all passed; 1 not; 2 the command line is wrong.`);
  process.exit(0);
}
const only = args.flatMap((arg, i) => (arg === '--suite' ? [args[i + 1]] : []));
const seedArg = args.includes('--seed') ? args[args.indexOf('--seed') + 1] : process.env.XAYNET_TEST_SEED;
const seed = seedArg === 'random' ? Math.floor(Math.random() * 2 ** 31) : Number(seedArg ?? 20261122);
const stranger = args.find((arg, i) => !['--suite', '--seed', '--list'].includes(arg) && !['--suite', '--seed'].includes(args[i - 1]));
if (stranger !== undefined) {
  console.error(`test: ${stranger} is no option; there are --suite NAME, --seed N|random and --list`);
  process.exit(2);
}
const unknown = only.filter((name) => !SUITES.some((suite) => suite.name === name));
if (unknown.length > 0 || !Number.isInteger(seed)) {
  console.error(
    unknown.length > 0
      ? `test: no suite ${unknown.join(', ')}; there are ${SUITES.map((s) => s.name).join(', ')}`
      : `test: --seed takes an integer or 'random'`,
  );
  process.exit(2);
}
if (args.includes('--list')) {
  for (const suite of SUITES) console.log(`${suite.name.padEnd(12)} ${suite.about}`);
  process.exit(0);
}

const chosen = SUITES.filter((suite) => only.length === 0 || only.includes(suite.name));
const left = chosen.filter((suite) => suite.needs && !suite.needs());
const running = chosen.filter((suite) => !left.includes(suite));
// Tests get a temporary folder of their own, so that what they leave behind is seen whatever else runs on the machine.
const temporary = mkdtempSync(join(tmpdir(), 'xaynet-tests-'));
const started = Date.now();
console.log(`seed ${seed} (npm test -- --seed ${seed}), Node ${process.versions.node}, suites: ${running.map((suite) => suite.name).join(', ')}`);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    rmSync(temporary, { recursive: true, force: true });
    process.exit(130);
  });
}
const results = (await Promise.all([0, 1].map((lane) => runLane(running.filter((suite) => suite.lane === lane))))).flat();

let failed = 0;
const total = { passed: 0, failed: 0, skipped: 0 };
for (const { counts } of results) for (const key of Object.keys(total)) total[key] += counts[key];
console.log('');
for (const { suite, counts, ms } of results) {
  console.log(
    `${suite.name.padEnd(12)} ${String(counts.passed).padStart(5)} passed ${String(counts.failed).padStart(3)} failed ${String(counts.skipped).padStart(3)} skipped ${(ms / 1000).toFixed(1).padStart(6)} s`,
  );
}
for (const suite of left) console.log(`${suite.name.padEnd(12)} LEFT OUT (${suite.about}). To run it: ${suite.how}.`);
const stray = readdirSync(temporary).filter((name) => name.startsWith('xaynet'));
rmSync(temporary, { recursive: true, force: true });
if (stray.length > 0) {
  console.log(`tests left files behind in the temporary folder: ${stray.join(', ')}`);
  failed++;
}
if (left.length > 0 && process.env.CI === 'true') {
  console.log('CI=true: a suite that is left out is a failure.');
  failed++;
}
if (results.some(({ code, counts }) => code !== 0 && counts.failed === 0)) {
  console.log('a suite ended without finishing its tests; its output is above.');
  failed++;
}
console.log(`in ${((Date.now() - started) / 1000).toFixed(1)} s`);
console.log(`${total.passed} passed, ${total.failed + failed} failed, ${total.skipped} skipped`);
process.exit(total.failed + failed > 0 || total.passed === 0 ? 1 : 0);

async function runLane(suites) {
  const results = [];
  for (const suite of suites) results.push(await runSuite(suite));
  return results;
}

function runSuite(suite) {
  const files = suite.files.flatMap((pattern) => globSync(pattern)).sort();
  if (files.length === 0) return { suite, counts: { passed: 0, failed: 0, skipped: 0 }, code: 1, ms: 0 };
  const begun = Date.now();
  const flags = [
    '--conditions=source',
    '--disable-warning=ExperimentalWarning',
    '--import=./scripts/test-seed.mjs',
    '--test',
    '--test-isolation=none',
    '--test-timeout=90000',
  ];
  const child = spawn(process.execPath, [...flags, '--test-reporter=./scripts/test-reporter.mjs', ...files], {
    env: {
      ...process.env,
      XAYNET_TEST_SEED: String(seed),
      XAYNET_CHROMIUM: chromium() ?? '',
      XAYNET_INFLUXD: influxd() ?? '',
      NODE_OPTIONS: '',
      TMPDIR: temporary,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const watchdog = setTimeout(() => {
    output += `\n${suite.name} did not end within ${SUITE_LIMIT / 60_000} minutes and was killed: something it started was not closed.\n`;
    child.kill('SIGKILL');
  }, SUITE_LIMIT);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(watchdog);
      const lines = output.trimEnd().split('\n');
      let counts = { passed: 0, failed: 0, skipped: 0 };
      const at = lines.findLastIndex((line) => line.startsWith('{"passed":'));
      if (at >= 0) counts = JSON.parse(lines.splice(at, 1)[0]);
      console.log(`\n${suite.name}: ${suite.about}`);
      console.log(lines.join('\n').trimEnd());
      resolve({ suite, counts, code, ms: Date.now() - begun });
    });
  });
}
