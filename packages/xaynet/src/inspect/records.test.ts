// Files of records, as the embedded store writes them and as crashes and bad disks leave them: what is said of them is what the store's own
// reader does with them.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PublicSigningKey } from '@xaynet/core/bytes';
import { decodeMaskObject } from '@xaynet/core/mask';
import fc from 'fast-check';
import { ChunkSpool } from '../../../coordinator/src/stores/files/chunk-spool.ts';
import { ContributionFiles } from '../../../coordinator/src/stores/files/contribution-files.ts';
import { systemDisk } from '../../../coordinator/src/stores/files/disk.ts';
import { RecordFile } from '../../../coordinator/src/stores/files/record-file.ts';
import { main } from '../main.ts';
import { bytesOf, masked } from './examples.test.ts';
import { ofBytes } from './input.ts';
import { reportJson } from './json.ts';
import { inspectRecords, isRecordFile } from './records.ts';
import { isWrong, leaves, type Report } from './report.ts';
import { reportLines } from './text.ts';

const folder = mkdtempSync(join(tmpdir(), 'xaynet-records-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const store = new ContributionFiles(systemDisk, join(folder, 'contributions'));
for (let position = 1; position <= 6; position++) store.append(3, { position, rest: bytesOf(`participant ${position}`) }, masked);
const checkpoint = store.writeCheckpoint(3, { position: 6, rest: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 6) }, masked);
store.close();
const spool = new ChunkSpool(systemDisk, join(folder, 'chunks.log'), 9);
const participant = PublicSigningKey(bytesOf('participant'));
spool.append([
  { participant, tag: 'update', payload: Uint8Array.of(0, 0, 1, 2, 0, 0, 0, 0, 5) },
  { participant, tag: 'update', payload: Uint8Array.of(0, 1, 1, 2, 1, 0, 0, 0, 5), unproven: true },
  { participant, tag: 'update', payload: Uint8Array.of(0, 1, 1, 2) },
]);
spool.close();
const segment = new Uint8Array(readFileSync(join(folder, 'contributions', 'segment-0000000001')));
const sums = new Uint8Array(readFileSync(join(folder, 'contributions', `checkpoint-${String(checkpoint.file).padStart(10, '0')}`)));
const chunks = new Uint8Array(readFileSync(join(folder, 'chunks.log')));

function inspect(bytes: Uint8Array, isAll = true): Report {
  const input = ofBytes('x', bytes);
  assert.ok(isRecordFile(input));
  return inspectRecords(input, { secrets: false, items: isAll ? 'all' : undefined }, () => undefined);
}

/** How many records the store's own reader reads from the beginning on; undefined: it refuses the file. Of contributions, while they decode. */
function strictCount(bytes: Uint8Array, kind: 'cont' | 'sums' | 'chnk'): number | undefined {
  const path = join(folder, 'strict');
  writeFileSync(path, bytes);
  const file = RecordFile.open(systemDisk, path, kind);
  if (file === undefined) return undefined;
  let count = 0;
  for (let record = file.read(); record !== undefined; record = file.read(record.offset + record.length)) {
    count++;
    if (kind !== 'chnk') decodeMaskObject(record.body);
  }
  file.close();
  return count;
}

test('files as they are written: every byte in one field, nothing wrong, all records read', () => {
  for (const [bytes, kind, count] of [
    [segment, 'cont', 6],
    [sums, 'sums', 1],
    [chunks, 'chnk', 3],
  ] as const) {
    const report = inspect(bytes);
    assert.ok(!isWrong(report), JSON.stringify(reportJson(report)));
    assert.equal(strictCount(bytes, kind), count);
    assert.match(report.verdict!.says, new RegExp(`reads ${count} record`));
    let at = 0;
    for (const { offset, length } of leaves(report.fields)) {
      assert.equal(offset, at);
      at += length;
    }
    assert.equal(at, bytes.length);
  }
  const text = reportLines(inspect(segment, false), { columns: 100, paint: (_, each) => each, unfold: false }).join('\n');
  assert.match(text, /round +3\n[\s\S]*record0 +update 1 of [\s\S]*record2[\s\S]*…\n[\s\S]*record5 +update 6 of/);
  assert.ok(!text.includes('record3'));
});

test('a torn tail is told and is no fault: the store cuts it off', () => {
  const report = inspect(segment.slice(0, -10));
  assert.ok(!isWrong(report));
  assert.match(report.verdict!.says, /reads 5 records/);
  assert.equal(report.fields.at(-1)!.name, 'torn tail');
});

test('damage in the middle: said where it is, and the records behind it are found again', () => {
  const recordLength = (segment.length - 24) / 6;
  const flipped = Uint8Array.from(segment, (byte, i) => (i === 24 + 2 * recordLength + 80 ? byte ^ 4 : byte));
  const report = inspect(flipped);
  assert.equal(report.verdict!.code, 'contribution-damaged');
  assert.match(report.verdict!.says, /reads 2 records; the record at byte/);
  assert.equal(report.fields.filter(({ name }) => name.startsWith('record')).length, 6);
  const lost = Uint8Array.from(segment, (byte, i) => (i >= 24 + recordLength + 4 && i < 24 + recordLength + 12 ? 255 : byte));
  const found = inspect(lost);
  assert.match(found.verdict!.says, /reads 1 record; there is damage at byte/);
  assert.equal(found.fields.filter(({ name }) => name.startsWith('record')).length, 5);
  assert.ok(found.fields.some(({ name }) => name === 'damage'));
});

test('any damage: never a throw, and as many records are read as the store reads', () => {
  const files = fc.constantFrom([segment, 'cont'] as const, [sums, 'sums'] as const, [chunks, 'chnk'] as const);
  fc.assert(
    fc.property(files, fc.nat({ max: 700 }), fc.integer({ min: 1, max: 255 }), fc.boolean(), ([bytes, kind], at, xor, isCut) => {
      const from = 4 + (at % (bytes.length - 4));
      const given = isCut ? bytes.slice(0, from) : Uint8Array.from(bytes, (byte, i) => (i === from ? byte ^ xor : byte));
      const report = inspect(given);
      reportLines(report, { columns: 100, paint: (_, each) => each, unfold: true });
      const count = strictCount(given, kind);
      if (count === undefined) assert.equal(report.verdict?.code, 'contribution-damaged');
      else assert.match(report.verdict!.says, new RegExp(`reads ${count} record`), `${kind} at ${from}`);
    }),
    { numRuns: 150 },
  );
});

test('the command reads them from files, a record at a time', async () => {
  let text = '';
  const take = (more: string): void => {
    text += more;
  };
  assert.equal(await main(['inspect', join(folder, 'chunks.log'), join(folder, 'contributions', 'segment-0000000001'), '--json'], { out: take, err: take }), 0);
  const { documents } = JSON.parse(text);
  assert.deepEqual(
    documents.map(({ kind }: { kind: string }) => kind),
    ['records', 'records'],
  );
});
