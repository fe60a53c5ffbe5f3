// A report as JSON: the same tree, nothing abbreviated. Secrets are as absent here as anywhere.

import { type Field, isWrong, type Report } from './report.ts';

/** Bytes of one field that are printed at most: text has an end. */
const MOST_PRINTED = 64 * 1024 * 1024;

/** What `--json` prints of a report. */
export function reportJson(report: Report): object {
  const { source, kind, title, size, because, checks, verdict, inside, fields, signed } = report;
  return {
    source,
    kind,
    title,
    size,
    because,
    isRight: !isWrong(report),
    verdict: verdict === undefined ? null : { code: verdict.code ?? null, says: verdict.says, ...(verdict.advice === '' ? {} : { advice: verdict.advice }) },
    checks,
    ...(signed === undefined ? {} : { signed }),
    fields: fields.map(fieldJson),
    ...(inside.length === 0 ? {} : { inside: inside.map(reportJson) }),
  };
}

function fieldJson({ name, offset, length, value, data: known, section, isSecret, notes, problems, fields }: Field): object {
  const data = known instanceof Uint8Array ? hexadecimal(known) : known;
  return {
    name,
    offset,
    length,
    ...(value === '' ? {} : { value }),
    ...(data === undefined || data === value ? {} : { data }),
    ...(section === '' ? {} : { section }),
    ...(isSecret ? { isSecret } : {}),
    ...(notes.length === 0 ? {} : { notes }),
    ...(problems.length === 0 ? {} : { problems }),
    ...(fields.length === 0 ? {} : { fields: fields.map(fieldJson) }),
  };
}

/** Hexadecimal in full; undefined of more than can be printed. */
function hexadecimal(bytes: Uint8Array): string | undefined {
  return bytes.length > MOST_PRINTED ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
