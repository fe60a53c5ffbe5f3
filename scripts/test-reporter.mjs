// Reporter for scripts/test.mjs: a NUL for every test that ended (so that its parent sees that it goes on), at the end one line a file,
// every failure in full, and as JSON on the last line the counts of each file, the failures, the slowest tests and the seconds of CPU, for the parent.
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** Seconds of CPU of this process and of all it started and has seen the end of; undefined where the system does not tell. */
function cpuSeconds() {
  try {
    const ticks = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ').slice(11, 15);
    return ticks.reduce((sum, tick) => sum + Number(tick), 0) / 100;
  } catch {
    return undefined;
  }
}

const NO_FILE = '(no file)';

/** One line a file, failures in full, the rest as JSON. */
export default async function* report(events) {
  const files = new Map();
  const failures = [];
  const tests = [];
  let before = cpuSeconds();
  for await (const { type, data } of events) {
    if (type === 'test:complete') yield '\0';
    // What a test that is over did later fails the process, and this is all that is told of it.
    if (type === 'test:diagnostic' && data.message.startsWith('Error:')) {
      files.set(NO_FILE, { passed: 0, failed: (files.get(NO_FILE)?.failed ?? 0) + 1, skipped: 0, ms: 0, cpu: 0 });
      failures.push({ file: NO_FILE, name: 'after a test had ended', error: data.message });
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    // Of suites only what is not told by their tests: hooks that failed.
    if (data.details?.type === 'suite' && data.details.error?.failureType !== 'hookFailed') continue;
    const file = data.file ? relative(process.cwd(), data.file) : NO_FILE;
    const row = files.get(file) ?? { passed: 0, failed: 0, skipped: 0, ms: 0, cpu: 0 };
    const kind = data.skip !== undefined || data.todo !== undefined ? 'skipped' : type === 'test:pass' ? 'passed' : 'failed';
    row[kind]++;
    if (data.nesting === 0) row.ms += data.details?.duration_ms ?? 0;
    // Files run one after the other in one process: what it took since the test before belongs to this one, with what is set up for it.
    const now = cpuSeconds();
    const cpu = now === undefined ? undefined : now - before;
    before = now;
    row.cpu += cpu ?? 0;
    files.set(file, row);
    tests.push({ file, name: data.name, ms: Math.round(data.details?.duration_ms ?? 0), cpu });
    if (type === 'test:fail' && data.todo === undefined) {
      const error = data.details?.error;
      failures.push({ file, name: data.name, error: String(error?.cause?.stack ?? error?.cause ?? error?.stack ?? error) });
    }
  }
  for (const [file, row] of files) {
    const marks = [`${row.passed} passed`, row.failed ? `${row.failed} failed` : '', row.skipped ? `${row.skipped} skipped` : ''].filter(Boolean).join(', ');
    yield `  ${row.failed ? '✖' : '✓'} ${file.padEnd(58)} ${marks.padStart(12)} ${(row.ms / 1000).toFixed(2).padStart(7)} s${before === undefined ? '' : ` ${row.cpu.toFixed(1).padStart(5)} s of CPU`}\n`;
  }
  yield failures.map(({ file, name, error }) => `\n✖ ${file}: ${name}\n${error}\n`).join('');
  const slow = tests.sort((a, b) => b.ms - a.ms).slice(0, 15);
  yield `\n${JSON.stringify({ files: Object.fromEntries(files), failures, slow, cpu: cpuSeconds() })}\n`;
}
