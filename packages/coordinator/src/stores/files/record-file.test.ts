// Files of records against what happens to files: whatever byte is changed and wherever they are cut off, what is read is a beginning of
// what was written, unchanged.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { systemDisk } from './disk.ts';
import { RecordFile } from './record-file.ts';

const root = mkdtempSync(join(tmpdir(), 'xaynet-records-'));
after(() => rmSync(root, { recursive: true, force: true }));
const path = join(root, 'file');

type Written = readonly { readonly head: Uint8Array; readonly body: readonly Uint8Array[] }[];
const records = fc.array(fc.record({ head: fc.uint8Array({ maxLength: 40 }), body: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 3 }) }), {
  maxLength: 5,
});

function write(written: Written): Buffer {
  rmSync(path, { force: true });
  const file = RecordFile.create(systemDisk, path, 'chnk', 7);
  file.append(written);
  file.close();
  return readFileSync(path);
}

/** All records as text; undefined: no file of records. */
function read(): string[] | undefined {
  const file = RecordFile.open(systemDisk, path, 'chnk', 7);
  if (file === undefined) return undefined;
  const found: string[] = [];
  for (let record = file.read(); record !== undefined; record = file.read(record.offset + record.length)) found.push(text(record.head, [record.body]));
  file.close();
  return found;
}

const text = (head: Uint8Array, body: readonly Uint8Array[]): string => `${Buffer.from(head).toString('hex')}:${Buffer.concat(body).toString('hex')}`;

test('records come back as they were written', () => {
  fc.assert(
    fc.property(records, (written) => {
      write(written);
      assert.deepEqual(
        read(),
        written.map(({ head, body }) => text(head, body)),
      );
    }),
  );
});

test('after a change of any byte, or a cut anywhere, a beginning of them comes back, unchanged', () => {
  fc.assert(
    fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean(), (written, somewhere, change, isCut) => {
      const whole = write(written);
      const at = somewhere % whole.length;
      if (isCut) writeFileSync(path, whole.subarray(0, at));
      else writeFileSync(path, whole.fill(whole[at]! ^ change, at, at + 1));
      const found = read();
      if (at < 24) return assert.equal(found, undefined, 'the header of the file');
      assert.deepEqual(found, written.map(({ head, body }) => text(head, body)).slice(0, found!.length));
      if (!isCut) assert.ok(found!.length < written.length, 'a change is noticed');
    }),
  );
});

test('a file of another kind or mark is none, and an existing one is not made again', () => {
  write([]);
  assert.equal(RecordFile.open(systemDisk, path, 'cont'), undefined);
  assert.equal(RecordFile.open(systemDisk, path, 'chnk', 8), undefined);
  RecordFile.open(systemDisk, path, 'chnk')!.close();
  assert.throws(() => RecordFile.create(systemDisk, path, 'chnk', 7), { code: 'EEXIST' });
});

test('after a cut new records follow what is left; thousands of pieces go in one call', () => {
  write([]);
  const file = RecordFile.open(systemDisk, path, 'chnk', 7)!;
  const many = Array.from({ length: 3000 }, (_, i) => ({ head: Uint8Array.of(i & 0xff), body: [Uint8Array.of(i >> 8), Uint8Array.of(1, 2)] }));
  const places = file.append(many);
  assert.deepEqual(file.read(places[2999]!.offset)?.body, Uint8Array.of(11, 1, 2));
  file.cut(places[10]!.offset);
  assert.equal(file.read(places[10]!.offset), undefined);
  const [place] = file.append([{ head: Uint8Array.of(9), body: [] }]);
  assert.equal(place!.offset, places[10]!.offset);
  file.close();
  assert.equal(read()?.length, 11);
});
