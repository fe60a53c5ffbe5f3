// `npm test`: runs every suite of test-suites.mjs whose needs are there, says which it left out and how to get them, and adds up the counts.
// With CI=true a suite that would be left out is a failure, and nothing is spared: every engine, a real disk; files that failed get a second
// chance, alone. Options: --help. It also fails when tests leave files behind in the temporary folder that they are given.
import { spawn } from 'node:child_process';
import { globSync, mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, influxd, python } from './test-suites.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
/** Tests of this file have suites of their own. */
const { SUITES } = await import(process.env.XAYNET_TEST_SUITES ?? './test-suites.mjs');

/** A suite that ends no test for so long has left something open; a slow machine ends one now and then. */
const SILENCE_LIMIT = 4 * 60_000;
/** Suites at once, and besides them those that mostly wait. */
const COMPUTING = 2;
const WAITING = 1;
/** More files than these do not fail by accident: then none is run again. */
const AGAIN_LIMIT = 5;
/** Characters of an error that are told once more at the end. */
const TOLD_AGAIN = 4000;
/** What is known of tests that told nothing. */
const NOTHING = { files: {}, failures: [], slow: [], cpu: undefined };

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  console.log(`Usage: npm test [-- OPTIONS]

  --suite NAME     only this suite; repeatable
  --seed N|random  other random inputs than the usual ones
  --slow           the slowest tests at the end
  --again          files that failed run once more at the end, each alone on the machine, unless more than ${AGAIN_LIMIT} failed; one that passes then
                   counts as passed and is listed as unsteady; CI=true implies it
  --list           the suites and what they test

Exit codes: 0 all passed; 1 not; 2 the command line is wrong.`);
  process.exit(0);
}
const only = args.flatMap((arg, i) => (arg === '--suite' ? [args[i + 1]] : []));
const seedArg = args.includes('--seed') ? args[args.indexOf('--seed') + 1] : process.env.XAYNET_TEST_SEED;
const seed = seedArg === 'random' ? Math.floor(Math.random() * 2 ** 31) : Number(seedArg ?? 20261122);
const stranger = args.find((arg, i) => !['--suite', '--seed', '--slow', '--again', '--list'].includes(arg) && !['--suite', '--seed'].includes(args[i - 1]));
if (stranger !== undefined) {
  console.error(`test: ${stranger} is no option; there are --suite NAME, --seed N|random, --slow, --again and --list`);
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
// Tests get a temporary folder of their own, so that what they leave behind is seen whatever else runs on the machine. It is in memory where
// that is possible, as stores wait for the disk at every write; CI waits.
const temporary = mkdtempSync(join(inMemory() ?? tmpdir(), 'xaynet-tests-'));
const started = Date.now();
console.log(`seed ${seed} (npm test -- --seed ${seed}), Node ${process.versions.node}, suites: ${running.map((suite) => suite.name).join(', ')}`);

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    rmSync(temporary, { recursive: true, force: true });
    process.exit(130);
  });
}
const results = await runAll(running);
const unsteady = args.includes('--again') || process.env.CI === 'true' ? await runAgain(results) : [];

let failed = 0;
const total = sum(results.flatMap(({ files }) => Object.values(files)));
console.log('');
for (const { suite, files, ms, cpu } of results) {
  const counts = sum(Object.values(files));
  console.log(
    `${suite.name.padEnd(12)} ${String(counts.passed).padStart(5)} passed ${String(counts.failed).padStart(3)} failed ${String(counts.skipped).padStart(3)} skipped ${(ms / 1000).toFixed(1).padStart(6)} s${cpu === undefined ? '' : `, of CPU ${cpu.toFixed(1)} s`}`,
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
for (const { suite } of results.filter(({ code, failures }) => code !== 0 && failures.length === 0)) {
  console.log(`${suite.name} ended without finishing its tests; its output is above.`);
  failed++;
}
if (args.includes('--slow')) {
  console.log('\nthe slowest tests:');
  const slowest = results.flatMap(({ slow }) => slow).sort((a, b) => b.ms - a.ms);
  for (const { file, name, ms } of slowest.slice(0, 15)) console.log(`  ${(ms / 1000).toFixed(1).padStart(6)} s  ${file}: ${name}`);
  console.log('');
}
// What went wrong, once more: a record that was cut has its end.
tell(
  'failed',
  results.flatMap(({ failures }) => failures),
);
tell('unsteady: failed beside others, passed alone', unsteady);
console.log(`in ${((Date.now() - started) / 1000).toFixed(1)} s`);
console.log(`${total.passed} passed, ${total.failed + failed} failed, ${total.skipped} skipped`);
process.exit(total.failed + failed > 0 || total.passed === 0 ? 1 : 0);

/** A folder in memory with room for what tests write, if this machine has one and this is not CI. */
function inMemory() {
  if (process.env.CI === 'true' || process.platform !== 'linux') return undefined;
  try {
    const { bavail, bsize } = statfsSync('/dev/shm');
    return bavail * bsize > 2 * 2 ** 30 ? '/dev/shm' : undefined;
  } catch {
    return undefined;
  }
}

/** Runs suites as places become free, in their order. */
async function runAll(suites) {
  const queue = [...suites];
  const results = [];
  const work = async (mayTake) => {
    for (let at = queue.findIndex(mayTake); at >= 0; at = queue.findIndex(mayTake)) results.push(await runSuite(queue.splice(at, 1)[0]));
  };
  const waiting = Array.from({ length: WAITING }, () => work((suite) => suite.waits === true));
  await Promise.all([...waiting, ...Array.from({ length: COMPUTING }, () => work(() => true))]);
  return results;
}

function filesOf(suite) {
  return suite.files.flatMap((pattern) => globSync(pattern)).sort();
}

/** Runs the files of a suite. */
async function runSuite(suite) {
  const files = filesOf(suite);
  const result = { suite, ...(files.length === 0 ? { ...NOTHING, code: 1, ms: 0, output: 'it has no files' } : await runFiles(suite, files)) };
  console.log(`\n${suite.name}: ${suite.about}`);
  console.log(result.output);
  return result;
}

/** Runs each file that failed once more, alone; where one passes this replaces its failures, which are returned. What left no counts is not tried. */
async function runAgain(results) {
  const failed = results.flatMap((result) => Object.keys(result.files).flatMap((file) => (result.files[file].failed > 0 ? [{ result, file }] : [])));
  if (failed.length === 0) return [];
  if (failed.length > AGAIN_LIMIT) {
    console.log(`\n${failed.length} files failed: more than ${AGAIN_LIMIT} are no accident, so none is run again.`);
    return [];
  }
  console.log(`\nonce more, alone: ${failed.map(({ file }) => file).join(', ')}`);
  // A test that failed may not have come to remove its files; only what is left now counts.
  for (const name of readdirSync(temporary)) rmSync(join(temporary, name), { recursive: true, force: true });
  const unsteady = [];
  for (const { result, file } of failed) {
    const entries = entriesOf(result.suite, file);
    if (entries.length === 0) continue;
    const { code, files, failures, output } = await runFiles(result.suite, entries);
    console.log(output);
    if (code !== 0 || failures.length > 0 || !(files[file]?.passed > 0)) continue;
    unsteady.push(...result.failures.filter((failure) => failure.file === file));
    result.failures = result.failures.filter((failure) => failure.file !== file);
    result.files[file] = files[file];
    if (result.failures.length === 0) result.code = 0;
  }
  return unsteady;
}

/** The files of a suite that have a file's tests: itself, or, when it makes tests for others, those that import it. */
function entriesOf(suite, file) {
  const all = filesOf(suite);
  if (all.some((each) => relative(root, each) === file)) return [file];
  return all.filter((each) => readFileSync(each, 'utf8').includes(`/${basename(file)}'`));
}

/** Runs files in one process. */
function runFiles(suite, files) {
  const begun = Date.now();
  const flags = [
    '--conditions=source',
    '--disable-warning=ExperimentalWarning',
    '--import=./scripts/test-seed.mjs',
    '--test',
    '--test-isolation=none',
    '--test-timeout=180000',
  ];
  const child = spawn(process.execPath, [...flags, '--test-reporter=./scripts/test-reporter.mjs', ...files], {
    env: {
      ...process.env,
      XAYNET_TEST_SEED: String(seed),
      XAYNET_CHROMIUM: chromium() ?? '',
      XAYNET_INFLUXD: influxd() ?? '',
      ...(suite.name === 'languages' ? { XAYNET_PYTHON: python() } : {}),
      NODE_OPTIONS: '',
      // What Node compiles is kept, by the contents of files: processes and threads that tests start need not compile it again.
      NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/xaynet-compiled'),
      TMPDIR: temporary,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const limit = suite.silence ?? SILENCE_LIMIT;
  let output = '';
  const giveUp = () => {
    output += `\n${suite.name} ended no test for ${limit / 60_000} minutes and was killed: something it started was not closed.\n`;
    child.kill('SIGKILL');
    // What it started may hold its outputs open for ever.
    for (const stream of [child.stdout, child.stderr]) stream.destroy();
  };
  let watchdog = setTimeout(giveUp, limit);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(giveUp, limit);
      output += chunk;
    });
  }
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(watchdog);
      // The reporter writes a NUL for every test that ended.
      const lines = output.replaceAll('\0', '').trimEnd().split('\n');
      const at = lines.findLastIndex((line) => line.startsWith('{"files":'));
      const told = at >= 0 ? JSON.parse(lines.splice(at, 1)[0]) : NOTHING;
      resolve({ ...told, code, ms: Date.now() - begun, output: lines.join('\n').trimEnd() });
    });
  });
}

/** Counts together. */
function sum(rows) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const row of rows) for (const key of Object.keys(counts)) counts[key] += row[key];
  return counts;
}

/** Lists failures under a title, if there are any. */
function tell(title, failures) {
  if (failures.length === 0) return;
  console.log(`\n${title}`);
  for (const { file, name, error } of failures) {
    console.log(`\n✖ ${file}: ${name}`);
    console.log(error.length > TOLD_AGAIN ? `${error.slice(0, TOLD_AGAIN)} … (all of it is above)` : error);
  }
  console.log('');
}
