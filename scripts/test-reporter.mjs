// Reporter for scripts/test.mjs: one line a file while it goes, every failure in full, and the counts as JSON on the last line
// (the parent process reads and adds them up).
import { relative } from 'node:path';

/** One line a file, failures in full, counts last. */
export default async function* report(events) {
  const files = new Map();
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const failures = [];
  for await (const { type, data } of events) {
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    if (data.details?.type === 'suite') continue;
    const file = data.file ? relative(process.cwd(), data.file) : '(no file)';
    const row = files.get(file) ?? { passed: 0, failed: 0, skipped: 0, ms: 0 };
    const kind = data.skip !== undefined || data.todo !== undefined ? 'skipped' : type === 'test:pass' ? 'passed' : 'failed';
    row[kind]++;
    counts[kind]++;
    if (data.nesting === 0) row.ms += data.details?.duration_ms ?? 0;
    files.set(file, row);
    if (type === 'test:fail' && data.todo === undefined) {
      const error = data.details?.error;
      failures.push(`\n✖ ${file}: ${data.name}\n${error?.cause?.stack ?? error?.cause ?? error?.stack ?? error}\n`);
    }
  }
  for (const [file, row] of files) {
    const marks = [`${row.passed} passed`, row.failed ? `${row.failed} failed` : '', row.skipped ? `${row.skipped} skipped` : ''].filter(Boolean).join(', ');
    yield `  ${row.failed ? '✖' : '✓'} ${file.padEnd(58)} ${marks.padStart(12)} ${(row.ms / 1000).toFixed(2).padStart(7)} s\n`;
  }
  yield failures.join('');
  yield `\n${JSON.stringify(counts)}\n`;
}
